"""What is done of a long run, kept beside its result so that the same command can go on.

Data contract: FILE.part is an SQLite database with the options of the run and one record of
`file_record` for each file that is done. Each record is committed at once: a run that is killed
loses none, and a power cut at most the last few.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import TracebackType

from cxr_demo.errors import CXRError

FORMAT = 2
"""Of the database; another number where older ones cannot be gone on with."""

SIDE_FILES = ("", "-wal", "-journal", "-shm")
"""Endings of the files in which SQLite keeps a database while it is open."""


class Progress:
    """The records of a run, held by one process at a time.

    Args:
        path: of the database.
        options: what has to be the same for the run to go on: models and options.

    Raises:
        CXRError: if it cannot be written, another run holds it, or it is not this run's.
    """

    def __init__(self, path: Path, options: dict):
        self.path = path
        with ExitStack() as on_failure:
            try:
                self._database = on_failure.enter_context(
                    closing(sqlite3.connect(path, timeout=0, isolation_level=None))
                )
                # Nobody else may use it until this is closed, even if this process is killed.
                self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
                self._open({"format": FORMAT, **options})
            except sqlite3.Error as error:
                raise CXRError(self._explained(error)) from None
            on_failure.pop_all()

    def __contains__(self, file: str) -> bool:
        found = self._database.execute("SELECT 1 FROM records WHERE file = ?", (_key(file),))
        return found.fetchone() is not None

    def add(self, file: str, record: str) -> None:
        """Keep the record of a file that has none yet.

        Raises:
            CXRError: if it cannot be written, as on a full disk.
        """
        try:
            self._database.execute("INSERT INTO records VALUES (?, ?)", (_key(file), record))
        except sqlite3.Error as error:
            raise CXRError(
                f"{self.path} cannot be written ({error}). What is done is kept; please make room "
                "and give the same command again."
            ) from None

    def records(self, files: Iterable[str]) -> Iterator[dict]:
        """The records of files, in the order in which these are given.

        Raises:
            CXRError: if the database is damaged.
        """
        for file in files:
            try:
                (record,) = self._database.execute(
                    "SELECT record FROM records WHERE file = ?", (_key(file),)
                ).fetchone()
            except sqlite3.Error as error:
                raise CXRError(self._explained(error)) from None
            yield json.loads(record)

    def remove(self) -> None:
        """The result is written: nothing is left to go on with."""
        self._database.close()
        for ending in SIDE_FILES:
            Path(f"{self.path}{ending}").unlink(missing_ok=True)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def _open(self, options: dict) -> None:
        """Create the tables of a new database, or check that this one is the run's."""
        is_new = not self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if is_new:
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.execute("BEGIN EXCLUSIVE")
            self._database.execute("CREATE TABLE run (options TEXT)")
            self._database.execute(
                "CREATE TABLE records (file BLOB PRIMARY KEY, record TEXT) WITHOUT ROWID"
            )
            self._database.execute("INSERT INTO run VALUES (?)", (json.dumps(options),))
            self._database.execute("COMMIT")
            return
        (stored,) = self._database.execute("SELECT options FROM run").fetchone()
        found = json.loads(stored)
        if differing := ", ".join(name for name in options if found.get(name) != options[name]):
            raise CXRError(
                f"{self.path} was begun with another {differing}, so that its lines do not fit. "
                f"{self._remedy()}"
            )
        # The lock is taken by writing; what is written is there already.
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute("UPDATE run SET options = options")

    def _explained(self, error: sqlite3.Error) -> str:
        """What an error of SQLite means for whoever gave the command."""
        code = getattr(error, "sqlite_errorcode", None)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return (
                f"{self.path} is in use by another run. Please wait until that has ended, or "
                "choose another file for the result."
            )
        if code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_NOTADB):
            return f"{self.path} is no journal of this command. {self._remedy()}"
        if code == sqlite3.SQLITE_CORRUPT:
            return f"{self.path} is damaged. {self._remedy()}"
        return f"{self.path} cannot be written ({error})."

    def _remedy(self) -> str:
        return f"Please delete {self.path} to begin anew, or choose another file for the result."


def _key(file: str) -> bytes:
    """A file's name, whose bytes need not be UTF-8."""
    return os.fsencode(file)
