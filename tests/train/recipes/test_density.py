"""Expectations of drawn normals, whose brightness depends on their frames as we say."""

import numpy as np
import pytest

from cxr_demo.anomaly.density import MAP_SIDE, measure
from cxr_demo.anomaly.zones import ZONES
from cxr_demo.models.affine import IDENTITY
from cxr_demo.models.alignment import Alignment
from tests.conftest import chest_like
from train.recipes.density import aligned, fit_density

MASK = np.zeros((MAP_SIDE, MAP_SIDE), np.uint8)
for number in range(len(ZONES)):
    MASK[16 + 10 * (number % 3) :, 10 + 30 * (number // 3) :][:10, :14] = 1 + number


def seen(n: int, slope: float) -> list[tuple[np.ndarray, Alignment]]:
    """Noise on one chest; the lungs of wider frames are brighter."""
    rng = np.random.default_rng(0)
    chest = chest_like(0, 224, 224).astype(np.float32) / 255
    found = []
    for width in rng.uniform(0.8, 1.2, n):
        frame = chest + rng.normal(0, 0.02, chest.shape).astype(np.float32)
        frame[56:160, 35:190] += slope * np.log(width)
        matrix = np.array([[width, 0, 0], [0, 1, 0]])
        found.append((frame.astype(np.float32), Alignment(matrix, 0.95)))
    return found


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_normals_have_mean_0_and_deviation_1_whatever_their_frames(slope):
    normals = seen(60, slope)
    normal = fit_density(normals, MASK)
    lungs = MASK > 0
    brightness = np.stack([normal(frame, a.matrix).brightness[lungs] for frame, a in normals])
    assert brightness.mean(axis=0) == pytest.approx(np.zeros(lungs.sum()), abs=0.1)
    assert brightness.std(axis=0) == pytest.approx(np.ones(lungs.sum()), abs=0.1)
    widths = [np.log(a.matrix[0, 0]) for _, a in normals]
    assert abs(np.corrcoef(widths, brightness.mean(axis=1))[0, 1]) < 0.35
    assert normal.zone_brightness.shape == (60, len(ZONES))
    assert normal.zone_brightness.mean(axis=0) == pytest.approx(np.zeros(6), abs=0.1)


def test_what_could_not_be_aligned_teaches_nothing():
    normals = seen(30, 0.0)
    white = np.ones((224, 224), np.float32)
    more = [*normals, *[(white, Alignment(IDENTITY, 0.3))] * 10]
    one, other = fit_density(normals, MASK), fit_density(more, MASK)
    np.testing.assert_array_equal(one.coefficients, other.coefficients)


def test_frames_are_those_that_the_alignment_says_in_order():
    squares = [chest_like(seed, 224, 224).astype(np.float32) / 255 for seed in range(5)]
    zoom = np.array([[0.5, 0, 0.25], [0, 0.5, 0.25]])
    found = aligned(squares, lambda square: Alignment(zoom, float(square.mean())))
    assert [alignment.correlation for _, alignment in found] == [float(s.mean()) for s in squares]
    for (frame, _), square in zip(found, squares, strict=True):
        assert frame.shape == (224, 224)
        assert frame.mean() == pytest.approx(square[56:168, 56:168].mean(), abs=0.01)
    around = np.stack([MASK == 0] * 2)
    assert measure(found[0][0], around).shape == (2, 2, MAP_SIDE, MAP_SIDE)
