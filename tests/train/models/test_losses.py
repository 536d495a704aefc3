"""The losses, against values worked out by hand."""

import keras
import numpy as np
import pytest

from train.models.losses import TEMPERATURE, NegativeLogLikelihood, SupervisedContrastive, loss_of


def contrastive(classes: list[int], embeddings: list) -> np.ndarray:
    values = SupervisedContrastive().call(
        keras.ops.convert_to_tensor(np.eye(3, dtype=np.float32)[classes]),
        keras.ops.convert_to_tensor(np.array(embeddings, np.float32)),
    )
    return keras.ops.convert_to_numpy(values)


def test_two_of_a_class_beside_one_of_another():
    """A and B at cosine 1 share a class, C is at right angles: -log(e^10 / (e^10 + 1)) for A and
    B, whatever their lengths; C has nobody of its class and counts nothing."""
    assert TEMPERATURE == 0.1
    losses = contrastive([0, 0, 1], [[1, 0], [3, 0], [0, 2]])
    expected = np.log1p(np.exp(-10.0))
    assert losses == pytest.approx([expected, expected, 0], abs=1e-5)


def test_apart_costs_more_than_together():
    """A's only partner lies opposite and the stranger at right angles: log(1 + e^10)."""
    losses = contrastive([0, 0, 1], [[1, 0], [-1, 0], [0, 1]])
    assert losses[0] == pytest.approx(np.log1p(np.exp(10.0)), abs=1e-3)


def test_heads_are_given_cross_entropy_and_embeddings_the_contrastive_loss():
    assert isinstance(loss_of("embedding", 0.1), SupervisedContrastive)
    logits, target = np.array([[0.0, np.log(3.0)]], np.float32), np.array([[0.0, 1.0]], np.float32)
    assert float(loss_of("binary", 0.0)(target, logits)) == pytest.approx(np.log(4 / 3), abs=1e-5)
    # Smoothed by 0.2 the target is (0.1, 0.9): 0.1 log 4 + 0.9 log 4/3.
    smoothed = 0.1 * np.log(4) + 0.9 * np.log(4 / 3)
    assert float(loss_of("binary", 0.2)(target, logits)) == pytest.approx(smoothed, abs=1e-5)


def test_likelihood_counts_an_error_in_units_of_the_variance_it_expects():
    truth = np.ones((1, 1, 2, 1), np.float32)
    # Off by a half: once where a variance of 4 is expected, once where one of 1 is.
    predicted = np.array([[[[0.5, np.log(4)], [0.5, 0.0]]]], np.float32)
    values = keras.ops.convert_to_numpy(NegativeLogLikelihood().call(truth, predicted))
    assert values.shape == (1, 1, 2, 1)
    np.testing.assert_allclose(values.ravel(), [0.25 / 4 + np.log(4), 0.25], rtol=1e-6)
