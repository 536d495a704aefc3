"""Open a ZIP archive of radiographs that nobody trusts: list its files, and read one at a time.

Data contract: a file → (path in the archive, bytes) for each file in it, without folders and what
file managers hide there. Nothing is read beyond what is accepted of one radiograph, and nothing is
written. An archive within an archive is left to `reader`, which refuses it.
"""

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from cxr_demo.errors import RadiographError
from cxr_demo.reading.archive_names import IS_UTF8, entry_name
from cxr_demo.reading.reader import MAX_FILE_BYTES

MAX_ARCHIVE_BYTES = 500 << 20
MAX_ENTRIES = 2_000
MAX_DIRECTORY = 4 << 20
"""Bytes of the archive's directory, which is read at once."""
MAX_RATIO = 100
"""Of a file's size to what it is packed to, above MIN_BOMB: no radiograph packs so well."""
MIN_BOMB = 4 << 20

_END = struct.Struct("<4sHHHHIIH")
_LOCAL = struct.Struct("<6xH18xH2x")
"""What stands before each file: flags, and how long its name is."""
_ENCRYPTED = 0x2041  # bits 0, 6 and 13 of the flags


def is_archive(file: Path) -> bool:
    """Whether a file begins like a ZIP archive."""
    with file.open("rb") as opened:
        return opened.read(4) in (b"PK\3\4", b"PK\5\6")


def open_files(named: Iterable[tuple[str, Path]]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Files, and instead of an archive those in it, each with what reads it, as `open_archive`.

    An archive that cannot be opened stays one file, whose reading says why.
    """
    for name, file in named:
        if not is_archive(file):
            yield name, file.read_bytes
            continue
        try:
            for entry, read in open_archive(file):
                yield f"{name}/{entry}", read
        except RadiographError as refusal:
            yield name, partial(_refuse, refusal)


def open_archive(file: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The files of an archive, each with what reads it.

    Args:
        file: the archive; stays open until the iterator is closed.

    Yields:
        (path in the archive, a function that returns the file's bytes or raises RadiographError).

    Raises:
        RadiographError: if the archive is damaged, empty, too large, or of too many files.
    """
    _check_directory(file)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise RadiographError("batch.zip.damaged") from None
    with archive:
        named = [(entry_name(entry), entry) for entry in archive.infolist()]
        wanted = [(name, entry) for name, entry in named if _is_shown(name)]
        if not wanted:
            raise RadiographError("batch.zip.empty")
        if len(wanted) > MAX_ENTRIES:
            raise RadiographError("batch.zip.many", most=MAX_ENTRIES)
        for name, entry in wanted:
            yield name, lambda entry=entry: _read(archive, entry)


def _refuse(refusal: RadiographError) -> bytes:
    raise refusal


def _check_directory(file: Path) -> None:
    """Refuse by the archive's last record, before its directory is read."""
    size = file.stat().st_size
    if size > MAX_ARCHIVE_BYTES:
        raise RadiographError("batch.zip.large_archive", megabytes=MAX_ARCHIVE_BYTES >> 20)
    with file.open("rb") as opened:
        opened.seek(max(0, size - _END.size - 0xFFFF))
        tail = opened.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail):
        raise RadiographError("batch.zip.damaged")
    _, _, _, _, entries, length, start, _ = _END.unpack_from(tail, at)
    if entries == 0xFFFF or 0xFFFFFFFF in (length, start):
        raise RadiographError("batch.zip.zip64")
    if length > MAX_DIRECTORY:
        raise RadiographError("batch.zip.many", most=MAX_ENTRIES)


def _is_shown(name: str) -> bool:
    """Whether it is a file, and none that file managers hide."""
    folders = [part for part in PurePosixPath(name).parts if part != ".."]
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in folders)
    return not hidden and not name.endswith("/")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if entry.flag_bits & _ENCRYPTED:
        raise RadiographError("batch.zip.encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RadiographError("batch.zip.method")
    if entry.file_size > MAX_FILE_BYTES:
        raise RadiographError("batch.zip.large", megabytes=MAX_FILE_BYTES >> 20)
    if entry.file_size > max(MIN_BOMB, MAX_RATIO * entry.compress_size):
        raise RadiographError("batch.zip.bomb")
    try:
        entry.orig_filename = _second_name(archive, entry)
        with archive.open(entry) as opened:
            return opened.read(MAX_FILE_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError):
        raise RadiographError("batch.zip.damaged") from None


def _second_name(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    """The name that stands before the file, as `zipfile` decodes it, which refuses another than the
    directory's; some tools encode or separate the two differently."""
    archive.fp.seek(entry.header_offset)
    flags, length = _LOCAL.unpack(archive.fp.read(_LOCAL.size).ljust(_LOCAL.size, b"\0"))
    return archive.fp.read(length).decode("utf-8" if flags & IS_UTF8 else "cp437")
