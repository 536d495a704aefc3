"""What images lend each other: made-up ones, so that it shows whose is what."""

import cv2
import numpy as np
import pytest

from train.data.lending import (
    borrow_histogram,
    borrow_spectrum,
    borrow_surroundings,
)

SIDE = 128


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).random((SIDE, SIDE), np.float32)


def test_surroundings_are_the_others_and_the_chest_is_ones_own():
    own, theirs = np.ones((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    for seed in range(20):
        mixed = borrow_surroundings(own, theirs, np.random.default_rng(seed))
        assert mixed[SIDE // 4 : -SIDE // 4, SIDE // 3 : -SIDE // 3].min() > 0.95
        assert max(mixed[0, 0], mixed[0, -1]) < 0.05  # beside the neck


def test_what_lies_below_the_bottom_is_the_others_as_well():
    own, theirs = np.ones((SIDE, SIDE), np.float32), np.zeros((SIDE, SIDE), np.float32)
    middle, lowest = SIDE // 2, SIDE - 1
    for seed in range(20):
        high = borrow_surroundings(own, theirs, np.random.default_rng(seed), bottom=0.8)
        # At most 0.3 * 1.1 + 0.02 below the middle, with an edge at most 4 % of the side wide.
        assert high[lowest, middle] < 0.05 and high[round(0.6 * SIDE), middle] > 0.95


def test_the_whole_histogram_of_another(noise):
    """Greys in [0, 1/2], all of the way: the same order, another range."""
    moved = borrow_histogram(noise, noise / 2, 1.0)
    np.testing.assert_allclose(moved, noise / 2, atol=1e-3)
    half = borrow_histogram(noise, noise / 2, 0.5)
    np.testing.assert_allclose(half, 0.75 * noise, atol=1e-3)


def test_a_histogram_keeps_the_order_of_greys(noise):
    dark = np.random.default_rng(1).random((SIDE, SIDE), np.float32) ** 3
    moved = borrow_histogram(noise, dark, 1.0)
    rows = np.argsort(noise, axis=None)
    assert (np.diff(moved.ravel()[rows]) >= -1e-6).all()
    np.testing.assert_allclose(np.median(moved), np.median(dark), atol=0.01)


def test_the_spectrum_of_a_blurred_image_blurs(noise):
    """Fine detail becomes as faint as in the other image, of which it is a blurred copy."""
    blurred = cv2.GaussianBlur(noise, (0, 0), 0.6)

    def detail(image):
        return np.abs(np.diff(image, axis=1)).mean()

    lent = borrow_spectrum(noise, blurred, 1.0)
    assert detail(lent) == pytest.approx(detail(blurred), rel=0.15)
    assert detail(lent) < 0.7 * detail(noise)
    assert np.corrcoef(cv2.GaussianBlur(lent, (0, 0), 3).ravel(),
                       cv2.GaussianBlur(noise, (0, 0), 3).ravel())[0, 1] > 0.9  # fmt: skip


def test_the_spectrum_of_oneself_changes_nothing(noise):
    np.testing.assert_allclose(borrow_spectrum(noise, noise, 1.0), noise, atol=1e-5)


def test_nothing_is_lent_by_no_amount(noise):
    other = noise[::-1] ** 2
    np.testing.assert_allclose(borrow_spectrum(noise, other, 0.0), noise, atol=1e-5)
    np.testing.assert_allclose(borrow_histogram(noise, other, 0.0), noise, atol=1e-6)
