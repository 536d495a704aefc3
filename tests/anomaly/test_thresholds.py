"""What a threshold means, counted by hand."""

import numpy as np
import pytest

from cxr_demo.anomaly.thresholds import ScoreDistribution, predictive_values


def test_rates_count_scores_above_the_threshold():
    screening = ScoreDistribution(
        np.array([1, 2, 3, 4]), np.array([2, 4, 6]), {"first": 3, "other": 9}
    )
    assert screening.threshold == 3
    assert screening.sensitivity_specificity(3) == (pytest.approx(2 / 3), pytest.approx(3 / 4))
    assert screening.sensitivity_specificity(4) == (
        pytest.approx(1 / 3),
        1,
    )  # 4 itself is not above 4
    assert screening.sensitivity_specificity(0) == (1, 0)


def test_predictive_values_of_a_hundred_children():
    # 20 ill, 16 of them flagged; 80 well, 8 of them flagged.
    ppv, npv = predictive_values(0.8, 0.9, 0.2)
    assert ppv == pytest.approx(16 / 24)
    assert npv == pytest.approx(72 / 76)


def test_where_nobody_is_flagged_or_spared_there_is_no_predictive_value():
    assert predictive_values(0, 1, 0.3) == (None, pytest.approx(0.7))
    assert predictive_values(1, 0, 0.3) == (pytest.approx(0.3), None)
