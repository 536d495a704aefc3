import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from cxr_demo.errors import CXRError, RadiographError
from cxr_demo.reading.reader import MAX_FILE_BYTES, read_radiograph
from cxr_demo.reading.types import MAX_PIXELS, MIN_SIDE, Radiograph
from tests.reading.odd_files import (
    GREY,
    LA,
    PALETTE,
    PNG_START,
    RGB,
    RGBA,
    chunk,
    encoded,
    exif_block,
    header,
    jpeg,
    jpeg_claiming,
    oriented,
    packed_rows,
    palette,
    png,
    quadrants,
    speckle,
    tiled_png,
    with_flipped_bits,
    with_flipped_bits_under_good_checksums,
)

ROOT = Path(__file__).resolve().parents[2]
SPECKLE = speckle(levels=4)
LIBRARY_WORDS = ("traceback", "pillow", "opencv", "numpy", "cannot identify", "0x", "b'", "errno")


def assert_contract(radiograph: Radiograph) -> None:
    pixels = radiograph.pixels
    assert isinstance(pixels, np.ndarray)
    assert pixels.dtype == np.float32 and pixels.dtype.isnative
    assert pixels.ndim == 2 and pixels.flags.c_contiguous and pixels.flags.aligned
    assert min(pixels.shape) >= 64
    assert np.isfinite(pixels).all()
    assert pixels.min() >= 0 and pixels.max() <= 1
    assert isinstance(radiograph.bit_depth, int) and 1 <= radiograph.bit_depth <= 16


def read(data: bytes) -> Radiograph:
    radiograph = read_radiograph(data)
    assert_contract(radiograph)
    return radiograph


def assert_reads(data: bytes, expected, bit_depth: int | None = None) -> None:
    """`expected` holds every pixel; half a step of a 16-bit file is 8e-6."""
    radiograph = read(data)
    expected = np.asarray(expected)
    assert radiograph.pixels.shape == expected.shape
    np.testing.assert_allclose(radiograph.pixels, expected, rtol=0, atol=1e-6)
    if bit_depth is not None:
        assert radiograph.bit_depth == bit_depth


def refusal(data: bytes) -> str:
    """The one message of the refusal, lower case, its form checked."""
    with pytest.raises(RadiographError) as caught:
        read_radiograph(data)
    message = str(caught.value)
    assert 20 < len(message) < 300 and "\n" not in message
    assert not message[0].islower() and message.endswith(".")
    lower = message.lower()
    assert "please" in lower, "no advice"
    assert not [word for word in LIBRARY_WORDS if word in lower]
    return lower


def assert_refused_or_sound(data: bytes) -> bool:
    """True if read; any other exception than the refusal fails the test."""
    try:
        radiograph = read_radiograph(data)
    except RadiographError:
        return False
    assert_contract(radiograph)
    return True


def share(*values, of):
    """Quadrants of `values` / `of`: the expected pixels."""
    return quadrants(*values, dtype=np.float64) / of


def test_a_refusal_is_an_error_meant_for_the_user():
    assert issubclass(RadiographError, CXRError)


# --- eight bits and fewer


def test_every_grey_of_an_eight_bit_png():
    ramp = np.tile(np.arange(256), (64, 1))
    assert_reads(png(ramp), ramp / 255, bit_depth=8)


@pytest.mark.parametrize("interlaced", [False, True])
def test_eight_bit_png_keeps_its_shape_and_order(interlaced):
    samples = speckle(height=65, width=131)
    assert_reads(png(samples, interlaced=interlaced), samples / 255.0, bit_depth=8)


def test_the_contrast_is_not_stretched():
    data = png(quadrants(100, 101, 102, 103))
    assert_reads(data, share(100, 101, 102, 103, of=255), bit_depth=8)


@pytest.mark.parametrize(
    ("depth", "values", "white"),
    [(1, (0, 1, 1, 0), 1), (2, (0, 1, 2, 3), 3), (2, (0, 1, 0, 1), 3), (4, (0, 7, 8, 15), 15)],
)
def test_one_two_and_four_bit_grey(depth, values, white):
    data = png(quadrants(*values, size=66), depth)
    expected = quadrants(*values, size=66, dtype=float) / white
    assert_reads(data, expected, bit_depth=8)


@pytest.mark.parametrize("progressive", [False, True])
def test_grey_jpeg(progressive):
    data = jpeg(quadrants(0, 37, 200, 255), progressive=progressive)
    assert_reads(data, share(0, 37, 200, 255, of=255), bit_depth=8)


@pytest.mark.parametrize(
    "options", [{}, {"subsampling": 0}, {"subsampling": 2}, {"keep_rgb": True}]
)
def test_grey_stored_as_a_colour_jpeg(options):
    data = jpeg(quadrants(0, 37, 200, 255), "RGB", **options)
    assert_reads(data, share(0, 37, 200, 255, of=255), bit_depth=8)


def test_equal_channels_return_exactly_that_grey():
    ramp = np.tile(np.arange(256), (64, 1))
    assert_reads(png(np.dstack([ramp] * 3), 8, RGB), ramp / 255, bit_depth=8)


# --- sixteen bits


@pytest.mark.parametrize(
    ("brightest", "bit_depth", "white"),
    [
        (2, 8, 255),
        (255, 8, 255),
        (256, 10, 1023),
        (1023, 10, 1023),
        (1024, 12, 4095),
        (4095, 12, 4095),
        (4096, 14, 16383),
        (16383, 14, 16383),
        (16384, 16, 65535),
        (65535, 16, 65535),
    ],
)
@pytest.mark.parametrize("colour", [GREY, RGB, LA, RGBA])
def test_a_sixteen_bit_png_is_scaled_by_the_depth_that_holds_it(
    brightest, bit_depth, white, colour
):
    greys = quadrants(0, 1, brightest - 1, brightest)
    colours = {GREY: 1, LA: 1, RGB: 3, RGBA: 3}[colour]
    opaque = [np.full_like(greys, 65535)] if colour in (LA, RGBA) else []
    data = png(np.dstack([greys] * colours + opaque), 16, colour)
    assert_reads(data, share(0, 1, brightest - 1, brightest, of=white), bit_depth)


def test_every_low_bit_of_a_sixteen_bit_png_is_kept():
    samples = np.arange(65536).reshape(256, 256)
    pixels = read(png(samples, 16)).pixels
    np.testing.assert_allclose(pixels, samples / 65535, rtol=0, atol=1e-7)
    assert len(np.unique(pixels)) == 65536
    assert_reads(png(samples, 16, interlaced=True), samples / 65535, bit_depth=16)


@pytest.mark.parametrize(
    ("stated", "brightest", "white"),
    [
        (8, 200, 255),
        (10, 200, 1023),
        (12, 200, 4095),
        (12, 4095, 4095),
        (13, 4095, 8191),
        (14, 4095, 16383),
        (15, 4096, 32767),
        (16, 200, 65535),
        (16, 4095, 65535),
    ],
)
@pytest.mark.parametrize("colour", [GREY, RGB, LA, RGBA])
def test_the_stated_depth_wins_over_the_brightest_pixel(stated, brightest, white, colour):
    greys = quadrants(0, 5, 99, brightest)
    colours = {GREY: 1, LA: 1, RGB: 3, RGBA: 3}[colour]
    opaque = [np.full_like(greys, 65535)] if colour in (LA, RGBA) else []
    sbit = chunk(b"sBIT", bytes([stated] * colours + [16] * len(opaque)))
    data = png(np.dstack([greys] * colours + opaque), 16, colour, sbit)
    assert_reads(data, share(0, 5, 99, brightest, of=white), bit_depth=stated)


def test_twelve_bits_scaled_up_as_the_png_standard_asks_are_not_burnt_out():
    """PNG 11.3.3.4: samples of n significant bits fill the container's whole range."""
    twelve = np.array([0, 1000, 3000, 4095])
    data = png(quadrants(*(twelve << 4 | twelve >> 8)), 16, GREY, chunk(b"sBIT", b"\x0c"))
    expected = share(*twelve, of=4095)
    np.testing.assert_allclose(read(data).pixels, expected, rtol=0, atol=0.5 / 4095)


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x11", b"\xff", b"\x0c\x0c\x0c\x0c\x0c"])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_senseless_stated_depth_raises_nothing_else(body, depth):
    assert_refused_or_sound(png(quadrants(0, 1, 2, 255), depth, GREY, chunk(b"sBIT", body)))


def test_a_stated_depth_leaves_eight_bit_files_alone():
    data = png(quadrants(0, 3, 200, 255), 8, GREY, chunk(b"sBIT", b"\x06"))
    assert_reads(data, share(0, 3, 200, 255, of=255))


# --- transparency, laid over black: alpha 51/255 = 0.2 and 153/255 = 0.6


@pytest.mark.parametrize("colour", [LA, RGBA])
def test_eight_bit_alpha_over_black(colour):
    greys, alphas = (200, 200, 100, 255), (255, 51, 153, 0)
    times = 1 if colour == LA else 3
    samples = np.dstack([quadrants(*greys)] * times + [quadrants(*alphas)])
    assert_reads(png(samples, 8, colour), share(200, 40, 60, 0, of=255), bit_depth=8)


@pytest.mark.parametrize("colour", [LA, RGBA])
@pytest.mark.parametrize(
    ("greys", "over_black", "white", "bit_depth"),
    [
        ((4095, 2000, 1001, 4095), (4095, 400, 600.6, 0), 4095, 12),
        ((65535, 50000, 20005, 60000), (65535, 10000, 12003, 0), 65535, 16),
    ],
)
def test_sixteen_bit_alpha_over_black(colour, greys, over_black, white, bit_depth):
    """Half a step of the file's depth is allowed: 600.6 of 4095 may be stored as 601."""
    times = 1 if colour == LA else 3
    samples = np.dstack([quadrants(*greys)] * times + [quadrants(65535, 13107, 39321, 0)])
    radiograph = read(png(samples, 16, colour))
    assert radiograph.bit_depth == bit_depth
    expected = share(*over_black, of=white)
    np.testing.assert_allclose(radiograph.pixels, expected, rtol=0, atol=0.51 / white)


@pytest.mark.parametrize(
    ("depth", "white"), [(2, 3), (4, 15), (8, 255), (16, 1023), (16, 4095), (16, 65535)]
)
def test_the_transparent_grey_becomes_black(depth, white):
    marked = white - 1
    trns = chunk(b"tRNS", struct.pack(">H", marked))
    data = png(quadrants(1, marked, white, 0), depth, GREY, trns)
    assert_reads(data, share(1, 0, white, 0, of=white))


@pytest.mark.parametrize(("depth", "white"), [(8, 255), (16, 1023), (16, 4095), (16, 65535)])
def test_the_transparent_colour_becomes_black(depth, white):
    """One white pixel in the lower right differs from the transparent colour in one channel."""
    marked = white - 1
    samples = np.dstack([quadrants(1, marked, white, marked)] * 3)
    samples[50, 50, 2] = white
    trns = chunk(b"tRNS", struct.pack(">3H", *[marked] * 3))
    expected = share(1, 0, white, 0, of=white)
    pixels = read(png(samples, depth, RGB, trns)).pixels
    assert pixels[50, 50] > 0.99
    expected[50, 50] = pixels[50, 50]
    np.testing.assert_allclose(pixels, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("low", "high"), [(0x12, 0x34), (0x34, 0x12)])
def test_sixteen_bit_transparency_compares_both_bytes(low, high):
    """Greys that share one byte with the transparent one stay opaque."""
    marked, same_low, same_high = high << 8 | low, low, high << 8
    data = png(
        quadrants(marked, same_low, same_high, 65535),
        16,
        GREY,
        chunk(b"tRNS", struct.pack(">H", marked)),
    )
    assert_reads(data, share(0, same_low, same_high, 65535, of=65535), bit_depth=16)


# --- palettes


@pytest.mark.parametrize("depth", [2, 4, 8])
def test_palette(depth):
    data = png(quadrants(0, 1, 2, 3), depth, PALETTE, palette(10, 255, 77, 0))
    assert_reads(data, share(10, 255, 77, 0, of=255))


def test_one_bit_palette_reads_its_greys_not_its_indices():
    data = png(quadrants(0, 1, 1, 0), 1, PALETTE, palette(200, 50))
    assert_reads(data, share(200, 50, 50, 200, of=255))


@pytest.mark.parametrize("depth", [2, 8])
def test_palette_with_transparency(depth):
    """The fourth colour has no entry in tRNS and is opaque."""
    trns = chunk(b"tRNS", bytes([51, 153, 0]))
    data = png(quadrants(0, 1, 2, 3), depth, PALETTE, palette(200, 100, 255, 90), trns)
    assert_reads(data, share(40, 60, 0, 90, of=255))


@pytest.mark.parametrize("depth", [2, 8])
def test_an_index_outside_the_palette_raises_nothing_else(depth):
    assert_refused_or_sound(png(quadrants(0, 1, 2, 3), depth, PALETTE, palette(10, 20)))


def test_a_palette_file_without_its_palette_raises_nothing_else():
    assert_refused_or_sound(png(quadrants(0, 1, 2, 3), 8, PALETTE))


# --- EXIF


@pytest.mark.parametrize(
    ("orientation", "shown"),
    [
        (1, "ab/cd"),
        (2, "ba/dc"),
        (3, "dc/ba"),
        (4, "cd/ab"),
        (5, "ac/bd"),
        (6, "ca/db"),
        (7, "db/ca"),
        (8, "bd/ac"),
        (0, "ab/cd"),
        (9, "ab/cd"),
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_exif_rotation(orientation, shown, mode):
    """Quadrants a b / c d, stored 64 high and 128 wide."""
    grey = dict(a=10, b=90, c=170, d=250)
    stored = quadrants(*grey.values()).repeat(2, axis=1)
    turned = 5 <= orientation <= 8
    expected = quadrants(*[grey[name] for name in shown.replace("/", "")], dtype=float) / 255
    data = jpeg(stored, mode, exif=oriented(orientation))
    assert_reads(data, expected.repeat(2, axis=0 if turned else 1), bit_depth=8)


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff"]
)
def test_broken_exif_does_not_cost_the_radiograph(exif):
    data = jpeg(quadrants(0, 37, 200, 255), exif=exif)
    assert_reads(data, share(0, 37, 200, 255, of=255))


@pytest.mark.parametrize(
    "wrong_entry",
    [
        (0x010E, 5, 1, b"\0\0\0\x08"),
        (0x010E, 9, 1, b"\0\0\0\x01"),
        (0x011A, 7, 4, b"abcd"),
        (0x011A, 2, 4, b"abc"),
        (0x8769, 4, 1, b"\xff\xff\xff\xff"),
        (0x8769, 2, 4, b"abc"),
    ],
    ids=[
        "text as ratio",
        "text as number",
        "ratio as bytes",
        "ratio as text",
        "pointer past the end",
        "pointer as text",
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_a_wrong_exif_entry_beside_the_orientation_does_no_harm(wrong_entry, last):
    orientation = (0x0112, 3, 1, struct.pack(">H", 6))
    entries = (orientation, wrong_entry) if last else (wrong_entry, orientation)
    data = jpeg(quadrants(10, 90, 170, 250), exif=exif_block(*entries))
    assert_reads(data, share(170, 10, 250, 90, of=255))


@pytest.mark.parametrize(
    ("kind", "count"), [(2, 2), (5, 1), (7, 2), (12, 1), (3, 2), (3, 0), (99, 1)]
)
def test_an_orientation_of_the_wrong_type_raises_nothing_else(kind, count):
    assert_refused_or_sound(jpeg(SPECKLE, exif=exif_block((0x0112, kind, count, b"\0\x06"))))


@pytest.mark.parametrize("seed", range(200))
def test_flipped_bits_in_exif_raise_nothing_but_the_refusal(seed):
    exif = exif_block(
        (0x010E, 2, 4, b"abc"),
        (0x0112, 3, 1, b"\0\x06"),
        (0x011A, 5, 1, b"\0\0\0\x08"),
        (0x0128, 3, 1, b"\0\x02"),
        (0x8769, 4, 1, b"\0\0\0\x08"),
    )
    damaged = exif[:6] + with_flipped_bits(exif[6:], 1 + seed % 4, seed)
    assert_refused_or_sound(jpeg(SPECKLE, exif=damaged))


def test_an_exif_thumbnail_is_not_taken_for_the_picture():
    thumbnail = jpeg(quadrants(255, 0, 0, 255, size=32))
    data = jpeg(quadrants(0, 37, 200, 255), exif=b"Exif\0\0" + thumbnail)
    assert_reads(data, share(0, 37, 200, 255, of=255))


# --- other kinds of file


def container(brand: bytes) -> bytes:
    return struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + b"mif1" + brand


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (encoded(SPECKLE, "GIF"), "gif"),
        (encoded(SPECKLE, "BMP"), "bmp"),
        (encoded(SPECKLE, "TIFF"), "tiff"),
        (b"MM\0*" + bytes(100), "tiff"),
        (encoded(SPECKLE, "WEBP"), "webp"),
        (b"%PDF-1.7\n" + bytes(100), "pdf"),
        (b"PK\x03\x04" + bytes(100), "zip"),
        (b"\x1f\x8b" + bytes(100), "gzip"),
        (container(b"heic"), "heic"),
        (container(b"heix"), "heic"),
    ],
)
def test_another_kind_of_file_is_named_and_png_or_jpeg_asked_for(data, word):
    message = refusal(data)
    assert word in message
    assert "png" in message and "jpeg" in message


@pytest.mark.parametrize(
    "data",
    [
        b"Patient: Secretname\n" * 20,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\0" * 1000,
        b"x",
        b"RIFF\x10\0\0\0WAVEfmt ",
        b"\xff\xfe" + jpeg(SPECKLE)[2:],
        b"\0" + jpeg(SPECKLE),
        b"\x89PNX\r\n\x1a\n" + png(SPECKLE)[8:],
        png(SPECKLE)[1:],
    ],
    ids=[
        "text",
        "svg",
        "zeros",
        "x",
        "wave",
        "jpeg magic",
        "shifted jpeg",
        "png magic",
        "shifted png",
    ],
)
def test_an_unknown_file_is_refused_without_repeating_its_content(data):
    message = refusal(data)
    assert "png" in message and "jpeg" in message
    assert "secretname" not in message


@pytest.mark.parametrize("data", [PNG_START + jpeg(SPECKLE), b"\xff\xd8\xff" + png(SPECKLE)])
def test_a_magic_number_alone_is_not_enough(data):
    assert "damaged" in refusal(data) or "incomplete" in refusal(data)


# --- damaged files


def assert_cut_files_never_pass(whole: bytes, tail: int, step: int = 1) -> None:
    """A file cut before its last `tail` bytes is refused; after that it may come back intact."""
    pixels = read(whole).pixels
    for length in range(1, len(whole) - tail, step):
        refusal(whole[:length])
    for length in range(len(whole) - tail, len(whole)):
        if assert_refused_or_sound(whole[:length]):
            np.testing.assert_array_equal(read(whole[:length]).pixels, pixels)


@pytest.mark.parametrize(
    "whole",
    [
        png(SPECKLE),
        png(SPECKLE, 16),
        png(speckle(2) // 255, 1, GREY),
        png(np.dstack([SPECKLE] * 4), 16, RGBA),
        png(SPECKLE // 85, 2, PALETTE, palette(0, 80, 160, 250), chunk(b"tRNS", b"\x80")),
        png(SPECKLE, interlaced=True),
    ],
    ids=["grey 8", "grey 16", "grey 1", "rgba 16", "palette", "interlaced"],
)
def test_a_png_cut_anywhere_is_refused(whole):
    """Tail: IEND takes 12 bytes, the two checksums 4 each, deflate's end mark up to 15 bits."""
    assert_cut_files_never_pass(whole, tail=22)


@pytest.mark.parametrize(
    ("whole", "step"),
    [
        (jpeg(SPECKLE, quality=20), 1),
        (jpeg(SPECKLE, "RGB", quality=20), 1),
        (jpeg(SPECKLE, quality=20, progressive=True), 1),
        (jpeg(SPECKLE, quality=20, exif=oriented(6)), 1),
        (jpeg(speckle(height=500, width=400), quality=90), 1501),
    ],
    ids=["grey", "rgb", "progressive", "rotated", "larger"],
)
def test_a_jpeg_cut_anywhere_is_refused(whole, step):
    """Tail: the end marker takes 2 bytes."""
    assert_cut_files_never_pass(whole, tail=2, step=step)


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.98])
@pytest.mark.parametrize("whole", [png(SPECKLE), jpeg(SPECKLE)], ids=["png", "jpeg"])
def test_an_incomplete_file_is_told_so(whole, kept):
    message = refusal(whole[: int(kept * len(whole))])
    assert "incomplete" in message or "damaged" in message or "cut" in message


@pytest.mark.parametrize("rows", [0, 1, 32, 63])
@pytest.mark.parametrize("depth", [8, 16])
def test_a_png_with_too_few_rows_in_sound_chunks_is_refused(rows, depth):
    body = zlib.compress(packed_rows(SPECKLE[:rows], depth)) if rows else b""
    refusal(header(64, 64, depth) + chunk(b"IDAT", body) + chunk(b"IEND", b""))


@pytest.mark.parametrize("data", [header(64, 64), header(64, 64) + chunk(b"IEND", b"")])
def test_a_png_without_pixels_is_refused(data):
    refusal(data)


@pytest.mark.parametrize("seed", range(300))
def test_flipped_bits_raise_nothing_but_the_refusal(seed):
    sbit = chunk(b"sBIT", b"\x0c")
    files = (
        png(SPECKLE, 16, GREY, sbit),
        jpeg(SPECKLE, quality=40, exif=oriented(6)),
        jpeg(SPECKLE, "RGB", quality=40, progressive=True),
    )
    for data in files:
        assert_refused_or_sound(with_flipped_bits(data, 1 + seed % 8, seed))


@pytest.mark.parametrize("seed", range(300))
def test_flipped_bits_under_good_checksums_raise_nothing_but_the_refusal(seed):
    trns = chunk(b"tRNS", bytes([51, 153, 0]))
    files = (
        png(SPECKLE, 16, GREY, chunk(b"sBIT", b"\x0c"), chunk(b"tRNS", b"\0\x55")),
        png(np.dstack([SPECKLE] * 4), 8, RGBA, chunk(b"gAMA", b"\0\1\2\3")),
        png(SPECKLE // 85, 2, PALETTE, palette(0, 80, 160, 250), trns),
    )
    for data in files:
        assert_refused_or_sound(with_flipped_bits_under_good_checksums(data, 1 + seed % 3, seed))


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP", b"iTXt"])
def test_a_bomb_in_a_text_or_profile_chunk_raises_nothing_else(kind):
    packed = zlib.compress(bytes(5_000_000))
    named = b"a\0\1\0\0\0" if kind == b"iTXt" else b"a\0\0"
    assert_refused_or_sound(png(SPECKLE, 8, GREY, chunk(kind, named + packed)))


def test_hundreds_of_small_bombs_raise_nothing_else():
    text = chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(900_000)))
    assert_refused_or_sound(png(SPECKLE, 8, GREY, text * 100))


# --- size


@pytest.mark.parametrize(("width", "height"), [(1, 1), (63, 64), (64, 63), (63, 63), (1000, 63)])
@pytest.mark.parametrize("write", [png, jpeg])
def test_below_the_smallest_size(width, height, write):
    message = refusal(write(speckle(height=height, width=width)))
    assert f"{width:,} x {height:,}" in message and "64" in message


@pytest.mark.parametrize(("width", "height"), [(64, 257), (257, 64), (64, 5000)])
def test_a_strip_is_refused(width, height):
    message = refusal(png(speckle(height=height, width=width)))
    assert "strip" in message and f"{width:,} x {height:,}" in message


@pytest.mark.parametrize(("width", "height"), [(64, 64), (65, 64), (64, 256), (256, 64)])
@pytest.mark.parametrize("write", [png, jpeg])
def test_from_the_smallest_size_on(width, height, write):
    assert read(write(speckle(height=height, width=width))).pixels.shape == (height, width)
    assert MIN_SIDE == 64


@pytest.mark.parametrize(
    ("width", "height"),
    [(4901, 5101), (5000, 5001), (30_000, 30_000), (25_000_001, 64), (2**31 - 1, 2**31 - 1)],
)
def test_a_png_above_25_megapixels_is_refused_by_its_header_alone(width, height):
    """4901 x 5101 is one pixel too many."""
    assert MAX_PIXELS == 25_000_000
    message = refusal(header(width, height) + chunk(b"IDAT", b""))
    assert "25 megapixels" in message


@pytest.mark.parametrize(("width", "height"), [(4901, 5101), (5000, 5001), (65_535, 65_535)])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_above_25_megapixels_is_refused_by_its_header_alone(width, height, mode):
    message = refusal(jpeg_claiming(jpeg(SPECKLE, mode), width, height))
    assert "25 megapixels" in message


@pytest.mark.parametrize(
    "data",
    [
        header(5000, 5000) + chunk(b"IDAT", b""),
        header(10_000, 2500) + chunk(b"IDAT", b""),
        jpeg_claiming(jpeg(SPECKLE), 5000, 5000)[:-2],
    ],
)
def test_25_megapixels_are_not_too_many(data):
    message = refusal(data)
    assert "damaged" in message and "megapixel" not in message


@pytest.mark.parametrize("size", [(0, 0), (0, 64), (2**32 - 1, 2**32 - 1), (2**31, 64)])
def test_an_impossible_size_is_refused(size):
    refusal(header(*size) + chunk(b"IDAT", b"") + chunk(b"IEND", b""))


def test_a_second_header_does_not_get_round_the_limit():
    data = png(SPECKLE, 8, GREY, header(30_000, 30_000)[8:])
    refusal(data)


@pytest.mark.parametrize(("extra", "accepted"), [(0, True), (1, False)])
def test_the_largest_file(extra, accepted):
    assert MAX_FILE_BYTES == 64 * 2**20
    megabytes = chunk(b"prVt", bytes(2**20 - 12)) * 63
    bare = len(png(SPECKLE, 8, GREY, megabytes, chunk(b"prVt", b"")))
    padding = chunk(b"prVt", bytes(MAX_FILE_BYTES + extra - bare))
    data = png(SPECKLE, 8, GREY, megabytes, padding)
    assert len(data) == MAX_FILE_BYTES + extra
    if accepted:
        assert_reads(data, SPECKLE / 255.0)
    else:
        assert "64" in refusal(data)


# --- content


@pytest.mark.parametrize(
    "data",
    [
        png(quadrants(0, 0, 0, 0)),
        png(quadrants(255, 255, 255, 255)),
        png(quadrants(1000, 1000, 1000, 1000), 16),
        png(quadrants(0, 0, 0, 0), 1),
        jpeg(quadrants(128, 128, 128, 128)),
        jpeg(quadrants(128, 128, 128, 128), "RGB"),
        png(np.dstack([SPECKLE, SPECKLE * 0]), 8, LA),
    ],
    ids=["black", "white", "grey 16", "1 bit", "jpeg", "rgb jpeg", "invisible"],
)
def test_an_image_of_one_grey_is_refused(data):
    message = refusal(data)
    assert "same" in message or "one grey" in message or "uniform" in message


def test_a_single_other_pixel_is_enough():
    samples = quadrants(100, 100, 100, 100)
    samples[5, 9] = 101
    assert_reads(png(samples), samples / 255)


@pytest.mark.parametrize("transform", ["plain", "inverted"])
def test_a_cmyk_jpeg_is_refused(transform):
    data = jpeg(SPECKLE if transform == "plain" else 255 - SPECKLE, "CMYK")
    assert "cmyk" in refusal(data)


def animated(samples: np.ndarray) -> bytes:
    control = chunk(b"acTL", struct.pack(">II", 2, 0))
    frame = struct.pack(">IIIIHHBB", 64, 64, 0, 0, 1, 1, 0, 0)
    first = chunk(b"fcTL", struct.pack(">I", 0) + frame)
    second = struct.pack(">I", 2) + zlib.compress(packed_rows(255 - samples, 8))
    last = chunk(b"fcTL", struct.pack(">I", 1) + frame) + chunk(b"fdAT", second)
    return png(samples, 8, GREY, control, first)[:-12] + last + chunk(b"IEND", b"")


def test_an_animated_png_is_refused():
    message = refusal(animated(SPECKLE))
    assert "animat" in message or "frames" in message


def tinted(coloured_pixels: int, spread: int, white: int = 255) -> np.ndarray:
    """100 x 100 grey RGB, the first pixels with their red raised by `spread`."""
    samples = np.dstack([quadrants(0, 1, white // 2, white // 4, size=100)] * 3).reshape(-1, 3)
    samples[:coloured_pixels, 0] += spread
    return samples.reshape(100, 100, 3)


@pytest.mark.parametrize(
    "data",
    [
        jpeg(np.dstack([quadrants(220, 30, 60, 10), quadrants(40, 200, 90, 10), SPECKLE])),
        png(np.dstack([quadrants(220, 30, 60, 10), quadrants(40, 200, 90, 10), SPECKLE]), 8, RGB),
        png(tinted(3000, 4095 // 2, white=4095), 16, RGB),
        png(tinted(3000, 65535 // 2, white=65535), 16, RGB),
        png(
            quadrants(0, 1, 2, 3),
            8,
            PALETTE,
            chunk(b"PLTE", bytes.fromhex("ff000000ff000000ff00ff00")),
        ),
    ],
    ids=["jpeg", "png", "12 of 16 bits", "16 bits", "palette"],
)
def test_a_colour_photograph_is_refused(data):
    assert "colour" in refusal(data)


@pytest.mark.parametrize(
    ("coloured_pixels", "spread", "refused"),
    [
        (500 + 1, 200, True),
        (500 - 1, 200, False),
        (6_000, 52, True),
        (10_000, 50, False),
    ],
)
def test_how_much_colour_is_too_much(coloured_pixels, spread, refused):
    """Coloured is a pixel whose channels differ by over 0.2, 51 of 255; 5 % of them are allowed."""
    data = png(tinted(coloured_pixels, spread), 8, RGB)
    if refused:
        assert "colour" in refusal(data)
    else:
        grey = tinted(0, 0)[..., 0].reshape(-1)[coloured_pixels:] / 255
        np.testing.assert_allclose(read(data).pixels.reshape(-1)[coloured_pixels:], grey, atol=1e-6)


# --- memory, in a process of its own

MEASURE = """
import sys
from cxr_demo.errors import RadiographError
from cxr_demo.reading.reader import read_radiograph

def peak():  # ru_maxrss would start at the peak of the process that started this one
    return next(int(x.split()[1]) for x in open("/proc/self/status") if x.startswith("VmHWM"))

read_radiograph(open(sys.argv[1], "rb").read())
data = open(sys.argv[2], "rb").read()
before = peak()
try:
    outcome = str(read_radiograph(data).pixels.shape)
except RadiographError:
    outcome = "refused"
print((peak() - before) // 1024, outcome)
"""


def tinted_row(width: int, channels: int, bytes_each: int) -> bytes:
    """Unequal channels, the last one alpha where there are two or four: nothing can be skipped."""
    values = (np.arange(width) % 64 * 3)[:, None] + np.arange(channels)
    return (values * (257 if bytes_each == 2 else 1)).astype(f">u{bytes_each}").tobytes()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize(
    ("build", "outcome"),
    [
        (lambda: header(30_000, 30_000) + chunk(b"IDAT", b""), "refused"),
        (lambda: tiled_png(5001, 5000, 8, GREY, bytes(5001)), "refused"),
        (lambda: tiled_png(5000, 5000, 16, RGBA, tinted_row(5000, 4, 2)), "(5000, 5000)"),
        (lambda: tiled_png(5000, 5000, 8, RGBA, tinted_row(5000, 4, 1)), "(5000, 5000)"),
        (lambda: tiled_png(5000, 5000, 16, RGB, tinted_row(5000, 3, 2)), "(5000, 5000)"),
        (lambda: tiled_png(5000, 5000, 16, LA, tinted_row(5000, 2, 2)), "(5000, 5000)"),
        (lambda: tiled_png(5000, 5000, 16, GREY, tinted_row(5000, 1, 2)), "(5000, 5000)"),
        (
            lambda: jpeg(
                np.tile(speckle(), (79, 79))[:5000, :5000],
                "RGB",
                quality=50,
                progressive=True,
                exif=oriented(6),
            ),
            "(5000, 5000)",
        ),
    ],
    ids=[
        "900 MP header",
        "bomb above",
        "rgba 16",
        "rgba 8",
        "rgb 16",
        "la 16",
        "grey 16",
        "progressive jpeg",
    ],
)
def test_reading_grows_memory_by_less_than_500_mb(build, outcome, tmp_path):
    small, file = tmp_path / "small.png", tmp_path / "file"
    small.write_bytes(png(SPECKLE))
    file.write_bytes(build())
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, small, file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    grown, seen = done.stdout.split(maxsplit=1)
    print(f"grew by {grown} MB, {seen.strip()}")
    assert seen.strip() == outcome
    assert int(grown) < 500
