"""Hiding parts of an image, by hand."""

import numpy as np

from train.evaluate.saliency import hide_cells, top_cells


def test_the_strongest_fifth():
    values = np.arange(25.0).reshape(5, 5)
    chosen = top_cells(values, 0.2)
    assert chosen.sum() == 5 and chosen[4].all()


def test_hiding_shows_the_normal_chest_there_in_the_tone_of_the_image():
    """Stripes of 0.2 and 0.6, hidden behind stripes twice as wide of 0 and 1."""
    lines = np.arange(224) // 4
    stripes, normal = (np.tile(lines // wide % 2, (224, 1)).astype(np.float32) for wide in (1, 2))
    chosen = np.zeros((7, 7), bool)
    chosen[:3, :3] = True
    frame = 0.4 * stripes + 0.2
    hidden = hide_cells(frame, chosen, normal)
    np.testing.assert_allclose(hidden[:80, :80], (0.4 * normal + 0.2)[:80, :80], atol=1e-3)
    np.testing.assert_allclose(hidden[120:, 120:], frame[120:, 120:], atol=1e-3)
    assert hidden.dtype == np.float32
