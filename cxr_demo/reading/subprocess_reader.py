"""Read a DICOM file in a process of its own, with limits of time, memory and files.

DICOM files and their codecs are the largest attack surface of this program: what goes wrong there
ends that process and nothing else.

Data contract: the file goes in through a pipe. Out comes a line of JSON, either {"key", "values"}
of a refusal or {"shape", "bits", "burned_in"} of a `types.StoredFrame`, followed then by the bytes
of its levels and patterns. Nothing touches the disk; whatever else the process says is thrown away.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np

from cxr_demo.errors import RadiographError
from cxr_demo.reading.types import Radiograph, StoredFrame

CPU_LIMIT_S = 8
"""Of a processor; the clock may show more where many share one."""
TIMEOUT_S = 20
MEMORY_BYTES = 640 * 2**20
"""Of address space; the largest radiograph needs 512 MB of it, and half of that in memory."""

_OUT_OF_MEMORY = 86
"""Exit status of a process that ran into its limit of memory."""
_PACKAGES = str(Path(__file__).parents[2])
# Nothing of ours (passwords, tokens) is handed on, only what Python itself may need to start.
_HANDED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV")


def read_in_subprocess(data: bytes, frame: int | None = None) -> Radiograph:
    """What `dicom.read_dicom` returns or raises, from a process of its own.

    Raises:
        RadiographError: also if that process runs into a limit or dies.
    """
    own = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", __name__, json.dumps(frame)],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            env={**own, "PYTHONPATH": _PACKAGES, "OPENBLAS_NUM_THREADS": "1"},
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError):  # or there is no room for another process
        raise RadiographError("refused.dicom.limit") from None
    if -ended.returncode in (signal.SIGXCPU, signal.SIGKILL, -_OUT_OF_MEMORY):
        raise RadiographError("refused.dicom.limit")
    if ended.returncode:  # a codec has crashed
        raise RadiographError("refused.damaged")
    try:
        end = ended.stdout.index(b"\n")
        answer = json.loads(ended.stdout[:end])
        if "key" not in answer:
            return _parse_answer(answer, memoryview(ended.stdout)[end + 1 :]).radiograph()
        refusal = RadiographError(answer["key"], **answer["values"])
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):  # not an answer
        raise RadiographError("refused.damaged") from None
    raise refusal


def _parse_answer(answer: dict, sent: memoryview) -> StoredFrame:
    """The levels and patterns that the other process has sent."""
    bits = answer["bits"]
    levels = np.frombuffer(sent, np.float32, 2**bits)
    patterns = np.frombuffer(sent, _dtype(bits), offset=levels.nbytes)
    return StoredFrame(patterns.reshape(answer["shape"]), levels, bits, answer["burned_in"])


def _dtype(bits: int) -> type:
    return np.uint16 if bits > 8 else np.uint8


def _limit_resources() -> None:
    """Give up what decoding does not need: more memory, more time, files, dumps of memory."""
    try:
        import resource
    except ImportError:  # Windows has only the limit of time that the parent keeps
        return
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_LIMIT_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, allowed = resource.getrlimit(limit)
        least = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(limit, (least, least))


def _main(frame: int | None) -> None:
    _limit_resources()
    from cxr_demo.reading.dicom import read_stored

    # What a library may print must not get into the answer.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with out:
        try:
            read = read_stored(sys.stdin.buffer.read(), frame)
        except RadiographError as refusal:
            out.write(json.dumps({"key": refusal.key, "values": refusal.values}).encode() + b"\n")
            return
        except MemoryError:
            os._exit(_OUT_OF_MEMORY)  # there may be none left to say it in words
        answer = {"shape": read.values.shape, "bits": read.bits, "burned_in": read.burned_in}
        out.write(json.dumps(answer).encode() + b"\n")
        out.write(read.display_values.data)
        out.write(read.values.astype(_dtype(read.bits), copy=False).data)


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
