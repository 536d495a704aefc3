"""Reads files with `read_radiograph` in processes of their own and measures what each one costs.

A crash or a hang ends that process alone, and is reported like any other outcome. Linux only: peak
memory comes from /proc.

Data contract: a worker is sent a line of JSON {"size", "frame", "apart"} and the file, and answers
a line of JSON {"said", "message", "seconds", "megabytes"}.
"""

import gc
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Lock, Thread

from tests.reading.bad_inputs import Input

ROOT = Path(__file__).resolve().parents[1]
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Attributes:
        name, expected: of the input.
        said: "read", the key of a refusal, or in words what should never happen.
        message: of the refusal.
        seconds: of processor time it took, so that a busy machine does not count against it.
        megabytes: by which memory grew at its peak, the reader's child process included.
    """

    name: str
    expected: tuple[str, ...]
    said: str
    message: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0


def outcomes(
    corpus: Iterable[Input], patience: float, megabytes: float, workers: int = 2
) -> Iterator[Outcome]:
    """Read every file of a corpus, `workers` at a time; those that finish first come first.

    Args:
        corpus: the files.
        patience: seconds of processor time after which a file counts as hanging.
        megabytes: a worker that ever grew by more is replaced, so that the next is measured afresh.
        workers: number of processes.
    """
    left, drawing, done = iter(corpus), Lock(), Queue(maxsize=100)

    def work() -> None:
        worker = _Worker()
        try:
            while True:
                with drawing:
                    given = next(left, None)
                if given is None:
                    return
                outcome = worker.read(given, patience)
                done.put(outcome)
                if worker.ended or outcome.megabytes > megabytes:
                    worker.end()
                    worker = _Worker()
        except BaseException as error:  # the test fails with it, instead of waiting for ever
            done.put(error)
        finally:
            worker.end()
            done.put(None)

    for _ in range(workers):
        Thread(target=work, daemon=True).start()
    while workers:
        outcome = done.get()
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome is None:
            workers -= 1
        else:
            yield outcome


class _Worker:
    def __init__(self):
        self.ended = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.measured_reader"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if not self._process.stdout.readline():
            raise RuntimeError("the worker does not start")

    def read(self, given: Input, patience: float) -> Outcome:
        head = {"size": len(given.data), "frame": given.frame, "apart": given.apart}
        try:
            self._process.stdin.write(json.dumps(head).encode() + b"\n" + given.data)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        if not self._answers_within(patience):
            self.ended = True
            return Outcome(given.name, given.expected, "hang", seconds=patience)
        line = self._process.stdout.readline()
        if not line:
            self.ended = True
            said = f"crash with exit code {self._process.wait()}"
            return Outcome(given.name, given.expected, said)
        return Outcome(given.name, given.expected, **json.loads(line))

    def _answers_within(self, seconds: float) -> bool:
        """Of processor time, and within ten times as much by the clock."""
        stat = Path(f"/proc/{self._process.pid}/stat")

        def used() -> float:
            return sum(map(int, stat.read_text().rsplit(")", 1)[1].split()[11:15])) / TICKS

        start, until = used(), time.monotonic() + 10 * seconds
        while not select.select([self._process.stdout], [], [], 0.2)[0]:
            if used() - start > seconds or time.monotonic() > until:
                return False
        return True

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()


# --- in the worker


def _serve() -> None:
    """Answer until the pipe is closed."""
    import resource

    from cxr_demo.reading import fork_server, reader
    from cxr_demo.reading.dicom import read_dicom
    from tests.reading.odd_files import png, speckle
    from tests.reading.raw_dicom import dicom

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what codecs print is no answer
    fork_server.AVAILABLE = False  # only what a process's own children take can be asked for
    read_apart = reader.read_in_subprocess

    def children() -> float:
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024

    for usual in (dicom(), png(speckle())):
        reader.read_radiograph(usual)
    child_usually = child_before = children()
    print("ready", file=answers, flush=True)
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        data = sys.stdin.buffer.read(asked["size"])
        reader.read_in_subprocess = read_apart if asked["apart"] else read_dicom
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")
        before, start = _memory("VmRSS"), sum(os.times()[:4])
        said, message = _read(reader.read_radiograph, data, asked["frame"])
        seconds = sum(os.times()[:4]) - start
        grown = _memory("VmHWM") - before
        if children() > child_before:  # a child's peak shows where it is the highest so far
            child_before = children()
            grown += child_before - child_usually
        answer = {"said": said, "message": message, "seconds": seconds, "megabytes": grown}
        print(json.dumps(answer), file=answers, flush=True)


def _memory(what: str) -> float:
    """A line of this process's status, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024


def _read(read_radiograph, data: bytes, frame: int | None) -> tuple[str, str]:
    """What was said to a file, and the message if it was refused."""
    from cxr_demo.errors import RadiographError

    try:
        wrong = broken_contract(read_radiograph(data, frame))
    except RadiographError as refusal:
        return refusal.key, str(refusal)
    except BaseException as error:
        return f"exception {type(error).__name__}: {error}"[:300], ""
    return wrong or "read", ""


def broken_contract(radiograph) -> str | None:
    """What is wrong with a `Radiograph`; None if it is as promised."""
    import numpy as np

    pixels, bits = radiograph.pixels, radiograph.bit_depth
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.float32 or pixels.ndim != 2:
        return "pixels are no float32 picture"
    if min(pixels.shape) < 64 or pixels.size > 25_000_000:
        return f"a picture of {pixels.shape}"
    if not (np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1):
        return "pixels outside 0 to 1"
    if not pixels.flags.c_contiguous or type(bits) is not int or not 1 <= bits <= 16:
        return "pixels in another order, or of an impossible depth"
    return None if isinstance(radiograph.burned_in, bool) else "burned_in is neither true nor false"


if __name__ == "__main__":
    _serve()
