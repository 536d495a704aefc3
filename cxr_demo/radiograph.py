"""The way in: the bytes of a PNG or JPEG file become a `Radiograph`, or are refused.

Data contract: pixels leave here as float32 (height, width) in [0, 1] with air dark, scaled by
the file's true bit depth and never stretched to the image's own contrast. Called by training,
the page and the command line alike, so that all three see the same picture.

Dimensions are read from the header and checked before a single pixel is decoded.
"""

import io
import struct
import warnings
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from cxr_demo.decode import decode
from cxr_demo.errors import RadiographRefused

SUFFIXES = (".jpeg", ".jpg", ".png")
"""What such files are called in a data set; an upload is known by its content alone."""

MAX_FILE_BYTES = 64 * 2**20
MIN_SIDE = 64
MAX_RATIO = 4
MAX_PIXELS = 25_000_000
"""Above any radiography detector on the market (about 5,000 x 4,000), and still under 500 MB."""

# Sizes are checked here, by the header, and refused in words; Pillow need not warn too.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

# First bytes of what people drop by mistake, so that the refusal can name it.
_KNOWN_STARTS = (
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gzip"),
)


@dataclass(frozen=True)
class Radiograph:
    """One decoded radiograph.

    Attributes:
        pixels: float32 (height, width) in [0, 1], air dark.
        bit_depth: significant bits per pixel: 8, or up to 16 for a 16-bit file.
    """

    pixels: np.ndarray
    bit_depth: int


def read_radiograph(data: bytes) -> Radiograph:
    """Decode one PNG or JPEG file.

    Grey stored as RGB or through a palette is read as grey, transparency is laid over black
    (as outside the collimated field), and a photograph's EXIF rotation is applied. A 16-bit PNG
    is scaled by its true depth: the smallest of 8, 10, 12, 14 and 16 bits that holds its
    brightest pixel, or what its `sBIT` chunk says where that is more.

    Args:
        data: the whole file.

    Returns:
        The radiograph, at the file's own resolution.

    Raises:
        RadiographRefused: with one sentence on what was wrong and what to do.
    """
    if not data:
        raise RadiographRefused("refused.empty")
    if len(data) > MAX_FILE_BYTES:
        raise RadiographRefused("refused.too_many_bytes", megabytes=MAX_FILE_BYTES // 2**20)
    if not data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        raise RadiographRefused(f"refused.kind.{_kind_of(data)}")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            _check_header(image)
            values, bit_depth = decode(image, data)
    except Image.DecompressionBombError:
        raise _too_large(*_declared_size(data)) from None
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, cv2.error):
        raise RadiographRefused("refused.damaged") from None
    pixels = values.astype(np.float32)
    pixels /= 2**bit_depth - 1
    np.clip(pixels, 0.0, 1.0, out=pixels)
    if pixels.min() == pixels.max():
        raise RadiographRefused("refused.flat")
    return Radiograph(pixels, bit_depth)


def _check_header(image: Image.Image) -> None:
    """Refuse by what the header declares, before any pixel is decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_large(width, height)
    if min(width, height) < MIN_SIDE:
        raise RadiographRefused("refused.too_small", width=width, height=height, least=MIN_SIDE)
    if max(width, height) > MAX_RATIO * min(width, height):
        raise RadiographRefused("refused.strip", width=width, height=height, ratio=MAX_RATIO)
    if image.format == "PNG" and getattr(image, "n_frames", 1) > 1:
        raise RadiographRefused("refused.animation", frames=image.n_frames)
    if image.mode == "CMYK":
        raise RadiographRefused("refused.cmyk")


def _kind_of(data: bytes) -> str:
    """Name what was dropped instead, from its first bytes; "other" where they tell nothing."""
    if data[128:132] == b"DICM":
        return "dicom"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return "heic"
    return next((kind for start, kind in _KNOWN_STARTS if data.startswith(start)), "other")


def _declared_size(data: bytes) -> tuple[int, int] | tuple[()]:
    """Width and height, as far as a file that Pillow will not even open tells them."""
    return struct.unpack_from(">II", data, 16) if data.startswith(b"\x89PNG") else ()


def _too_large(*size: int) -> RadiographRefused:
    megapixels = MAX_PIXELS // 10**6
    if not size:
        return RadiographRefused("refused.too_many_pixels", megapixels=megapixels)
    width, height = size
    return RadiographRefused("refused.too_large", width=width, height=height, megapixels=megapixels)
