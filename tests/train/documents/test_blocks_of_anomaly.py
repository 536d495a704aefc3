"""Markdown of the detector and the autoencoder."""

from train.documents.blocks_of_anomaly import (
    card,
    everything_tried,
    localisation,
    readings,
    seeds,
    targets,
)

MEASURED = {
    "auc": 0.931,
    "edge_share_of_normals": 0.12,
    "presets": {
        "specificity_95": {"threshold": 0.25, "sensitivity": 0.8, "specificity": 0.9},
        "youden": {"threshold": 0.1, "sensitivity": 0.9, "specificity": 0.7},
    },
}
HELD_OUT_SCORES = {"presets": {}, "normal": [0.1, 0.2, 0.25, 0.3], "pneumonia": [0.25, 0.5]}


def test_a_card_gives_each_threshold_where_fitted_and_on_the_test():
    text = card(MEASURED, HELD_OUT_SCORES)
    assert "0.931" in text and "12%" in text
    # 0.25 itself is not above 0.25.
    assert "(the default) | 0.25 | 50.0% / 75.0% | 80.0% / 90.0% |" in text
    assert "Youden | 0.1 | 100.0% / 25.0% | 90.0% / 70.0% |" in text


def test_what_was_not_measured_says_so():
    assert card({}, HELD_OUT_SCORES) == localisation({}) == seeds({}) == "not run yet\n"
    assert everything_tried({}) == "not run yet\n"


def test_aims_are_met_or_not():
    evaluation = {
        "detector": {"auc": 0.92},
        "autoencoder": {"auc": 0.49},
        "intervals": {"detector.auc": (0.9, 0.94)},
    }
    found = {"detector": {"lesions": {"all": {"pixel_auc": 0.899}}}}
    image, plain, pixel = targets(evaluation, found).splitlines()[2:]
    assert "0.920 (0.900–0.940) | ≥ 0.92 | yes" in image
    assert "0.490" in plain
    assert "0.899 | ≥ 0.90 | **no**" in pixel


def test_the_best_of_everything_tried_comes_first():
    scores = {"lesions_auc": 0.9, "stress_specificity": 0.85}
    methods = {"first": {**scores, "test_auc": 0.5}, "second": {**scores, "test_auc": 0.8123}}
    rows = everything_tried({"methods": methods}).splitlines()[2:]
    assert rows == ["| second | 0.812 | 0.900 | 0.850 |", "| first | 0.500 | 0.900 | 0.850 |"]


def test_readings_that_scored_no_detector_are_left_out():
    log = [
        {"date": "2026-01-01", "note": "a classifier", "binary": {"auc": 0.9}},
        {"date": "2026-01-02", "note": "", "detector": {"auc": 0.7}},
    ]
    assert readings(log).splitlines()[2:] == ["| 2026-01-02 | — | 0.700 |"]
