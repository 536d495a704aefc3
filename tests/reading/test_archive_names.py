"""Names in archives come out as they were given, whatever system packed them."""

import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from cxr_demo.errors import RadiographError
from cxr_demo.reading.archive import open_archive

DOS, UNIX, NTFS, NTFS_OF_INFO_ZIP = 0, 3, 10, 11
MULLER = "Müller.png"


def packed(path: Path, raw: bytes, system: int = DOS, flag: int = 0, extra: bytes = b"") -> Path:
    """An archive of one file, under a name of any bytes, which `zipfile` would not write."""
    name = "N" * len(raw)
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.extra = system, extra
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, b"pixels")
    content = bytearray(path.read_bytes().replace(name.encode(), raw))
    for start, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        struct.pack_into("<H", content, content.index(start) + flags, flag)
    path.write_bytes(content)
    return path


def unicode_path(name: str, of: bytes) -> bytes:
    """Info-ZIP's extra field, after another."""
    field = struct.pack("<BI", 1, zlib.crc32(of)) + name.encode()
    return struct.pack("<HHH", 0x5455, 2, 0) + struct.pack("<HH", 0x7075, len(field)) + field


@pytest.mark.parametrize(
    ("raw", "system", "flag", "extra", "expected"),
    [
        (b"M\x81ller.png", DOS, 0, b"", MULLER),
        (b"M\x81ller.png", UNIX, 0, b"", MULLER),
        (b"M\x81ller.png", NTFS_OF_INFO_ZIP, 0, b"", MULLER),
        (b"M\xc3\xbcller.png", DOS, 0, b"", MULLER),
        (b"M\xc3\xbcller.png", UNIX, 0, b"", MULLER),
        (b"M\xc3\xbcller.png", DOS, 0x800, b"", MULLER),
        (b"Mu\xcc\x88ller.png", UNIX, 0, b"", MULLER),  # decomposed, as macOS has it
        (b"M\xc2\x81ller.png", UNIX, 0x800, b"", MULLER),  # of a tool that took 850 for Latin-1
        (b"M?ller.png", DOS, 0, unicode_path(MULLER, b"M?ller.png"), MULLER),
        (b"M?ller.png", DOS, 0, unicode_path(MULLER, b"renamed.png"), "M?ller.png"),
        (b"M?ller.png", DOS, 0, b"\x75\x70\5\0\1\0\0\0\0", "M?ller.png"),
        (b"\x9drum \xb5.png", DOS, 0, b"", "Ørum Á.png"),  # letters of 850 alone
        (b"\x9drum \xb5.png", NTFS, 0, b"", "Ørum Á.png"),
        (b"\xe0.png", UNIX, 0, b"", "α.png"),  # of 437, the standard's
        (b"Ordner\\Stra\xe1e\\a.png", DOS, 0, b"", "Ordner/Straße/a.png"),
        (b"../a.png", UNIX, 0, b"", "../a.png"),
        (b"a\x1b[2J\x7f\nb.png", DOS, 0, b"", "a\ufffd[2J\ufffd\ufffdb.png"),
        ("a\u202egnp.exe".encode(), UNIX, 0x800, b"", "a\ufffdgnp.exe"),
    ],
)
def test_a_name_comes_out_as_it_was_given(tmp_path, raw, system, flag, extra, expected):
    path = packed(tmp_path / "archive", raw, system, flag, extra)
    assert [(name, read()) for name, read in open_archive(path)] == [(expected, b"pixels")]


@pytest.mark.parametrize(
    "raw", [b"Ordner\\.DS_Store", b"__MACOSX\\._a", b"M\x81ller\\.x\\a.png", b"Ordner\\"]
)
def test_what_is_hidden_is_known_by_the_decoded_name(tmp_path, raw):
    with pytest.raises(RadiographError) as refusal:
        list(open_archive(packed(tmp_path / "archive", raw)))
    assert refusal.value.key == "batch.zip.empty"


def test_the_two_names_of_a_file_may_be_encoded_differently(tmp_path):
    """The one before the file in 850, with backslashes; the directory's in UTF-8, with its flag."""
    path = packed(tmp_path / "archive", "Stra\u00dfe/a.png".encode(), flag=0x800)
    content = path.read_bytes()
    before, after = content[:30], content[content.index(b"pixels") :]
    before = before[:6] + struct.pack("<H", 0) + before[8:26] + struct.pack("<H", 12) + before[28:]
    moved = bytearray(before + b"Stra\xe1e\\a.png" + after)
    struct.pack_into("<I", moved, len(moved) - 6, moved.index(b"PK\1\2"))
    path.write_bytes(moved)
    assert [(name, read()) for name, read in open_archive(path)] == [("Straße/a.png", b"pixels")]
