"""Thresholds from scores that can be counted."""

import numpy as np
import pytest

from train.metrics.thresholds import threshold_at_specificity
from train.recipes.held_out_scores import fit_score_distribution


def test_thresholds_are_the_upper_ends_of_intervals_of_patients_rounded_up():
    rng = np.random.default_rng(0)
    normals = rng.normal(0, 1, 200)
    scores = np.concatenate([normals, [4.0, 5.0]])
    pneumonia = np.repeat([False, True], [200, 2])
    patients = np.concatenate([np.arange(200) // 2, [500, 501]])
    found = fit_score_distribution(scores, pneumonia, patients, "detector")
    for share in (95, 90, 99):
        low, high = found["intervals"][f"specificity_{share}"]
        assert low < threshold_at_specificity(normals, share / 100) <= high
        preset = found["presets"][f"specificity_{share}"]
        assert high <= preset < high + 0.0101
        assert preset * 100 == pytest.approx(round(preset * 100))
    assert next(iter(found["presets"])) == "specificity_95"
    assert found["presets"]["youden"] == pytest.approx(np.ceil(normals.max() * 100) / 100)
    assert found["pneumonia"] == [4.0, 5.0] and found["normal"] == sorted(found["normal"])


def test_images_of_one_patient_count_as_one_draw():
    """Two hundred images of two patients say less than two hundred patients."""
    scores = np.repeat([0.0, 1.0], 100)
    few = fit_score_distribution(
        np.append(scores, 2), np.arange(201) == 200, np.repeat([0, 1, 2], [100, 100, 1]), "detector"
    )
    assert few["intervals"]["specificity_95"] == [0, 1]


def test_the_report_s_threshold_is_offered_for_its_method_as_it_was():
    scores, pneumonia = np.array([0.003, 0.02]), np.array([False, True])
    found = fit_score_distribution(scores, pneumonia, np.array(["a", "b"]), "autoencoder")
    assert next(iter(found["presets"])) == "specificity_95"
    assert found["presets"]["report"] == 0.01
    assert "report" not in found["intervals"]
