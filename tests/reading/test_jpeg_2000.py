"""Large JPEG 2000 frames are decoded at the lowest of their own resolutions that is enough."""

from io import BytesIO

import numpy as np
import pydicom
import pytest
from PIL import Image

from cxr_demo.errors import RadiographError
from cxr_demo.reading.dicom import read_dicom
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.reading.types import VIEW_SIDE
from tests.reading.dicom_files import (
    EXPLICIT,
    HTJ2K_LARGE,
    HTJ2K_LOSSLESS,
    JPEG_2000,
    JPEG_2000_LOSSLESS,
    JPEG_LS,
    dicom,
    encoded_frame,
    padding,
    voi_table,
    window,
)

DARK, BRIGHT = 0.125, 0.75


def halves(rows: int, columns: int, bits: int = 12) -> np.ndarray:
    """Dark above, bright below: what is far from the middle stays so at any resolution."""
    frame = np.full((rows, columns), round(DARK * 2**bits))
    frame[rows // 2 :] = round(BRIGHT * 2**bits)
    return frame


def whole_range(bits: int) -> dict:
    return window(2 ** (bits - 1), 2**bits)


def large(frame, bits: int = 12, **options) -> bytes:
    """A DICOM file of a frame, shown from its darkest possible value to its brightest."""
    return dicom(frame, bits=bits, **{"syntax": JPEG_2000_LOSSLESS, **whole_range(bits), **options})


def saved(frame: np.ndarray, **options) -> bytes:
    """A stream of 8 bits by Pillow."""
    target = BytesIO()
    Image.fromarray(frame.astype(np.uint8)).save(target, "JPEG2000", **{"no_jp2": True, **options})
    return target.getvalue()


def key_of_refusal(data: bytes, frame: int | None = None) -> str:
    with pytest.raises(RadiographError) as caught:
        read_dicom(data, frame)
    return caught.value.key


def assert_shows_halves(pixels: np.ndarray, bits: int, within: float = 1e-6) -> None:
    middle, near, white = len(pixels) // 2, 16, 2**bits - 1
    dark, bright = pixels[: middle - near], pixels[middle + near :]
    np.testing.assert_allclose(dark, round(DARK * 2**bits) / white, rtol=0, atol=within)
    np.testing.assert_allclose(bright, round(BRIGHT * 2**bits) / white, rtol=0, atol=within)


@pytest.mark.parametrize("bits", [7, 8, 10, 12, 15])
@pytest.mark.parametrize(("syntax", "within"), [(JPEG_2000_LOSSLESS, 1e-6), (JPEG_2000, 1e-2)])
def test_half_the_sides_are_decoded_where_they_are_enough(bits, syntax, within):
    read = read_dicom(large(halves(2 * VIEW_SIDE, 701, bits), bits, syntax=syntax))
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
        ((8192, 2048), (1024, 256)),
        ((4097, 1025), (2049, 513)),  # Pillow rounds the quarter down, and cannot decode it
    ],
)
def test_the_longer_side_keeps_what_a_page_shows(stored, decoded):
    read = read_dicom(large(halves(*stored)))
    assert (read.pixels.shape, read.shape) == (decoded, stored)
    assert_shows_halves(read.pixels, 12)


@pytest.mark.parametrize(
    ("bits", "options"),
    [
        (12, {"syntax": EXPLICIT}),
        (12, {"syntax": JPEG_LS}),
        (12, padding(1)),
        (12, {"signed": True, **window(0, 4096)}),
        (12, {"PixelAspectRatio": ["3", "2"]}),
        (12, {"PixelSpacing": ["0.2", "0.1"]}),
        (12, {"WindowCenter": "", "WindowWidth": ""}),
        (12, {"WindowWidth": ""}),
        (12, window(2048, 0)),
        (16, {}),
    ],
    ids=[
        *("uncompressed", "JPEG-LS", "padding", "signed", "aspect", "spacing"),
        *("no window", "no width", "a width of 0", "16 bits"),
    ],
)
def test_all_pixels_are_decoded_where_values_or_shapes_have_a_meaning(bits, options):
    frame = halves(2 * VIEW_SIDE, 640, min(bits, 11))
    read = read_dicom(large(frame, bits, **options))
    assert read.pixels.shape == read.shape == frame.shape


@pytest.mark.parametrize(
    ("bits", "options"),
    [
        (12, voi_table(np.arange(4096), bits=12)),
        (8, {"WindowCenter": "", "WindowWidth": ""}),
        (12, {"PixelAspectRatio": ["1", "1"]}),
    ],
    ids=["table", "8 bits without a window", "square"],
)
def test_half_the_sides_are_decoded_where_they_have_none(bits, options):
    read = read_dicom(large(halves(2 * VIEW_SIDE, 640, bits), bits, **options))
    assert read.pixels.shape == (VIEW_SIDE, 320)
    assert_shows_halves(read.pixels, bits)


def test_all_pixels_are_decoded_where_the_stream_holds_more_bits_than_are_stored():
    """At an edge low-pass values may exceed the 12 bits, and would have to be refused."""
    frame = np.tile([[0, 0, 0, 0, 4095, 4095, 4095, 4095]], (2 * VIEW_SIDE, 80))
    streams = [encoded_frame(frame, 14, 16, False, JPEG_2000_LOSSLESS)]
    read = read_dicom(large(frame, streams=streams))
    np.testing.assert_array_equal(read.pixels, (frame / 4095).astype(np.float32))


def test_all_pixels_are_decoded_where_half_of_them_show_nothing():
    """A pixel in an odd row and column leaves too little to its neighbours."""
    frame = np.full((2 * VIEW_SIDE, 640), 100)
    frame[1001, 301] = 101
    read = read_dicom(large(frame))
    assert read.pixels.shape == frame.shape and np.unique(read.pixels).size == 2


def test_all_pixels_are_decoded_of_a_stream_in_boxes():
    """DICOM knows none, and what else the boxes say is left to the decoder."""
    frame = halves(2 * VIEW_SIDE, 640, 8)
    streams = [saved(frame, no_jp2=False)]
    read = read_dicom(large(frame, 8, streams=streams))
    assert read.pixels.shape == frame.shape
    assert_shows_halves(read.pixels, 8)


def test_a_picture_off_the_origin_is_left_to_the_decoder_of_all_pixels():
    """That one takes its size for another; of halves, Pillow would leave the last row black."""
    frame = halves(2061, 701, 8)
    stream = saved(frame, offset=(1, 1), tile_offset=(1, 1), tile_size=(3000, 3000))
    assert key_of_refusal(large(frame, 8, streams=[stream])) == "refused.damaged"


def test_tiles():
    frame = halves(2 * VIEW_SIDE, 1100, 8)
    read = read_dicom(large(frame, 8, streams=[saved(frame, tile_size=(500, 300))]))
    assert read.pixels.shape == (VIEW_SIDE, 550)
    assert_shows_halves(read.pixels, 8)


def test_high_throughput():
    frame = halves(2 * VIEW_SIDE, 640, 8)
    read = read_dicom(large(frame, 8, syntax=HTJ2K_LOSSLESS, streams=[HTJ2K_LARGE]))
    assert read.pixels.shape == (VIEW_SIDE, 320)
    assert_shows_halves(read.pixels, 8)


@pytest.mark.parametrize("offsets", ["basic", "empty", "extended"])
def test_the_frame_that_was_asked_for(offsets):
    frames = np.stack([halves(2 * VIEW_SIDE, 640), halves(2 * VIEW_SIDE, 640)[::-1]])
    data = large(frames, offsets=offsets)
    assert_shows_halves(read_dicom(data, 1).pixels, 12)
    assert_shows_halves(read_dicom(data, 2).pixels[::-1], 12)


def test_a_table_of_offsets_is_obeyed():
    """The frames lie the other way round."""
    frames = np.stack([halves(2 * VIEW_SIDE, 640)[::-1], halves(2 * VIEW_SIDE, 640)])
    dataset = pydicom.dcmread(BytesIO(large(frames, offsets="extended")))
    for keyword in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        first, second = dataset[keyword].value[:8], dataset[keyword].value[8:]
        dataset[keyword].value = second + first
    swapped = BytesIO()
    dataset.save_as(swapped)
    assert_shows_halves(read_dicom(swapped.getvalue(), 1).pixels, 12)


def test_what_overshoots_an_edge_is_clipped():
    """By hand, (-a + 2b + 6c + 2d - e) / 8 around each second pixel of 0 0 0 0 0 1 1 1 1 1."""
    frame = np.tile([[0] * 5 + [4095] * 5], (2 * VIEW_SIDE, 64))
    pixels = read_dicom(large(frame)).pixels
    by_hand = np.tile(np.clip([1 / 8, 0, 1 / 8, 9 / 8, 9 / 8], 0, 1), (VIEW_SIDE, 64))
    np.testing.assert_allclose(pixels[:, 5:-5], by_hand[:, 5:-5], rtol=0, atol=2 / 4095)


@pytest.mark.parametrize(("resolutions", "decoded"), [(1, 4096), (2, 2048), (3, 1024)])
def test_a_stream_of_few_resolutions_is_decoded_at_its_lowest(resolutions, decoded):
    frame = halves(4096, 1024, 8)
    pixels = read_dicom(large(frame, 8, streams=[saved(frame, num_resolutions=resolutions)])).pixels
    assert len(pixels) == decoded
    assert_shows_halves(pixels, 8)


@pytest.mark.parametrize("share", [0.3, 0.95])
@pytest.mark.parametrize("tile_size", [None, (500, 300)])
def test_a_stream_cut_short_is_refused(share, tile_size):
    noise = np.random.default_rng(0).integers(0, 256, (2 * VIEW_SIDE, 640))
    stream = saved(noise, tile_size=tile_size)
    cut = [stream[: int(share * len(stream))]]
    assert key_of_refusal(large(noise, 8, streams=cut)) == "refused.damaged"


def test_a_bare_file_and_the_guarded_process_do_the_same():
    frame = halves(2 * VIEW_SIDE, 800)
    bare = read_radiograph(encoded_frame(frame, 12, 16, False, JPEG_2000_LOSSLESS))
    guarded = read_radiograph(large(frame))
    for read in (bare, guarded):
        assert (read.pixels.shape, read.shape) == ((VIEW_SIDE, 400), frame.shape)
        assert_shows_halves(read.pixels, 12)
