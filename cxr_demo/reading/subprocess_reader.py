"""Read a DICOM file in a process of its own, with limits of time, memory and files.

DICOM files and their codecs are the largest attack surface of this program: a crash or an endless
loop there ends that process only.

Data contract: stdin is the file; stdout is a line of JSON, either {"key", "values"} of a refusal or
{"shape", "bits", "burned_in", "pixel_aspect"} of a `types.StoredFrame`, followed by the bytes of
its display and stored values. Nothing is written to disk; stderr and other output are discarded.
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
"""Of CPU time; the elapsed time is longer where many processes share a core."""
TIMEOUT_S = 20
MEMORY_BYTES = 640 * 2**20
"""Of address space; the largest radiograph needs 512 MB of it, and half of that in memory."""

_OUT_OF_MEMORY = 86
"""Exit status of a process that reached its memory limit."""
_PACKAGES = str(Path(__file__).parents[2])
# The subprocess gets no secrets of the environment, only what Python itself may need to start.
_HANDED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV")


def read_in_subprocess(data: bytes, frame: int | None = None) -> Radiograph:
    """As `dicom.read_dicom`, in a process of its own.

    Raises:
        RadiographError: also if that process reaches a limit or dies.
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
    except (subprocess.TimeoutExpired, OSError):  # OSError: no memory for another process
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
    bits = answer["bits"]
    levels = np.frombuffer(sent, np.float32, 2**bits)
    values = np.frombuffer(sent, _dtype(bits), offset=levels.nbytes)
    values = values.reshape(answer["shape"])
    return StoredFrame(values, levels, bits, answer["burned_in"], answer["pixel_aspect"])


def _dtype(bits: int) -> type:
    return np.uint16 if bits > 8 else np.uint8


def _limit_resources() -> None:
    """Limit memory and CPU time of this process; allow no files and no core dumps."""
    try:
        import resource
    except ImportError:  # Windows has only the parent's TIMEOUT_S
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

    # Libraries must not print into the answer.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with out:
        try:
            read = read_stored(sys.stdin.buffer.read(), frame)
        except RadiographError as refusal:
            out.write(json.dumps({"key": refusal.key, "values": refusal.values}).encode() + b"\n")
            return
        except MemoryError:
            os._exit(_OUT_OF_MEMORY)  # there may be too little memory for a message
        answer = {
            "shape": read.values.shape,
            "bits": read.bits,
            "burned_in": read.burned_in,
            "pixel_aspect": read.pixel_aspect,
        }
        out.write(json.dumps(answer).encode() + b"\n")
        out.write(read.display_values.data)
        out.write(read.values.astype(_dtype(read.bits), copy=False).data)


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
