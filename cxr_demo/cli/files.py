"""Find the files that the paths of a command name: folders are walked, pipes are read.

Data contract: paths → names, in the order given, a folder's files at any depth in name order. Links
are followed, each folder is walked once. What cannot be looked into, a folder that cannot be listed
or a link that leads nowhere, stands among the names, and `file_record` refuses it. Hidden entries,
folders found before, and what is neither file nor folder are left out and counted. Names are
strings: there may be a million, and a `Path` takes ten times as much.
"""

import errno
import os
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from pathlib import Path
from stat import S_IFLNK, S_ISDIR, S_ISFIFO, S_ISLNK, S_ISREG

from cxr_demo.errors import CXRError
from cxr_demo.reading.reader import MAX_FILE_BYTES

HIDDEN = "hidden entries"
FOUND_BEFORE = "folders found by another path"
OTHERS = "pipes, sockets or devices"

PATIENCE_S = 30
"""How long nobody may open a named pipe to write into it."""

OWN_NAMES = ("/dev/fd/", "/dev/stdin", "/proc/")
"""What means another file in another process."""


class Piped(str):
    """The name of a file that can be read once, in this process, and its content.

    Content has at most a byte more than is accepted, by which the reader refuses it.
    """

    content: bytes

    def __new__(cls, name: str, content: bytes = b""):
        piped = super().__new__(cls, name)
        piped.content = content
        return piped


def find_files(paths: Iterable[Path]) -> tuple[list[str], Counter[str]]:
    """Find files.

    Returns:
        Their names, and how many of HIDDEN, FOUND_BEFORE and OTHERS were left out.

    Raises:
        CXRError: if a path does not exist, is a folder that cannot be listed, a pipe that nobody
            writes into, or neither file, folder nor pipe.
    """
    modes = [(str(path), _mode(path)) for path in paths]
    walk = _Walk([Path(os.path.realpath(path)) for path, mode in modes if S_ISDIR(mode)])
    files = []
    for path, mode in modes:
        if S_ISDIR(mode):
            files.extend(walk.files(path))
        elif S_ISFIFO(mode) or (S_ISREG(mode) and path.startswith(OWN_NAMES)):
            files.append(Piped(path, _read(Path(path))))
        elif S_ISREG(mode) or S_ISLNK(mode):
            files.append(path)
        else:
            raise CXRError(f"{path} is not an ordinary file. Please name a file, folder or pipe.")
    return files, walk.left_out


def printable(text: str) -> str:
    """Text of one line for the terminal: control signs in a name would be obeyed."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda sign: f"\\x{ord(sign[0]):02x}", text)


def _mode(path: Path) -> int:
    """What a path leads to; a link itself if it leads nowhere."""
    try:
        return path.stat().st_mode
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP) and path.is_symlink():
            return S_IFLNK
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise CXRError(f"{path} does not exist. Please check the path.") from None
        raise CXRError(f"{path} cannot be opened ({error.strerror}). Please check it.") from None


def _read(path: Path) -> bytes:
    """Read a pipe, no further than `Piped` says."""
    opening: Future = Future()

    def wait_for_a_writer() -> None:
        try:
            opening.set_result(path.open("rb"))
        except OSError as error:
            opening.set_exception(error)

    threading.Thread(target=wait_for_a_writer, daemon=True).start()
    try:
        with opening.result(PATIENCE_S) as stream:
            return stream.read(MAX_FILE_BYTES + 1)
    except TimeoutError:
        raise CXRError(
            f"Nobody has begun to write into the pipe {path} for {PATIENCE_S} seconds. Please "
            "start what writes into it, then give the command again."
        ) from None
    except OSError as error:
        raise CXRError(f"{path} cannot be read ({error.strerror}). Please check it.") from None


class _Walk:
    """One walk through all folders that are given.

    Args:
        roots: these, with their real paths.
    """

    def __init__(self, roots: list[Path]):
        self._roots = roots
        self._found: set[tuple[int, int]] = set()
        self.left_out: Counter[str] = Counter()

    def files(self, root: str) -> Iterator[str]:
        """Files of one that is given."""
        try:
            waiting = self._listed(root) if self._is_new(root) else []
        except OSError as error:
            raise CXRError(
                f"The folder {root} cannot be listed ({error.strerror}). Please check its "
                "permissions."
            ) from None
        while waiting:  # not by recursion: folders may be deeper than Python's calls
            entry = waiting.pop()
            try:
                if entry.is_dir():
                    if self._is_new(entry.path, entry.is_symlink()):
                        waiting += self._listed(entry.path)
                elif entry.is_file() or not Path(entry.path).exists():
                    yield entry.path
                else:
                    self.left_out[OTHERS] += 1
            except OSError:
                yield entry.path

    def _listed(self, folder: str) -> list[os.DirEntry]:
        """What is shown of a folder, the last by name first."""
        with os.scandir(folder) as entries:
            found = list(entries)
        shown = [entry for entry in found if not entry.name.startswith(".")]
        if hidden := len(found) - len(shown):
            self.left_out[HIDDEN] += hidden
        return sorted(shown, key=lambda entry: entry.name, reverse=True)

    def _is_new(self, folder: str, is_link: bool = False) -> bool:
        """Whether it was not found before; a link yields to the folder's own path."""
        status = Path(folder).stat()
        identity = status.st_dev, status.st_ino
        is_new = identity not in self._found and not (is_link and self._comes_by_itself(folder))
        if is_new:
            self._found.add(identity)
        else:
            self.left_out[FOUND_BEFORE] += 1
        return is_new

    def _comes_by_itself(self, link: str) -> bool:
        """Whether the walk gets to a link's target without links."""
        target = Path(os.path.realpath(link))
        return any(
            target.is_relative_to(root)
            and not any(name.startswith(".") for name in target.relative_to(root).parts)
            for root in self._roots
        )
