"""The process that reads DICOM files: what comes out of it, and what becomes of it.

Where a test needs a process that goes wrong, another module stands in for the real one: it either
ends in its own way, or runs the real one with another reader in it. Every test but those of the
server runs twice: with processes that are forked, and as on Windows with some that are started.
"""

import json
import os
import signal
import socket
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cxr_demo.errors import RadiographError
from cxr_demo.reading import fork_server, subprocess_reader
from cxr_demo.reading.dicom import read_dicom
from cxr_demo.reading.subprocess_reader import read_in_subprocess
from tests.reading.dicom_files import BIG_ENDIAN, JPEG_LS, dicom, ramp, rescale

ROOT = Path(subprocess_reader.__file__).parents[2]
posix = pytest.mark.skipif(sys.platform == "win32", reason="has no such limits or signals")


@pytest.fixture(autouse=True, params=["forked", "started"])
def way(request, monkeypatch):
    if request.param == "forked" and not fork_server.AVAILABLE:
        pytest.skip("cannot fork")
    monkeypatch.setattr(fork_server, "AVAILABLE", request.param == "forked")
    return request.param


@pytest.fixture
def server(monkeypatch):
    """The server of this test alone."""
    own = fork_server.ForkServer(subprocess_reader._start_server)
    monkeypatch.setattr(subprocess_reader, "_fork_server", own)
    return own


@pytest.fixture
def child(monkeypatch, tmp_path, server):
    """Makes this code the process that reads; the first code comes before its server forks."""

    def becomes(code: str, first: str = "pass") -> None:
        (tmp_path / "stand_in.py").write_text(
            f"import sys; {first}\n"
            "from cxr_demo.reading import fork_server\n"
            f"def work(): exec({textwrap.dedent(code)!r}, {{}})\n"
            "fork_server.serve(work, 25) if sys.argv[1:] else work()\n"
        )
        monkeypatch.setattr(subprocess_reader, "__name__", "stand_in")
        monkeypatch.setattr(subprocess_reader, "_PACKAGES", f"{tmp_path}{os.pathsep}{ROOT}")

    return becomes


@pytest.fixture
def reader(child):
    """Makes this code the body of `read_stored(data, frame)` in the real process."""

    def becomes(code: str, before: str = "pass") -> None:
        child(
            "import os, resource, sys, types\n"
            "from cxr_demo.reading import subprocess_reader\n"
            "from cxr_demo.errors import RadiographError\n"
            "def read_stored(data, frame):\n"
            + textwrap.indent(textwrap.dedent(code), "    ")
            + "\ndicom = sys.modules['cxr_demo.reading.dicom'] = types.ModuleType('dicom')\n"
            "dicom.read_stored = read_stored\n"
            f"{before}\n"
            "subprocess_reader._main()\n"
        )

    return becomes


TELL = "raise RadiographError('refused.dicom.modality', modality={})"
"""Code that lets a reader say something."""


def refused(data: bytes = b"", frame: int | None = None) -> str:
    """The key of the one refusal, without its beginning."""
    with pytest.raises(RadiographError) as caught:
        read_in_subprocess(data, frame)
    return caught.value.key.removeprefix("refused.")


def told(data: bytes = b"", frame: int | None = None) -> str:
    """What a reader said."""
    with pytest.raises(RadiographError) as caught:
        read_in_subprocess(data, frame)
    assert caught.value.key == "refused.dicom.modality"
    return caught.value.values["modality"]


# --- what comes out


@pytest.mark.parametrize(
    ("bits", "options"),
    [
        (8, {"allocated": 16, "signed": True, "syntax": BIG_ENDIAN}),
        (16, {"syntax": JPEG_LS, "BurnedInAnnotation": "YES", "PixelAspectRatio": ["3", "2"]}),
        (16, {"signed": True, "photometric": "MONOCHROME1", **rescale(-2, 7)}),
    ],
    ids=["8 signed", "16", "16 signed"],
)
def test_the_same_comes_out_as_without_it(bits, options):
    values = ramp(bits, options.get("signed", False), side=72)[:66]
    data = dicom(values, bits=bits, **options)
    apart, here = read_in_subprocess(data), read_dicom(data)
    np.testing.assert_array_equal(apart.pixels, here.pixels, strict=True)
    assert apart.pixels.shape == (66, 72) and apart.pixels.dtype == np.float32
    assert (apart.bit_depth, apart.burned_in) == (here.bit_depth, here.burned_in)
    assert apart.bit_depth == bits
    assert apart.burned_in is ("BurnedInAnnotation" in options)
    assert apart.pixel_aspect == (1.5 if "PixelAspectRatio" in options else 1)


def test_the_file_and_the_frame_go_in_whole(reader):
    reader(TELL.format("[len(data), sum(data), frame]"))
    data = bytes(range(256)) * 1024
    assert told(data, 7) == [2**18, 255 * 128 * 1024, 7]
    assert told(b"\n\0\r\n") == [4, 33, None]


def test_many_at_once_do_not_mix():
    def one(number: int) -> np.ndarray:
        stored = np.roll(ramp(12), 9 * number, axis=0)
        return np.array_equal(
            read_in_subprocess(dicom(stored)).pixels, read_dicom(dicom(stored)).pixels
        )

    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(one, range(3)))


# --- processes that go wrong


@posix
@pytest.mark.parametrize(
    ("number", "key"),
    [
        (signal.SIGKILL, "dicom.limit"),
        (signal.SIGXCPU, "dicom.limit"),
        (signal.SIGSEGV, "damaged"),
        (signal.SIGABRT, "damaged"),
        (signal.SIGBUS, "damaged"),
        (signal.SIGFPE, "damaged"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_process_that_is_killed(child, number, key):
    child(f"import os; os.kill(os.getpid(), {int(number)})")
    assert refused() == key


MORE = {"burned_in": False, "pixel_aspect": 1.0, "stored_shape": [3, 5]}
ANSWER = json.dumps({"shape": [1, 2], "bits": 8, **MORE}) + "\n"
PIXELS = np.linspace(0, 1, 256, dtype=np.float32).tobytes() + b"\0\xff"


@pytest.mark.parametrize(
    "code",
    [
        "raise SystemExit(1)",
        "raise ValueError('Secretname')",
        "import os; os._exit(3)",
        "pass",
        "this is no Python",
        "print('half of an answ', end='')",
        "import sys; sys.stdout.buffer.write(bytes(range(11, 256)) * 1000)",
        f"print({ANSWER.strip()!r}, end='')",
    ],
    ids=[
        "exit status",
        "exception",
        "sudden end",
        "silence",
        "syntax",
        "half a line",
        "rubbish",
        "an answer without its end",
    ],
)
def test_a_process_that_does_not_answer(child, code):
    child(code)
    assert refused() == "damaged"


FEW = json.dumps({"shape": [1, 1], "bits": 9, **MORE}).encode() + b"\n" + bytes(2048)


@pytest.mark.parametrize(
    "answer",
    [
        b"a codec's warning\n" + ANSWER.encode() + PIXELS,
        b"\n",
        b"7\n",
        b"[]\n",
        b"{}\n",
        b'{"key": "no such sentence", "values": {}}\n',
        b'{"key": "refused.flat", "values": 3}\n',
        ANSWER.encode(),
        ANSWER.encode() + PIXELS[:-1],
        ANSWER.encode() + PIXELS + b"more",
        ANSWER.replace("8", "-1").encode() + PIXELS,
        ANSWER.replace("8", "20").encode() + PIXELS,
        ANSWER.replace("8", "80").encode() + PIXELS,
        FEW + b"\xff\xff",
        ANSWER.replace("[3, 5]", "[3]").encode() + PIXELS,
        ANSWER.replace("[3, 5]", '["Secretname", 5]').encode() + PIXELS,
        b"[" * 100_000 + b"\n",
    ],
    ids=[
        "warning",
        "empty",
        "number",
        "list",
        "nothing",
        "key",
        "no values",
        "no pixels",
        "few",
        "many",
        "no depth",
        "depth",
        "great depth",
        "no such level",
        "one side",
        "a side in words",
        "nested",
    ],
)
def test_an_answer_that_makes_no_sense(child, answer):
    child(f"import sys; sys.stdout.buffer.write({answer!r})")
    assert refused() == "damaged"


@posix
@pytest.mark.parametrize("end", ["sys.exit(1)", "os.abort()"])
def test_an_answer_of_a_process_that_fails_then(child, end):
    child(f"""
        import os, sys
        sys.stdout.buffer.write({ANSWER.encode() + PIXELS!r})
        sys.stdout.flush()
        {end}
    """)
    assert refused() == "damaged"


def test_a_process_that_does_not_listen(child):
    child("import os; os._exit(3)")
    assert refused(bytes(2**22)) == "damaged"


def test_an_answer_by_hand(child):
    """The stand-ins above fail for what they do wrong: this one does it right."""
    child(f"import sys; sys.stdout.buffer.write({ANSWER.encode() + PIXELS!r})")
    radiograph = read_in_subprocess(b"")
    assert radiograph.pixels.tolist() == [[0, 1]]
    assert (radiograph.bit_depth, radiograph.burned_in, radiograph.shape) == (8, False, (3, 5))


@posix
def test_no_room_for_another_process(monkeypatch, server):
    def refuse(*arguments, **options):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess_reader.subprocess, "Popen", refuse)
    subprocess_reader.prepare()
    assert refused() == "dicom.limit"


def test_what_it_says_besides_is_thrown_away(child, capfd, caplog):
    caplog.set_level(0)
    child("""
        import os, sys
        print('Secretname', file=sys.stderr, flush=True)
        os.write(2, b'Secretname')
        raise ValueError('Secretname')
    """)
    assert refused() == "damaged"
    seen = capfd.readouterr()
    assert seen.out + seen.err + caplog.text == ""


def test_what_a_codec_prints_does_not_get_into_the_answer(reader):
    reader("print('1\\n', flush=True)\nos.write(1, b'2\\n')\n" + TELL.format("3"))
    assert told() == 3


# --- limits


@posix
def test_a_process_that_hangs_is_ended(child, monkeypatch, tmp_path):
    monkeypatch.setattr(subprocess_reader, "TIMEOUT_S", 1)
    child(f"import os, time\nopen({str(tmp_path / 'id')!r}, 'w').write(str(os.getpid()))\n"
          "time.sleep(60)")  # fmt: skip
    begun = time.monotonic()
    assert refused() == "dicom.limit"
    assert time.monotonic() - begun < 10
    with pytest.raises(ProcessLookupError):
        while time.monotonic() - begun < 20:
            os.kill(int((tmp_path / "id").read_text()), 0)
            time.sleep(0.05)


@posix
def test_a_reader_that_works_for_too_long_is_ended(reader):
    reader("while True: pass", before="subprocess_reader.CPU_LIMIT_S = 1")
    assert refused() == "dicom.limit"


@posix
def test_the_limits_hold_before_the_file_is_read(reader):
    names = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_CORE")
    reader(TELL.format(f"[resource.getrlimit(getattr(resource, name)) for name in {names}]"))
    assert told() == [[640 * 2**20] * 2, [8, 8], [0, 0], [0, 0]]


@posix
def test_limits_that_are_lower_already_stay(reader):
    lower = "resource.setrlimit(resource.RLIMIT_CPU, (5, 5))"
    reader(TELL.format("resource.getrlimit(resource.RLIMIT_CPU)"), before=lower)
    assert told() == [5, 5]


@posix
def test_a_reader_cannot_have_more_memory(reader):
    """A gigabyte is not to be had, a tenth of it is."""
    reader("""
        large = bytearray(2**27)
        try:
            larger = bytearray(2**30)
        except MemoryError:
            raise RadiographError('refused.dicom.limit')
    """)
    assert refused() == "dicom.limit"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory in use is not known")
def test_a_file_that_needs_more_memory_than_there_is(child):
    """What 40 MB are enough for, and 24 MB that have to be there twice to swap their bytes."""
    child("""
        import resource
        from cxr_demo.reading import dicom
        from cxr_demo.reading import subprocess_reader
        pages = int(open('/proc/self/statm').read().split()[0])
        subprocess_reader.MEMORY_BYTES = pages * resource.getpagesize() + 40 * 2**20
        subprocess_reader._main()
    """)
    small = dicom(ramp(12))
    np.testing.assert_array_equal(read_in_subprocess(small).pixels, read_dicom(small).pixels)
    assert refused(dicom(ramp(12, side=3500), syntax=BIG_ENDIAN)) == "dicom.limit"


# --- nothing of ours goes in, nothing stays


def test_no_secret_is_handed_on(reader, monkeypatch):
    given = {"CXR_LOGIN": "user:pass", "HF_TOKEN": "t", "AWS_SECRET_ACCESS_KEY": "k", "HOME": "/h"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LD_LIBRARY_PATH", "somewhere")
    monkeypatch.setenv("PYTHONSTARTUP", "somewhere")
    reader(TELL.format("dict(os.environ)"))
    seen = told()
    assert not set(given) & set(seen) and "PYTHONSTARTUP" not in seen
    assert seen["PATH"] == os.environ["PATH"] and seen["LD_LIBRARY_PATH"] == "somewhere"
    allowed = {"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "VIRTUAL_ENV"}
    allowed |= {"PYTHONDONTWRITEBYTECODE", "GLIBC_TUNABLES"}
    # Python sets LC_CTYPE itself where no locale is given.
    threads = {"OPENBLAS_NUM_THREADS", "OPJ_NUM_THREADS"}
    assert set(seen) <= allowed | threads | {"PYTHONPATH", "LC_CTYPE"}
    assert set(seen.values()).isdisjoint({"user:pass", "t", "k"})


def test_neither_the_file_nor_a_secret_is_an_argument(reader, monkeypatch):
    monkeypatch.setenv("CXR_LOGIN", "user:pass")
    reader(TELL.format("sys.argv[1:]"))
    assert told(b"Secretname", 2) in ([], ["serve"])


@posix
def test_a_reader_cannot_write_files(reader, tmp_path):
    path = tmp_path / "kept"
    reader(f"""
        with open({str(path)!r}, 'wb', buffering=0) as file:
            file.write(data)
    """)
    assert refused(b"Secretname") == "damaged"
    assert not path.exists() or path.read_bytes() == b""


def test_code_beside_the_files_is_not_run(tmp_path, monkeypatch):
    """A refusal comes whole, with the numbers in its sentence."""
    for name in ("json", "numpy", "pydicom", "cxr_demo"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(1)")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RadiographError) as caught:
        read_in_subprocess(dicom(np.stack([ramp(12)] * 3)), 4)
    assert caught.value.key == "refused.dicom.frame"
    assert caught.value.values == {"frame": 4, "frames": 3}
    assert "Frame 4" in str(caught.value) and "1 to 3" in str(caught.value)


def test_reading_leaves_nothing_behind(tmp_path, monkeypatch):
    for variable in ("TMPDIR", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    read_in_subprocess(dicom(ramp(12), syntax=JPEG_LS))
    assert not list(tmp_path.rglob("*"))


# --- no file sees another


@pytest.fixture
def obedient(child):
    """The real process, but that a file that begins with ! is code to run."""
    child(
        """
        import os
        from cxr_demo.errors import RadiographError
        from cxr_demo.reading import dicom, subprocess_reader
        read = dicom.read_stored
        def read_stored(data, frame):
            if data.startswith(b"!"):
                exec(data[1:], globals())
            return read(data, frame)
        dicom.read_stored = read_stored
        subprocess_reader._main()
        """,
        first="from cxr_demo.reading import dicom",
    )


@posix
@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("import signal; os.kill(os.getpid(), signal.SIGSEGV)", "damaged"),
        ("import time; time.sleep(60)", "dicom.limit"),
        ("large = bytearray(2**30)", "dicom.limit"),
        ("open({path!r}, 'wb', buffering=0).write(b'!')", "damaged"),
    ],
    ids=["crashes", "hangs", "grows", "writes"],
)
def test_the_file_after_one_that_goes_wrong_is_read(
    obedient, server, tmp_path, monkeypatch, way, code, key
):
    path = tmp_path / "kept"
    sound = dicom(ramp(12))
    expected = read_dicom(sound).pixels
    np.testing.assert_array_equal(read_in_subprocess(sound).pixels, expected)
    before = server.start().process.pid if way == "forked" else None
    with monkeypatch.context() as impatient:
        impatient.setattr(subprocess_reader, "TIMEOUT_S", 3 if "sleep" in code else 20)
        assert refused(b"!" + code.format(path=str(path)).encode()) == key
    assert not path.exists() or path.read_bytes() == b""
    np.testing.assert_array_equal(read_in_subprocess(sound).pixels, expected)
    if way == "forked":
        assert server.start().process.pid == before


def test_no_two_files_share_a_process(obedient):
    """Nor does one see what another has left in a module, or has read."""
    mark = (
        b"!read.seen = getattr(read, 'seen', 0) + 1\n"
        + TELL.format("[read.seen, os.getpid()]").encode()
    )
    said = [told(mark) for _ in range(3)]
    assert [seen for seen, _ in said] == [1, 1, 1]
    assert len({os.getpid(), *(process for _, process in said)}) == 4


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@linux
def test_the_server_is_limited_and_has_one_thread_and_no_secret(monkeypatch, server, way):
    if way == "started":
        pytest.skip("has none")
    monkeypatch.setenv("CXR_LOGIN", "user:pass")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        os.set_inheritable(listening.fileno(), True)
        read_in_subprocess(dicom(ramp(12)))
        place = Path(f"/proc/{server.start().process.pid}")
        assert len(list((place / "task").iterdir())) == 1
        assert b"user:pass" not in (place / "environ").read_bytes()
        inode = os.fstat(listening.fileno()).st_ino
        held = [str(file.readlink()) for file in (place / "fd").iterdir()]
        assert "/dev/null" in held and f"socket:[{inode}]" not in held
        limits = (place / "limits").read_text()
        for name, most in (("address space", 640 * 2**20), ("file size", 0)):
            (line,) = (line for line in limits.splitlines() if f"Max {name}" in line)
            assert line.split()[3] == str(most)


@linux
def test_the_server_is_small(server, way):
    """It keeps neither OpenCV nor what pydicom would import besides."""
    if way == "started":
        pytest.skip("has none")
    read_in_subprocess(dicom(ramp(12)))
    place = Path(f"/proc/{server.start().process.pid}")
    maps = (place / "maps").read_text()
    assert not [name for name in ("cv2", "gdcm", "_CharLS", "tensorflow") if name in maps]
    private = sum(
        int(line.split()[1])
        for line in (place / "smaps_rollup").read_text().splitlines()
        if line.startswith("Private")
    )
    assert private < 40_000


def test_it_is_prepared_ahead(server, way):
    subprocess_reader.prepare()
    assert (server._server is not None) == (way == "forked")
