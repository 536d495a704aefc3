"""Distances of activations from Gaussians, worked out by hand."""

import numpy as np
import pytest

from cxr_demo.anomaly.padim import MAX_SCORE, CellGaussians, log_mahalanobis


def gaussians() -> CellGaussians:
    """Two of four cells; of three channels the first two count, the second twice as much."""
    cells = np.array([[False, True], [False, True]])
    whitening = np.tile(np.diag([1.0, 2.0]).astype(np.float32), (2, 1, 1))
    return CellGaussians(
        cells,
        np.eye(3, 2, dtype=np.float32),
        np.array([[0, 0], [1, 1]], np.float32),
        whitening,
        np.array([0, np.log(5)], np.float32),
        np.array([1, 2], np.float32),
    )


def test_distances_are_those_of_each_cell_in_its_own_units():
    activations = np.zeros((2, 2, 3), np.float32)
    activations[0, 1] = (2, 0, 9)  # a squared distance of 4; the third channel is not kept
    activations[1, 1] = (2, 2, 9)  # one off in both: 1 + 4
    activations[:, 0] = 50  # far from the lungs
    found = gaussians().mahalanobis_score(activations)
    assert found.dtype == np.float32
    assert found == pytest.approx(np.array([[0, np.log(4)], [0, 0]]), abs=1e-5)


def test_nothing_is_so_rare_that_a_score_is_infinite():
    for value in (1e10, 0.0):
        found = gaussians().mahalanobis_score(np.full((2, 2, 3), value, np.float32))
        assert np.isfinite(found).all() and np.abs(found).max() <= MAX_SCORE


def test_distances_of_many_at_once():
    values = np.array([[[3.0, 4.0]], [[0.0, 1.0]]])
    found = log_mahalanobis(values, np.zeros((1, 2)), np.eye(2)[None])
    assert np.exp(found) == pytest.approx(np.array([[25.0], [1.0]]))
