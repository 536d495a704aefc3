"""Error map, score and threshold, with errors small enough to sum by hand."""

import numpy as np
import pytest

from cxr_demo.anomaly import (
    SIDE,
    Anomaly,
    assess,
    error_map,
    is_unusual,
    share_above,
    threshold_at_specificity,
)


def grey(value: float, side: int = SIDE) -> np.ndarray:
    return np.full((side, side), value, np.float32)


@pytest.mark.parametrize(
    ("image", "reconstruction", "expected"), [(0.5, 0.4, 0.01), (0.2, 0.5, 0.09), (0.3, 0.3, 0)]
)
def test_even_difference_gives_an_even_error_map(image, reconstruction, expected):
    errors = error_map(grey(image), grey(reconstruction))
    assert errors.dtype == np.float32 and errors.shape == (SIDE, SIDE)
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


def test_assess_scores_the_image_the_network_was_given():
    given = []

    def reconstruct(image):
        given.append(image)
        return image - np.float32(0.1)

    anomaly = assess(grey(0.5, 224), reconstruct, threshold=0.02)
    (image,) = given
    assert image.shape == (SIDE, SIDE) == (128, 128)
    assert image.dtype == np.float32
    np.testing.assert_allclose(anomaly.image, 0.5, atol=1e-6)
    np.testing.assert_allclose(anomaly.reconstruction, 0.4, atol=1e-6)
    np.testing.assert_allclose(anomaly.error_map, 0.01, atol=1e-6)
    assert anomaly.score == pytest.approx(0.01, rel=1e-4)
    assert type(anomaly.score) is float
    assert anomaly.threshold == 0.02
    assert not anomaly.unusual


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
    assert Anomaly(grey(0), grey(0), grey(0), score, 0.01).unusual == expected


@pytest.mark.parametrize(
    ("n", "specificity", "expected"),
    [
        (20, 0.95, 19),
        (20, 0.951, 20),
        (20, 0.949, 19),
        (21, 0.95, 20),  # 19 of 21 are 90.5 %, 20 of 21 are 95.2 %
        (19, 0.95, 19),
        (10, 0.5, 5),
        (1, 0.95, 1),
        (10, 0.001, 1),
        (10, 0.999, 10),
        (100, 0.55, 55),
        (100, 0.56, 56),
        (100, 0.57, 57),
    ],
)
def test_threshold_is_the_smallest_score_that_leaves_enough_unflagged(n, specificity, expected):
    scores = np.arange(n, 0, -1)
    threshold = threshold_at_specificity(scores, specificity)
    assert threshold == expected
    assert type(threshold) is float


def test_threshold_flags_no_more_than_one_normal_in_twenty_by_default():
    scores = np.arange(1, 41) / 40
    threshold = threshold_at_specificity(scores)
    assert threshold == 38 / 40
    assert sum(is_unusual(score, threshold) for score in scores) == 2


def test_threshold_among_tied_scores():
    assert threshold_at_specificity([1, 1, 1, 1, 7], 0.8) == 1
    assert threshold_at_specificity([1, 1, 1, 1, 7], 0.81) == 7


@pytest.mark.parametrize("scores", [[], [0.1, np.nan], [0.1, np.inf], [-np.inf, 0.1]])
def test_scores_that_cannot_be_ranked_are_an_error(scores):
    with pytest.raises(ValueError, match="normal_scores"):
        threshold_at_specificity(scores)


@pytest.mark.parametrize("specificity", [0, 1, -0.1, 1.5, 95, np.nan])
def test_specificity_outside_0_to_1_is_an_error_that_quotes_it(specificity):
    with pytest.raises(ValueError, match=f"specificity.*{specificity}"):
        threshold_at_specificity([0.1, 0.2], specificity)
