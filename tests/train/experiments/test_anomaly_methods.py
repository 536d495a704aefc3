"""The figures of one method, counted by hand."""

import numpy as np
import pytest

from train.experiments.anomaly_methods import summarise_method


def test_figures_of_a_method_by_hand():
    scores = {
        "plain": np.arange(1, 21),  # 19 of 20 lie at or below 19
        "stressed": np.array([18, 19, 20, 30]),
        "blob": np.array([30, 10.5]),  # above 20 and 10 of 20 normals
        "line": np.array([0.5, 30]),  # above none and all of them
        "test": np.array([1, 2, 3, 2.5]),
    }
    figures = summarise_method(scores, ["blob", "line"], np.array([False, False, True, True]))
    assert figures["lesions_auc"] == pytest.approx((20 + 10 + 0 + 20) / 80)
    assert figures["stress_specificity"] == pytest.approx(2 / 4)
    assert figures["test_auc"] == 1
