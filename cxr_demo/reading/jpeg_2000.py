"""Decode a large JPEG 2000 frame at the lowest of its own resolutions that is enough.

JPEG 2000 stores a picture as a small one and what each doubling of its sides adds; the last one
takes three quarters of the time. Nothing here shows or analyses more than VIEW_SIDE pixels a side.

Data contract: a codestream → integers as stored, uint8 or uint16, of half the rows and columns or
a quarter. They are low-pass values (ITU T.800, F.3): those at an edge blend, and overshoot it.
"""

import io
import struct
from typing import NamedTuple

import numpy as np
from PIL import Image

from cxr_demo.reading.types import VIEW_SIDE

START = b"\xff\x4f\xff\x51"
"""Of a codestream."""


class Header(NamedTuple):
    """What a codestream says of its picture."""

    rows: int
    columns: int
    components: int
    bits: int
    signed: bool


def read_header(stream: bytes) -> Header:
    """From the SIZ segment (ITU T.800, A.5.1), wherever the codestream begins.

    Raises:
        ValueError, struct.error: if there is none.
    """
    start = stream.index(START)
    right, bottom, left, top = struct.unpack_from(">4I", stream, start + 8)
    components, depth = struct.unpack_from(">HB", stream, start + 40)
    return Header(bottom - top, right - left, components, (depth & 0x7F) + 1, depth > 0x7F)


def decode_enough(stream: bytes) -> np.ndarray | None:
    """One unsigned component with its sides halved as often as leaves the longer one VIEW_SIDE or
    more; None where that is not at all, or where the stream is damaged or has no such sizes."""
    header = read_header(stream)
    halvings = (max(header.rows, header.columns) // VIEW_SIDE).bit_length() - 1
    for left_out in range(halvings, 0, -1):
        shape = tuple(-(-side // 2**left_out) for side in (header.rows, header.columns))
        try:
            values = _decode(stream, left_out)
        except (OSError, ValueError, SyntaxError):  # Pillow rounds some quarters down
            continue
        if values.shape == shape:
            return values >> (8 * values.itemsize - header.bits)  # Pillow fills all bits
    return None


def _decode(stream: bytes, left_out: int) -> np.ndarray:
    """All but the last doublings; raises what Pillow does."""
    codestream = io.BytesIO(stream[stream.index(START) :])
    with Image.open(codestream, formats=("JPEG2000",)) as image:
        image.reduce = left_out
        return np.asarray(image)
