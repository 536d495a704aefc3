"""Maps, scores and verdicts, with errors small enough to sum by hand."""

import numpy as np
import pytest

from cxr_demo.anomaly.maps import (
    AUTOENCODER_SIDE,
    EXTENT,
    AnomalyMap,
    detector_map,
    edge_share,
    error_map,
    extent_score,
    is_unusual,
    score_anomaly,
    share_above,
)
from cxr_demo.anomaly.padim import MAX_SCORE, RegionGaussians
from cxr_demo.models.networks import DetectorOutput

REGIONS = np.full((3, 3, 2), 2, np.float32)
"""Two units off the mean of `normality` in both channels: a squared distance of 8."""


def normality(weight: float) -> RegionGaussians:
    """Gaussians of no correlation; the logarithm of the squared distance less 1, over 2."""
    whitening = np.tile(np.eye(2, dtype=np.float32), (3, 3, 1, 1))
    nothing = np.zeros((3, 3, 2), np.float32)
    even = np.ones((3, 3), np.float32)
    return RegionGaussians(nothing, whitening, even, 2 * even, weight)


def grey(value: float, side: int = AUTOENCODER_SIDE) -> np.ndarray:
    return np.full((side, side), value, np.float32)


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


def test_assess_scores_what_the_networks_were_given():
    given = {}

    seen = DetectorOutput(np.linspace(-1, 1, 100, dtype=np.float32).reshape(10, 10), REGIONS)

    def reconstruct(image):
        given["autoencoder"] = image
        return image - np.float32(0.1)

    thresholds = {"detector": 0.96, "autoencoder": 0.02}
    anomaly = score_anomaly(grey(0.5, 224), seen, normality(weight=0), reconstruct, thresholds)
    assert given["autoencoder"].shape == (AUTOENCODER_SIDE, AUTOENCODER_SIDE) == (128, 128)
    assert {image.dtype for image in given.values()} == {np.dtype(np.float32)}
    np.testing.assert_allclose(anomaly.image, 0.5, atol=1e-6)
    np.testing.assert_allclose(anomaly.reconstruction, 0.4, atol=1e-6)
    change, error = anomaly.maps["detector"], anomaly.maps["autoencoder"]
    np.testing.assert_allclose(error.values, 0.01, atol=1e-6)
    assert error.score == pytest.approx(0.01, rel=1e-4)
    # Two of a hundred cells lie above it.
    assert change.score == pytest.approx(1 / (1 + np.exp(-(2 * 97 / 99 - 1))))
    assert anomaly.primary is change
    for found in (change, error):
        assert type(found.score) is float
        assert not found.unusual
    assert (change.threshold, error.threshold) == (0.96, 0.02)


def test_rarity_moves_the_logits_of_the_middle_and_leaves_the_edge_alone():
    logits = np.full((20, 20), -1, np.float32)
    values = detector_map(DetectorOutput(logits, REGIONS), normality(weight=3))
    rarity = (np.log(8) - 1) / 2
    assert values[10, 10] == pytest.approx(1 / (1 + np.exp(1 - 3 * rarity)))
    assert values[0, 0] == values[19, 7] == pytest.approx(1 / (1 + np.exp(1)))
    assert values.dtype == np.float32
    # Halfway between the centres of an edge region (cell 1.5) and of the next (cell 5.5).
    along = values[10, 2:6]
    assert (np.diff(along) > 0).all()


def test_nothing_is_so_rare_that_a_map_overflows():
    regions = np.full((3, 3, 2), 1e10, np.float32)
    values = detector_map(
        DetectorOutput(np.zeros((20, 20), np.float32), regions), normality(weight=5)
    )
    assert np.isfinite(values).all()
    assert values[10, 10] == pytest.approx(1)
    found = normality(weight=1).mahalanobis_score(regions)
    assert found == pytest.approx(np.full((3, 3), MAX_SCORE))


@pytest.mark.parametrize("side", [7, 10, 16, 20])
def test_the_score_exceeds_a_threshold_exactly_when_the_extent_of_the_map_does(side):
    values = np.random.default_rng(side).random((side, side), np.float32)
    score = extent_score(values)
    for threshold in [*values.astype(float).ravel(), score - 1e-6, score + 1e-6, round(score, 3)]:
        assert is_unusual(score, threshold) == (share_above(values, threshold) > EXTENT)


def test_a_map_at_the_threshold_does_not_exceed_it_by_rounding():
    values = np.full((20, 20), 0.6, np.float32)  # 0.60000002 in double precision
    assert is_unusual(extent_score(values), 0.6) == (share_above(values, 0.6) > EXTENT)


def test_the_edge_of_an_even_map_holds_its_area():
    assert edge_share(np.ones((16, 16), np.float32)) == pytest.approx(1 - 0.75**2)
    # Cells of 1/20: the edge of 1/8 cuts the third.
    assert edge_share(np.ones((20, 20), np.float32)) == pytest.approx(1 - 0.75**2)


def test_the_edge_holds_corners_and_not_the_middle():
    corner, middle = np.zeros((2, 16, 16), np.float32)
    corner[0, 15], middle[8, 2] = 1, 1
    assert edge_share(corner) == 1
    assert edge_share(middle) == 0
    assert edge_share(np.zeros((16, 16), np.float32)) == 0


@pytest.mark.parametrize(
    ("threshold", "expected"), [(0, 3 / 4), (0.125, 3 / 4), (0.25, 1 / 4), (0.5, 0), (-1, 1)]
)
def test_share_above_leaves_out_errors_equal_to_the_threshold(threshold, expected):
    errors = np.array([[0, 0.25], [0.25, 0.5]], np.float32)
    share = share_above(errors, threshold)
    assert share == expected
    assert type(share) is float


@pytest.mark.parametrize(
    ("score", "expected"),
    [(np.nextafter(0.01, 0), False), (0.01, False), (np.nextafter(0.01, 1), True)],
)
def test_unusual_means_above_the_threshold_not_at_it(score, expected):
    assert is_unusual(score, 0.01) == expected
    assert AnomalyMap(grey(0), score, 0.01).unusual == expected
