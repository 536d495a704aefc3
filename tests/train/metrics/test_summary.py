"""All figures of twelve images, counted by hand."""

import dataclasses
import functools
import json

import numpy as np
import pytest

from cxr_demo.anomaly.thresholds import ScoreDistribution
from train.metrics import summary as module
from train.metrics.bootstrap import clustered_intervals
from train.metrics.calibration import brier_score, expected_calibration_error
from train.metrics.predictions import Predictions, from_json, to_json
from train.metrics.summary import (
    HEADLINE,
    compute_metrics,
    conformal_coverage,
    headline_metrics,
    specificity_at,
)

HELD_OUT_SCORES = {
    "detector": ScoreDistribution(None, None, {"specificity_95": 0.5, "youden": 0.6}),
    "autoencoder": ScoreDistribution(None, None, {"specificity_95": 0.0025}),
}
POINTS = {"youden": {"threshold": 0.4, "sensitivity": 0.1, "specificity": 0.2}}


@pytest.fixture(autouse=True)
def few_replicates(monkeypatch):
    few = functools.partial(clustered_intervals, replicates=20)
    monkeypatch.setattr(module, "clustered_intervals", few)


@pytest.fixture
def twelve() -> Predictions:
    """Four images of each class, of ten patients."""
    return Predictions(
        ids=np.array([f"image{i}" for i in range(12)]),
        patients=np.array(list("aabcdeefghij")),
        labels=np.repeat([0, 1, 2], 4),
        pneumonia=np.array(
            [0.05, 0.15, 0.35, 0.65, 0.95, 0.85, 0.75, 0.92, 0.82, 0.72, 0.45, 0.25]
        ),
        three_class=np.array(
            [
                *([0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.3, 0.5, 0.2]),
                # Of what is not normal, 0.2, 0.4, 0.3 and 0.6 are viral,
                *([0.1, 0.72, 0.18], [0.1, 0.54, 0.36], [0.2, 0.56, 0.24], [0, 0.4, 0.6]),
                # and here 0.8, 0.7, 0.45 and 0.1.
                *([0.1, 0.18, 0.72], [0.2, 0.24, 0.56], [0, 0.55, 0.45], [0.5, 0.45, 0.05]),
            ]
        ),
        plausible=np.array(
            [
                *([1, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]),
                *([0, 1, 0], [0, 1, 1], [0, 1, 1], [0, 0, 1]),
                *([0, 0, 1], [1, 1, 1], [0, 1, 0], [1, 0, 0]),
            ],
            bool,
        ),
        vote=np.array(
            [
                *([0.9, 0.1, 0], [0.8, 0.1, 0.1], [0.7, 0.3, 0], [0.2, 0.3, 0.5]),
                *([0.1, 0.9, 0], [0, 0.6, 0.4], [0.2, 0.7, 0.1], [0.6, 0.2, 0.2]),
                *([0, 0.1, 0.9], [0.1, 0, 0.9], [0.3, 0.1, 0.6], [0.4, 0.1, 0.5]),
            ]
        ),
        voted=np.array([0, 0, 0, 2, 1, 1, 1, 0, 2, 2, 2, 2]),
        change=np.array([1, 2, 3, 6, 5, 7, 8, 9, 4, 5, 6, 7]) / 10,
        change_at_edge=np.array([0.1, 0.2, 0.3, 0.2, *[0.9] * 8]),
        error=np.array([10, 20, 30, 40, 30, 40, 50, 60, 10, 20, 30, 25]) / 1e4,
        error_at_edge=np.full(12, 0.4),
        grade=np.array([*["usable"] * 9, *["unusual"] * 2, "not_a_chest_radiograph"]),
    )


@pytest.fixture
def figures(twelve):
    return compute_metrics(twelve, POINTS, HELD_OUT_SCORES)


def test_two_classes_by_hand(figures):
    binary = figures["binary"]
    assert binary["n"] == 12
    assert binary["confusion"] == [[3, 1], [2, 6]]
    assert binary["accuracy"] == pytest.approx(9 / 12)
    assert binary["sensitivity"] == pytest.approx(6 / 8)
    assert binary["specificity"] == pytest.approx(3 / 4)
    # Pneumonia is higher than each normal in 8, 8, 7 and 6 of 8.
    assert binary["auc"] == pytest.approx(29 / 32)
    # All 8 are predicted above a threshold below 0.25, where 2 of 4 normals are left.
    assert binary["specificity_at_sensitivity_0.97"] == pytest.approx(2 / 4)
    # Squares of what is missing to the truth, over both classes.
    assert binary["brier"] == pytest.approx(2 * (0.57 + 0.0939 + 0.9758) / 12)
    # By tenths of confidence: 9 of 10 and above, then down to 5 of 10.
    assert binary["expected_calibration_error"] == pytest.approx(
        ((0.05 + 0.05 + 0.08) + (0.15 + 0.15 + 0.18) + (0.75 - 0.53) + (0.65 - 0.35) + 0.55) / 12
    )


def test_three_classes_by_hand(figures, twelve):
    three = figures["three_class"]
    assert three["confusion"] == [[3, 1, 0], [0, 3, 1], [1, 1, 2]]
    assert three["accuracy"] == pytest.approx(8 / 12)
    assert three["recall"] == pytest.approx({"normal": 3 / 4, "bacterial": 3 / 4, "viral": 2 / 4})
    assert three["macro_f1"] == pytest.approx((6 / 8 + 6 / 9 + 4 / 7) / 3)
    # Of 4 bacterial ones, the viral ones lie above 4, 4, 3 and 0.
    assert three["bacterial_viral_auc"] == pytest.approx(11 / 16)
    error = expected_calibration_error(twelve.three_class, twelve.labels)
    assert three["expected_calibration_error"] == pytest.approx(error)
    assert three["brier"] == pytest.approx(brier_score(twelve.three_class, twelve.labels))


def test_votes_and_autoencoder_by_hand(figures):
    assert figures["knn_binary"]["confusion"] == [[3, 1], [1, 7]]
    assert figures["knn_binary"]["accuracy"] == pytest.approx(10 / 12)
    assert figures["knn_three_class"]["confusion"] == [[3, 0, 1], [1, 3, 0], [0, 0, 4]]
    assert figures["knn_three_class"]["accuracy"] == pytest.approx(10 / 12)
    assert figures["autoencoder"]["confusion"] == [[2, 2], [3, 5]]  # 0.0025 itself is usual
    assert figures["autoencoder"]["threshold"] == 0.0025
    assert figures["autoencoder"]["edge_share_of_normals"] == pytest.approx(0.4)


def test_the_detector_by_hand(figures):
    detector = figures["detector"]
    assert detector["confusion"] == [[3, 1], [3, 5]]
    # Pneumonia is higher than each normal in 8, 8, 8 and 4 of 8, and as high once.
    assert detector["auc"] == pytest.approx(28.5 / 32)
    assert detector["presets"]["specificity_95"]["sensitivity"] == pytest.approx(5 / 8)
    assert detector["presets"]["youden"]["sensitivity"] == pytest.approx(4 / 8)
    assert detector["presets"]["youden"]["specificity"] == 1
    assert detector["edge_share_of_normals"] == pytest.approx(0.2)


def test_a_sensitivity_of_97_hundredths_is_asked_for(twelve):
    # Of 40 pneumonias, 38 lie above all normals; the next, at 0.45, makes 0.975, above 3 of 4.
    forty = twelve[[0, 1, 2, 3, *[4] * 38, 10, 11]]
    binary = compute_metrics(forty, POINTS, HELD_OUT_SCORES)["binary"]
    assert binary["specificity_at_sensitivity_0.97"] == pytest.approx(3 / 4)


def test_operating_points_are_measured_anew_at_their_thresholds(figures):
    assert figures["operating_points"] == {
        "youden": {
            "n": 12,
            "accuracy": pytest.approx(10 / 12),
            "sensitivity": pytest.approx(7 / 8),
            "specificity": pytest.approx(3 / 4),
            "threshold": 0.4,
            "confusion": [[3, 1], [1, 7]],
        }
    }


def test_coverage_by_hand(figures, twelve):
    expected = {
        "coverage": pytest.approx(8 / 12),
        "coverage_by_class": pytest.approx({"normal": 3 / 4, "bacterial": 3 / 4, "viral": 2 / 4}),
        "mean_size": pytest.approx(17 / 12),
        "share_sure": pytest.approx(8 / 12),
        "accuracy_where_sure": pytest.approx(4 / 8),
    }
    assert conformal_coverage(twelve) == expected
    assert figures["conformal"] == expected


def test_where_nothing_is_sure_there_is_no_accuracy(twelve):
    unsure = dataclasses.replace(twelve, plausible=np.ones((12, 3), bool))
    measured = conformal_coverage(unsure)
    assert measured["accuracy_where_sure"] is None
    assert (measured["share_sure"], measured["coverage"], measured["mean_size"]) == (0, 1, 3)


@pytest.mark.parametrize("head", ["binary", "three_class", "knn_binary", "knn_three_class"])
@pytest.mark.parametrize("seed", range(3))
def test_accuracy_and_confusion_come_from_one_array(seed, head):
    rng = np.random.default_rng(seed)
    n, labels = 45, np.repeat([0, 1, 2], 15)
    three_class, vote = rng.dirichlet([1, 1, 1], n), rng.dirichlet([1, 1, 1], n)
    ids = np.arange(n).astype(str)
    scores = compute_metrics(
        Predictions(
            ids,
            ids,
            labels,
            rng.random(n),
            three_class,
            three_class > 0.3,
            vote,
            vote.argmax(axis=1),
            *rng.random((4, n)),
            np.full(n, "usable"),
        ),
        POINTS,
        HELD_OUT_SCORES,
    )[head]
    confusion = np.array(scores["confusion"])
    right = np.diag(confusion)
    assert confusion.sum() == scores["n"] == n
    assert scores["accuracy"] == pytest.approx(right.sum() / n)
    recall = scores.get("recall") or {
        "normal": scores["specificity"],
        "pneumonia": scores["sensitivity"],
    }
    assert list(recall.values()) == pytest.approx(right / confusion.sum(axis=1))


@pytest.mark.parametrize(
    ("sensitivity", "expected"), [(1, 1 / 4), (0.8, 1 / 4), (0.75, 3 / 4), (0.5, 3 / 4), (0.25, 1)]
)
def test_specificity_at_a_sensitivity_by_hand(sensitivity, expected):
    truth = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    scores = np.array([0.1, 0.3, 0.4, 0.7, 0.2, 0.6, 0.65, 0.9])
    assert specificity_at(truth, scores, sensitivity) == pytest.approx(expected)


def test_scores_in_a_tie_are_called_together():
    truth, scores = np.array([0, 0, 1, 1]), np.array([0.1, 0.5, 0.5, 0.9])
    assert specificity_at(truth, scores, 1) == 0.5
    assert specificity_at(truth, np.full(4, 0.5), 1) == 0


def flat(figures: dict, prefix: str = "") -> dict:
    """Figures by their path, joined by dots."""
    found = {}
    for name, value in figures.items():
        found |= (
            flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
        )
    return found


def test_a_headline_is_the_figure_it_is_named_after(figures, twelve):
    by_path, headlines = flat(figures), headline_metrics(twelve)
    assert tuple(headlines) == HEADLINE
    for name in HEADLINE:
        assert headlines[name] == by_path[name], name


def test_without_one_of_the_classes_a_headline_is_undefined(twelve):
    for label in (0, 1, 2):
        partial = headline_metrics(twelve[twelve.labels != label])
        assert tuple(partial) == HEADLINE
        assert all(np.isnan(value) for value in partial.values())


def test_every_headline_has_an_interval(figures):
    assert tuple(figures["intervals"]) == HEADLINE
    for low, high in figures["intervals"].values():
        assert 0 <= low < high <= 1


def test_intervals_resample_patients(twelve):
    """Three patients, one per class: every draw that holds all of them is the set itself."""
    three = dataclasses.replace(twelve, patients=np.repeat(["a", "b", "c"], 4))
    headlines = headline_metrics(three)
    for name, (low, high) in compute_metrics(three, POINTS, HELD_OUT_SCORES)["intervals"].items():
        assert low == pytest.approx(high) == pytest.approx(headlines[name])


def test_figures_of_the_file_are_those_of_the_run(figures, twelve):
    assert compute_metrics(from_json(to_json(twelve)), POINTS, HELD_OUT_SCORES) == figures


def test_figures_are_plain_numbers(figures):
    assert json.loads(json.dumps(figures)) == figures


def test_grades_are_counted(twelve):
    assert compute_metrics(twelve, POINTS, HELD_OUT_SCORES)["gate"] == {
        "usable": 9 / 12,
        "unusual": 2 / 12,
        "not_a_chest_radiograph": 1 / 12,
    }
