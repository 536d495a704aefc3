"""How far frames lie apart, by hand."""

import numpy as np
import pytest

from cxr_demo.models.affine import IDENTITY
from cxr_demo.models.alignment import Alignment
from train.data.kermany import Images
from train.evaluate.alignment import by_class, errors_between, known_change


def test_errors_by_hand():
    """A tenth wider and as high: the area grows by a tenth, its root by 4.9 %; the centre moves."""
    wider = np.array([[1.1, 0, 0.01], [0, 1.0, 0]])
    errors = errors_between(IDENTITY, wider)
    assert errors["scale"] == pytest.approx(1.1**0.5 - 1)
    assert errors["worse_axis"] == pytest.approx(0.1)
    assert errors["centre"] == pytest.approx(0.06)  # 1.1 x 0.5 + 0.01 = 0.56


def test_a_turn_is_no_error_of_scale():
    turn = np.array([[0.8, -0.6, 0.4], [0.6, 0.8, -0.2]])
    errors = errors_between(IDENTITY, turn)
    assert errors["scale"] == pytest.approx(0) and errors["worse_axis"] == pytest.approx(0)
    assert errors["centre"] == pytest.approx(0)


def test_known_changes_stay_in_their_ranges():
    changes = np.stack([known_change(np.random.default_rng(seed)) for seed in range(200)])
    sizes, middles = changes[:, [0, 1], [0, 1]], changes @ (0.5, 0.5, 1)
    assert 0.85 <= sizes.min() < 0.86 and 1.14 < sizes.max() <= 1.15
    assert np.abs(middles - 0.5).max() <= 0.06 and np.abs(middles - 0.5).max() > 0.058


def test_shares_by_class():
    found = [Alignment(IDENTITY, c) for c in (0.9, 0.7, 0.95, 0.5)]
    labels = np.array([0, 0, 1, 2])
    images = Images(*[np.array(list("abcd"))] * 2, labels, np.zeros((4, 224, 224), np.uint8))
    shares = by_class(found, images)
    assert shares["normal"] == {
        "median_correlation": pytest.approx(0.8), "share_below_0.8": 0.5, "share_unaligned": 0,
    }  # fmt: skip
    assert shares["viral"]["share_unaligned"] == 1 and shares["bacterial"]["share_below_0.8"] == 0
