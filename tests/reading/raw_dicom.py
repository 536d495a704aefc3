"""DICOM files written byte by byte, so that they may be as wrong as wished.

Data contract: elements are a dict {tag: (VR, value)}, the value as bytes in little endian or as a
whole `bytes` element that is written as it stands; `None` leaves an element out.
"""

import struct
from collections.abc import Mapping

import numpy as np

from tests.reading.dicom_files import HTJ2K_16, JPEG_12, PLANE_12, PLANE_16, encoded_frame

IMPLICIT, EXPLICIT, BIG_ENDIAN, DEFLATED, RLE = (
    f"1.2.840.10008.1.2{rest}" for rest in ("", ".1", ".2", ".1.99", ".5")
)
JPEG, EXTENDED, LOSSLESS, LOSSLESS_SV1, JPEG_LS, NEAR_LOSSLESS, J2K_LOSSLESS, J2K, HTJ2K = (
    f"1.2.840.10008.1.2.4.{last}" for last in (50, 51, 57, 70, 80, 81, 90, 91, 201)
)
PLAIN = (IMPLICIT, EXPLICIT, BIG_ENDIAN)

LONG_VRS = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
WORDS = {"US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "OF": 4, "FD": 8, "AT": 2}
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD

MODALITY, VIEW, PATIENT_NAME, PATIENT_ID = 0x00080060, 0x00185101, 0x00100010, 0x00100020
VIEW_CODES, ORIENTATION, CHARSET = 0x00540220, 0x00200020, 0x00080005
SAMPLES, PHOTOMETRIC, FRAMES, ROWS, COLUMNS = 0x280002, 0x280004, 0x280008, 0x280010, 0x280011
ALLOCATED, STORED, HIGH_BIT, SIGNED = 0x280100, 0x280101, 0x280102, 0x280103
PADDING, PADDING_LIMIT = 0x280120, 0x280121
CENTRE, WIDTH, INTERCEPT, SLOPE, FUNCTION = 0x281050, 0x281051, 0x281052, 0x281053, 0x281056
MODALITY_LUT, VOI_LUT, LUT_SHAPE, LUTS = 0x283000, 0x283010, 0x20500020, 0x20500010
DESCRIPTOR, LUT_DATA = 0x283002, 0x283006
FLOATS, DOUBLES, PIXELS = 0x7FE00008, 0x7FE00009, 0x7FE00010

NOTHING: Mapping = {}

SECRET = b"SECRETNAME^WANDA"
"""Stands in every file; no message may repeat it."""

RAMP = (np.add.outer(np.arange(80) * 30, np.arange(96) * 12) % 4096).astype("<u2")
"""What a sound file shows: 80 x 96 pixels of 12 bits."""


def us(*values: int) -> tuple[str, bytes]:
    """16-bit numbers, a US element's worth."""
    return "US", b"".join(struct.pack("<H", value % 65536) for value in values)


def ds(value: object) -> tuple[str, bytes]:
    """A decimal string."""
    return "DS", padded(str(value).encode())


def text(vr: str, value: str | bytes) -> tuple[str, bytes]:
    """A text of any VR."""
    return vr, padded(value if isinstance(value, bytes) else value.encode())


def padded(value: bytes) -> bytes:
    """To an even length."""
    return value + b" " * (len(value) % 2)


def element(
    tag: int, vr: str, value: bytes, syntax: str = EXPLICIT, length: int | None = None
) -> bytes:
    """One data element that may lie about its length."""
    end = ">" if syntax == BIG_ENDIAN else "<"
    length = len(value) if length is None else length
    if end == ">" and vr in WORDS:
        value = np.frombuffer(value, f"<u{WORDS[vr]}").astype(f">u{WORDS[vr]}").tobytes()
    start = struct.pack(end + "HH", tag >> 16, tag & 0xFFFF)
    if syntax == IMPLICIT or tag >> 16 == 0xFFFE:
        return start + struct.pack(end + "I", length) + value
    code = vr.encode("latin-1")
    if vr in LONG_VRS:
        return start + code + struct.pack(end + "HI", 0, length) + value
    return start + code + struct.pack(end + "H", length % 65536) + value


def item(*elements: bytes, length: int | None = None) -> bytes:
    """One item of a sequence."""
    return element(ITEM, "", b"".join(elements), length=length)


def sequence(tag: int, *items: bytes, length: int | None = None) -> bytes:
    """A whole sequence."""
    return element(tag, "SQ", b"".join(items), length=length)


def meta(syntax: str | bytes, **changes: bytes) -> bytes:
    """The preamble, `DICM` and the file meta information."""
    uid = syntax if isinstance(syntax, bytes) else syntax.encode()
    body = (
        element(0x20001, "OB", b"\0\1")
        + element(0x20002, "UI", b"1.2.840.10008.5.1.4.1.1.1\0")
        + element(0x20003, "UI", b"1.2.3.4\0")
        + element(0x20010, "UI", uid + b"\0" * (len(uid) % 2))
        + element(0x20012, "UI", b"1.2.3\0")
    )
    start = changes.get("preamble", bytes(128)) + b"DICM"
    return (
        start + changes.get("length", element(0x20000, "UL", struct.pack("<I", len(body)))) + body
    )


def standard(pixels: np.ndarray = RAMP, bits: int = 12) -> dict[int, tuple[str, bytes]]:
    """The elements of a sound radiograph."""
    allocated = 8 * pixels.dtype.itemsize
    return {
        CHARSET: text("CS", "ISO_IR 192"),
        MODALITY: text("CS", "DX"),
        PATIENT_NAME: text("PN", SECRET),
        PATIENT_ID: text("LO", SECRET),
        VIEW: text("CS", "PA"),
        ORIENTATION: text("CS", "L\\F"),
        SAMPLES: us(1),
        PHOTOMETRIC: text("CS", "MONOCHROME2"),
        ROWS: us(pixels.shape[0]),
        COLUMNS: us(pixels.shape[1]),
        ALLOCATED: us(allocated),
        STORED: us(bits),
        HIGH_BIT: us(bits - 1),
        SIGNED: us(0),
        CENTRE: ds(2 ** (bits - 1)),
        WIDTH: ds(2**bits),
        PIXELS: ("OW" if allocated == 16 else "OB", padded(pixels.tobytes())),
    }


def dicom(
    changes: Mapping[int, tuple[str, bytes] | bytes | None] = NOTHING,
    *,
    syntax: str = EXPLICIT,
    pixels: np.ndarray = RAMP,
    bits: int = 12,
    start: bytes | None = None,
) -> bytes:
    """A file whose elements are those of a sound one, but for `changes`."""
    elements = {**standard(pixels, bits), **changes}
    body = b"".join(
        value if isinstance(value, bytes) else element(tag, *value, syntax=syntax)
        for tag, value in sorted(elements.items())
        if value is not None
    )
    return (meta(syntax) if start is None else start) + body


def fragments(*parts: bytes, table: bytes = b"", end: bool = True) -> bytes:
    """Encapsulated pixel data, its offset table and fragments as given."""
    body = item(table) + b"".join(item(part + b"\0" * (len(part) % 2)) for part in parts)
    close = element(SEQUENCE_END, "", b"") if end else b""
    return element(PIXELS, "OB", body + close, length=UNDEFINED)


def compressed(codestream: bytes, syntax: str, changes=None, **options) -> bytes:
    """A file of one compressed frame."""
    whole = {PIXELS: fragments(codestream), **(changes or {})}
    return dicom(whole, syntax=syntax, **options)


def codestream(syntax: str, pixels: np.ndarray = RAMP, bits: int = 12) -> bytes:
    """`pixels` compressed; extended JPEG and HTJ2K have a picture of their own."""
    if syntax == EXTENDED:
        return JPEG_12
    if syntax == HTJ2K:
        return HTJ2K_16
    return encoded_frame(pixels, bits, 8 * pixels.dtype.itemsize, False, syntax)


def sound(syntax: str) -> bytes:
    """A small sound file of a transfer syntax."""
    if syntax in PLAIN:
        return dicom(syntax=syntax)
    pixels, bits = {
        JPEG: ((RAMP >> 4).astype(np.uint8), 8),
        EXTENDED: (PLANE_12.astype("<u2"), 12),
        HTJ2K: (PLANE_16.astype("<u2"), 16),
    }.get(syntax, (RAMP, 12))
    return compressed(codestream(syntax, pixels, bits), syntax, pixels=pixels, bits=bits)


def frames(count: int, syntax: str = EXPLICIT) -> bytes:
    """A file of several frames."""
    said = {FRAMES: text("IS", str(count))}
    if syntax == EXPLICIT:
        return dicom({**said, PIXELS: ("OW", RAMP.tobytes() * count)})
    return dicom({**said, PIXELS: fragments(*[codestream(syntax)] * count)}, syntax=syntax)
