"""Uploads leave nothing behind, and nothing but uploads is read."""

import os
import threading

import pytest

from cxr_demo.errors import RadiographRefused
from cxr_demo.radiograph import MAX_FILE_BYTES
from cxr_demo.ui import uploads as module
from cxr_demo.ui.uploads import SHARED_S, Uploads, read_and_delete


@pytest.fixture
def folder(tmp_path):
    """Where uploads lie; other files lie beside it."""
    (tmp_path / "uploads").mkdir()
    return tmp_path / "uploads"


def upload(folder, content=b"content", name="x.png"):
    """A file as Gradio leaves it: alone in a folder named by its hash."""
    file = folder / "sha256" / name
    file.parent.mkdir()
    file.write_bytes(content)
    return file


def refused(uploads: Uploads, path: object) -> bool:
    with pytest.raises(RadiographRefused) as refusal:
        uploads.take(path)
    said = str(refusal.value)
    assert said == "The upload did not arrive; please drop the file once more."
    return refusal.value.key == "refused.upload_gone"


def test_the_file_and_its_folder_are_gone_once_read(folder):
    assert Uploads(folder).take(str(upload(folder))) == b"content"
    assert list(folder.iterdir()) == []


def test_an_empty_file_is_an_upload(folder):
    """It is for the reader to say that it is empty."""
    assert Uploads(folder).take(str(upload(folder, b""))) == b""
    assert list(folder.iterdir()) == []


def test_a_folder_given_by_another_way_is_the_same_folder(folder, monkeypatch):
    (folder.parent / "link").symlink_to(folder)
    monkeypatch.chdir(folder.parent)
    for way in ("link", "uploads", folder / ".." / "uploads"):
        assert Uploads(way).take(str(upload(folder))) == b"content"


# --- two people with one file


def test_two_people_with_the_same_file_both_get_it(folder):
    uploads, path = Uploads(folder), str(upload(folder))
    assert uploads.take(path) == b"content"
    assert uploads.take(path) == b"content"


def test_many_at_once_all_get_it(folder):
    uploads, path, got = Uploads(folder), str(upload(folder)), []
    threads = [threading.Thread(target=lambda: got.append(uploads.take(path))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [b"content"] * 16


@pytest.mark.parametrize(("later", "gone"), [(SHARED_S - 0.001, False), (SHARED_S, True)])
def test_what_was_taken_is_forgotten_soon(folder, monkeypatch, later, gone):
    assert SHARED_S == 10
    now = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    uploads, path = Uploads(folder), str(upload(folder))
    uploads.take(path)
    now += later
    assert refused(uploads, path) if gone else uploads.take(path) == b"content"


def test_taking_once_more_does_not_make_it_last_longer(folder, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    uploads, path = Uploads(folder), str(upload(folder))
    uploads.take(path)
    now += 9
    assert uploads.take(path) == b"content"
    now += 9
    assert refused(uploads, path)


def test_a_file_sent_again_is_read_again(folder):
    uploads = Uploads(folder)
    assert uploads.take(str(upload(folder))) == b"content"
    assert uploads.take(str(upload(folder, b"another"))) == b"another"
    assert list(folder.iterdir()) == []


def test_only_the_one_who_names_it_gets_it(folder):
    uploads = Uploads(folder)
    uploads.take(str(upload(folder)))
    assert refused(uploads, str(folder / "sha256" / "y.png"))


# --- what is no upload


@pytest.fixture
def outside(folder):
    """A file that nobody has uploaded."""
    file = folder.parent / "private" / "secret.txt"
    file.parent.mkdir()
    file.write_bytes(b"secret")
    return file


def untouched(file) -> bool:
    return file.read_bytes() == b"secret"


def test_a_path_outside_is_neither_read_nor_deleted(folder, outside):
    assert refused(Uploads(folder), str(outside))
    assert untouched(outside)


@pytest.mark.parametrize("way", ["../private/secret.txt", "sha256/../../private/secret.txt"])
def test_a_way_out_is_neither_read_nor_deleted(folder, outside, way):
    upload(folder)
    assert refused(Uploads(folder), f"{folder}/{way}")
    assert untouched(outside)


def test_a_relative_path_is_not_one_of_uploads(folder, outside, monkeypatch):
    monkeypatch.chdir(outside.parent)
    assert refused(Uploads(folder), "secret.txt")
    assert untouched(outside)


def test_a_folder_whose_name_begins_alike_is_outside(folder):
    (folder.parent / "uploads2").mkdir()
    file = folder.parent / "uploads2" / "secret.txt"
    file.write_bytes(b"secret")
    assert refused(Uploads(folder), str(file))
    assert untouched(file)


def test_a_link_out_is_neither_read_nor_deleted(folder, outside):
    link, linked = folder / "link.png", folder / "linked"
    link.symlink_to(outside)
    linked.symlink_to(outside.parent)
    uploads = Uploads(folder)
    assert refused(uploads, str(link)) and refused(uploads, str(linked / "secret.txt"))
    assert untouched(outside) and link.is_symlink()


def test_a_link_to_itself_is_refused(folder):
    (folder / "loop").symlink_to(folder / "loop")
    assert refused(Uploads(folder), str(folder / "loop"))


def test_a_folder_is_refused_and_left_alone(folder):
    """A made-up request may name the folder of all uploads, or somebody's."""
    file = upload(folder)
    uploads = Uploads(folder)
    for path in (folder, file.parent, folder.parent, "/"):
        assert refused(uploads, str(path))
    assert file.read_bytes() == b"content"


@pytest.mark.parametrize(
    "path",
    [None, "", ".", "~", "\0", "a\0b", 5, 0.5, True, b"x.png", [], {}, ["x"], "x" * 10_000],
    ids=lambda path: repr(path)[:12],
)
def test_what_is_no_path_is_refused(folder, path):
    assert refused(Uploads(folder), path)


@pytest.mark.parametrize(
    "name",
    ["nowhere.png", "no/where.png", "\0", "a\0/b", "\udc80", "x" * 300, "x/" * 3000],
    ids=lambda name: repr(name)[:12],
)
def test_a_name_of_nothing_in_the_folder_is_refused(folder, name):
    assert refused(Uploads(folder), f"{folder}/{name}")


# --- reading one


def test_neither_folder_nor_nothing_is_read(tmp_path):
    other = upload(tmp_path)
    assert read_and_delete(tmp_path) is None
    assert read_and_delete(other.parent) is None
    assert read_and_delete(tmp_path / "nowhere.png") is None
    assert other.read_bytes() == b"content"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert read_and_delete(tmp_path / "pipe") is None


def test_other_files_beside_an_upload_stay(tmp_path):
    (tmp_path / "mine.png").write_bytes(b"mine")
    (tmp_path / "yours.png").write_bytes(b"yours")
    assert read_and_delete(tmp_path / "mine.png") == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["yours.png"]


@pytest.mark.parametrize("length", [MAX_FILE_BYTES, MAX_FILE_BYTES + 1, MAX_FILE_BYTES + 1000])
def test_no_more_is_read_than_shows_that_a_file_is_too_large(tmp_path, length):
    file = tmp_path / "large"
    with file.open("wb") as stream:
        stream.truncate(length)
    assert len(read_and_delete(file)) == min(length, MAX_FILE_BYTES + 1)
    assert not file.exists()
