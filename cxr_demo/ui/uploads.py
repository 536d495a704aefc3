"""Uploads leave the disk the moment they are read.

Gradio files an upload under the hash of its content in a folder of ours, and would keep it until
the server ends.
"""

import threading
import time
from contextlib import suppress
from pathlib import Path

from cxr_demo.errors import RadiographRefused
from cxr_demo.radiograph import MAX_FILE_BYTES

SHARED_S = 10
"""How long a taken upload can still be had by somebody who sent the very same file."""


class Uploads:
    """Takes uploads off the disk.

    Two people who upload the same file at the same time share one path. Who comes second gets what
    the first has just taken.

    Args:
        folder: where uploads lie; nothing outside it is read or deleted.
    """

    def __init__(self, folder: Path):
        self._folder = Path(folder).resolve()
        self._lock = threading.Lock()
        self._taken: dict[Path, tuple[float, bytes]] = {}

    def take(self, path: str) -> bytes:
        """Read an upload and delete it; its path comes from the browser and is not trusted.

        Raises:
            RadiographRefused: if there is no such upload, or no longer.
        """
        try:
            file = Path(path).resolve()
        except (TypeError, ValueError, OSError, RuntimeError):  # not a path, or links in a circle
            raise RadiographRefused("refused.upload_gone") from None
        if self._folder not in file.parents:
            raise RadiographRefused("refused.upload_gone")
        with self._lock:
            now = time.monotonic()
            self._taken = {
                path: taken for path, taken in self._taken.items() if now - taken[0] < SHARED_S
            }
            content = read_and_delete(file)
            if content is None:
                _, content = self._taken.get(file, (now, None))
            else:
                self._taken[file] = now, content
                forget = threading.Timer(SHARED_S, self._forget, [file, self._taken[file]])
                forget.daemon = True
                forget.start()
        if content is None:
            raise RadiographRefused("refused.upload_gone")
        return content

    def _forget(self, file: Path, taken: tuple[float, bytes]) -> None:
        with self._lock:
            if self._taken.get(file) is taken:  # and not another of the same path
                del self._taken[file]


def read_and_delete(file: Path) -> bytes | None:
    """Read a file, then delete it and the folder that Gradio made for it alone.

    Reads one byte more than is accepted at most, so that the reader can refuse it by its size.

    Returns:
        The content; None if this is not a regular file.
    """
    try:
        if not file.is_file():
            return None
    except OSError:  # a name longer than any file has
        return None
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_FILE_BYTES + 1)
    except OSError:
        return None
    finally:
        with suppress(OSError):  # taken by somebody else, or the folder holds more than this file
            file.unlink()
            file.parent.rmdir()
