"""What the autoencoder sees, and errors small enough to sum by hand."""

import numpy as np
import pytest

from cxr_demo.anomaly.reconstruction import (
    AUTOENCODER_SIDE,
    HIDDEN,
    autoencoder_image,
    error_map,
    error_score,
    hide_lungs,
    lung_error_map,
)
from tests.conftest import chest_like

LUNGS = np.zeros((8, 8), bool)
LUNGS[2:6, 1:3] = True


def grey(value: float, side: int = AUTOENCODER_SIDE) -> np.ndarray:
    return np.full((side, side), value, np.float32)


def test_tone_is_taken_out_before_the_autoencoder_looks():
    frame = chest_like(0, 224, 224).astype(np.float32) / 255
    image, darker = autoencoder_image(frame), autoencoder_image(0.1 + 0.5 * frame)
    assert image.shape == (AUTOENCODER_SIDE, AUTOENCODER_SIDE) and image.dtype == np.float32
    assert image.min() >= 0 and image.max() <= 1
    np.testing.assert_allclose(image, darker, atol=0.01)
    assert autoencoder_image(frame, 64).shape == (64, 64)


def test_lungs_are_hidden_whatever_they_show():
    seen = hide_lungs(grey(0.9, 16), LUNGS)
    assert (seen[4:12, 2:6] == HIDDEN).all()
    assert (seen == np.float32(0.9)).sum() == 256 - 32


@pytest.mark.parametrize(
    ("image", "reconstruction", "expected"), [(0.5, 0.4, 0.01), (0.2, 0.5, 0.09), (0.3, 0.3, 0)]
)
def test_even_difference_gives_an_even_error_map(image, reconstruction, expected):
    errors = error_map(grey(image), grey(reconstruction))
    assert errors.dtype == np.float32 and errors.shape == (AUTOENCODER_SIDE, AUTOENCODER_SIDE)
    np.testing.assert_allclose(errors, expected, atol=1e-6)


@pytest.mark.parametrize(
    "where",
    [np.s_[10, 10], np.s_[0, 0], np.s_[0, 7], np.s_[19, 19], np.s_[1, 18], np.s_[:, :3]],
    ids=["middle", "corner", "edge", "last corner", "next to edges", "stripe"],
)
def test_mean_of_the_error_map_is_the_mean_squared_error(where):
    image = grey(0, 20)
    image[where] = 0.5
    squared_sum = 0.25 * np.count_nonzero(image)
    assert error_map(image, grey(0, 20)).mean() == pytest.approx(squared_sum / 400, rel=0.01)


def test_a_single_pixel_is_smoothed_by_a_gaussian_of_15_tenths():
    image = grey(0, 41)
    image[20, 20] = 1
    errors = error_map(image, grey(0, 41))
    assert errors.argmax() == 20 * 41 + 20
    assert errors.max() == pytest.approx(1 / (2 * np.pi * 1.5**2), rel=0.02)
    assert errors[20, 23] / errors[20, 20] == pytest.approx(np.exp(-2), rel=0.02)  # 2 sigma away
    np.testing.assert_allclose(errors, errors.T, atol=1e-7)


def test_the_score_is_the_mean_error_of_the_lungs_alone():
    reconstruction = grey(0.5, 64)
    reconstruction[:, 40:] = 1  # far from them
    values = lung_error_map(grey(0.3, 64), reconstruction, LUNGS)
    assert np.count_nonzero(values) == 32 * 16
    assert error_score(values) == pytest.approx(0.04, rel=1e-3)
    assert error_score(np.zeros((4, 4))) == 0
