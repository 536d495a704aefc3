"""Analyse files on all cores of this machine, in processes that may die.

Data contract: file names → (number, record) of each as it is done, with its number among them. Each
process has its own analyser, and only a few files are submitted at a time, so that memory does not
grow with their number. When a process dies (killed, out of memory, a decoder that crashes), every
file in analysis is analysed again, one at a time with nothing else running, since another file may
have taken the memory; one that ends MAX_CRASHES more processes is refused.
"""

import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from secrets import token_hex

from loky import ProcessPoolExecutor

from cxr_demo.cli.file_record import crash_record
from cxr_demo.errors import CXRError
from cxr_demo.memory import KEEP_ALL

AnalyseFile = Callable[[str], str]
"""The name of a file → its record, as `file_record.FileAnalyser`."""
MakeAnalyser = Callable[[int | None], AnalyseFile]
"""Makes an analyser with so many threads (None: all cores); can be pickled."""

MAX_CRASHES = 2
"""Processes that one file alone may end."""
MAX_STARTS = 3
"""Attempts to start processes that end before they are ready."""


def cores() -> int:
    """How many cores this process may use; `taskset` can lower it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def analyse_files(make: MakeAnalyser, files: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Analyse files, in processes where there are several files and cores.

    Returns:
        (number, record) of each file, once, as they are done. Processes end with the iterator,
        also when it is closed early.

    Raises:
        CXRError: if no process can be started, or what `make` raises.
    """
    processes = min(cores(), len(files))
    if processes <= 1:
        analyse = make(None) if files else None
        yield from ((number, analyse(file)) for number, file in enumerate(files))
        return
    waiting = deque(range(len(files)))
    while waiting:
        suspects = yield from _analyse_until_one_dies(make, files, waiting, processes)
        for number in suspects:
            yield number, _analyse_alone(make, files[number])


def _analyse_until_one_dies(
    make: MakeAnalyser, files: Sequence[str], waiting: deque[int], processes: int
) -> Iterator[tuple[int, str]]:
    """Take numbers from `waiting` and analyse these files, until all are done or a process dies.

    Returns:
        The numbers of the files that were in analysis when it died.
    """
    running: dict[Future, int] = {}
    with _started(make, processes) as executor:
        try:
            while waiting or running:
                while waiting and len(running) <= processes:  # one more, so that none is idle
                    running[_submit(executor, _analyse, make, files[waiting[0]])] = waiting[0]
                    waiting.popleft()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    record = future.result()
                    yield running.pop(future), record
        except BrokenProcessPool:
            pass
    finished = {future for future in running if future.done() and not future.exception()}
    yield from ((running.pop(future), future.result()) for future in finished)
    return sorted(running.values())


def _analyse_alone(make: MakeAnalyser, file: str) -> str:
    """The record of a file that may end its process; a refusal if it ends MAX_CRASHES of them."""
    for _ in range(MAX_CRASHES):
        with _started(make, 1) as executor, suppress(BrokenProcessPool):
            return _submit(executor, _analyse, make, file).result()
    return crash_record(file)


@contextmanager
def _started(make: MakeAnalyser, processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes with an analyser in each, killed on exit.

    Raises:
        CXRError: if they end MAX_STARTS times before they are ready.
    """
    for _ in range(MAX_STARTS):
        executor = ProcessPoolExecutor(
            processes, initializer=_settle, initargs=(os.getpid(), token_hex()), env=KEEP_ALL
        )
        try:
            for begun in [_submit(executor, _begin, make) for _ in range(processes)]:
                begun.result()
            yield executor
            return
        except BrokenProcessPool:
            continue
        finally:
            executor.shutdown(kill_workers=True)
    raise CXRError(
        f"The process that analyses ended {MAX_STARTS} times before it had begun. "
        "Please look whether the machine is out of memory."
    )


def _submit(executor: ProcessPoolExecutor, *task) -> Future:
    """Submit a task; processes that this starts ignore Ctrl-C, which is the parent's to handle."""
    if not hasattr(signal, "pthread_sigmask"):
        return executor.submit(*task)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return executor.submit(*task)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settle(parent: int, pool: str) -> None:
    """What a process of a pool does first."""
    _end_with_parent(parent)
    if hasattr(os, "sched_setaffinity"):  # on Linux
        _take_a_core(pool)


def _take_a_core(pool: str) -> None:
    """Stay on a core that no other process of the pool has: its name is an address that only one
    can have, until it ends.

    A process waits while the one that it has started reads a DICOM file; Linux may put that beside
    another that analyses, and leave this core idle: 8 % fewer files a second.
    """
    taken = socket.socket(socket.AF_UNIX)
    for core in sorted(os.sched_getaffinity(0)):
        with suppress(OSError):  # another has it
            taken.bind(f"\0{pool}{core}")
            taken.detach()  # from Python, which would close it
            os.sched_setaffinity(0, {core})
            return


def _end_with_parent(parent: int) -> None:
    """End this process when its parent is gone: a killed parent cannot do so."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


_analyser: AnalyseFile | None = None


def _begin(make: MakeAnalyser) -> None:
    global _analyser
    _analyser = _analyser or make(1)


def _analyse(make: MakeAnalyser, file: str) -> str:
    _begin(make)
    return _analyser(file)
