"""Figures worked out for documents, on values small enough to work out by hand."""

import pytest

from train.documents.figures import (
    held_out_rates,
    met,
    over_stresses,
    parity_figures,
    times_slower,
    with_intervals,
)


@pytest.mark.parametrize(
    ("aim", "values", "said"),
    [
        ("≥ 0.92", (0.92,), "yes"),
        ("≥ 0.92", (0.9199,), "**no**"),
        ("≤ 450 MB", (450,), "yes"),
        ("≤ 450 MB", (450.1,), "**no**"),
        ("≤ 1 %", (0.01,), "yes"),
        ("≤ 1 %", (0.0101,), "**no**"),
        ("≤ 5 s, ≥ 3 times sooner", (5, 3), "yes"),
        ("≤ 5 s, ≥ 3 times sooner", (5.1, 3), "**no**"),
        ("≤ 5 s, ≥ 3 times sooner", (5, 2.9), "**no**"),
        ("≥ 0.92", (float("nan"),), "**no**"),
    ],
)
def test_a_bound_itself_is_met_and_a_miss_is_bold(aim, values, said):
    assert met(aim, *values) == said


@pytest.mark.parametrize(
    ("aim", "values"),
    [("0.92", (1,)), ("> 0.92", (1,)), ("≥ 1,000", (2,)), ("≥ 0.92", ()), ("≥ 1, ≤ 2", (1,))],
)
def test_an_aim_that_cannot_be_compared_is_an_error(aim, values):
    with pytest.raises(ValueError):
        met(aim, *values)


def test_a_figure_is_found_beside_its_interval_though_its_name_holds_a_dot():
    evaluation = {
        "binary": {"specificity_at_0.97": 0.9},
        "three_class": {"recall": {"viral": 0.8}},
        "intervals": {
            "binary.specificity_at_0.97": [0.1, 0.95],
            "three_class.recall.viral": [0, 1],
        },
    }
    assert with_intervals(evaluation) == {
        "binary.specificity_at_0.97": {"value": 0.9, "low": 0.1, "high": 0.95},
        "three_class.recall.viral": {"value": 0.8, "low": 0, "high": 1},
    }


def test_a_score_equal_to_the_threshold_is_not_above_it():
    screening = {"normal": [0.1, 0.2, 0.25, 0.3], "pneumonia": [0.25, 0.5], "presets": {}}
    assert held_out_rates(screening, 0.25) == (0.5, 0.75)


def test_stresses_are_averaged_without_the_plain_images():
    scores = {
        "plain": {"auc": 0, "three_class_accuracy": 0},
        "blur": {"auc": 0.5, "three_class_accuracy": 0.25},
        "grain": {"auc": 1.0, "three_class_accuracy": 0.75},
    }
    assert over_stresses(scores) == {
        "auc": 0.75,
        "three_class_accuracy": 0.5,
        "worst_auc": 0.5,
    }


def test_a_head_that_was_not_trained_has_no_figures():
    scores = {"plain": {"three_class_accuracy": 0.5}, "blur": {"three_class_accuracy": 0.5}}
    assert over_stresses(scores) == {"auc": None, "three_class_accuracy": 0.5, "worst_auc": None}


def test_times_and_rates_are_compared_with_ours():
    bench = {
        "latency_ms": {"ours": {"p50": 50}, "obvious": {"p50": 400}, "tf_function": {"p50": 100}},
        "cold_start_s": {
            "ours": {"first_page": 2, "first_answer": 4},
            "obvious": {"first_page": 10, "first_answer": 12},
        },
        "batch_images_per_s": {"ours": 21, "obvious": 3},
    }
    assert times_slower(bench) == {
        "obvious": 8,
        "tf_function": 2,
        "first_page": 5,
        "first_answer": 3,
        "folder": 7,
    }


def test_parity_is_that_of_the_worse_head_and_its_gap_has_no_sign():
    parity = {
        "binary": {"share_near": 0.75},
        "three_class": {"share_near": 0.5},
        "auc": {"kept": 0.25, "served": 0.75},
    }
    assert parity_figures(parity) == {"share_near": 0.5, "auc_gap": 0.5}
