"""Uploads leave nothing behind, and nothing but uploads is read."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from cxr_demo.errors import CXRError, RadiographError
from cxr_demo.reading.reader import MAX_FILE_BYTES
from cxr_demo.server import uploads as module
from cxr_demo.server.uploads import LIES_S, PREFIX, Uploads, new_name, private_folder

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path):
    """Where uploads lie; other files lie beside it."""
    (tmp_path / "uploads").mkdir()
    return tmp_path / "uploads"


@pytest.fixture
def uploads(folder) -> Uploads:
    return Uploads(folder)


def upload(uploads: Uploads, content=b"content", owner: str = "10.0.0.1") -> str:
    """The path of a file that has arrived."""
    file = uploads.folder / new_name(owner)
    file.write_bytes(content)
    return str(file)


def refused(uploads: Uploads, name: object) -> bool:
    with pytest.raises(RadiographError) as refusal:
        uploads.take(name)
    said = str(refusal.value)
    assert said == "The upload did not arrive; please drop the file once more."
    return refusal.value.key == "refused.upload_gone"


def test_a_file_is_gone_once_read(uploads, folder):
    name = upload(uploads)
    assert uploads.take(name) == b"content"
    assert list(folder.iterdir()) == []
    assert refused(uploads, name)


def test_an_empty_file_is_an_upload(uploads, folder):
    """It is for the reader to say that it is empty."""
    assert uploads.take(upload(uploads, b"")) == b""
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("length", [MAX_FILE_BYTES, MAX_FILE_BYTES + 1, MAX_FILE_BYTES + 1000])
def test_no_more_is_read_than_shows_that_a_file_is_too_large(uploads, folder, length):
    name = upload(uploads, b"")
    with Path(name).open("wb") as stream:
        stream.truncate(length)
    assert len(uploads.take(name)) == min(length, MAX_FILE_BYTES + 1)
    assert list(folder.iterdir()) == []


# --- what is no upload


@pytest.fixture
def outside(folder):
    """A file that nobody has uploaded, under a name that an upload could have."""
    file = folder.parent / ("0" * 40)
    file.write_bytes(b"secret")
    return file


@pytest.mark.parametrize(
    "way",
    [
        "{file}",
        "../{name}",
        "{folder}/../{name}",
        "{folder}/{name}",
        "{name}",
        "{folder}/x/../{name}",
    ],
)
def test_a_path_is_no_name(uploads, folder, outside, way):
    asked = way.format(file=outside, folder=folder, name=outside.name)
    assert refused(uploads, asked)
    assert outside.read_bytes() == b"secret"


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_file_is_not_read(uploads, folder, outside, kind):
    odd = folder / ("1" * 40)
    if kind == "link":
        odd.symlink_to(outside)
    elif kind == "folder":
        odd.mkdir()
    else:
        os.mkfifo(odd)
    assert refused(uploads, str(odd))
    assert outside.read_bytes() == b"secret"


@pytest.mark.parametrize(
    "name",
    [None, "", ".", "~", "\0", 5, True, b"0" * 40, [], {}, "0" * 39, "0" * 41, "G" * 40, "A" * 40],
    ids=lambda name: repr(name)[:12],
)
def test_what_is_no_name_is_refused(uploads, folder, name):
    assert refused(uploads, name)
    assert refused(uploads, f"{folder}/{name}")


def test_an_unknown_name_is_refused(uploads, folder):
    assert refused(uploads, f"{folder}/{'0' * 40}")


@pytest.mark.parametrize("more", ["\n", " ", "\0", "/x", ".png"])
def test_a_name_with_more_is_another(uploads, more):
    assert refused(uploads, upload(uploads) + more)


# --- how many, and how much


def test_uploads_have_so_much_space(uploads, monkeypatch):
    """10 bytes in all, and 256 MB of the disk are not theirs."""
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    monkeypatch.setattr(module, "LEAST_BYTES", 1)
    upload(uploads, b"1234")
    spare = 256 * 2**20
    for left, most in ((0, 0), (spare, 0), (spare + 5, 5), (spare + 50, 6)):
        disk = SimpleNamespace(free=left)
        monkeypatch.setattr(module.shutil, "disk_usage", lambda _, disk=disk: disk)
        assert uploads.free() == most


def test_the_last_space_is_for_clients_of_whom_nothing_lies_there(uploads, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 20)
    monkeypatch.setattr(module, "LEAST_BYTES", 2)
    assert uploads.free("10.0.0.1") == 20
    for size in (1, 3):  # the first counts as 2
        upload(uploads, bytes(size), owner="10.0.0.1")
    assert uploads.free() == uploads.free("10.0.0.2") == 15
    assert uploads.free("10.0.0.1") == 10
    upload(uploads, bytes(11), owner="10.0.0.1")
    assert uploads.free("10.0.0.1") == 0 and uploads.free("10.0.0.2") == 4


def test_what_a_waiting_question_names_is_not_swept(uploads):
    asked, forgotten = upload(uploads), upload(uploads)
    for path in (asked, forgotten):
        os.utime(path, (0, 0))
    uploads.sweep({asked})
    assert Path(asked).exists() and not Path(forgotten).exists()


def test_a_batch_is_kept_while_it_is_worked_on_and_no_longer(uploads, folder):
    names = [upload(uploads, b"1"), upload(uploads, b"2")]
    with uploads.held(names) as files:
        assert [file.read_bytes() for file in files] == [b"1", b"2"]
        assert refused(uploads, names[0]) and refused(uploads, str(files[0]))
        for file in files:
            os.utime(file, (0, 0))
        uploads.sweep()
        assert all(file.exists() for file in files)
    assert list(folder.iterdir()) == []


def test_a_batch_that_names_another_file_takes_none(uploads, folder, outside):
    name = upload(uploads)
    with pytest.raises(RadiographError), uploads.held([name, str(outside)]):
        pass
    assert Path(name).exists() and outside.exists()


# --- what nobody comes back for


@pytest.mark.parametrize(("age", "stays"), [(0, True), (LIES_S - 2, True), (LIES_S + 1, False)])
def test_what_is_not_analysed_goes_by_age(uploads, folder, age, stays):
    assert LIES_S == 120
    file = Path(upload(uploads))
    then = time.time() - age
    os.utime(file, (then, then))
    uploads.sweep()
    assert file.exists() is stays


# --- the folder


def test_the_folder_is_private(tmp_path):
    folder = private_folder(tmp_path)
    assert folder.parent == tmp_path and folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_said_in_a_line(tmp_path):
    with pytest.raises(CXRError, match=r"^no temporary folder can be made \(.*nowhere.*\)\.$"):
        private_folder(tmp_path / "nowhere")


def test_what_is_no_folder_of_ours_stays(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_bytes(b"x")
    (tmp_path / f"{PREFIX}file").write_bytes(b"x")
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "other").mkdir()
    private_folder(tmp_path)
    assert (tmp_path / "elsewhere" / "file").exists() and (tmp_path / "other").exists()
    assert (tmp_path / f"{PREFIX}file").exists() and (tmp_path / f"{PREFIX}link").is_symlink()


def test_the_folder_of_a_server_that_was_killed_goes_when_the_next_one_starts(tmp_path):
    """That of one that runs stays."""
    program = (
        "import sys, pathlib, time; from cxr_demo.server.uploads import private_folder; "
        "folder = private_folder(pathlib.Path(sys.argv[1])); (folder / 'file').write_bytes(b'x'); "
        "print(folder, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    servers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)
    ]
    try:
        killed, running = (Path(server.stdout.readline().strip()) for server in servers)
        servers[0].kill()
        servers[0].wait()
        assert (killed / "file").exists()
        mine = private_folder(tmp_path)
        assert set(tmp_path.iterdir()) == {running, mine}
        assert (running / "file").exists()
    finally:
        for server in servers:
            server.kill()
            server.communicate()
