"""Inputs of the page that hand over what handlers need, whatever the browser sent.

(Subclasses would be the usual form, but Gradio writes a stub file beside the source of each.)
"""

import threading
import time
from contextlib import suppress
from pathlib import Path

import gradio as gr
from gradio.data_classes import FileData

from cxr_demo.radiograph import MAX_FILE_BYTES

SHARED_S = 10
"""How long a taken upload can still be had by somebody who sent the very same file."""


def drop_zone(**looks) -> gr.File:
    """A file drop zone whose value is the file's bytes, or None when there is none to read.

    The upload leaves the disk the moment it is read. Gradio's own way would keep it, and an empty
    file beside it, until the server ends.

    Args:
        looks: what `gr.File` takes.
    """
    uploads = Uploads()
    zone = gr.File(**looks)
    zone.preprocess = lambda payload: None if payload is None else uploads.take(payload)
    return zone


def slider(minimum: float, maximum: float, value: float, **looks) -> gr.Slider:
    """A slider that takes a number typed beyond its ends for the end, and none for its default.

    Args:
        minimum, maximum, value: range and default.
        looks: what else `gr.Slider` takes.
    """
    bounded = gr.Slider(minimum, maximum, value, **looks)
    bounded.preprocess = lambda typed: (
        value if typed is None else min(max(float(typed), minimum), maximum)
    )
    return bounded


class Uploads:
    """Takes uploads off the disk.

    Gradio files an upload under the hash of its content, so two people who drop the same file at
    the same time share one path. Who comes second gets what the first has just taken.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: dict[Path, tuple[float, bytes]] = {}

    def take(self, payload: FileData) -> bytes | None:
        """Read an upload and delete it; its path comes from the browser and is not trusted.

        Returns:
            The content, or None if the path is not, or no longer, a file.
        """
        file = Path(payload.path)
        with self._lock:
            now = time.monotonic()
            self._taken = {
                path: taken for path, taken in self._taken.items() if now - taken[0] < SHARED_S
            }
            content = read_and_delete(file)
            if content is None:
                return self._taken.get(file, (now, None))[1]
            self._taken[file] = now, content
            return content


def read_and_delete(file: Path) -> bytes | None:
    """Read a file, then delete it and the folder that Gradio made for it alone.

    Reads one byte more than is accepted at most, so that the reader can refuse it by its size.

    Returns:
        The content; None if this is not a regular file.
    """
    if not file.is_file():
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
