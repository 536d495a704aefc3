"""Counting what was found, and crops of known parts."""

from types import SimpleNamespace

import numpy as np
import pytest

from train.recipes.pneumoniamnist import (
    PROPORTIONS,
    centre_crop,
    count_matches,
    random_centre_crops,
)

# Rows 0 and 2 are copies of one radiograph, row 1 is another.
ZERO, ONES = np.zeros(32, np.uint8), np.full(32, 255, np.uint8)
LIBRARY = SimpleNamespace(perceptual_hashes=np.stack([ZERO, ONES, ZERO]))


@pytest.mark.parametrize(
    ("picture_of", "true_rows", "found", "wrong"),
    [
        ({0: 0, 1: 1, 2: 2}, [0, 1, 2], 3, 0),
        ({0: 0, 2: 0}, [0, 1, 2], 2, 0),
        ({0: 2, 2: 0}, [0, 1, 2], 2, 0),
        ({1: 0}, [0, 1, 2], 0, 1),
        ({0: 1, 1: 0}, [0, 1, 2], 0, 2),
        ({}, [0, 1, 2], 0, 0),
        ({0: 0, 1: 1}, [-1, -1], 0, 2),
        ({2: 0}, [-1], 0, 1),
    ],
)
def test_what_is_found_and_what_is_wrong(picture_of, true_rows, found, wrong):
    expected = {"pictures": len(true_rows), "found": found, "wrong": wrong}
    assert count_matches(picture_of, np.array(true_rows), LIBRARY) == expected


def test_a_wide_radiograph_loses_its_sides():
    """Of columns 0 to 399 at twice the height, 100 to 299 stay."""
    ramp = np.tile(np.uint8(np.arange(400) // 2), (50, 1))
    kept = centre_crop(ramp, 2.0)
    assert kept.shape == (128, 128) and kept.dtype == np.uint8
    assert kept[64, [0, -1]].tolist() == pytest.approx([50, 149], abs=2)


def test_a_narrow_radiograph_loses_top_and_bottom():
    ramp = np.tile(np.uint8(np.arange(200))[:, None], (1, 50))
    assert centre_crop(ramp, 0.8)[[0, -1], 64].tolist() == pytest.approx([20, 179], abs=2)


def test_proportions_are_drawn_around_those_of_the_class():
    """A ramp's width in the crop tells the proportion that was drawn."""
    ramp = np.tile(np.uint8(np.arange(224)), (224, 1))
    squares = np.stack([ramp] * 200)
    for sick in (False, True):
        crops = random_centre_crops(squares, np.full(200, sick)).astype(float)
        kept = (crops[:, 64, -5] - crops[:, 64, 4]) / 119 * 128 / 224
        median, spread = PROPORTIONS[sick]
        assert np.median(1 / kept) == pytest.approx(median, rel=0.06)
        assert np.log(1 / kept).std() == pytest.approx(spread, rel=0.25)
    again = random_centre_crops(squares, np.full(200, True))
    np.testing.assert_array_equal(again, crops)
