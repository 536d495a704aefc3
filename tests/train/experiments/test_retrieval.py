"""Votes of the nearest, counted by hand."""

import numpy as np
import pytest

from train.documents.figures import retrieval_table
from train.experiments.retrieval import score_vote, vote_shares, with_whitened

LABELS = np.array([0, 0, 1, 1, 1, 2])
SIMILARITY = np.array([[0.9, 0.1, 0.8, 0.7, 0.0, 0.2]])


def test_one_vote_each():
    shares = vote_shares(SIMILARITY, LABELS, 3, np.ones(3))
    np.testing.assert_allclose(shares, [[1 / 3, 2 / 3, 0]])


def test_a_rare_class_counts_more():
    """A normal counts 3, a bacterial 1: 3 against 2."""
    shares = vote_shares(SIMILARITY, LABELS, 3, np.array([3.0, 1.0, 1.0]))
    np.testing.assert_allclose(shares, [[0.6, 0.4, 0]])


def test_scores_weigh_classes_alike():
    """Both normals right; of four others three are no normals, two of them as they are."""
    shares = np.array([[0.6, 0.4, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0], [0.8, 0, 0.2]])
    scores = score_vote(shares, np.array([0, 0, 1, 1, 2, 2]))
    assert scores["balanced_accuracy_two"] == pytest.approx((1 + 3 / 4) / 2)
    assert scores["balanced_accuracy_three"] == pytest.approx((1 + 1 + 0) / 3, abs=1e-4)


def test_every_embedding_is_tried_as_it_is_and_whitened():
    rng = np.random.default_rng(0)
    known = {"a": rng.normal(size=(40, 6)) * (10, 1, 1, 1, 1, 1)}
    tried = list(with_whitened(known, {"plain": {"a": known["a"][:5]}}))
    assert [name for name, *_ in tried] == ["a", "a, whitened"]
    _, whitened, asked = tried[1]
    np.testing.assert_allclose(np.linalg.norm(whitened, axis=1), 1)
    np.testing.assert_allclose(asked["plain"], whitened[:5])
    assert whitened.std(axis=0).max() < 2 * whitened.std(axis=0).min()


def test_the_table_joins_conditions_and_leaves_out_what_would_make_it_long():
    rows = [
        {"embedding": name, "condition": condition, "k": k, "votes": "equal",
         "balanced_accuracy_two": k / 100, "balanced_accuracy_three": 0.5}
        for name in ("a", "b") for condition in ("plain", "stressed") for k in (5, 11)
    ]  # fmt: skip
    table = retrieval_table(rows)
    assert [(row["embedding"], row["k"]) for row in table] == [("a", 5), ("a", 11), ("b", 11)]
    assert table[0]["stressed"] == {"two": 0.05, "three": 0.5}
