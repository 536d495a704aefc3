"""Operating points, least probabilities and thresholds of a few images, counted by hand."""

import json

import numpy as np
import pytest

from train.data.kermany import CLASSES
from train.metrics.classification import binary_scores
from train.metrics.thresholds import (
    conformal_thresholds,
    operating_points,
    threshold_at_specificity,
    youden_threshold,
)


def test_operating_points_by_hand():
    # 10 normals at 0.05 … 0.95 by 0.1, and 20 pneumonias: 1 at 0.2, 4 at 0.5, 15 at 0.8.
    truth = np.repeat([0, 1], [10, 20])
    pneumonia = np.concatenate([np.arange(0.05, 1, 0.1), np.repeat([0.2, 0.5, 0.8], [1, 4, 15])])
    points = operating_points(truth, pneumonia[None], np.arange(len(truth)))
    assert list(points) == ["youden", "sensitivity_95", "specificity_90"]
    assert points["sensitivity_95"]["sensitivity"] == pytest.approx(19 / 20)
    assert points["sensitivity_95"]["specificity"] == pytest.approx(5 / 10)
    assert 0.45 <= points["sensitivity_95"]["threshold"] < 0.5
    assert points["specificity_90"]["sensitivity"] == pytest.approx(0)
    assert points["specificity_90"]["specificity"] == pytest.approx(9 / 10)
    assert 0.85 <= points["specificity_90"]["threshold"] < 0.95


def test_perfect_scores_need_no_compromise():
    points = operating_points(
        np.array([0, 0, 1, 1]), np.array([[0.1, 0.2, 0.6, 0.9]]), np.arange(4)
    )
    for point in (points["youden"], points["sensitivity_95"], points["specificity_90"]):
        assert (point["sensitivity"], point["specificity"]) == (1, 1)
        assert 0.2 <= point["threshold"] < 0.6


def test_a_threshold_stands_clear_of_the_scores():
    points = operating_points(np.array([0, 1]), np.array([[0.25, 0.75]]), np.arange(2))
    assert points["youden"]["threshold"] == 0.5


@pytest.mark.parametrize("decimals", [1, 2, 6], ids=["many ties", "some ties", "no ties"])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_stated_is_what_calling_at_the_threshold_gives(seed, decimals):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, 200)
    # Well apart from 0 and from 1, and with enough of each class at the top.
    pneumonia = (0.1 + 0.5 * rng.random(200) + 0.3 * truth).round(decimals)
    points = operating_points(truth, pneumonia[None], np.arange(len(truth)))
    for point in points.values():
        predicted = binary_scores(truth, pneumonia, point["threshold"])
        assert point["sensitivity"] == pytest.approx(predicted["sensitivity"])
        assert point["specificity"] == pytest.approx(predicted["specificity"])

    # No other threshold is better: all that can differ are those at a score, and below all.
    every = [binary_scores(truth, pneumonia, t) for t in (-1, *np.unique(pneumonia))]
    assert points["sensitivity_95"]["sensitivity"] >= 0.95
    assert points["sensitivity_95"]["specificity"] == pytest.approx(
        max(s["specificity"] for s in every if s["sensitivity"] >= 0.95)
    )
    assert points["specificity_90"]["specificity"] >= 0.90
    assert points["specificity_90"]["sensitivity"] == pytest.approx(
        max(s["sensitivity"] for s in every if s["specificity"] >= 0.90)
    )


def test_the_largest_sum_has_a_margin_for_other_patients():
    """Of 40 normals at 0.1 and one at 0.6, and of 41 with pneumonia of which two lie at 0.5: the
    sum is largest at 0.3, but where the two are not drawn, and the one is, at 0.75."""
    truth = np.repeat([0, 1], 41)
    pneumonia = np.r_[[0.1] * 40, 0.6, [0.5] * 2, [0.9] * 39]
    alone = operating_points(truth, pneumonia[None], np.arange(82))["youden"]
    assert alone["threshold"] == pytest.approx(0.75)
    # All of each side are one patient's, so that nothing is left to chance but how often.
    same = operating_points(truth, pneumonia[None], truth)["youden"]
    assert same["threshold"] == pytest.approx(0.3)
    assert same["sensitivity"] == 1 and same["specificity"] == pytest.approx(40 / 41)


def test_the_worst_condition_decides():
    """Plain, any threshold from 0.3 to 0.7 is perfect; brighter copies leave 0.6 to 0.7 alone,
    where darker ones lose one of the two with pneumonia."""
    truth = np.array([0, 0, 1, 1])
    plain, brighter = [0.1, 0.3, 0.7, 0.9], [0.2, 0.6, 0.8, 0.95]
    points = operating_points(truth, np.array([plain, brighter]), truth)
    assert 0.6 <= points["youden"]["threshold"] < 0.7
    assert points["youden"]["worst_sensitivity"] == points["youden"]["worst_specificity"] == 1
    darker = [0.05, 0.1, 0.4, 0.8]
    points = operating_points(truth, np.array([plain, brighter, darker]), truth)
    assert points["youden"]["worst_sensitivity"] + points["youden"]["worst_specificity"] == 1.5
    assert points["sensitivity_95"]["threshold"] < 0.4
    assert points["sensitivity_95"]["worst_specificity"] == 0.5


def test_intervals_hold_the_rates_and_widen_with_few_patients():
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 100)
    kind = np.repeat(rng.random(20), 10)  # images of ten are alike, and so are their scores
    pneumonia = (0.1 * rng.random(200) + 0.3 * kind + 0.2 + 0.1 * truth)[None]
    many = operating_points(truth, pneumonia, np.arange(200))["specificity_90"]
    few = operating_points(truth, pneumonia, np.arange(200) // 10)["specificity_90"]
    assert many["threshold"] == few["threshold"]
    for name in ("sensitivity", "specificity"):
        low, high = many[f"{name}_interval"]
        assert low <= many[name] <= high
        wider = few[f"{name}_interval"]
        assert wider[1] - wider[0] > 1.2 * (high - low) > 0.05


def test_operating_points_are_plain_numbers():
    points = operating_points(np.array([0, 1]), np.array([[0.25, 0.75]]), np.arange(2))
    assert json.loads(json.dumps(points)) == points


def of_one_class(label: int, own: list[float]) -> np.ndarray:
    """Probabilities (N, 3) with the given ones for a class, the rest shared by the others."""
    rest = (1 - np.array(own)) / 2
    three_class = np.stack([rest] * 3, axis=1)
    three_class[:, label] = own
    return three_class


@pytest.mark.parametrize(
    ("n", "miss", "expected"),
    [
        (9, 0.1, 0.01),  # the first of nine: a tenth image falls below it in 1 of 10
        (8, 0.1, 0),  # of eight, none is low enough
        (19, 0.1, 0.02),
        (18, 0.1, 0.01),
        (9, 0.5, 0.05),
        (9, 0, 0),
    ],
)
def test_least_probability_by_hand(n, miss, expected):
    own = np.arange(1, n + 1) / 100  # 0.01, 0.02, …
    shuffled = np.random.default_rng(0).permutation(own)
    three_class, labels = of_one_class(1, shuffled), np.ones(n, int)
    least = conformal_thresholds(three_class, labels, miss)
    assert least == pytest.approx({"normal": 0, "bacterial": expected, "viral": 0})


def test_each_class_is_measured_by_its_own_images():
    own = {"normal": 0.5, "bacterial": 0.2, "viral": 0.35}
    three_class = np.concatenate([of_one_class(i, [own[n]] * 9) for i, n in enumerate(CLASSES)])
    labels = np.repeat([0, 1, 2], 9)
    mixed = np.random.default_rng(0).permutation(27)
    assert conformal_thresholds(three_class[mixed], labels[mixed], 0.1) == pytest.approx(own)


@pytest.mark.parametrize("n", [9, 10, 37, 100])
@pytest.mark.parametrize("miss", [0.05, 0.1, 0.25])
def test_at_most_the_given_share_stays_below(n, miss):
    three_class = np.random.default_rng(n).dirichlet([1, 1, 1], 3 * n)
    labels = np.repeat([0, 1, 2], n)
    least = conformal_thresholds(three_class, labels, miss)
    for label, name in enumerate(CLASSES):
        assert (three_class[labels == label, label] < least[name]).mean() <= miss


def test_the_promise_holds_for_images_not_seen():
    """Averaged over many small calibration sets, a new image is missed in 1 of 10 and no more."""
    rng, missed = np.random.default_rng(0), []
    for _ in range(300):
        three_class = rng.dirichlet([1, 1, 1], 219)
        labels = np.zeros(219, int)
        least = conformal_thresholds(three_class[:19], labels[:19], 0.1)["normal"]
        missed.append((three_class[19:, 0] < least).mean())
    assert np.mean(missed) == pytest.approx(0.1, abs=0.015)


def test_least_probabilities_are_plain_numbers():
    least = conformal_thresholds(of_one_class(0, [0.5] * 9), np.zeros(9, int), 0.1)
    assert json.loads(json.dumps(least)) == least


def test_youden_takes_the_threshold_of_the_largest_sum():
    # Above 3: 3 of 4 pneumonias, 1 of 5 normals; above 4: 3 of 4 and none.
    assert youden_threshold(np.array([1, 2, 3, 3, 4]), np.array([2, 5, 6, 7])) == 4


def test_youden_takes_the_least_of_equals():
    assert youden_threshold(np.array([1, 2]), np.array([4, 5])) == 2


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
    assert (scores > threshold).sum() == 2


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
