"""Read PNG, JPEG, JPEG 2000 or DICOM bytes as a `Radiograph`, or refuse them with a reason.

Data contract: pixels are float32 (height, width) in [0, 1] with air dark, scaled by the file's true
bit depth and never stretched to the image's own contrast. Training, page and command line all read
files here, so that they use the same pixels.

A file's kind is detected by its content, never by its name. DICOM files, and the forms of
JPEG that only their codecs read, are decoded in a subprocess.
"""

import io
import struct
import warnings

import cv2
import numpy as np
from PIL import Image

from cxr_demo.errors import RadiographError
from cxr_demo.reading.jpeg_family import (
    find_jpeg,
    find_jpeg_2000,
    is_jpeg_2000,
    read_codestream,
)
from cxr_demo.reading.png_jpeg import check_structure, decode
from cxr_demo.reading.subprocess_reader import read_in_subprocess
from cxr_demo.reading.types import Radiograph, check_contrast, check_size, too_large

SUFFIXES = (".jpeg", ".jpg", ".png")
"""Of the pictures in a data set."""

MAX_FILE_BYTES = 64 * 2**20
# `check_size` refuses what Pillow warns of.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

# First bytes of other common kinds, so that the refusal can name them.
_KNOWN_STARTS = (
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II\xbc\x01", "jpeg_xr"),
    (b"\xff\x0a", "jpeg_xl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jpeg_xl"),
    (b"%PDF", "pdf"),
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gzip"),
)


def read_radiograph(data: bytes, frame: int | None = None) -> Radiograph:
    """Decode one file.

    Grey stored as RGB or through a palette is read as grey, one even tint as its luminance, see
    `tint`; transparency is laid over black
    (as outside the collimated field), and a photograph's EXIF rotation is applied. A 16-bit PNG
    is scaled by its true depth: the smallest of 8, 10, 12, 14 and 16 bits that holds its
    brightest pixel, or that of its `sBIT` chunk if larger. For DICOM see `dicom`, for JPEG of more
    bits or without loss, JPEG-LS and JPEG 2000 `jpeg_family`.

    Args:
        data: the whole file.
        frame: of a DICOM file with several, from 1.

    Returns:
        The radiograph, at the file's own resolution.

    Raises:
        RadiographError: with one sentence on what was wrong and what to do.
    """
    if not data:
        raise RadiographError("refused.empty")
    if len(data) > MAX_FILE_BYTES:
        raise RadiographError("refused.too_many_bytes", megabytes=MAX_FILE_BYTES // 2**20)
    kind = _kind_of(data)
    if kind == "dicom":
        return read_in_subprocess(data, frame)
    if kind is not None:
        raise RadiographError(f"refused.kind.{kind}")
    if frame not in (None, 1):
        raise RadiographError("refused.dicom.frame", frame=frame, frames=1)
    return _read_picture(data)


def _read_picture(data: bytes) -> Radiograph:
    """Decode a PNG, JPEG or JPEG 2000 file."""
    if declared := _declared_size(data):
        check_size(*declared)
    if is_jpeg_2000(data):
        return read_codestream(find_jpeg_2000(data))
    check_structure(data)
    if data.startswith(b"\xff\xd8") and (stream := find_jpeg(data)):
        return read_codestream(stream)
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as image:
            _check_header(image)
            values, bit_depth, tinted = decode(image, data)
    except Image.DecompressionBombError:
        raise too_large(*_declared_size(data)) from None
    except (OSError, ValueError, SyntaxError, EOFError, struct.error, cv2.error):
        raise RadiographError("refused.damaged") from None
    pixels = values.astype(np.float32)
    pixels /= 2**bit_depth - 1
    np.clip(pixels, 0.0, 1.0, out=pixels)
    check_contrast(pixels)
    return Radiograph(pixels, bit_depth, tinted=tinted)


def _check_header(image: Image.Image) -> None:
    """Refuse by the header, before any pixel is decoded."""
    check_size(*image.size)
    if image.format == "PNG" and getattr(image, "n_frames", 1) > 1:
        raise RadiographError("refused.animation", frames=image.n_frames)
    if image.mode == "CMYK":
        raise RadiographError("refused.cmyk")


def _kind_of(data: bytes) -> str | None:
    """The kind by the first bytes: None for pictures, "dicom", another known, or "other"."""
    if data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or is_jpeg_2000(data):
        return None
    # Old DICOM files have no preamble and begin with an element of group 0002 or 0008.
    if data[128:132] == b"DICM" or (data[:2] in (b"\x02\0", b"\x08\0") and data[3:4] == b"\0"):
        return "dicom"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return "heic"
    return next((kind for start, kind in _KNOWN_STARTS if data.startswith(start)), "other")


def _declared_size(data: bytes) -> tuple[int, int] | tuple[()]:
    """Width and height in the header of a PNG, which Pillow may refuse to open; else nothing."""
    is_png = data.startswith(b"\x89PNG") and data[12:16] == b"IHDR" and len(data) >= 24
    return struct.unpack_from(">II", data, 16) if is_png else ()
