"""Read the forms of JPEG that Pillow does not: lossless and 12-bit JPEG, JPEG-LS, and JPEG 2000.

Data contract: a file of one grey picture, bare or in the boxes of JPEG 2000 → float32
(height, width) in [0, 1], scaled by the stream's own bits and never stretched to its contrast.
DICOM knows the same streams, so each is put into a DICOM file in memory and decoded in that
format's guarded process. A form that no decoder here reads is refused by its name.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cxr_demo.errors import RadiographError
from cxr_demo.reading.jpeg_2000 import START, read_header
from cxr_demo.reading.png_jpeg import MAX_SEGMENTS, depth_that_holds
from cxr_demo.reading.subprocess_reader import read_in_subprocess
from cxr_demo.reading.types import Radiograph, check_size

MIN_BITS, MAX_BITS = 8, 16
"""gdcm reads fewer only from some streams."""
OVERSHOOT = 1 / 16
"""Share of white by which values at an edge may exceed it where compression is lossy."""
MAX_BOXES = 1000
"""Of a JPEG 2000 file at one level, where about 10 are usual."""

_EXTENDED, _LOSSLESS, _JPEG_LS, _JPEG_2000 = (f"1.2.840.10008.1.2.4.{n}" for n in (51, 57, 81, 91))

_START_OF_FRAME = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_HIERARCHICAL = {0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF, 0xDE}
"""Frames of differences, and the segment with which such files begin."""
_BASELINE = 0xC0
"""Has 8 bits; one that says otherwise is damaged."""
_OF_PILLOW = {0xC1, 0xC2, 0xC3, 0xC9, 0xCA}
"""Frames that Pillow decodes where they have 8 bits."""
_SYNTAX = {0xC1: _EXTENDED, 0xC3: _LOSSLESS, 0xF7: _JPEG_LS}
_EXTENSION_BOXES = (b"ftyp", b"SPEC", b"RESI", b"FINE", b"RFIN")
"""In APP11 segments of JPEG XT: what its 8-bit picture, which any decoder sees, lacks."""

_BOXES_START = b"\0\0\0\x0cjP  \r\n\x87\n"
_NO_STILL_PICTURE = (b"mjp2", b"jpm ")


@dataclass(frozen=True)
class Codestream:
    """One compressed picture, by its header.

    Attributes:
        form: its name in refusals.
        syntax: the DICOM transfer syntax.
        data: from its first marker on.
        width, height, channels, bits: as declared.
        signed: whether its values are signed.
    """

    form: str
    syntax: str
    data: bytes
    width: int
    height: int
    channels: int
    bits: int
    signed: bool = False


def read_codestream(stream: Codestream) -> Radiograph:
    """Decode a stream in a process of its own.

    Raises:
        RadiographError: with one sentence on what was wrong and what to do.
    """
    check_size(stream.width, stream.height)
    named = {"form": stream.form, "bits": stream.bits}
    if stream.channels != 1:
        raise RadiographError("refused.jpeg.channels", channels=stream.channels, **named)
    if not MIN_BITS <= stream.bits <= MAX_BITS:
        raise RadiographError("refused.jpeg.depth", least=MIN_BITS, most=MAX_BITS, **named)
    try:
        radiograph = read_in_subprocess(_as_dicom(stream))
    except RadiographError as refusal:
        if refusal.key == "refused.dicom.limit":
            raise RadiographError("refused.jpeg.limit", form=stream.form) from None
        raise
    return _at_true_depth(radiograph) if stream.bits == MAX_BITS else radiograph


def _at_true_depth(radiograph: Radiograph) -> Radiograph:
    """Scale by the depth that holds the brightest pixel, but for its OVERSHOOT: 16 bits often hold
    12, as in a PNG."""
    white = 2**MAX_BITS - 1
    bits = depth_that_holds(int(float(radiograph.pixels.max()) * white / (1 + OVERSHOOT)))
    pixels = radiograph.pixels * np.float32(white / (2**bits - 1))
    return Radiograph(np.minimum(pixels, 1, out=pixels), bits)


def _as_dicom(stream: Codestream) -> bytes:
    """A DICOM file of that frame, shown from its darkest possible value to its brightest."""
    top = 2**stream.bits - 1
    numbers = {
        (0x28, 0x0002): 1,  # SamplesPerPixel
        (0x28, 0x0010): stream.height,
        (0x28, 0x0011): stream.width,
        (0x28, 0x0100): 8 if stream.bits == 8 else 16,  # BitsAllocated
        (0x28, 0x0101): stream.bits,
        (0x28, 0x0102): stream.bits - 1,  # HighBit
        (0x28, 0x0103): int(stream.signed),  # PixelRepresentation
    }
    texts = {
        (0x08, 0x0060): ("CS", "OT"),  # Modality
        (0x28, 0x0004): ("CS", "MONOCHROME2"),
        (0x28, 0x0301): ("CS", "NO"),  # BurnedInAnnotation
        (0x28, 0x1050): ("DS", str(-0.5 if stream.signed else top / 2)),  # WindowCenter
        (0x28, 0x1051): ("DS", str(top)),  # WindowWidth
        (0x28, 0x1056): ("CS", "LINEAR_EXACT"),
    }
    elements = {
        **{tag: _element(*tag, b"US", struct.pack("<H", n)) for tag, n in numbers.items()},
        **{tag: _element(*tag, vr.encode(), t.encode()) for tag, (vr, t) in texts.items()},
    }
    syntax = _element(0x02, 0x0010, b"UI", stream.syntax.encode() + b"\0")
    return b"".join(
        (
            *(bytes(128), b"DICM", syntax),
            *(elements[tag] for tag in sorted(elements)),
            struct.pack("<HH2s2xI", 0x7FE0, 0x0010, b"OB", 0xFFFFFFFF),
            struct.pack("<HHI", 0xFFFE, 0xE000, 0),  # no offset table
            struct.pack("<HHI", 0xFFFE, 0xE000, len(stream.data) + len(stream.data) % 2),
            *(stream.data, bytes(len(stream.data) % 2)),
            struct.pack("<HHI", 0xFFFE, 0xE0DD, 0),
        )
    )


def _element(group: int, element: int, vr: bytes, value: bytes) -> bytes:
    value += b" " * (len(value) % 2)
    return struct.pack("<HH2sH", group, element, vr, len(value)) + value


# --- JPEG and JPEG-LS (ITU T.81 and T.87)


def find_jpeg(data: bytes) -> Codestream | None:
    """The stream of a JPEG file of sound structure; None where Pillow is to read or refuse it.

    Raises:
        RadiographError: if it is of a form that is not read.
    """
    try:
        marker, body, end = _frame_header(data)
        if marker in _HIERARCHICAL:
            raise RadiographError("refused.jpeg.hierarchical")
        bits, rows, columns, channels = struct.unpack_from(">BHHB", body)
    except (struct.error, IndexError):
        return None
    if marker == _BASELINE or (bits == 8 and marker in _OF_PILLOW):
        return None
    if marker in _SYNTAX:
        # Of a stream without its end gdcm may make up the last rows.
        if data.find(b"\xff\xd9", end) < 0:
            raise RadiographError("refused.damaged")
        form = "JPEG-LS" if marker == 0xF7 else "JPEG"
        return Codestream(form, _SYNTAX[marker], data, columns, rows, channels, bits)
    form = "progressive" if marker == 0xC2 else "arithmetic"
    raise RadiographError(f"refused.jpeg.{form}", bits=bits)


def _frame_header(data: bytes) -> tuple[int, bytes, int]:
    """Marker, content and end of the segment that describes the picture."""
    offset = 2
    for _ in range(MAX_SEGMENTS):
        while data[offset] == data[offset + 1] == 0xFF:
            offset += 1
        start, marker, length = struct.unpack_from(">BBH", data, offset)
        if start != 0xFF:
            break
        end = offset + 2 + length
        body = data[offset + 4 : end]
        if marker in _START_OF_FRAME | _HIERARCHICAL:
            return marker, body, end
        if marker == 0xEB and body[:2] == b"JP" and body[12:16] in _EXTENSION_BOXES:
            raise RadiographError("refused.kind.jpeg_xt")
        offset = end
    raise IndexError("no frame")


# --- JPEG 2000 (ITU T.800)


def is_jpeg_2000(data: bytes) -> bool:
    """Whether a file begins as a codestream or as boxes of JPEG 2000."""
    return data.startswith((START, _BOXES_START))


def find_jpeg_2000(data: bytes) -> Codestream:
    """The stream of a JPEG 2000 file.

    Raises:
        RadiographError: if it is damaged, or of a form that is not read.
    """
    try:
        stream = _stream_in_boxes(data) if data.startswith(_BOXES_START) else data
        if not stream.startswith(START):
            raise RadiographError("refused.damaged")
        header = read_header(stream)
    except struct.error:
        raise RadiographError("refused.damaged") from None
    size = max(header.columns, 0), max(header.rows, 0)
    return Codestream(
        "JPEG 2000", _JPEG_2000, stream, *size, header.components, header.bits, header.signed
    )


def _stream_in_boxes(data: bytes) -> bytes:
    """The first codestream of a file of boxes."""
    for kind, content in _boxes(data):
        if kind == b"ftyp" and content[:4] in _NO_STILL_PICTURE:
            raise RadiographError("refused.jpeg.no_still_picture")
        if kind == b"jp2h" and any(inner == b"pclr" for inner, _ in _boxes(content)):
            raise RadiographError("refused.jpeg.palette")
        if kind == b"jp2c":
            return bytes(content)
    raise RadiographError("refused.damaged")


def _boxes(data: bytes | memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and content of the boxes that lie one after the other."""
    view, offset = memoryview(data), 0
    for _ in range(MAX_BOXES):
        if offset + 8 > len(view):
            return
        length, kind = struct.unpack_from(">I4s", view, offset)
        head = 8
        if length == 1:
            (length,), head = struct.unpack_from(">Q", view, offset + 8), 16
        end = offset + length if length else len(view)
        if end < offset + head:
            return
        yield kind, view[offset + head : end]
        offset = end
