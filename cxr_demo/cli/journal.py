"""What is done of a long run, kept beside its result so that the same command can go on.

Data contract: FILE.part is a line of JSON with the header, then one record of `scorer` a line, in
the order in which they were done. Each line is handed to the operating system at once: a run that
is killed loses none. A power cut may leave the end of the file damaged; from the first line on
that is not whole, all is dropped and done again.
"""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from cxr_demo.errors import CXRError

try:
    import fcntl
except ImportError:  # Windows; two runs at once are not noticed there
    fcntl = None

FORM = 1
"""Of the journal; another number where older journals cannot be gone on with."""


class Journal:
    """The records of a run, held by one process at a time. Only places of lines are in memory.

    Args:
        path: of the journal.
        about: what has to be the same for the run to go on: models and options.

    Raises:
        CXRError: if it cannot be written, another run holds it, or it is not this run's.
    """

    def __init__(self, path: Path, about: dict):
        self.path = path
        self._places: dict[str, int] = {}
        with ExitStack() as failed:
            try:
                self._stream = failed.enter_context(_locked(path))
                self._end = self._read({"journal": "cxr_demo analyse", "form": FORM, **about})
            except OSError as error:
                raise CXRError(f"{path} cannot be written ({error.strerror}).") from None
            failed.pop_all()

    def __contains__(self, file: str) -> bool:
        return file in self._places

    def add(self, file: str, record: str) -> None:
        """Keep the record of a file that has none yet.

        Raises:
            CXRError: if it cannot be written, as on a full disk.
        """
        try:
            written = self._append(record)
        except OSError as error:
            raise CXRError(
                f"{self.path} cannot be written ({error.strerror}). What is done is kept; please "
                "make room and give the same command again."
            ) from None
        self._places[file] = self._end
        self._end += written

    def records(self, files: Iterable[str]) -> Iterator[dict]:
        """The records of files, in the order in which these are given."""
        with self.path.open("rb") as lines:
            for file in files:
                lines.seek(self._places[file])
                yield json.loads(lines.readline())

    def remove(self) -> None:
        """The result is written: nothing is left to go on with."""
        if fcntl is None:
            self._stream.close()  # Windows removes no file that is open
        self.path.unlink()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # a disk that is full has been reported
            self._stream.close()

    def _append(self, line: str) -> int:
        """Write a line; gives its length in bytes."""
        data = f"{line}\n".encode()
        self._stream.write(data)
        self._stream.flush()
        return len(data)

    def _read(self, header: dict) -> int:
        """Find what is done; gives where the last whole line ends, and cuts off what follows."""
        expected = json.dumps(header)
        self._stream.seek(0)
        first = self._stream.readline()
        if first != f"{expected}\n".encode():
            # A run that ended within its first line has done nothing yet.
            if not f"{expected}\n".encode().startswith(first):
                raise CXRError(_not_ours(self.path, first, header))
            self._stream.truncate(0)
            return self._append(expected)
        end = len(first)
        for line in self._stream:
            if (file := _file_of(line)) is None:
                break
            self._places[file] = end
            end += len(line)
        self._stream.truncate(end)
        return end


def _locked(path: Path) -> BinaryIO:
    """Open a journal that nobody else holds until it is closed, even when this process is killed.

    Raises:
        CXRError: if another run holds it.
        OSError: if it cannot be opened.
    """
    while True:
        stream = path.open("a+b")
        if fcntl is None:
            return stream
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            raise CXRError(
                f"{path} is in use by another run. Please wait until that has ended, or choose "
                "another file for the result."
            ) from None
        except OSError:  # some network file systems know no locks
            return stream
        # The run that held it may have ended between the two and removed what was opened.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(stream.fileno()), path.stat()):
                return stream
        stream.close()


def _file_of(line: bytes) -> str | None:
    """The file that a line of the journal is about; None if the line is not whole."""
    try:
        return json.loads(line)["line"]["file"] if line.endswith(b"\n") else None
    except (ValueError, LookupError, TypeError):
        return None


def _not_ours(path: Path, first: bytes, header: dict) -> str:
    """Why a run cannot go on from a journal, by its first line."""
    remedy = f"Please delete {path} to begin anew, or choose another file for the result."
    try:
        found = json.loads(first)
        if found["journal"] != header["journal"]:
            raise ValueError
    except (ValueError, LookupError, TypeError):
        return f"{path} is no journal of this command. {remedy}"
    differing = ", ".join(name for name in header if found.get(name) != header[name])
    return f"{path} was begun with another {differing}, so that its lines do not fit. {remedy}"
