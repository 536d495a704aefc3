"""Decode a large JPEG 2000 frame at one of its own smaller sizes that is enough.

JPEG 2000 stores a picture as a small one and what each doubling of its sides adds; the last one
takes three quarters of the time. Nothing here shows or analyses more than VIEW_SIDE pixels a side.

Data contract: a codestream → integers as stored, uint8 or uint16, with both sides halved once or
more. They are low-pass values (ITU T.800, F.3): those at an edge blend, and overshoot it.
"""

import io
import struct
from typing import NamedTuple

import numpy as np
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile  # `Image.open` would import all plugins

from cxr_demo.reading.types import VIEW_SIDE

START = b"\xff\x4f\xff\x51"
"""Of a codestream."""


class Header(NamedTuple):
    """What a codestream says of its picture.

    Attributes:
        rows, columns, components, bits: of the picture.
        signed: whether its values are.
        at_origin: whether its upper left pixel is (0, 0) of the grid that is halved.
    """

    rows: int
    columns: int
    components: int
    bits: int
    signed: bool
    at_origin: bool


def read_header(stream: bytes) -> Header:
    """From the SIZ segment (ITU T.800, A.5.1), wherever the codestream begins.

    Raises:
        ValueError, struct.error: if there is none.
    """
    start = stream.index(START)
    right, bottom, left, top = struct.unpack_from(">4I", stream, start + 8)
    components, depth = struct.unpack_from(">HB", stream, start + 40)
    bits, signed = (depth & 0x7F) + 1, depth > 0x7F
    return Header(bottom - top, right - left, components, bits, signed, left == top == 0)


def decode_enough(stream: bytes, header: Header) -> np.ndarray | None:
    """One unsigned component with its sides halved as often as leaves the longer one VIEW_SIDE or
    more, or less often where the stream or Pillow has no such size.

    Returns:
        None where that is not at all, where the picture is not at the origin or in boxes, and where
        the stream is damaged or what is left of it shows nothing: all pixels then say which.
    """
    if not header.at_origin or not stream.startswith(START):
        return None
    halvings = (max(header.rows, header.columns) // VIEW_SIDE).bit_length() - 1
    for left_out in range(halvings, 0, -1):
        try:
            values = _decode(stream, left_out)
        except (OSError, ValueError, SyntaxError):  # Pillow rounds sides down that have to go up
            continue
        if values.min() < values.max():
            return values >> (8 * values.itemsize - header.bits)  # Pillow fills all bits
    return None


def _decode(stream: bytes, left_out: int) -> np.ndarray:
    """All but the last doublings; raises what Pillow does."""
    with Jpeg2KImageFile(io.BytesIO(stream)) as image:
        image.reduce = left_out
        return np.asarray(image)
