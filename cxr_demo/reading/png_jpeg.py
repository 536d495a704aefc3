"""Decode PNG and JPEG files to grey integers, at the file's true bit depth.

Data contract: the bytes of a file whose header `reader` has accepted → grey values (height, width)
and the number of significant bits, so that white is 2**bits - 1. The structure of a file is checked
before decoding, since decoders allocate what a part of a file claims to hold and are slow on a
million empty parts. Never more than a few copies of the image are in memory.
"""

import re
import struct

import cv2
import numpy as np
from PIL import Image

from cxr_demo.errors import RadiographError
from cxr_demo.reading.tint import LUMINANCE, has_even_tint

COLOUR_SPREAD = 0.2
COLOUR_SHARE = 0.05
"""A picture is in colour when over 5 % of its pixels have channels over 20 % of white apart, unless
all but 5 % have one tint."""

MAX_CHUNKS = 20_000
"""Of a PNG. Encoders write 8 kB or more into each, so that 64 MB make 8,192."""
MAX_SEGMENTS = 1000
"""Of a JPEG; cameras and editors write fewer than 300, a dozen of which are needed."""
MAX_SCANS = 64
"""Of a progressive JPEG, its preview included; encoders write about 10."""
MAX_FILL = 4096
"""Fill bytes before a segment of a JPEG, which decoders read one by one."""

# The next segment after the data of a scan: not a restart, a stuffed zero or a fill byte.
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd9-\xef\xfe]")
_SCAN, _END = 0xDA, 0xD9

_PALETTE = 3
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def check_structure(data: bytes) -> None:
    """Refuse a PNG or JPEG file whose parts would take a decoder too much time or memory.

    Raises:
        RadiographError: if it has too many parts, or a PNG ends before its last chunk.
    """
    if not (_png_is_sound(data) if data.startswith(b"\x89PNG") else _jpeg_is_sound(data)):
        raise RadiographError("refused.damaged")


def _png_is_sound(data: bytes) -> bool:
    offset = 8
    for _ in range(MAX_CHUNKS):
        if offset + 12 > len(data):
            return False
        length, kind = struct.unpack_from(">I4s", data, offset)
        offset += 12 + length
        if offset > len(data):
            return False
        if kind == b"IEND":
            return True
    return False


def _jpeg_is_sound(data: bytes) -> bool:
    """Walk from segment to segment; bytes after the end-of-image marker are ignored."""
    offset, scans = 2, 0
    for _ in range(MAX_SEGMENTS + 1):
        found = _MARKER.search(data, offset)
        end = found.end() if found else len(data)
        if data.find(b"\xff" * MAX_FILL, offset, end) >= 0:
            return False
        if end + 2 > len(data) or data[end - 1] == _END:
            return True  # the decoder refuses a file that is cut off
        scans += data[end - 1] == _SCAN
        if scans > MAX_SCANS:
            return False
        offset = end + struct.unpack_from(">H", data, end)[0]
    return False


def decode(image: Image.Image, data: bytes) -> tuple[np.ndarray, int, bool]:
    """Decode all pixels.

    Args:
        image: the opened PNG or JPEG; closed on return.
        data: the same file's content.

    Returns:
        (values, bits, tinted): uint8, uint16 or float32 (height, width), not above 2**bits - 1;
        and whether an even tint was left out of them.

    Raises:
        RadiographError: if the picture is in colour.
        OSError, ValueError, SyntaxError, struct.error, cv2.error: if it is damaged.
    """
    image.load()  # raises on truncated data and wrong checksums
    if image.format in ("JPEG", "MPO"):
        values, tinted = _grey(np.asarray(_upright(image)), 255)
        return values, 8, tinted
    depth, colour_type = data[24], data[25]
    clear = image.info.get("transparency") if colour_type != _PALETTE else None
    image.close()
    # OpenCV decodes a second time: Pillow keeps only the high byte of 16-bit colour, and fills
    # missing rows with black.
    values = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or (values.dtype == np.uint16) != (depth == 16):
        raise ValueError("rows are missing")
    values = _over_black(values)
    if values.ndim == 2 and isinstance(clear, int):
        # Neither library applies the grey level that a PNG may declare transparent.
        values[values == (clear if depth == 16 else clear * 255 // (2**depth - 1))] = 0
    bits = 8
    if depth == 16:
        bits = depth_that_holds(int(values.max()))
        bits = max(bits, _png_significant_bits(data) or bits)
    values, tinted = _grey(values[..., ::-1] if values.ndim == 3 else values, 2**bits - 1)
    return values, bits, tinted


def _upright(image: Image.Image) -> Image.Image:
    """Apply a photograph's EXIF rotation, if its EXIF block is readable."""
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION))
    except Exception:  # a damaged EXIF block raises many kinds of errors; the pixels are sound
        return image
    return image if turn is None else image.transpose(turn)


def _over_black(values: np.ndarray) -> np.ndarray:
    """Lay BGRA (H, W, 4) over black, in place, row by row; other shapes pass unchanged."""
    if values.ndim == 2 or values.shape[2] == 3:
        return values
    white = np.float32(np.iinfo(values.dtype).max)
    for row in values:
        row[:, :3] = np.rint(row[:, :3] * (row[:, 3:] / white))
    return values[..., :3]


def _grey(values: np.ndarray, white: int) -> tuple[np.ndarray, bool]:
    """Reduce grey (H, W) or RGB (H, W, 3) to grey (H, W); refuse pictures in colour.

    Equal channels are returned unchanged. JPEG rounding leaves a few grey levels between the
    channels of a grey image, a faint tint somewhat more, a colour photograph far more. A film with
    one strong but even tint is its luminance, and the second value is True.
    """
    if values.ndim == 2:
        return values, False
    first, second, third = np.moveaxis(values, 2, 0)
    spread = np.maximum(np.maximum(first, second), third)
    spread -= np.minimum(np.minimum(first, second), third)
    if not spread.any():
        return first.copy(), False
    coloured = float((spread > COLOUR_SPREAD * white).mean())
    if coloured <= COLOUR_SHARE:
        return values.mean(axis=2, dtype=np.float32), False
    del spread
    if not has_even_tint(values, white, COLOUR_SHARE):
        raise RadiographError("refused.colour", share=f"{coloured:.0%}")
    luminance = first * np.float32(LUMINANCE[0])
    luminance += second * np.float32(LUMINANCE[1])
    luminance += third * np.float32(LUMINANCE[2])
    return luminance, True


def depth_that_holds(brightest: int) -> int:
    """The smallest usual detector depth that holds a value of 16 bits."""
    return next(bits for bits in (8, 10, 12, 14, 16) if brightest < 2**bits)


def _png_significant_bits(data: bytes) -> int | None:
    """Significant bits of the first channel from a PNG's sBIT chunk, None without one."""
    offset = 8
    while offset + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, offset)
        if kind == b"sBIT" and length and 1 <= data[offset + 8] <= 16:
            return data[offset + 8]
        if kind == b"IDAT":
            return None
        offset += 12 + length
    return None
