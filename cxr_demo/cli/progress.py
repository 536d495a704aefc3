"""Keep the records of a long run beside its result, so that the same command can resume it.

Data contract: FILE.part is an SQLite database with the options of the run and one record of
`file_record` for each file that is done, by the bytes of its name, which need not be UTF-8. Each
record is committed at once: a killed run loses none, a power cut at most the last few.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path

from cxr_demo.errors import CXRError

FORMAT = 2
"""Of the database; a new number makes older databases unusable."""
SIDE_FILES = ("", "-wal", "-journal", "-shm")
"""Endings of the files in which SQLite keeps an open database."""


class Progress(AbstractContextManager):
    """The records of a run, locked by one process at a time.

    Args:
        path: of the database.
        options: models and options, which have to be the same for the run to be resumed.

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
        query = "SELECT 1 FROM records WHERE file = ?"
        return self._database.execute(query, (os.fsencode(file),)).fetchone() is not None

    def add(self, file: str, record: str) -> None:
        """Keep the record of a file that has none yet.

        Raises:
            CXRError: if it cannot be written, as on a full disk.
        """
        try:
            self._database.execute("INSERT INTO records VALUES (?, ?)", (os.fsencode(file), record))
        except sqlite3.Error as error:
            raise CXRError(
                f"{self.path} cannot be written ({error}). What is done is kept; please make room "
                "and give the same command again."
            ) from None

    def records(self, files: Iterable[str]) -> Iterator[dict]:
        """The records of files, in the order given.

        Raises:
            CXRError: if the database is damaged.
        """
        for file in files:
            try:
                (record,) = self._database.execute(
                    "SELECT record FROM records WHERE file = ?", (os.fsencode(file),)
                ).fetchone()
            except sqlite3.Error as error:
                raise CXRError(self._explained(error)) from None
            yield json.loads(record)

    def remove(self) -> None:
        """Delete the database once the result is written."""
        self._database.close()
        for ending in SIDE_FILES:
            Path(f"{self.path}{ending}").unlink(missing_ok=True)

    def __exit__(self, *error: object) -> None:
        self._database.close()

    def _open(self, options: dict) -> None:
        """Create the tables of a new database, or check that this one belongs to the run."""
        execute = self._database.execute
        if not execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            execute("PRAGMA journal_mode = WAL")
            execute("PRAGMA synchronous = NORMAL")
            execute("BEGIN EXCLUSIVE")
            execute("CREATE TABLE run (options TEXT)")
            execute("CREATE TABLE records (file BLOB PRIMARY KEY, record TEXT) WITHOUT ROWID")
            execute("INSERT INTO run VALUES (?)", (json.dumps(options),))
            execute("COMMIT")
            return
        (stored,) = execute("SELECT options FROM run").fetchone()
        found = json.loads(stored)
        if differing := ", ".join(name for name in options if found.get(name) != options[name]):
            raise CXRError(
                f"{self.path} was begun with another {differing}, so that its lines do not fit. "
                f"{self._remedy()}"
            )
        execute("PRAGMA synchronous = NORMAL")
        execute("UPDATE run SET options = options")  # SQLite takes the lock at the first write

    def _explained(self, error: sqlite3.Error) -> str:
        """The message for the user."""
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
