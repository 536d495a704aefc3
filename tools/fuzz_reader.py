"""A coverage-guided fuzzer for the way in, on libFuzzer through atheris. Linux only.

    python -m tools.fuzz_reader --minutes 10 [--kind png|jpeg|dicom] [--findings FOLDER]

It starts from the small files of the corpus of bad inputs. Anything but a sound `Radiograph` or a
refusal is a finding, and so are 10 seconds or 2 GB for one file; the file is then saved in the
folder of findings and the exit code is not 0. DICOM files are parsed in this process, where their
coverage shows. Their codecs, which are not instrumented, run in a fork of it with limits as those
that the reader sets: a codec that dies is no finding, but counted.
"""

import argparse
import contextlib
import os
import pickle
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import warnings
import zlib
from collections import deque
from collections.abc import Callable
from pathlib import Path

SECONDS, MEGABYTES = 10, 2048
CODEC_SECONDS, CODEC_BYTES = 5, 3 * 2**29
CODEC_LOST = "the codec was lost"
MAX_SEED_BYTES = 20_000
MAX_INPUT_BYTES = 40_000
KINDS = ("png", "jpeg", "dicom")
ROOT = Path(__file__).resolve().parents[1]
INSTRUMENTED = (
    *(
        "cxr_demo.reading.reader",
        "cxr_demo.reading.png_jpeg",
        "cxr_demo.reading.dicom",
        "cxr_demo.reading.dicom_header",
        "cxr_demo.reading.dicom_lut",
        "cxr_demo.reading.dicom_tables",
        "cxr_demo.reading.jpeg_2000",
        "cxr_demo.reading.jpeg_family",
        "cxr_demo.reading.tint",
    ),
    *(
        "cxr_demo.reading.types",
        "PIL.Image",
        "PIL.ImageFile",
        "PIL.PngImagePlugin",
        "PIL.TiffImagePlugin",
    ),
    *("PIL.JpegImagePlugin", "PIL.MpoImagePlugin", "pydicom"),
)
PNG_START = b"\x89PNG\r\n\x1a\n"


def fuzz(minutes: float, kind: str | None, findings: Path) -> int:
    """Run the fuzzer in a process of its own, say what it did, and hand its exit code on."""
    findings.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder)
        print(f"{write_seeds(seeds, kind)} seeds", flush=True)
        running = subprocess.Popen(
            [
                *(sys.executable, "-m", "tools.fuzz_reader", "--inside", str(seeds)),
                f"-artifact_prefix={findings}{os.sep}",
                f"-max_total_time={max(1, round(60 * minutes))}",
                f"-timeout={SECONDS}",
                f"-rss_limit_mb={MEGABYTES}",
                f"-max_len={MAX_INPUT_BYTES}",
                *("-seed=1", "-print_final_stats=1", "-verbosity=1"),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        said = {"cov": "?", "ft": "?", "corp": "?", "stat::number_of_executed_units:": "?"}
        last, lost = deque(maxlen=60), 0
        for line in running.stdout:
            lost += line.count(CODEC_LOST)
            if not line.startswith(("#", "libpng", "INFO", "stat::")):
                last.append(line)
            for what in said:
                if found := re.search(rf"{what}:? +(\d+)", line):
                    said[what] = found[1]
        code = running.wait()
    if code:
        print("".join(last))
    cov, features, files, runs = said.values()
    print(f"{runs} executions, {cov} branches and {features} features covered, {files} files kept")
    print(f"{lost} frames ended their codec, or took it over {CODEC_SECONDS} seconds")
    print(f"exit code {code}, {'nothing found' if code == 0 else f'see {findings}'}")
    return code


def write_seeds(folder: Path, kind: str | None) -> int:
    """Write the small files of the corpus, those of one kind if one is given."""
    from tests.reading.bad_inputs import small_inputs

    count = 0
    for each in small_inputs():
        if len(each.data) <= MAX_SEED_BYTES and kind in (None, kind_of(each.data)):
            (folder / f"{count:04}").write_bytes(each.data)
            count += 1
    return count


def kind_of(data: bytes) -> str | None:
    """One of `KINDS`, as the reader will take it."""
    if data.startswith(PNG_START):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[128:132] == b"DICM" or data[:2] in (b"\2\0", b"\x08\0"):
        return "dicom"
    return None


def with_right_checksums(data: bytes) -> bytes:
    """A PNG whose chunks have the checksums that they should have, as far as they are whole."""
    fixed, at = bytearray(data), len(PNG_START)
    while at + 12 <= len(fixed):
        length = int.from_bytes(fixed[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(fixed):
            break
        fixed[end : end + 4] = zlib.crc32(fixed[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(fixed)


def _inside(arguments: list[str]) -> None:
    """Fuzz in this process; libFuzzer ends it."""
    import atheris

    with atheris.instrument_imports(include=list(INSTRUMENTED)):
        from pydicom.pixels.decoders.base import DecodeRunner

        from cxr_demo.errors import RadiographError
        from cxr_demo.reading import jpeg_2000, reader
        from cxr_demo.reading.dicom import read_dicom
    from tools.measured_reader import broken_contract

    reader.read_in_subprocess = read_dicom
    jpeg_2000._decode = _in_a_fork(jpeg_2000._decode)
    DecodeRunner._decode_frame = _frame_in_a_fork(DecodeRunner._decode_frame)

    def once(data: bytes) -> None:
        try:
            read = reader.read_radiograph(data)
        except RadiographError:
            return
        if wrong := broken_contract(read):
            raise AssertionError(wrong)

    def mutated(data: bytes, most: int, seed: int) -> bytes:
        data = atheris.Mutate(data, most)
        # Three of four PNG files get past the first thing that every reader checks.
        return with_right_checksums(data) if data.startswith(PNG_START) and seed % 4 else data

    warnings.simplefilter("ignore")
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        atheris.Setup([sys.argv[0], *arguments], once, custom_mutator=mutated)
        atheris.Fuzz()


def _frame_in_a_fork(decode: Callable) -> Callable:
    """pydicom's decoding of one compressed frame, with what it finds out of it."""
    apart = _in_a_fork(lambda runner, frame: (bytes(decode(runner, frame)), runner._opts))

    def decoded(runner, frame: bytes) -> bytes:
        pixels, options = apart(runner, frame)
        runner._opts.update(options)
        return pixels

    return decoded


def _in_a_fork(decode: Callable) -> Callable:
    """A codec, in a process that may die of it."""

    def decoded(*arguments: object) -> object:
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            _decode_and_exit(decode, arguments, writing)
        os.close(writing)
        answer = bytearray()
        until = time.monotonic() + CODEC_SECONDS
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            while (wait := until - time.monotonic()) > 0 and select.select([pipe], [], [], wait)[0]:
                if not (piece := pipe.read(2**20)):
                    break
                answer += piece
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        try:
            found, error = pickle.loads(answer)
        except (EOFError, pickle.UnpicklingError):
            os.write(2, f"{CODEC_LOST}\n".encode())
            raise RuntimeError(CODEC_LOST) from None
        if error:
            raise MemoryError if error == repr(MemoryError()) else ValueError(error)
        return found

    return decoded


def _decode_and_exit(decode: Callable, arguments: tuple, writing: int) -> None:
    """The fork's part: none of libFuzzer's signal handlers, little memory, and no way back."""
    import ctypes
    import resource

    # Where a codec's C++ exception ends the fork, libFuzzer would save it as a finding on the way
    # out; what is registered last comes first.
    libc = ctypes.CDLL(None)
    libc.__cxa_atexit(ctypes.cast(libc._exit, ctypes.c_void_p), ctypes.c_void_p(1), None)
    for name in ("SIGABRT", "SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGALRM", "SIGTERM"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (CODEC_BYTES, CODEC_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = decode(*arguments), None
    except BaseException as error:
        answer = None, repr(error)
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(pickle.dumps(answer))
    os._exit(0)


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--findings", type=Path, default=Path(".work/fuzz"))
    given = parser.parse_args()
    return fuzz(given.minutes, given.kind, given.findings.resolve())


if __name__ == "__main__":
    if "--inside" in sys.argv[1:2]:
        _inside(sys.argv[2:])
    else:
        sys.exit(main())
