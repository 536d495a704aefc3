"""Bare files of the JPEG family that are more than 8-bit JPEG: read to the value, or named."""

import struct

import numpy as np
import pytest

from cxr_demo.errors import RadiographError
from cxr_demo.reading import jpeg_family
from cxr_demo.reading.reader import read_radiograph
from tests.reading.dicom_files import (
    HTJ2K_16,
    JPEG_2000_LOSSLESS,
    JPEG_LS,
    PLANE_16,
    block_jpeg,
    encoded_frame,
    lossless_jpeg,
    ramp,
)
from tests.reading.odd_files import jpeg, quadrants, speckle

BLOCKS_12 = quadrants(0, 100, 2000, 4095)
JPEG_8 = jpeg(speckle())


def box(kind: bytes, content: bytes, length: int | None = None) -> bytes:
    """A box of JPEG 2000; a `length` of 0 says "to the end", 1 that eight bytes more hold it."""
    if length == 1:
        return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content
    return struct.pack(">I4s", 8 + len(content) if length is None else length, kind) + content


def boxed(stream: bytes, *in_header: bytes, brand: bytes = b"jp2 ", length=None) -> bytes:
    """A JPEG 2000 file of boxes."""
    start = box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", brand + bytes(4) + brand)
    return start + box(b"jp2h", b"".join(in_header)) + box(b"jp2c", stream, length)


def jpeg_ls(frame: np.ndarray, bits: int) -> bytes:
    return encoded_frame(frame, bits, 16, False, JPEG_LS)


def jpeg_2000(frame: np.ndarray, bits: int, signed: bool = False) -> bytes:
    return encoded_frame(frame, bits, 16, signed, JPEG_2000_LOSSLESS)


def framed(marker: int, bits: int, channels: int = 1, before: bytes = b"") -> bytes:
    """A JPEG of 64 x 64 pixels that ends after its header."""
    frame = struct.pack(">BBHBHHB", 0xFF, marker, 8 + 3 * channels, bits, 64, 64, channels)
    return b"\xff\xd8" + before + frame + bytes([1, 0x11, 0]) * channels + b"\xff\xd9"


def application(content: bytes, number: int = 11) -> bytes:
    return struct.pack(">BBH", 0xFF, 0xE0 + number, 2 + len(content)) + content


def refusal(data: bytes) -> str:
    with pytest.raises(RadiographError) as caught:
        read_radiograph(data)
    return caught.value.key


# --- what is read


@pytest.mark.parametrize(
    ("data", "stored", "bits"),
    [
        (lossless_jpeg(ramp(12), 12, 1), ramp(12), 12),
        (lossless_jpeg(ramp(16), 16, 4), ramp(16), 16),
        (lossless_jpeg(ramp(9), 9, 1), ramp(9), 9),
        (block_jpeg(BLOCKS_12, 12), BLOCKS_12, 12),
        (jpeg_ls(ramp(8), 8), ramp(8), 8),
        (jpeg_ls(ramp(14), 14), ramp(14), 14),
        (jpeg_2000(ramp(12), 12), ramp(12), 12),
        (boxed(jpeg_2000(ramp(10), 10)), ramp(10), 10),
        (boxed(jpeg_2000(ramp(8), 8), length=0), ramp(8), 8),
        (boxed(jpeg_2000(ramp(8), 8), length=1), ramp(8), 8),
        (HTJ2K_16, PLANE_16, 16),
    ],
    ids=[
        *("lossless", "lossless 16", "lossless 9", "12-bit extended", "JPEG-LS 8", "JPEG-LS 14"),
        *("codestream", "boxes", "box to the end", "long box", "high throughput"),
    ],
)
def test_every_value_is_scaled_by_the_bits_of_the_stream(data, stored, bits):
    radiograph = read_radiograph(data)
    assert radiograph.bit_depth == bits and radiograph.burned_in is False
    np.testing.assert_allclose(radiograph.pixels, stored / (2**bits - 1), rtol=0, atol=1e-6)


@pytest.mark.parametrize("write", [jpeg_ls, jpeg_2000])
def test_the_contrast_is_not_stretched(write):
    """A DICOM file that uses so little of its range would be."""
    stored = quadrants(100, 120, 140, 160)
    pixels = read_radiograph(write(stored, 12)).pixels
    np.testing.assert_allclose(pixels, stored / 4095, rtol=0, atol=1e-6)


def test_signed_values_begin_at_black():
    stored = quadrants(-2048, -1, 0, 2047, dtype=np.int64)
    pixels = read_radiograph(jpeg_2000(stored, 12, signed=True)).pixels
    np.testing.assert_allclose(pixels, (stored + 2048) / 4095, rtol=0, atol=1e-6)


def test_what_a_lossy_stream_overshoots_does_not_make_it_deeper():
    """Of 16 bits that hold 12, white is 4095 up to a sixteenth above it."""
    for top, bits in ((4095 + 255, 12), (4095 + 258, 14)):
        stored = quadrants(0, 2000, 4095, top)
        radiograph = read_radiograph(jpeg_2000(stored, 16))
        assert radiograph.bit_depth == bits
        expected = np.minimum(stored / (2**bits - 1), 1)
        np.testing.assert_allclose(radiograph.pixels, expected, rtol=0, atol=1e-6)


def test_16_bits_that_hold_12_are_scaled_as_a_png_is():
    radiograph = read_radiograph(jpeg_ls(BLOCKS_12, 16))
    assert radiograph.bit_depth == 12
    np.testing.assert_allclose(radiograph.pixels, BLOCKS_12 / 4095, rtol=0, atol=1e-6)


def test_content_credentials_do_not_make_it_jpeg_xt():
    said = application(b"JP\0\1\0\0\0\1" + box(b"jumb", bytes(20)))
    assert read_radiograph(JPEG_8[:2] + said + JPEG_8[2:]).bit_depth == 8


# --- what is refused by its name


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (framed(0xC2, 12), "refused.jpeg.progressive"),
        (framed(0xC9, 12), "refused.jpeg.arithmetic"),
        (framed(0xCB, 8), "refused.jpeg.arithmetic"),
        (framed(0xC5, 8), "refused.jpeg.hierarchical"),
        (framed(0xC0, 8, before=framed(0xDE, 8)[2:-2]), "refused.jpeg.hierarchical"),
        (framed(0xC3, 12, channels=3), "refused.jpeg.channels"),
        (framed(0xF7, 8, channels=3), "refused.jpeg.channels"),
        (framed(0xC3, 7), "refused.jpeg.depth"),
        (
            jpeg_2000(ramp(8), 8).replace(b"\0\1\7", b"\0\3\7"),
            "refused.jpeg.channels",
        ),
        (jpeg_2000(ramp(16), 16).replace(b"\0\1\x0f", b"\0\1\x17", 1), "refused.jpeg.depth"),
        (boxed(jpeg_2000(ramp(8), 8), box(b"pclr", bytes(9))), "refused.jpeg.palette"),
        (boxed(b"", brand=b"mjp2"), "refused.jpeg.no_still_picture"),
        (
            JPEG_8[:2] + application(b"JP\0\1\0\0\0\1" + box(b"RESI", b"")) + JPEG_8[2:],
            "refused.kind.jpeg_xt",
        ),
        (b"\xff\x0a" + bytes(50), "refused.kind.jpeg_xl"),
        (box(b"JXL ", b"\r\n\x87\n") + bytes(50), "refused.kind.jpeg_xl"),
        (b"II\xbc\x01" + bytes(50), "refused.kind.jpeg_xr"),
    ],
)
def test_a_form_that_no_decoder_reads_is_named(data, key):
    assert refusal(data) == key


def test_the_refusal_says_what_came():
    with pytest.raises(RadiographError, match=r"JPEG-LS image of 3 channels with 8 bits"):
        read_radiograph(framed(0xF7, 8, channels=3))


# --- damage and limits

SOUND = {
    "lossless": lossless_jpeg(ramp(12), 12, 1),
    "extended": block_jpeg(BLOCKS_12, 12),
    "jpeg-ls": jpeg_ls(ramp(12), 12),
    "jpeg 2000": jpeg_2000(ramp(12), 12),
    "boxes": boxed(jpeg_2000(ramp(12), 12)),
}


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("left_out", [0.6, 0.02])
def test_a_file_that_is_cut_off_is_damaged(name, left_out):
    whole = SOUND[name]
    assert refusal(whole[: -int(left_out * len(whole))]) == "refused.damaged"


@pytest.mark.parametrize("name", ["lossless", "extended", "jpeg-ls"])
def test_a_stream_without_its_end_is_not_even_decoded(name, monkeypatch):
    """Of a cut stream gdcm may make up the last pixels."""
    monkeypatch.setattr(jpeg_family, "read_in_subprocess", lambda data: pytest.fail("decoded"))
    assert refusal(SOUND[name].removesuffix(b"\xff\xd9")) == "refused.damaged"


@pytest.mark.parametrize(
    "data",
    [
        framed(0xF7, 12).replace(struct.pack(">HH", 64, 64), struct.pack(">HH", 6000, 6000)),
        b"\xff\x4f\xff\x51" + struct.pack(">HH8IHB", 41, 0, 6000, 6000, *(0,) * 6, 1, 11),
    ],
    ids=["jpeg-ls", "jpeg 2000"],
)
def test_too_many_pixels_are_refused_by_the_header_alone(data, monkeypatch):
    monkeypatch.setattr(jpeg_family, "read_in_subprocess", lambda data: pytest.fail("decoded"))
    assert refusal(data) == "refused.too_large"


def test_the_limit_of_the_process_is_said_of_the_picture(monkeypatch):
    def over(data: bytes):
        raise RadiographError("refused.dicom.limit")

    monkeypatch.setattr(jpeg_family, "read_in_subprocess", over)
    assert refusal(SOUND["jpeg 2000"]) == "refused.jpeg.limit"


def test_boxes_that_lie_end_as_damage():
    for data in (
        boxed(b"not a stream"),
        boxed(SOUND["jpeg 2000"], length=4),
        boxed(SOUND["jpeg 2000"])[:70],
        box(b"jP  ", b"\r\n\x87\n") + box(b"free", b"") * 2000 + box(b"jp2c", SOUND["jpeg 2000"]),
    ):
        assert refusal(data) == "refused.damaged"
