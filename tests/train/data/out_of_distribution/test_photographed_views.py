"""What a photograph does to gradients and to an even grey."""

import numpy as np
import pytest

from cxr_demo.models.preprocessing import SIDE
from train.data.out_of_distribution.photographed_views import photographed

DOWN = np.tile(np.linspace(0, 1, SIDE, dtype=np.float32)[:, None], (1, SIDE))
MIDDLE = np.s_[SIDE // 4 : -SIDE // 4, SIDE // 4 : -SIDE // 4]


def many(view: np.ndarray, n: int = 60) -> list[np.ndarray]:
    return [photographed(view, np.random.default_rng(seed)) for seed in range(n)]


@pytest.mark.parametrize("axis", [0, 1])
def test_up_stays_up_and_left_stays_left(axis):
    """A reflection may outshine the gradient, but not often."""
    view = DOWN if axis == 0 else DOWN.T.copy()
    halves = [np.split(photo[MIDDLE], 2, axis=axis) for photo in many(view)]
    assert np.mean([last.mean() > first.mean() for first, last in halves]) > 0.9


def test_no_photograph_shows_an_even_grey_evenly():
    """Beyond its noise, which the mean over 8 x 8 pixels takes away: light, stripes, a ground."""
    grey = np.full((SIDE, SIDE), 0.5, np.float32)
    blocks = [photo.reshape(28, 8, 28, 8).mean(axis=(1, 3)) for photo in many(grey)]
    assert min(block.std() for block in blocks) > 0.02
