"""Scores and verdicts of maps, and how both methods come to theirs."""

import numpy as np
import pytest

from cxr_demo.anomaly.density import Density
from cxr_demo.anomaly.maps import (
    EXTENT,
    AnomalyMap,
    edge_share,
    extent_score,
    is_unusual,
    score_anomaly,
    share_above,
)
from cxr_demo.anomaly.reconstruction import AUTOENCODER_SIDE, HIDDEN
from tests.anomaly.test_parts import CHANGE, ZONES, even, parts


def test_both_methods_score_what_they_were_given():
    given = {}

    def reconstruct(image):
        given["autoencoder"] = image
        return np.full_like(image, 0.4)

    frame = np.full((224, 224), 0.5, np.float32)
    brightness = np.linspace(0, 1, 64, dtype=np.float32) * even(1)
    thresholds = {"detector": 3.9, "autoencoder": 0.2}
    anomaly = score_anomaly(
        frame, Density(brightness, even(0)), CHANGE, parts(), reconstruct, thresholds
    )
    seen = given["autoencoder"]
    assert seen.shape == (AUTOENCODER_SIDE, AUTOENCODER_SIDE) and seen.dtype == np.float32
    assert seen[60, 32] == HIDDEN and seen[60, 64] == anomaly.image[60, 64] == 0
    np.testing.assert_allclose(anomaly.reconstruction, 0.4)
    change, error = anomaly.maps["detector"], anomaly.maps["autoencoder"]
    # An even frame is stretched to 0, and the lungs painted at 0.4.
    assert error.score == pytest.approx(0.16, rel=1e-3)
    # Rarity 1 and change 2 everywhere in the lungs, 20 rows high: the 164th brightest pixel of
    # 4,096 is that of the ninth column from the right.
    assert change.score == pytest.approx(3 + 47 / 63, abs=1e-3)
    assert change.values[ZONES == 0].max() == pytest.approx(2, abs=1e-4)
    assert anomaly.primary is change
    for found in (change, error):
        assert type(found.score) is float
        assert not found.unusual
    assert (change.threshold, error.threshold) == (3.9, 0.2)


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
    assert edge_share(middle - 1) == 0  # what is below 0 counts as nothing


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
    assert AnomalyMap(even(0), score, 0.01).unusual == expected
