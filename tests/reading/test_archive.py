"""Archives: what is in them, one file at a time, and what is refused before it is unpacked."""

import struct
import zipfile
from pathlib import Path

import pytest

from cxr_demo.errors import RadiographError
from cxr_demo.reading import archive as module
from cxr_demo.reading.archive import is_archive, open_archive, open_files

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


def packed(folder: Path, files: dict[str, bytes], method: int = DEFLATED) -> Path:
    path = folder / "archive"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def opened(path: Path) -> dict[str, object]:
    """Content by name; of what is refused the key of the refusal."""
    found = {}
    for name, read in open_archive(path):
        try:
            found[name] = read()
        except RadiographError as refusal:
            found[name] = refusal.key
    return found


def refused(path: Path) -> str:
    with pytest.raises(RadiographError) as refusal:
        opened(path)
    return refusal.value.key


@pytest.mark.parametrize("method", [STORED, DEFLATED])
def test_files_come_out_as_they_went_in(tmp_path, method):
    files = {"a.png": b"1" * 100, "folder/b.dcm": b"2", "folder/empty": b""}
    path = packed(tmp_path, {**files, "folder/": b""}, method)
    assert is_archive(path) and opened(path) == files


def test_what_file_managers_hide_is_left_out(tmp_path):
    path = packed(tmp_path, {"a": b"1", "__MACOSX/._a": b"2", ".DS_Store": b"3", "x/.y/z": b"4"})
    assert opened(path) == {"a": b"1"}


@pytest.mark.parametrize("content", [b"", b"PK", b"\x89PNG\r\n\x1a\n", b"xPK\3\4"])
def test_other_files_are_none(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    assert not is_archive(tmp_path / "file")


def test_an_archive_without_files_is_refused(tmp_path):
    assert refused(packed(tmp_path, {})) == "batch.zip.empty"
    assert refused(packed(tmp_path, {"folder/": b""})) == "batch.zip.empty"


@pytest.mark.parametrize("cut", [1, 21, 22, 60])
def test_a_damaged_archive_is_refused(tmp_path, cut):
    path = packed(tmp_path, {"a": b"1" * 50})
    path.write_bytes(path.read_bytes()[:-cut])
    assert refused(path) == "batch.zip.damaged"


def test_a_file_that_is_not_what_was_packed_is_refused(tmp_path):
    """Alone: the others are read."""
    path = packed(tmp_path, {"a": b"1" * 50, "b": b"2"}, STORED)
    path.write_bytes(path.read_bytes().replace(b"1" * 50, b"3" * 50))
    assert opened(path) == {"a": "batch.zip.damaged", "b": b"2"}


@pytest.mark.parametrize(("number", "taken"), [(3, True), (4, False)])
def test_how_many_files(tmp_path, monkeypatch, number, taken):
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    path = packed(tmp_path, {str(i): b"1" for i in range(number)})
    if taken:
        assert len(opened(path)) == number
    else:
        assert refused(path) == "batch.zip.many"


def test_a_directory_that_is_too_long_is_not_read(tmp_path, monkeypatch):
    path = packed(tmp_path, {str(i): b"1" for i in range(20)})
    monkeypatch.setattr(module, "MAX_DIRECTORY", 500)
    monkeypatch.setattr(module.zipfile, "ZipFile", None)
    assert refused(path) == "batch.zip.many"


def test_an_archive_that_is_too_large_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_ARCHIVE_BYTES", 100)
    assert refused(packed(tmp_path, {"a": bytes(200)}, STORED)) == "batch.zip.large_archive"


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    """Zeros pack to a thousandth; a little of them is a small picture."""
    monkeypatch.setattr(module, "MIN_BOMB", 10_000)
    path = packed(tmp_path, {"bomb": bytes(100_000), "small": bytes(10_000)})
    assert opened(path) == {"bomb": "batch.zip.bomb", "small": bytes(10_000)}


def test_a_file_larger_than_a_radiograph_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 10)
    path = packed(tmp_path, {"large": bytes(11), "right": bytes(10)})
    assert opened(path) == {"large": "batch.zip.large", "right": bytes(10)}


def test_a_file_that_says_less_than_it_holds_gives_no_more_than_it_says(tmp_path):
    path = packed(tmp_path, {"a": bytes(1000)})
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\1\2")
    struct.pack_into("<I", content, at + 24, 10)  # its size, in the directory
    path.write_bytes(content)
    assert opened(path) == {"a": "batch.zip.damaged"}


@pytest.mark.parametrize(
    ("offset", "value", "key"), [(8, 1, "batch.zip.encrypted"), (10, 12, "batch.zip.method")]
)
def test_what_cannot_be_unpacked_is_refused(tmp_path, offset, value, key):
    """A flag of encryption, and bzip2, in the directory."""
    path = packed(tmp_path, {"a": b"1" * 50})
    content = bytearray(path.read_bytes())
    struct.pack_into("<H", content, content.index(b"PK\1\2") + offset, value)
    path.write_bytes(content)
    assert opened(path) == {"a": key}


def test_an_archive_of_the_other_form_is_refused(tmp_path):
    path = packed(tmp_path, {"a": b"1"})
    content = bytearray(path.read_bytes())
    struct.pack_into("<H", content, content.rindex(b"PK\5\6") + 10, 0xFFFF)
    path.write_bytes(content)
    assert refused(path) == "batch.zip.zip64"


def test_files_stand_for_themselves_and_archives_for_what_is_in_them(tmp_path):
    plain, damaged = tmp_path / "plain", tmp_path / "damaged"
    plain.write_bytes(b"pixels")
    damaged.write_bytes(b"PK\3\4" + bytes(30))
    archive = packed(tmp_path, {"one/a.png": b"a", "b.png": b"b"})
    named = [("x.png", plain), ("more.zip", archive), ("bad.zip", damaged)]
    found = dict(open_files(named))
    assert list(found) == ["x.png", "more.zip/one/a.png", "more.zip/b.png", "bad.zip"]
    assert found["x.png"]() == b"pixels"
    with pytest.raises(RadiographError) as refusal:
        found["bad.zip"]()
    assert refusal.value.key.startswith("batch.zip.")
