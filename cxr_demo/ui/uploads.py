"""Uploads: a private folder in which a file lies between its arrival and its analysis.

A file is stored under a random name that only its sender is told; the name it had never reaches the
disk. Reading deletes it; what nobody reads goes by age; what a server that was killed has left goes
when the next one starts.
"""

import os
import re
import secrets
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from cxr_demo.errors import CXRError, RadiographError, UserError
from cxr_demo.reading.reader import MAX_FILE_BYTES

try:
    import fcntl
except ImportError:  # Windows: what a killed server leaves stays there
    fcntl = None

PREFIX = "cxr-demo-"
LIES_S = 90
"""How long an upload waits for its analysis: longer than the fullest queue takes."""
MOST_BYTES = 2 << 30
"""What all uploads together may take."""
SPARE_BYTES = 256 << 20
"""What uploads leave of the disk for everybody else."""

_NAME = re.compile(r"[0-9a-f]{32}")


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
        if other != folder and _is_ours(other) and (held := _lock(other)) is not None:
            shutil.rmtree(other, ignore_errors=True)
            os.close(held)
    return folder


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return fcntl is not None and S_ISDIR(found.st_mode) and found.st_uid == os.getuid()


def _lock(folder: Path) -> int | None:
    """Lock a folder until the process ends or the number returned is closed; None if it is held."""
    if fcntl is None:
        return -1
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(opened)
        return None
    return opened


class Uploads:
    """The uploads of one server.

    Args:
        folder: where they lie; made if it is not there, and nothing else is in it.
        share: how many may lie there of one client.
    """

    def __init__(self, folder: Path, share: int = 48):
        self.folder = Path(folder)
        self.folder.mkdir(exist_ok=True)
        self._share = share
        self._expected: dict[str, tuple[str, int]] = {}

    def expect(self, client: str, size: int) -> str:
        """A name for a file that is about to arrive; `withdraw` it if it does not.

        Raises:
            UserError: "call.share" if the client has enough of them here, "call.space" if there is
                no space for it.
        """
        if [sender for sender, _ in self._expected.values()].count(client) >= self._share:
            raise UserError("call.share", most=self._share)
        others = sum(expected for _, expected in self._expected.values())
        # While it arrives it lies there twice: as the form's part and as our file.
        if others + size > MOST_BYTES or others + 2 * size > self.free():
            raise UserError("call.space")
        name = secrets.token_hex(16)
        self._expected[name] = client, size
        return name

    def withdraw(self, name: str) -> None:
        """Forget a file that was expected, and what has come of it."""
        self._expected.pop(name, None)
        (self.folder / name).unlink(missing_ok=True)

    def take(self, name: str) -> bytes:
        """Read an upload and delete it; its name comes from outside and is not trusted.

        Reads one byte more than is accepted at most, so that the reader can refuse it by its size.

        Raises:
            RadiographError: if there is no such upload, or no longer.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise RadiographError("refused.upload_gone")
        file = self.folder / name
        try:
            if not S_ISREG(file.lstat().st_mode):
                raise RadiographError("refused.upload_gone")
            with file.open("rb") as stream:
                return stream.read(MAX_FILE_BYTES + 1)
        except OSError:
            raise RadiographError("refused.upload_gone") from None
        finally:
            with suppress(OSError):
                self.withdraw(name)

    def sweep(self) -> None:
        """Delete what has waited too long."""
        for file in self.folder.glob("*"):
            with suppress(OSError):  # taken just now
                if time.time() - file.lstat().st_mtime > LIES_S:
                    self.withdraw(file.name)

    def free(self) -> int:
        """Bytes that uploads may take of the disk."""
        self.folder.mkdir(exist_ok=True)  # whoever cleans temporary folders may have taken it
        return max(0, shutil.disk_usage(self.folder).free - SPARE_BYTES)
