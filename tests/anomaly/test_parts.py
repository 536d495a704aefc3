"""The sum of the parts, cell by cell."""

import numpy as np
import pytest

from cxr_demo.anomaly.density import MAX_DEVIATION, Density
from cxr_demo.anomaly.padim import CellGaussians
from cxr_demo.anomaly.parts import NormalParts
from cxr_demo.models.networks import DetectorOutput

ZONES = np.zeros((64, 64), np.uint8)
ZONES[20:40, 8:24], ZONES[20:40, 40:56] = 1, 4
LUNG, HEART, ARM = (30, 16), (30, 32), (60, 2)


def parts(weights=(1.0, 1.0, 1.0, 1.0), elsewhere=1.0) -> NormalParts:
    """Logits of mean -1 and deviation 2; rarity is the logarithm of the squared activation."""
    cells = np.ones((20, 20), bool)
    gaussians = CellGaussians(
        cells,
        np.ones((1, 1), np.float32),
        np.zeros((400, 1), np.float32),
        np.ones((400, 1, 1), np.float32),
        np.zeros(400, np.float32),
        np.ones(400, np.float32),
    )
    even = np.ones((20, 20), np.float32)
    weights = np.array(weights, np.float32)
    return NormalParts(gaussians, -even, 2 * even, weights, elsewhere, ZONES > 0)


def even(value: float) -> np.ndarray:
    return np.full((64, 64), value, np.float32)


CHANGE = DetectorOutput(
    np.full((20, 20), 3, np.float32), np.full((20, 20, 1), np.exp(0.5), np.float32)
)
"""Two deviations above normal logits, a squared distance of e."""
DENSITY = Density(even(0.5), even(-0.25))


def test_parts_come_in_standard_deviations():
    found = parts().deviations(DENSITY, CHANGE)
    assert found.shape == (4, 64, 64) and found.dtype == np.float32
    assert [part.mean() for part in found] == pytest.approx([0.5, -0.25, 1, 2], abs=1e-4)


def test_lungs_get_the_weighted_sum_the_rest_what_the_network_says():
    found = parts((2, 4, 0.5, 0.25), 0.75).anomaly_map(DENSITY, CHANGE)
    assert found.dtype == np.float32
    assert found[LUNG] == pytest.approx(1 - 1 + 0.5 + 0.5, abs=1e-4)
    assert found[HEART] == found[ARM] == pytest.approx(1.5, abs=1e-4)


def test_one_cell_cannot_outweigh_everything():
    logits = np.zeros((20, 20), np.float32)
    logits[10, 5] = 1e9
    found = parts().deviations(DENSITY, DetectorOutput(logits, CHANGE.regions))
    assert found[3].max() <= MAX_DEVIATION
