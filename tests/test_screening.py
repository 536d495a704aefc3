"""Thresholds and what they mean, counted by hand."""

import numpy as np
import pytest

from cxr_demo.screening import (
    Screening,
    predictive_values,
    threshold_at_specificity,
    youden_threshold,
)


def test_rates_count_scores_above_the_threshold():
    screening = Screening(np.array([1, 2, 3, 4]), np.array([2, 4, 6]), {"first": 3, "other": 9})
    assert screening.threshold == 3
    assert screening.rates(3) == (pytest.approx(2 / 3), pytest.approx(3 / 4))
    assert screening.rates(4) == (pytest.approx(1 / 3), 1)  # 4 itself is not above 4
    assert screening.rates(0) == (1, 0)


def test_predictive_values_of_a_hundred_children():
    # 20 ill, 16 of them flagged; 80 well, 8 of them flagged.
    ppv, npv = predictive_values(0.8, 0.9, 0.2)
    assert ppv == pytest.approx(16 / 24)
    assert npv == pytest.approx(72 / 76)


def test_where_nobody_is_flagged_or_spared_there_is_no_predictive_value():
    assert predictive_values(0, 1, 0.3) == (None, pytest.approx(0.7))
    assert predictive_values(1, 0, 0.3) == (pytest.approx(0.3), None)


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
