"""Scores of a handful of images, counted by hand."""

import json

import numpy as np
import pytest

from train.metrics.classification import (
    auc_between,
    binary_scores,
    class_scores,
    score_logits,
)

NAMES = ("normal", "bacterial", "viral")


def test_binary_scores_by_hand():
    labels = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 2])
    pneumonia = np.array([0.1, 0.2, 0.3, 0.8, 0.9, 0.25, 0.7, 0.95, 0.4, 0.85])
    # Predicted: 3 of 4 normals right, 4 of 6 pneumonias right. AUC: of the 24 pairs, pneumonia is
    # higher in 4 + 2 + 3 + 4 + 3 + 4 = 20.
    assert binary_scores(labels, pneumonia) == {
        "n": 10,
        "auc": pytest.approx(20 / 24),
        "accuracy": pytest.approx(7 / 10),
        "sensitivity": pytest.approx(4 / 6),
        "specificity": pytest.approx(3 / 4),
        "threshold": 0.5,
        "confusion": [[3, 1], [2, 4]],
    }


@pytest.mark.parametrize(
    ("threshold", "confusion"),
    [
        (0.0, [[1, 1], [0, 2]]),
        (0.25, [[2, 0], [0, 2]]),
        (0.5, [[2, 0], [1, 1]]),
        (0.75, [[2, 0], [2, 0]]),
    ],
)
def test_a_score_equal_to_the_threshold_is_predicted_normal(threshold, confusion):
    scores = binary_scores(np.array([0, 0, 1, 2]), np.array([0.0, 0.25, 0.5, 0.75]), threshold)
    assert scores["confusion"] == confusion
    assert scores["threshold"] == threshold


def test_perfect_and_reversed_scores():
    labels = np.array([0, 1, 2])
    perfect = binary_scores(labels, np.array([0.1, 0.8, 0.9]))
    assert [perfect[name] for name in ("auc", "accuracy", "sensitivity", "specificity")] == [1] * 4
    reverse = binary_scores(labels, np.array([0.9, 0.2, 0.1]))
    assert [reverse[name] for name in ("auc", "accuracy", "sensitivity", "specificity")] == [0] * 4


def test_ties_count_half_in_the_auc():
    assert binary_scores(np.array([0, 1]), np.array([0.5, 0.5]))["auc"] == 0.5


def test_class_scores_by_hand():
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])
    predicted = np.array([0, 0, 0, 1, 1, 1, 2, 2, 0, 1])
    # F1 = 2 right / (true + predicted): 6/8 normal, 4/7 bacterial, 2/5 viral.
    assert class_scores(labels, predicted, NAMES) == {
        "n": 10,
        "accuracy": pytest.approx(6 / 10),
        "macro_f1": pytest.approx((6 / 8 + 4 / 7 + 2 / 5) / 3),
        "recall": pytest.approx({"normal": 3 / 4, "bacterial": 2 / 3, "viral": 1 / 3}),
        "confusion": [[3, 1, 0], [0, 2, 1], [1, 1, 1]],
    }


def test_a_class_never_predicted_keeps_its_row_and_column():
    scores = class_scores(np.array([0, 1, 2]), np.array([0, 1, 0]), NAMES)
    assert scores["confusion"] == [[1, 0, 0], [0, 1, 0], [1, 0, 0]]
    assert scores["recall"] == {"normal": 1, "bacterial": 1, "viral": 0}
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 1 + 0) / 3)


@pytest.mark.filterwarnings("ignore")
def test_a_class_that_does_not_occur_keeps_its_row_and_column():
    scores = class_scores(np.array([0, 1, 1]), np.array([0, 1, 0]), NAMES)
    assert scores["confusion"] == [[1, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert scores["accuracy"] == pytest.approx(2 / 3)


@pytest.mark.parametrize("seed", range(3))
def test_accuracy_is_the_share_on_the_diagonal_of_the_confusion_matrix(seed):
    rng = np.random.default_rng(seed)
    labels = np.concatenate([[0, 1, 2], rng.integers(0, 3, 50)])
    pneumonia = rng.random(53)
    predicted = rng.integers(0, 3, 53)
    for scores, right in (
        (binary_scores(labels, pneumonia), (pneumonia > 0.5) == (labels > 0)),
        (class_scores(labels, predicted, NAMES), predicted == labels),
    ):
        confusion = np.array(scores["confusion"])
        assert confusion.sum() == scores["n"] == 53
        assert scores["accuracy"] == pytest.approx(np.trace(confusion) / 53)
        assert scores["accuracy"] == pytest.approx(right.mean())


@pytest.mark.parametrize(
    ("negative", "positive", "expected"),
    [
        (0, 1, 3 / 4),  # 0.3 and 0.6 against 0.2 and 0.5: 0.3 > 0.2, 0.6 > both
        (1, 0, 1 / 4),
        (1, 2, 1 / 2),
        (0, 2, 1),
    ],
)
def test_auc_between_two_classes(negative, positive, expected):
    labels = np.array([0, 0, 1, 1, 2, 2])
    scores = np.array([0.2, 0.5, 0.3, 0.6, 0.55, 0.55])
    assert auc_between(labels, scores, negative, positive) == pytest.approx(expected)


def test_scores_are_plain_numbers():
    labels = np.array([0, 1, 2])
    results = [
        binary_scores(labels, np.array([0.1, 0.8, 0.9], np.float32)),
        class_scores(labels, labels, NAMES),
        auc_between(labels, np.array([0.1, 0.8, 0.9], np.float32), 0, 1),
    ]
    assert json.loads(json.dumps(results)) == results


def test_scores_of_both_heads_from_logits_by_hand():
    """Normal, bacterial, viral, viral: the last is predicted bacterial, and normal by two classes.

    P(pneumonia) is above a half where the second logit is the larger. The viral share of the two
    causes grows with the third logit less the second: -1 for the bacterial one, 2 and -2 for the
    viral ones, of which one is above it.
    """
    logits = {
        "binary": np.array([[1, 0], [0, 2], [0, 1], [0.5, 0]]),
        "three_class": np.array([[5.0, 0, 0], [0, 1, 0], [0, 0, 2], [0, 3, 1]]),
    }
    assert score_logits(logits, np.array([0, 1, 2, 2])) == {
        "auc": 1.0,
        "accuracy": 0.75,
        "sensitivity": 0.6667,
        "specificity": 1.0,
        "three_class_accuracy": 0.75,
        "bacterial_viral_auc": 0.5,
    }
