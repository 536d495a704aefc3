"""Which figures a model card tells."""

import numpy as np
import pytest

from cxr_demo.anomaly.thresholds import ScoreDistribution
from cxr_demo.model_card import card_figures, curves, flat, sentence_values, tables

EVALUATION = {
    "n": 4,
    "binary": {"auc": 0.75, "confusion": [[1, 2], [0, 1]]},
    "detector": {"threshold": 0.5},
    "intervals": {"binary.auc": [0.5, 1.0]},
}
POINTS = {"youden": {"threshold": 0.25}}


@pytest.fixture(scope="module")
def figures() -> dict:
    scores = ScoreDistribution(np.array([0.1, 0.2, 0.3, 0.9]), np.array([0.6]), {})
    return card_figures(EVALUATION, {"n_normals": 7}, POINTS, {"detector": scores})


def test_nested_metrics_go_by_their_paths():
    assert flat({"a": {"b": 1, "c.0": {"d": [2]}}, "e": None}) == {
        "a.b": 1, "a.c.0.d": [2], "e": None,
    }  # fmt: skip


def test_figures_of_all_files_have_a_path(figures):
    assert figures["binary.auc"] == 0.75 and figures["localisation.n_normals"] == 7
    assert figures["held_out.youden.threshold"] == 0.25
    assert figures["spared.detector"] == 0.75  # three of four normals lie below 0.5


def test_a_table_has_figures_with_their_intervals_and_gaps(figures):
    found = {table.name: table for table in tables(figures)}
    two = found["two"]
    auc, accuracy, *_ = two.rows["about.part.binary"]
    assert two.n == 4 and two.columns[:2] == ("auc", "accuracy")
    assert auc == (0.75, 0.5, 1.0) and accuracy == ()
    assert found["held_out"].rows["point.youden"] == [(0.25,), (), ()]
    assert found["lesions.detector"].n == 7


def test_sentences_name_figures_by_their_path(figures):
    values = sentence_values(figures)
    assert values["binary_auc"]("de") == "0,750" and values["binary_auc_percent"]("en") == "75.0%"
    assert (values["alarms"], values["normals"], values["n"]) == (2, 3, 4)


def test_a_curve_has_a_value_an_epoch():
    history = [
        {"validation": {"auc": at}, "validation_stressed": {"auc": at / 2}} for at in (0.5, 0.75)
    ]
    assert curves("classifier.auc", history) == {"plain": [0.5, 0.75], "stressed": [0.25, 0.375]}
