"""Hiding parts of an image, by hand."""

import numpy as np
import pytest

from train.evaluate.saliency import blur_cells, top_cells


def test_the_strongest_fifth():
    values = np.arange(25.0).reshape(5, 5)
    chosen = top_cells(values, 0.2)
    assert chosen.sum() == 5 and chosen[4].all()


def test_hiding_flattens_what_is_chosen_and_nothing_far_from_it():
    stripes = np.tile(np.arange(224) // 4 % 2, (224, 1)).astype(np.float32)
    chosen = np.zeros((7, 7), bool)
    chosen[:3, :3] = True
    hidden = blur_cells(stripes, chosen)
    assert hidden[:80, :80].std() < 0.02 and hidden[:80, :80].mean() == pytest.approx(0.5, abs=0.02)
    np.testing.assert_allclose(hidden[120:, 120:], stripes[120:, 120:], atol=1e-3)
    np.testing.assert_array_equal(blur_cells(stripes, np.zeros((7, 7), bool)), stripes)
