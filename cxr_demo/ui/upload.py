"""The drop zone: an upload leaves the disk the moment it is read."""

from contextlib import suppress
from pathlib import Path

import gradio as gr
from gradio.data_classes import FileData

from cxr_demo.radiograph import MAX_FILE_BYTES


def drop_zone(**looks) -> gr.File:
    """A file drop zone that hands over content instead of a path.

    Its value is the file's bytes, or None when there is no file to read (any more). Gradio's own
    way would leave the upload, and an empty file beside it, until the server ends. (A subclass
    would be the usual form, but Gradio writes a stub file beside the source of each.)

    Args:
        looks: what `gr.File` takes.
    """
    zone = gr.File(**looks)
    zone.preprocess = content
    return zone


def content(payload: FileData | None) -> bytes | None:
    """Read and delete an upload; what the browser sent as its path is not trusted."""
    return None if payload is None else take(Path(payload.path))


def take(file: Path) -> bytes | None:
    """Read a file, then delete it and the folder that Gradio made for it alone.

    Reads one byte more than is accepted at most, so that the reader can refuse it by its size.

    Returns:
        The content; None if this is not, or no longer, a regular file.
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
