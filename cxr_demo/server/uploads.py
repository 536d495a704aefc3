"""Uploads: a private folder in which a file lies between its arrival and its analysis.

A file is stored under a random name (`gradio_setup.store_upload`) that only its sender is told.
Reading deletes it; what nobody reads goes by age; what a server that was killed has left goes when
the next one starts.
"""

import atexit
import fcntl
import hmac
import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG

from cxr_demo.errors import CXRError, RadiographError
from cxr_demo.reading.reader import MAX_FILE_BYTES

PREFIX = "cxr-demo-"
LIES_S = 120
"""How long an upload waits to be asked about."""
MAX_BYTES = 2 << 30
"""What all uploads together may take."""
LEAST_BYTES = 256 << 10
"""What a small one counts as: there may be no end of them either."""
KEPT = 0.25
"""Share of it that is for clients of whom nothing lies there."""
HELD, THUMBNAIL = "held-", ".webp"
SPARE_BYTES = 256 << 20
"""What uploads leave of the disk for everybody else."""

_NAME = re.compile(r"[0-9a-f]{40}")
_KEY = secrets.token_bytes(16)


def new_name(owner: str) -> str:
    """A name for an upload that nobody can guess, and from which nobody else learns whose it is.

    Args:
        owner: the client that it comes from.
    """
    return secrets.token_hex(16) + _mark(owner)


def _mark(owner: str) -> str:
    return hmac.digest(_KEY, owner.encode(), "sha256").hex()[:8]


def serving_folder() -> Path:
    """The folder in which Gradio stores uploads of this process: made once, before Gradio is
    imported, and deleted at exit.

    Raises:
        CXRError: if none can be made.
    """
    if not os.environ.get("GRADIO_TEMP_DIR", "").startswith(f"{tempfile.gettempdir()}/{PREFIX}"):
        folder = private_folder()
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # which is no exit otherwise
        os.environ["GRADIO_TEMP_DIR"] = str(folder)
    return Path(os.environ["GRADIO_TEMP_DIR"])


def private_folder(inside: Path | None = None) -> Path:
    """Make a folder for this process alone, and delete those of processes that have ended.

    A folder belongs to whoever holds a lock on it, which ends with the process however it ends.

    Args:
        inside: where; the system's temporary folder by default.

    Raises:
        CXRError: if none can be made.
    """
    while True:
        try:
            inside = Path(inside or tempfile.gettempdir())
            folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=inside))  # 0700
        except OSError as error:
            raise CXRError(f"no temporary folder can be made ({error}).") from None
        # Another server that starts may have taken it for an abandoned one before it was locked.
        if _lock(folder) is not None and folder.exists():
            break
    for other in inside.glob(f"{PREFIX}*"):
        if other != folder and (held := _lock(other)) is not None:
            shutil.rmtree(other, ignore_errors=True)
            os.close(held)
    return folder


def _lock(folder: Path) -> int | None:
    """Lock a folder until the process ends or the number returned is closed; None if it is held by
    another, or is no folder of ours."""
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    with suppress(OSError):
        if os.fstat(opened).st_uid == os.getuid():
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return opened
    os.close(opened)
    return None


class Uploads:
    """The uploads of one server.

    Args:
        folder: where Gradio stores them, and nothing else.
    """

    def __init__(self, folder: Path):
        self.folder = Path(folder)

    def take(self, path: object) -> bytes:
        """Read an upload and delete it; its path comes from outside and is not trusted.

        Reads one byte more than is accepted at most, so that the reader can refuse it by its size.

        Raises:
            RadiographError: if there is no such upload, or no longer.
        """
        file = self.find(path)
        try:
            with file.open("rb") as stream:
                return stream.read(MAX_FILE_BYTES + 1)
        except OSError:
            raise RadiographError("refused.upload_gone") from None
        finally:
            with suppress(OSError):
                file.unlink()

    def check(self, path: object) -> Path:
        """The file that a path names, if it may be an upload's; whether it is there is not asked.

        Raises:
            RadiographError: if it lies elsewhere.
        """
        if isinstance(path, str) and len(path) < 4096:
            file = Path(path)
            named = file.parent == self.folder and _NAME.fullmatch(file.name)
            if named and not file.is_symlink():  # Gradio would follow it, and copy what it finds
                return file
        raise RadiographError("refused.upload_gone")

    def find(self, path: object) -> Path:
        """An upload's file, without reading it.

        Raises:
            RadiographError: if there is no such upload, or no longer.
        """
        file = self.check(path)
        with suppress(OSError):
            if S_ISREG(file.lstat().st_mode):
                return file
        raise RadiographError("refused.upload_gone")

    @contextmanager
    def held(self, paths: list[str]) -> Iterator[list[Path]]:
        """Keep uploads from being swept while they are worked on, and delete them afterwards.

        Raises:
            RadiographError: if one of them is none.
        """
        found = [self.find(path) for path in paths]
        with tempfile.TemporaryDirectory(prefix=HELD, dir=self.folder) as kept:
            yield [file.rename(Path(kept) / file.name) for file in found]

    def sweep(self, asked_for: Container[object] = ()) -> None:
        """Delete what has waited too long: uploads, and what Gradio unpacks for a tool; not the
        examples' thumbnails, which it keeps for every page.

        Args:
            asked_for: paths that questions name which wait for their turn.
        """
        for file in self.folder.rglob("*"):
            if file.suffix == THUMBNAIL or file.parent.name.startswith(HELD):
                continue
            if str(file) in asked_for:
                continue
            with suppress(OSError):  # taken just now
                if file.is_file() and time.time() - file.lstat().st_mtime > LIES_S:
                    file.unlink()

    def free(self, client: str | None = None) -> int:
        """Bytes that uploads may take of the disk, or those of one client."""
        self.folder.mkdir(exist_ok=True)  # whoever cleans temporary folders may have taken it
        most, owned = MAX_BYTES, client is not None and _mark(client)
        for file in self.folder.glob("*"):
            with suppress(OSError):  # taken just now
                if S_ISREG((found := file.stat()).st_mode):
                    most -= max(found.st_size, LEAST_BYTES)
                    if owned and file.name.endswith(owned):
                        most, owned = most - int(KEPT * MAX_BYTES), False
        return max(0, min(shutil.disk_usage(self.folder).free - SPARE_BYTES, most))
