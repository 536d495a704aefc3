"""Large JPEG 2000 frames are decoded at the lowest of their own resolutions that is enough."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from cxr_demo.errors import RadiographError
from cxr_demo.reading.dicom import read_dicom
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.reading.types import VIEW_SIDE
from tests.reading.dicom_files import (
    EXPLICIT,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_LS,
    dicom,
    encoded_frame,
    padding,
)

DARK, BRIGHT = 0.125, 0.75


def halves(rows: int, columns: int, bits: int = 12) -> np.ndarray:
    """Dark above, bright below: what is far from the middle stays so at any resolution."""
    frame = np.full((rows, columns), round(DARK * 2**bits))
    frame[rows // 2 :] = round(BRIGHT * 2**bits)
    return frame


def assert_shows_halves(pixels: np.ndarray, bits: int, within: float = 1e-6) -> None:
    middle, near, white = len(pixels) // 2, 16, 2**bits - 1
    dark, bright = pixels[: middle - near], pixels[middle + near :]
    np.testing.assert_allclose(dark, round(DARK * 2**bits) / white, rtol=0, atol=within)
    np.testing.assert_allclose(bright, round(BRIGHT * 2**bits) / white, rtol=0, atol=within)


@pytest.mark.parametrize("bits", [7, 8, 10, 12, 15])
@pytest.mark.parametrize(("syntax", "within"), [(JPEG_2000_LOSSLESS, 1e-6), (JPEG_2000, 1e-2)])
def test_half_the_sides_are_decoded_where_they_are_enough(bits, syntax, within):
    read = read_dicom(dicom(halves(2 * VIEW_SIDE, 701, bits), bits=bits, syntax=syntax))
    assert read.pixels.shape == (VIEW_SIDE, 351) and read.bit_depth == bits
    assert read.shape == (2 * VIEW_SIDE, 701)
    assert_shows_halves(read.pixels, bits, within)


@pytest.mark.parametrize(
    ("stored", "decoded"),
    [
        ((2047, 1400), (2047, 1400)),
        ((1400, 2049), (700, 1025)),
        ((4095, 1024), (2048, 512)),
        ((4096, 1024), (1024, 256)),
        ((4100, 1027), (1025, 257)),
        ((4097, 1025), (2049, 513)),  # a quarter is rounded up, which Pillow does not
    ],
)
def test_the_longer_side_keeps_what_a_page_shows(stored, decoded):
    read = read_dicom(dicom(halves(*stored), syntax=JPEG_2000_LOSSLESS))
    assert (read.pixels.shape, read.shape) == (decoded, stored)
    assert_shows_halves(read.pixels, 12)


@pytest.mark.parametrize(
    ("bits", "options"),
    [
        (12, {"syntax": EXPLICIT}),
        (12, {"syntax": JPEG_LS}),
        (12, padding(1)),
        (12, {"signed": True}),
        (12, {"PixelAspectRatio": ["3", "2"]}),
        (12, {"PixelSpacing": ["0.2", "0.1"]}),
        (16, {}),
    ],
    ids=["uncompressed", "JPEG-LS", "padding", "signed", "aspect", "spacing", "16 bits"],
)
def test_all_pixels_are_decoded_where_values_or_shapes_have_a_meaning(bits, options):
    options = {"syntax": JPEG_2000_LOSSLESS, **options}
    frame = halves(2 * VIEW_SIDE, 640, min(bits, 11))
    read = read_dicom(dicom(frame, bits=bits, **options))
    assert read.pixels.shape == read.shape == frame.shape


def test_all_pixels_are_decoded_where_the_stream_holds_more_bits_than_are_stored():
    """At an edge low-pass values may exceed the 12 bits, and would have to be refused."""
    frame = np.tile([[0, 0, 0, 0, 4095, 4095, 4095, 4095]], (2 * VIEW_SIDE, 80))
    streams = [encoded_frame(frame, 14, 16, False, JPEG_2000_LOSSLESS)]
    read = read_dicom(dicom(frame, bits=12, syntax=JPEG_2000_LOSSLESS, streams=streams))
    np.testing.assert_array_equal(read.pixels, (frame / 4095).astype(np.float32))


def test_what_overshoots_an_edge_is_clipped():
    """By hand, (-a + 2b + 6c + 2d - e) / 8 around each second pixel of 0 0 0 0 0 1 1 1 1 1."""
    frame = np.tile([[0] * 5 + [4095] * 5], (2 * VIEW_SIDE, 64))
    pixels = read_dicom(dicom(frame, syntax=JPEG_2000_LOSSLESS)).pixels
    by_hand = np.tile(np.clip([1 / 8, 0, 1 / 8, 9 / 8, 9 / 8], 0, 1), (VIEW_SIDE, 64))
    np.testing.assert_allclose(pixels[:, 5:-5], by_hand[:, 5:-5], rtol=0, atol=2 / 4095)


@pytest.mark.parametrize(("resolutions", "decoded"), [(1, 4096), (2, 2048), (3, 1024)])
def test_a_stream_of_few_resolutions_is_decoded_at_its_lowest(resolutions, decoded):
    frame = halves(4096, 1024, 8)
    target = BytesIO()
    Image.fromarray(frame.astype(np.uint8)).save(
        target, "JPEG2000", no_jp2=True, num_resolutions=resolutions
    )
    data = dicom(frame, bits=8, syntax=JPEG_2000_LOSSLESS, streams=[target.getvalue()])
    pixels = read_dicom(data).pixels
    assert len(pixels) == decoded
    assert_shows_halves(pixels, 8)


@pytest.mark.parametrize("share", [0.3, 0.95])
def test_a_stream_cut_short_is_refused(share):
    noise = np.random.default_rng(0).integers(0, 4096, (2 * VIEW_SIDE, 640))
    stream = encoded_frame(noise, 12, 16, False, JPEG_2000_LOSSLESS)
    cut = [stream[: int(share * len(stream))]]
    with pytest.raises(RadiographError) as caught:
        read_dicom(dicom(noise, syntax=JPEG_2000_LOSSLESS, streams=cut))
    assert caught.value.key == "refused.damaged"


def test_a_bare_file_and_the_guarded_process_do_the_same():
    frame = halves(2 * VIEW_SIDE, 800)
    bare = read_radiograph(encoded_frame(frame, 12, 16, False, JPEG_2000_LOSSLESS))
    guarded = read_radiograph(dicom(frame, syntax=JPEG_2000_LOSSLESS))
    for read in (bare, guarded):
        assert (read.pixels.shape, read.shape) == ((VIEW_SIDE, 400), frame.shape)
        assert_shows_halves(read.pixels, 12)
