"""Files → records on all cores of this machine, in processes that may die.

Data contract: takes file names, gives (number, record) with the number of each file among them, as
they are done. Each process has a scorer of its own and one small chunk of files at a time, so that
memory does not grow with the number of files, and a process that dies (killed, out of memory, a
decoder that crashes) is known to have died of that chunk.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from cxr_demo.cli.file_record import given_up
from cxr_demo.errors import CXRError

Score = Callable[[str], str]
"""The name of a file → its record, as `scorer.Scorer` does it."""

CHUNK = 4
MOST_STARTS = 3
"""How often a process is started anew that ends before it has begun."""


def cores() -> int:
    """How many cores this process may use; `taskset` can lower it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def scored(make: Callable[[int | None], Score], files: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Score files, in processes where there are several files and cores.

    Args:
        make: makes a scorer with so many threads (None: all cores); can be pickled.
        files: their names.

    Returns:
        (number, record) of each file, once, as they are done. Processes end with the iterator,
        also when it is closed early.

    Raises:
        CXRError: if no process can be started, or what `make` raises.
    """
    processes = min(cores(), len(files))
    if processes > 1:
        yield from _scored_apart(make, files, processes)
    elif files:
        score = make(None)
        yield from ((number, score(file)) for number, file in enumerate(files))


def _scored_apart(
    make: Callable[[int | None], Score], files: Sequence[str], processes: int
) -> Iterator[tuple[int, str]]:
    queue = _Queue(len(files), max(1, min(CHUNK, len(files) // (4 * processes))))
    workers: list[_Worker] = []
    try:
        workers += (_Worker(make) for _ in range(processes))
        while queue.left:
            for worker in workers:
                if worker.future is None and (chunk := queue.next()):
                    worker.take(chunk, [files[number] for number in chunk])
            wait([worker.future for worker in workers if worker.future], None, FIRST_COMPLETED)
            for worker in list(workers):
                if not worker.future or not worker.future.done():
                    continue
                chunk = worker.chunk
                try:
                    records = worker.result()
                except BrokenProcessPool:
                    _start_again(worker, workers)
                    if (number := queue.died(chunk)) is not None:
                        yield number, given_up(files[number])
                else:
                    queue.done(chunk)
                    yield from zip(chunk, records, strict=True)
    finally:
        for worker in workers:
            worker.kill()


def _start_again(worker: "_Worker", workers: "list[_Worker]") -> None:
    """Start a process that has died, or go on without it where it never comes to begin.

    Raises:
        CXRError: if it was the last one.
    """
    worker.kill()
    if worker.starts < MOST_STARTS:
        worker.start()
        return
    workers.remove(worker)
    if not workers:
        raise CXRError(
            f"The process that analyses ended {MOST_STARTS} times before it had begun. "
            "Please look whether the machine is out of memory."
        )


class _Queue:
    """The numbers of files that are still to be done, in chunks.

    When a process dies, each file of its chunk is done by itself. Where one dies of a file by
    itself, that file is done once more while nothing else is, since another file may have taken
    the memory; where one dies again, the file is given up.
    """

    def __init__(self, count: int, size: int):
        self.left = count
        self._fresh = (range(start, min(start + size, count)) for start in range(0, count, size))
        self._by_themselves: deque[int] = deque()
        self._alone: deque[int] = deque()
        self._died_once: set[int] = set()
        self._under_way = 0

    def next(self) -> Sequence[int]:
        """A chunk to do now; empty if there is none, or others have to be waited for."""
        if self._alone:
            # It stays in front until it is over, which holds the others back.
            chunk = () if self._under_way else (self._alone[0],)
        elif self._by_themselves:
            chunk = (self._by_themselves.popleft(),)
        else:
            chunk = next(self._fresh, ())
        self._under_way += bool(chunk)
        return chunk

    def done(self, chunk: Sequence[int]) -> None:
        """A chunk is over for good; an empty one is the start of a process."""
        self.left -= len(chunk)
        self._under_way -= bool(chunk)
        if self._alone and self._alone[0] in chunk:
            self._alone.popleft()

    def died(self, chunk: Sequence[int]) -> int | None:
        """A process died of a chunk; gives the number of a file that is given up."""
        if len(chunk) == 1 and chunk[0] in self._died_once:
            self.done(chunk)
            return chunk[0]
        self._under_way -= bool(chunk)
        if len(chunk) == 1:
            self._died_once.add(chunk[0])
            self._alone.append(chunk[0])
        else:
            self._by_themselves.extend(chunk)
        return None


class _Worker:
    """A process with a scorer in it.

    Attributes:
        chunk: what it does; empty while it starts or waits.
        future: of that, or of its start; None while it waits.
        starts: how often it was started since it last was ready.
    """

    def __init__(self, make: Callable[[int | None], Score]):
        self._make = make
        self.starts = 0
        self.start()

    def start(self) -> None:
        """Start the process; it is ready when `future` is done."""
        others = set(multiprocessing.active_children())
        spawn = multiprocessing.get_context("spawn")
        self.starts += 1
        self.chunk: Sequence[int] = ()
        with _no_ctrl_c():
            self._executor = ProcessPoolExecutor(1, spawn, _end_with_parent)
            self.future: Future | None = self._executor.submit(_begin, self._make)
        self._processes = set(multiprocessing.active_children()) - others

    def take(self, chunk: Sequence[int], files: list[str]) -> None:
        """Begin with a chunk; a process that died while it waited is found by `result`."""
        self.chunk = chunk
        try:
            self.future = self._executor.submit(_score_all, files)
        except BrokenProcessPool as error:
            self.future = Future()
            self.future.set_exception(error)

    def result(self) -> list[str]:
        """The records of the chunk, or none at its start; then it waits.

        Raises:
            BrokenProcessPool: if the process has died.
        """
        future, self.future, self.chunk = self.future, None, ()
        result = future.result()
        self.starts = 0
        return result

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        for process in self._processes:
            process.kill()
        self._executor.shutdown(cancel_futures=True)


@contextmanager
def _no_ctrl_c() -> Iterator[None]:
    """Processes started within never see Ctrl-C: a terminal sends it to all, the parent decides."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent() -> None:
    """A parent that is killed cannot end its processes; they would wait for it forever."""

    def watch() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


_score: Score | None = None


def _begin(make: Callable[[int | None], Score]) -> list[str]:
    global _score
    _score = make(1)
    return []


def _score_all(files: list[str]) -> list[str]:
    return [_score(file) for file in files]
