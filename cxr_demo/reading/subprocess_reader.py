"""Read a DICOM file in a process of its own, with limits of time, memory and files.

DICOM files and their codecs are the largest attack surface of this program: a crash or an endless
loop there ends that process only. To start one takes longer than to read a file, so they are forked
from one that has imported what they need; on Windows, which cannot fork, each is started.

Data contract: stdin is a line of JSON, [number of the frame, size of the file], and the file;
stdout is a line of JSON, either {"key", "values"} of a refusal or {"shape", "bits", "burned_in",
"pixel_aspect", "stored_shape"} of a `types.StoredFrame`, followed by the bytes of its display and
stored values. Nothing is written to disk; stderr and other output are discarded.
"""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from cxr_demo.errors import RadiographError
from cxr_demo.memory import KEEP_ALL
from cxr_demo.reading import fork_server
from cxr_demo.reading.types import Radiograph, StoredFrame

CPU_LIMIT_S = 8
"""Of CPU time; the elapsed time is longer where many processes share a core."""
TIMEOUT_S = 20
MEMORY_BYTES = 640 * 2**20
"""Of address space; the largest radiograph needs 512 MB of it, and half of that in memory."""

GRACE_S = 5
"""Beyond TIMEOUT_S, for a process that nobody is left to end."""

_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OPJ_NUM_THREADS": "2"}
"""OpenJPEG's, as Pillow has it: more would decode sooner, but take the cores of others."""
_NOT_NEEDED = ("gdcm", "jpeg_ls", "requests", "tqdm")
"""Modules that pydicom would import, and keep 20 MB for; gdcm is by those files that need it."""
_SERVE = "serve"
_OUT_OF_MEMORY = 86
"""Exit status of a process that reached its memory limit."""
_PACKAGES = str(Path(__file__).parents[2])
_HANDED_ON = (
    *("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV"),
    "PYTHONDONTWRITEBYTECODE",
)


def read_in_subprocess(data: bytes, frame: int | None = None) -> Radiograph:
    """As `dicom.read_dicom`, in a process of its own.

    Raises:
        RadiographError: also if that process reaches a limit or dies.
    """
    asked = json.dumps([frame, len(data)]).encode() + b"\n"
    try:
        status, sent = (_fork_server.run if fork_server.AVAILABLE else _start_and_run)(
            (asked, data), TIMEOUT_S
        )
    except (subprocess.TimeoutExpired, OSError):  # OSError: no memory for another process
        raise RadiographError("refused.dicom.limit") from None
    if -status in (signal.SIGXCPU, signal.SIGKILL, -_OUT_OF_MEMORY):
        raise RadiographError("refused.dicom.limit")
    if status:  # a codec has crashed
        raise RadiographError("refused.damaged")
    try:
        end = sent.index(b"\n")
        answer = json.loads(sent[:end])
        if "key" not in answer:
            return _parse_answer(answer, memoryview(sent)[end + 1 :]).radiograph()
        refusal = RadiographError(answer["key"], **answer["values"])
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):  # not an answer
        raise RadiographError("refused.damaged") from None
    raise refusal


def prepare() -> None:
    """Start what processes are forked from, so that the first file need not wait for it."""
    with suppress(OSError):  # the file is refused if there is no memory then either
        if fork_server.AVAILABLE:
            _fork_server.start()


def _command(*arguments: str) -> dict:
    """A Python process of this module, as `subprocess` takes it."""
    # It gets no secrets of the environment, only what Python itself may need to start.
    own = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
    return {
        "args": [sys.executable, "-P", "-m", __name__, *arguments],
        "env": {**own, **KEEP_ALL, **_THREADS, "PYTHONPATH": _PACKAGES},
        "stderr": subprocess.DEVNULL,
    }


def _start_and_run(inputs: tuple[bytes, ...], timeout: float) -> tuple[int, bytes]:
    """As `ForkServer.run`, in a process that is started for it."""
    ended = subprocess.run(
        **_command(), input=b"".join(inputs), stdout=subprocess.PIPE, timeout=timeout, check=False
    )
    return ended.returncode, ended.stdout


def _start_server(stdin: socket.socket) -> subprocess.Popen:
    return subprocess.Popen(**_command(_SERVE), stdin=stdin, stdout=subprocess.DEVNULL)


_fork_server = fork_server.ForkServer(_start_server)


def _parse_answer(answer: dict, sent: memoryview) -> StoredFrame:
    bits = answer["bits"]
    levels = np.frombuffer(sent, np.float32, 2**bits)
    values = np.frombuffer(sent, _dtype(bits), offset=levels.nbytes)
    values = values.reshape(answer["shape"])
    rows, columns = (int(side) for side in answer["stored_shape"])
    return StoredFrame(
        values, levels, bits, answer["burned_in"], answer["pixel_aspect"], (rows, columns)
    )


def _dtype(bits: int) -> type:
    return np.uint16 if bits > 8 else np.uint8


def _limit_resources(cpu_s: int | None) -> None:
    """Limit memory and, where given, CPU time; allow no files and no core dumps."""
    try:
        import resource
    except ImportError:  # Windows has only the parent's TIMEOUT_S
        return
    limits = {resource.RLIMIT_AS: MEMORY_BYTES, resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    if cpu_s is not None:
        limits[resource.RLIMIT_CPU] = cpu_s
    for limit, most in limits.items():
        _, allowed = resource.getrlimit(limit)
        least = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(limit, (least, least))


def _import_reader() -> Callable[[bytes, int | None], StoredFrame]:
    sys.modules.update(dict.fromkeys(_NOT_NEEDED))
    from cxr_demo.reading.dicom import read_stored

    return read_stored


def _serve() -> None:
    _limit_resources(None)
    _import_reader()
    fork_server.serve(_main, TIMEOUT_S + GRACE_S)


def _main() -> None:
    _limit_resources(CPU_LIMIT_S)
    read_stored = _import_reader()
    # Libraries must not print into the answer.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    with out:
        try:
            frame, size = json.loads(sys.stdin.buffer.readline())
            read = read_stored(sys.stdin.buffer.read(size), frame)  # at once into its place
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
            "stored_shape": read.stored_shape,
        }
        out.write(json.dumps(answer).encode() + b"\n")
        out.write(read.display_values.data)
        out.write(read.values.astype(_dtype(read.bits), copy=False).data)


if __name__ == "__main__":
    _serve() if sys.argv[1:] == [_SERVE] else _main()
