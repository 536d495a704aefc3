"""Analyse files on all cores of this machine, in processes that may die.

Data contract: takes file names, gives (number, record) with the number of each file among them, as
they are done. Each process has an analyser of its own, and only a few files are under way at any
time, so that memory does not grow with the number of files. When a process dies (killed, out of
memory, a decoder that crashes), every file that was under way is analysed once more, one at a time
and with nothing else running, since another file may have taken the memory; one that ends two more
processes then is refused.
"""

import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress

from loky import ProcessPoolExecutor

from cxr_demo.cli.file_record import crash_record
from cxr_demo.errors import CXRError

AnalyseFile = Callable[[str], str]
"""The name of a file → its record, as `file_record.FileAnalyser` does it."""

MAX_CRASHES = 2
"""How many processes may end of one file alone."""
MAX_STARTS = 3
"""How often processes are started anew that end before they have begun."""


def cores() -> int:
    """How many cores this process may use; `taskset` can lower it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def analyse_files(
    make: Callable[[int | None], AnalyseFile], files: Sequence[str]
) -> Iterator[tuple[int, str]]:
    """Analyse files, in processes where there are several files and cores.

    Args:
        make: makes an analyser with so many threads (None: all cores); can be pickled.
        files: their names.

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
    make: Callable, files: Sequence[str], waiting: deque[int], processes: int
) -> Iterator[tuple[int, str]]:
    """Take numbers from `waiting` and analyse these files, until all are done or a process dies.

    Returns:
        The numbers of the files that were under way when one died.
    """
    running: dict[Future, int] = {}
    with _started(make, processes) as executor:
        try:
            while waiting or running:
                while waiting and len(running) <= processes:  # one more, so that nobody waits
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


def _analyse_alone(make: Callable, file: str) -> str:
    """The record of a file whose process may end; if it does so twice, one that says so."""
    for _ in range(MAX_CRASHES):
        with _started(make, 1) as executor, suppress(BrokenProcessPool):
            return _submit(executor, _analyse, make, file).result()
    return crash_record(file)


@contextmanager
def _started(make: Callable, processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes with an analyser in each; they are ended at once, whatever they do.

    Raises:
        CXRError: if they end before they have begun.
    """
    for _ in range(MAX_STARTS):
        executor = ProcessPoolExecutor(
            processes, initializer=_end_with_parent, initargs=(os.getpid(),)
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
    """Submit a task. Processes that are started for it never see Ctrl-C: a terminal sends it to
    all of them, but the parent decides."""
    if not hasattr(signal, "pthread_sigmask"):
        return executor.submit(*task)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return executor.submit(*task)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent(parent: int) -> None:
    """A parent that is killed cannot end its processes; they would wait for it forever."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


_analyser: AnalyseFile | None = None


def _begin(make: Callable[[int | None], AnalyseFile]) -> None:
    global _analyser
    _analyser = _analyser or make(1)


def _analyse(make: Callable[[int | None], AnalyseFile], file: str) -> str:
    _begin(make)
    return _analyser(file)
