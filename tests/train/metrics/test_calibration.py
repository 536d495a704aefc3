"""Calibration error, Brier score and reliability curve, with answers that can be written down."""

import json

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss

from train.metrics.calibration import (
    BINS,
    brier_score,
    expected_calibration_error,
    reliability_curve,
)


def binary(*first) -> np.ndarray:
    first = np.array(first, np.float64)
    return np.stack([first, 1 - first], axis=1)


@pytest.mark.parametrize(
    ("first", "labels", "expected"),
    [
        ([1, 1, 0], [0, 0, 1], 0),
        ([1, 1], [1, 1], 1),
        ([1, 0.95], [0, 1], 0.475),  # 1 belongs to the last bin: 0.975 against 1/2
        ([0.75] * 4, [0, 0, 0, 1], 0),
        # 0.875 against 1/2 in one half, 0.75 against 1 in the other
        ([0.875, 0.875, 0.75, 0.75], [0, 1, 0, 0], 0.3125),
        # bins weigh by their images: 3/4 of 0.125, and 1/4 of 0.75
        ([0.875, 0.875, 0.875, 0.25], [0, 0, 0, 0], 0.28125),
    ],
)
def test_calibration_error_by_hand(first, labels, expected):
    error = expected_calibration_error(binary(*first), np.array(labels))
    assert error == pytest.approx(expected)
    assert type(error) is float


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ([0.9375, 0.8125], 0.4375),  # in two bins: (0.0625 + 0.8125) / 2
        ([0.9375, 0.90625], 0.421875),  # in one: 0.921875 against 1/2
    ],
)
def test_there_are_ten_bins(first, expected):
    assert BINS == 10
    error = expected_calibration_error(binary(*first), np.array([0, 1]))
    assert error == pytest.approx(expected)


def test_calibration_error_of_three_classes_looks_at_the_class_called():
    probabilities = np.array([[0.125, 0.25, 0.625], [0.625, 0.25, 0.125]])
    assert expected_calibration_error(probabilities, np.array([2, 1])) == pytest.approx(
        0.125  # 0.625 against 1/2
    )


def test_weights_count_images_as_if_there_were_more_of_them():
    # 0.75 sure, right and wrong: the right one counts three times, so accuracy is 3/4 too.
    probabilities, labels = binary(0.75, 0.75), np.array([0, 1])
    plain = expected_calibration_error(probabilities, labels)
    weighted = expected_calibration_error(probabilities, labels, np.array([3.0, 1.0]))
    assert (plain, weighted) == pytest.approx((0.25, 0))


@pytest.mark.parametrize(
    ("probabilities", "labels", "expected"),
    [
        (binary(1, 0), [0, 1], 0),
        (binary(1, 0), [1, 0], 2),
        (binary(0.5), [0], 0.5),
        (binary(0.75, 0.75), [0, 1], (0.125 + 1.125) / 2),
        (np.full((1, 3), 1 / 3), [2], 2 / 3),  # 4/9 + 1/9 + 1/9
        (np.array([[0.5, 0.25, 0.25]]), [1], 0.875),  # 1/4 + 9/16 + 1/16
    ],
)
def test_brier_score_by_hand(probabilities, labels, expected):
    score = brier_score(probabilities, np.array(labels))
    assert score == pytest.approx(expected)
    assert type(score) is float


def test_the_true_probability_has_the_best_brier_score():
    labels = np.array([0, 0, 0, 1])
    scores = {p: brier_score(binary(*[p] * 4), labels) for p in (0.65, 0.75, 0.85)}
    assert min(scores, key=scores.get) == 0.75


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_brier_score_is_scikit_learn_s(classes, weighted):
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(classes), 50)
    labels, weights = rng.integers(classes, size=50), rng.random(50) if weighted else None
    theirs = brier_score_loss(labels, probabilities, sample_weight=weights, scale_by_half=False)
    assert brier_score(probabilities, labels, weights) == pytest.approx(theirs)


def test_reliability_curve_by_hand():
    probability = np.array([0.0, 0.05, 0.25, 0.25, 0.25, 0.25, 0.95, 1.0])
    positive = np.array([0, 0, 1, 0, 0, 0, 1, 1], bool)
    curve = reliability_curve(probability, positive)
    assert list(curve) == ["stated", "observed", "share"]
    assert curve["stated"] == pytest.approx([0.025, 0.25, 0.975])
    assert curve["observed"] == pytest.approx([0, 1 / 4, 1])
    assert curve["share"] == pytest.approx([2 / 8, 4 / 8, 2 / 8])


def test_a_low_probability_is_a_bin_of_its_own():
    """Unlike the calibration error, the curve follows one class over all of [0, 1]."""
    curve = reliability_curve(np.array([0.15, 0.85]), np.array([False, True]))
    assert curve["stated"] == pytest.approx([0.15, 0.85])


@pytest.mark.parametrize("seed", range(3))
def test_whole_weights_are_repetitions(seed):
    rng = np.random.default_rng(seed)
    probabilities, labels = rng.dirichlet([1, 1, 1], 40), rng.integers(0, 3, 40)
    times = rng.integers(0, 4, 40)
    repeated, of = np.repeat(probabilities, times, axis=0), np.repeat(labels, times)
    for measured in (expected_calibration_error, brier_score):
        assert measured(probabilities, labels, times) == pytest.approx(measured(repeated, of))
    weighted = reliability_curve(probabilities[:, 0], labels == 0, times)
    plain = reliability_curve(repeated[:, 0], of == 0)
    for name in ("stated", "observed", "share"):
        assert weighted[name] == pytest.approx(plain[name])


def test_weights_that_are_all_alike_change_nothing():
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet([1, 1], 30), rng.integers(0, 2, 30)
    alike = np.full(30, 0.25)
    for measured in (expected_calibration_error, brier_score):
        assert measured(probabilities, labels, alike) == pytest.approx(
            measured(probabilities, labels)
        )
    curve = reliability_curve(probabilities[:, 1], labels == 1, alike)
    assert sum(curve["share"]) == pytest.approx(1)
    plain = reliability_curve(probabilities[:, 1], labels == 1)
    assert curve["observed"] == pytest.approx(plain["observed"])


def test_a_curve_is_plain_numbers():
    curve = reliability_curve(np.array([0.15, 0.85], np.float32), np.array([False, True]))
    assert json.loads(json.dumps(curve)) == curve
