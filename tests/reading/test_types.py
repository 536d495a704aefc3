"""Sizes at the edge of what is read, and pictures of one tone."""

import dataclasses

import numpy as np
import pytest

from cxr_demo.errors import RadiographError
from cxr_demo.reading.types import Radiograph, StoredFrame, check_contrast, check_size, too_large


@pytest.mark.parametrize(
    ("width", "height"),
    [(64, 64), (64, 256), (256, 64), (5000, 5000), (2500, 10_000), (10_000, 2500), (3000, 2500)],
)
def test_sizes_that_are_read(width, height):
    assert check_size(width, height) is None


@pytest.mark.parametrize(
    ("width", "height", "key", "limit"),
    [
        (5000, 5001, "too_large", {"megapixels": 25}),
        (5001, 5000, "too_large", {"megapixels": 25}),
        (63, 64, "too_small", {"least": 64}),
        (64, 63, "too_small", {"least": 64}),
        (0, 0, "too_small", {"least": 64}),
        (64, 257, "strip", {"ratio": 4}),
        (257, 64, "strip", {"ratio": 4}),
        (1001, 4005, "strip", {"ratio": 4}),
        # What is wrong in several ways is refused for the first.
        (1, 25_000_001, "too_large", {"megapixels": 25}),
        (100_000, 64, "strip", {"ratio": 4}),
        (10, 1000, "too_small", {"least": 64}),
    ],
)
def test_sizes_that_are_not(width, height, key, limit):
    with pytest.raises(RadiographError) as caught:
        check_size(width, height)
    assert caught.value.key == f"refused.{key}"
    assert caught.value.values == {"width": width, "height": height, **limit}
    assert f"{width:,} x {height:,}" in str(caught.value)


@pytest.mark.parametrize("value", [0, 0.5, 1])
def test_one_tone_is_refused(value):
    with pytest.raises(RadiographError) as caught:
        check_contrast(np.full((64, 64), value, np.float32))
    assert caught.value.key == "refused.flat"


def test_one_level_is_refused_too():
    with pytest.raises(RadiographError):
        check_contrast(np.array([0.25], np.float32))


def test_one_odd_pixel_is_enough():
    pixels = np.zeros((64, 64), np.float32)
    pixels[63, 63] = 1e-6
    assert check_contrast(pixels) is None


def test_a_size_that_is_known_only_to_be_too_large():
    refusal = too_large()
    assert (refusal.key, refusal.values) == ("refused.too_many_pixels", {"megapixels": 25})
    refusal = too_large(9000, 8000)
    assert refusal.key == "refused.too_large"
    assert refusal.values == {"width": 9000, "height": 8000, "megapixels": 25}


def test_a_radiograph_has_nothing_burned_in_unless_said():
    radiograph = Radiograph(np.zeros((64, 64), np.float32), 8)
    assert radiograph.burned_in is False
    with pytest.raises(dataclasses.FrozenInstanceError):
        radiograph.bit_depth = 12


def test_stored_patterns_are_shown_at_their_levels():
    """A pattern is not a brightness: that of 3 may be darker than that of 1."""
    levels = np.array([0.5, 1, 0.25, 0], np.float32)
    patterns = np.array([[0, 1, 2], [3, 3, 1]], np.uint8)
    radiograph = StoredFrame(patterns, levels, 2, True, 1.5, (4, 6)).radiograph()
    assert radiograph.pixels.dtype == np.float32
    assert radiograph.pixels.tolist() == [[0.5, 1, 0.25], [0, 0, 1]]
    assert (radiograph.bit_depth, radiograph.burned_in) == (2, True)
    assert (radiograph.pixel_aspect, radiograph.shape) == (1.5, (4, 6))
