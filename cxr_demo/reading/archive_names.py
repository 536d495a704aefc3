"""The names of files in ZIP archives, which every system has written in a way of its own.

Data contract: an entry of `zipfile` → its path as text, composed (NFC), with "/" between folders
and without control signs. For display only: nothing is ever written under such a name.
"""

import re
import struct
import unicodedata
import zipfile
import zlib

IS_UTF8 = 0x800  # bit 11 of the flags
_UNICODE_PATH = 0x7075
_DOS_AND_WINDOWS = (0, 6, 10, 11, 14)
"""Systems that pack: FAT, OS/2, NTFS by the standard's number and by Info-ZIP's, VFAT."""

_BETWEEN_ASCII_AND_LATIN = re.compile(r"[\x80-\x9f]")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Control signs, ends of lines, and what turns the direction of writing."""


def entry_name(entry: zipfile.ZipInfo) -> str:
    """The path of an entry.

    In this order: the Unicode path that Info-ZIP adds, if it belongs to this name; UTF-8, with
    its flag or, as macOS and old tools write it, without; else the code page of the system that
    packed it, 850 of DOS and Windows in Western Europe or the standard's 437.
    """
    is_utf8 = entry.flag_bits & IS_UTF8
    raw = entry.orig_filename.encode("utf-8" if is_utf8 else "cp437")  # as `zipfile` decoded it
    code_page = "cp850" if entry.create_system in _DOS_AND_WINDOWS else "cp437"
    name = _unicode_path(entry.extra, raw) or _decoded(raw, code_page)
    if _BETWEEN_ASCII_AND_LATIN.search(name) and max(name) <= "\xff":
        # A tool took the bytes of a code page for Latin-1, in which these are no letters.
        name = name.encode("latin-1").decode(code_page)
    name = name.partition("\0")[0].replace("\\", "/")
    return unicodedata.normalize("NFC", _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", name))


def _decoded(raw: bytes, code_page: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode(code_page)


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The path in the extra fields, if its checksum says that it is of this name."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == _UNICODE_PATH and field[:5] == struct.pack("<BI", 1, zlib.crc32(raw)):
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
    return None
