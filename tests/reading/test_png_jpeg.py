"""Files with as many parts as are taken, and with one more; nothing of them is decoded."""

import struct

import pytest

from cxr_demo.errors import RadiographError
from cxr_demo.reading.png_jpeg import (
    MAX_CHUNKS,
    MAX_FILL,
    MAX_SCANS,
    MAX_SEGMENTS,
    check_structure,
)
from tests.reading.odd_files import chunk, header, jpeg, png, speckle

PNG = png(speckle())
IEND = chunk(b"IEND", b"")
JPEG_START = b"\xff\xd8"


def assert_refused(data: bytes) -> None:
    with pytest.raises(RadiographError) as caught:
        check_structure(data)
    assert caught.value.key == "refused.damaged"
    assert caught.value.values == {}


# --- PNG


def test_a_png_is_sound():
    assert check_structure(PNG) is None


def test_a_png_cut_anywhere_is_refused():
    for length in range(8, len(PNG), 7):
        assert_refused(PNG[:length])
    assert_refused(PNG[:-1])


def test_a_png_without_its_end_is_refused():
    assert_refused(PNG.removesuffix(IEND))


def test_what_follows_the_end_of_a_png_does_not_count():
    check_structure(PNG + chunk(b"teSt", b"") * (MAX_CHUNKS + 1))
    check_structure(PNG + b"\xff" * 1000)


def test_chunks_are_not_looked_into():
    pixels = struct.pack(">I4s", 5, b"IDAT") + b"wrong" + b"sum!"
    check_structure(header(64, 64) + pixels + IEND)


@pytest.mark.parametrize("length", [13, 2**31 - 1, 2**31, 2**32 - 1])
def test_a_chunk_longer_than_the_file_is_refused(length):
    """After its length and kind 16 bytes are left, the last 4 of which are its checksum."""
    claims = header(64, 64) + struct.pack(">I4s", length, b"IDAT") + bytes(4)
    assert_refused(claims + IEND)


def test_a_chunk_that_swallows_the_end_is_refused():
    claims = header(64, 64) + struct.pack(">I4s", 12, b"IDAT") + bytes(4)
    assert_refused(claims + IEND)
    check_structure(claims + IEND + IEND)


@pytest.mark.parametrize(("length", "sound"), [(0, True), (5, True), (6, False), (2**31, False)])
def test_an_end_longer_than_the_file_is_refused(length, sound):
    data = header(64, 64) + struct.pack(">I4s", length, b"IEND") + bytes(5 + 4)
    if sound:
        check_structure(data)
    else:
        assert_refused(data)


def test_the_most_chunks():
    """IHDR and IEND are two of them."""
    assert MAX_CHUNKS == 20_000
    empty = chunk(b"teSt", b"")
    check_structure(header(64, 64) + empty * 19_998 + IEND)
    assert_refused(header(64, 64) + empty * 19_999 + IEND)


# --- JPEG


@pytest.mark.parametrize(
    "options",
    [{}, {"progressive": True}, {"restart_marker_blocks": 1}, {"comment": b"\xff" * 100}],
    ids=["baseline", "progressive", "restarts", "comment"],
)
def test_a_jpeg_is_sound(options):
    check_structure(jpeg(speckle(256, 512, 512), **options))


@pytest.mark.parametrize("marker", [0xC0, 0xC4, 0xCF, 0xDB, 0xDD, 0xE0, 0xE1, 0xEF, 0xFE])
def test_the_most_segments(marker):
    assert MAX_SEGMENTS == 1000
    segment = bytes([0xFF, marker, 0, 2])
    check_structure(JPEG_START + segment * 1000)
    assert_refused(JPEG_START + segment * 1001)


def test_segments_of_several_kinds_are_counted_together():
    kinds = b"".join(bytes([0xFF, marker, 0, 2]) for marker in (0xC4, 0xDB, 0xE1, 0xFE))
    check_structure(JPEG_START + kinds * 250)
    assert_refused(JPEG_START + kinds * 250 + b"\xff\xdb\0\2")


@pytest.mark.parametrize("second", [0x00, 0x01, 0xD0, 0xD7, 0xF0])
def test_what_belongs_to_the_pixels_is_no_segment(second):
    check_structure(JPEG_START + bytes([0xFF, second, 0, 0]) * 5000)


def test_the_most_scans():
    assert MAX_SCANS == 64
    scan = b"\xff\xda\0\2"
    check_structure(JPEG_START + scan * 64)
    assert_refused(JPEG_START + scan * 65)


def test_the_longest_filling():
    assert MAX_FILL == 4096
    check_structure((JPEG_START + b"\xff" * 4095 + b"\0") * 3)
    assert_refused(JPEG_START + b"\0" + b"\xff" * 4096)
