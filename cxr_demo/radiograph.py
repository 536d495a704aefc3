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

_ADVICE = "please export the radiograph as a PNG or JPEG file and try again."

# First bytes of what people drop by mistake, so that the refusal can name it.
_KNOWN_STARTS = (
    (b"GIF8", "a GIF, a format made for animations"),
    (b"BM", "a BMP image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1f\x8b", "a gzip archive"),
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
        raise RadiographRefused(f"The file is empty (0 bytes); {_ADVICE}")
    if len(data) > MAX_FILE_BYTES:
        raise RadiographRefused(
            f"The file is larger than {MAX_FILE_BYTES // 2**20} MB; "
            "please export it at a smaller size."
        )
    if not data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        raise RadiographRefused(f"The file is {_kind_of(data)}; {_ADVICE}")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            _check_header(image)
            values, bit_depth = decode(image, data)
    except Image.DecompressionBombError:
        raise RadiographRefused(_too_large(_declared_size(data))) from None
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, cv2.error):
        raise RadiographRefused(
            "The image is damaged or incomplete: it could not be decoded to its last pixel; "
            "please copy or export it again."
        ) from None
    pixels = values.astype(np.float32)
    pixels /= 2**bit_depth - 1
    np.clip(pixels, 0.0, 1.0, out=pixels)
    if pixels.min() == pixels.max():
        raise RadiographRefused(
            "Every pixel of the image has the same value, so there is nothing to read in it; "
            "please check the export and try again."
        )
    return Radiograph(pixels, bit_depth)


def _check_header(image: Image.Image) -> None:
    """Refuse by what the header declares, before any pixel is decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise RadiographRefused(_too_large(f"{width:,} x {height:,} pixels"))
    if min(width, height) < MIN_SIDE:
        raise RadiographRefused(
            f"The image is only {width} x {height} pixels; at least {MIN_SIDE} x {MIN_SIDE} "
            "are needed, so please use the original radiograph, not a thumbnail."
        )
    if max(width, height) > MAX_RATIO * min(width, height):
        raise RadiographRefused(
            f"The image is a strip of {width:,} x {height:,} pixels; a chest radiograph is at most "
            f"{MAX_RATIO} times longer than wide; please use the whole radiograph."
        )
    if image.format == "PNG" and getattr(image, "n_frames", 1) > 1:
        raise RadiographRefused(
            f"The file is an animation of {image.n_frames} frames; "
            "please export the one frame you want to look at."
        )
    if image.mode == "CMYK":
        raise RadiographRefused(
            "The image is stored in printing colours (CMYK), in which grey levels are not "
            "those of the detector; please export it as greyscale or RGB."
        )


def _kind_of(data: bytes) -> str:
    """Name what was dropped instead, from its first bytes."""
    if data[128:132] == b"DICM":
        return "a DICOM file, which this version does not read yet"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "a WebP image"
    if data[4:8] == b"ftyp":
        return "a HEIC, AVIF or video file"
    for start, name in _KNOWN_STARTS:
        if data.startswith(start):
            return name
    return "not a PNG or JPEG image, whatever its name says"


def _declared_size(data: bytes) -> str:
    """What a file that Pillow will not even open says of its size."""
    if data.startswith(b"\x89PNG"):
        width, height = struct.unpack_from(">II", data, 16)
        return f"{width:,} x {height:,} pixels"
    return "more pixels than any radiograph has"


def _too_large(what: str) -> str:
    return (
        f"The image declares {what}; at most {MAX_PIXELS // 10**6} megapixels are read; "
        "please export it at a smaller size."
    )
