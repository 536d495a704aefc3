"""Which files the paths of a command name, and what is said of the rest."""

import inspect
import os
import pickle
import socket
import sys
import threading
from pathlib import Path

import pytest

from cxr_demo.cli import files as module
from cxr_demo.cli.files import FOUND_BEFORE, HIDDEN, OTHERS, Piped, find_files, printable
from cxr_demo.errors import CXRError


def found(root: Path, *given: str) -> list[str]:
    """Names below a root; nothing may be left out."""
    files, left_out = find_files([root / name for name in given or ["."]])
    assert not left_out
    return [str(Path(file).relative_to(root)) for file in files]


@pytest.fixture
def root(tmp_path) -> Path:
    """a.png, deeper/b.png, z.png"""
    root = tmp_path / "root"
    (root / "deeper").mkdir(parents=True)
    for name in ("a.png", "deeper/b.png", "z.png"):
        (root / name).touch()
    return root


@pytest.fixture
def locked(monkeypatch, root) -> Path:
    """root/deeper, as a folder without permissions is to everybody but root."""
    really = os.scandir

    def scandir(folder):
        if Path(folder) == root / "deeper":
            raise PermissionError(13, "Permission denied")
        return really(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    return root / "deeper"


def test_files_come_in_name_order_whatever_their_depth(root):
    assert found(root) == ["a.png", "deeper/b.png", "z.png"]
    assert found(root, "z.png", "deeper", "z.png") == ["z.png", "deeper/b.png", "z.png"]


def test_folders_may_be_deeper_than_calls(tmp_path):
    (tmp_path / ("d/" * 400)).mkdir(parents=True)
    (tmp_path / ("d/" * 400) / "a.png").touch()
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 150)
    try:
        assert found(tmp_path) == ["d/" * 400 + "a.png"]
    finally:
        sys.setrecursionlimit(limit)


# --- what cannot be looked into


def test_a_folder_that_cannot_be_listed_stands_among_the_files(root, locked):
    assert found(root) == ["a.png", "deeper", "z.png"]


def test_a_given_folder_that_cannot_be_listed_is_wrong_usage(root, locked):
    with pytest.raises(CXRError, match=r"deeper cannot be listed \(Permission denied\)"):
        find_files([locked])


def test_a_folder_that_vanishes_stands_among_the_files(root, monkeypatch):
    really = os.scandir

    def scandir(folder):
        if Path(folder) == root / "deeper":
            (root / "deeper/b.png").unlink()
            (root / "deeper").rmdir()
        return really(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    assert found(root) == ["a.png", "deeper", "z.png"]


# --- links


def test_linked_files_and_folders_are_followed(root, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/c.png").touch()
    (root / "linked").symlink_to(tmp_path / "elsewhere")
    (root / "y.png").symlink_to(root / "a.png")
    assert found(root) == ["a.png", "deeper/b.png", "linked/c.png", "y.png", "z.png"]


def test_links_that_lead_nowhere_stand_among_the_files(root):
    (root / "b").symlink_to("nothing")
    (root / "c").symlink_to("c")
    assert found(root) == ["a.png", "b", "c", "deeper/b.png", "z.png"]
    assert found(root, "b", "c") == ["b", "c"]


@pytest.mark.parametrize("target", ["deeper", ".", "..", "deeper/again"])
def test_each_folder_is_walked_once_under_its_own_path(root, target):
    """A link that comes first by name yields; links in a circle end."""
    (root / "0").symlink_to(root / target)
    (root / "deeper/again").symlink_to(root)
    files, left_out = find_files([root])
    assert [Path(file).name for file in files] == ["a.png", "b.png", "z.png"]
    assert "0" not in {Path(file).relative_to(root).parts[0] for file in files}
    assert left_out == {FOUND_BEFORE: 2}


def test_two_links_to_one_folder_are_one(root, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/c.png").touch()
    for name in ("0", "1"):
        (root / name).symlink_to(tmp_path / "elsewhere")
    files, left_out = find_files([root])
    assert [Path(file).name for file in files] == ["c.png", "a.png", "b.png", "z.png"]
    assert left_out == {FOUND_BEFORE: 1}


def test_a_folder_that_is_hidden_on_its_own_path_is_found_by_its_link(root):
    (root / ".store").mkdir()
    (root / ".store/c.png").touch()
    (root / "shown").symlink_to(".store")
    files, left_out = find_files([root])
    assert str(root / "shown/c.png") in files and left_out == {HIDDEN: 1}


# --- what is no file


def test_what_is_left_out_is_counted(root):
    (root / ".hidden").touch()
    (root / "deeper/.also").mkdir()
    os.mkfifo(root / "pipe")
    (root / "zero").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(root / "socket"))
        files, left_out = find_files([root])
        with pytest.raises(CXRError, match=r"socket is not an ordinary file"):
            find_files([root / "socket"])
    assert len(files) == 3 and left_out == {HIDDEN: 2, OTHERS: 3}


def test_an_endless_device_is_refused():
    with pytest.raises(CXRError, match=r"^/dev/zero is not an ordinary file"):
        find_files([Path("/dev/zero")])


def test_a_pipe_is_read_no_further_than_it_may_be_large(tmp_path, monkeypatch):
    """An endless one ends; whatever process analyses it gets its content."""
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 1_000_000)
    reader, writer = os.pipe()

    def write_for_ever():
        with pytest.raises(BrokenPipeError):
            while True:
                os.write(writer, bytes(10_000))

    writing = threading.Thread(target=write_for_ever)
    writing.start()
    ((piped,), _) = find_files([Path(f"/dev/fd/{reader}")])
    os.close(reader)
    writing.join(30)
    os.close(writer)
    sent = pickle.loads(pickle.dumps(piped))
    assert (sent, len(sent.content)) == (f"/dev/fd/{reader}", 1_000_001)


def test_a_file_of_this_process_alone_is_read_here(root):
    (root / "a.png").write_bytes(b"pixels")
    with (root / "a.png").open("rb") as opened:
        ((piped,), _) = find_files([Path(f"/dev/fd/{opened.fileno()}")])
    assert isinstance(piped, Piped) and piped.content == b"pixels"


def test_a_named_pipe_waits_for_its_writer_but_not_for_ever(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    writing = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[b"pixels"])
    writing.start()
    ((piped,), _) = find_files([tmp_path / "pipe"])
    writing.join(30)
    assert piped.content == b"pixels"
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    with pytest.raises(CXRError, match="Nobody has begun to write into the pipe"):
        find_files([tmp_path / "pipe"])
    os.close(os.open(tmp_path / "pipe", os.O_WRONLY))  # releases what still waits


@pytest.mark.parametrize("name", ["nowhere", "a.png/below"])
def test_what_does_not_exist_is_said(root, name):
    with pytest.raises(CXRError, match=f"{name} does not exist"):
        find_files([root / name])


def test_a_path_that_may_not_be_looked_at_is_said(root):
    with pytest.raises(CXRError, match=r"cannot be opened \(File name too long\)"):
        find_files([root / ("x" * 300)])


def test_a_name_does_nothing_to_the_terminal():
    assert printable("ü\x1b[2J\x9b\n") == "ü\\x1b[2J\\x9b\\x0a"
