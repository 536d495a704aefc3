"""Gaussians of normals, against distributions whose covariance is known."""

import numpy as np
import pytest

from cxr_demo.anomaly.density import Density
from cxr_demo.anomaly.padim import log_mahalanobis
from cxr_demo.anomaly.parts import PARTS
from cxr_demo.models.networks import DetectorOutput
from train.recipes.padim import ELSEWHERE, SHRINKAGE, WEIGHTS, fit_gaussians, fit_parts, lung_cells

MIXING = np.array([[2.0, 0, 0], [1, 1, 0], [0, 0.5, 0.7]])
ZONES = np.zeros((64, 64), np.uint8)
ZONES[16:48, 8:24], ZONES[16:48, 40:56] = 1, 4


def activations(n: int, seed: int, cells: int = 5) -> np.ndarray:
    """Correlated channels, and the first cell shifted."""
    values = np.random.default_rng(seed).standard_normal((n, cells, 3)) @ MIXING
    values[:, 0] += 5
    return values.astype(np.float32)


def test_whitened_deviations_have_a_covariance_of_about_one():
    values = activations(4000, 0)
    kept, mean, whitening = fit_gaussians(values, components=3)
    assert (kept @ kept.T) == pytest.approx(np.eye(3), abs=1e-5)
    assert kept @ mean[0] == pytest.approx(np.full(3, 5), abs=0.2)
    for cell in range(5):
        whitened = (values[:, cell] @ kept - mean[cell]) @ whitening[cell]
        # Shrinking makes the largest variance a little too large and the smallest too small.
        assert np.diag(np.cov(whitened.T)).mean() == pytest.approx(1, abs=3 * SHRINKAGE)


def test_the_components_kept_are_those_of_the_largest_variance_within_cells():
    values = np.random.default_rng(0).standard_normal((500, 4, 3)) * (1, 5, 3)
    values[:, 0, 0] += 1000  # between cells: of no account
    kept, _, whitening = fit_gaussians(values, components=2)
    assert np.abs(kept) == pytest.approx(np.array([[0, 0], [1, 0], [0, 1]]), abs=0.1)
    assert whitening.shape == (4, 2, 2)


def test_distances_are_those_of_mahalanobis():
    kept, mean, whitening = fit_gaussians(activations(4000, 0), components=3)
    odd = mean.copy()
    odd[1] += MIXING[0] @ kept  # one standard deviation along one of the independent axes
    distances = np.exp(log_mahalanobis(odd, mean, whitening))
    assert distances[1] == pytest.approx(1, abs=0.15)
    assert distances[0] == pytest.approx(0, abs=1e-6)


def held_out(n: int, cells: np.ndarray) -> list[tuple[Density, DetectorOutput]]:
    """Normals whose parts have different spreads, each the same all over one image."""
    rng = np.random.default_rng(1)
    found = []
    for row in activations(n, 1, int(cells.sum())):
        regions = np.zeros((*cells.shape, 3), np.float32)
        regions[cells] = row
        maps = [np.full((64, 64), rng.normal(0, spread), np.float32) for spread in (1, 3)]
        logits = rng.normal(-5, 2, cells.shape).astype(np.float32)
        found.append((Density(*maps), DetectorOutput(logits, regions)))
    return found


def test_all_parts_weigh_as_told_and_the_sum_varies_by_one():
    cells = lung_cells(ZONES, 20)
    normals = held_out(200, cells)
    parts = fit_parts(activations(500, 0, int(cells.sum())), normals, ZONES, cells)
    lungs = ZONES > 0
    deviations = np.stack([parts.deviations(*pair)[:, lungs] for pair in normals])
    spreads = (deviations * parts.weights[:, None]).mean(axis=2).std(axis=0)
    expected = np.array([WEIGHTS[part] for part in PARTS])
    assert spreads / spreads[0] == pytest.approx(expected / expected[0], rel=1e-4)
    assert parts.elsewhere / parts.weights[3] == pytest.approx(ELSEWHERE / WEIGHTS["change"])
    total = np.stack([parts.anomaly_map(*pair)[lungs] for pair in normals])
    assert total.std() == pytest.approx(1, rel=1e-3)
    # Rarity and logits of the held-out normals themselves, cell by cell.
    assert deviations[:, 2].mean() == pytest.approx(0, abs=1e-4)
    assert parts.change_centre.mean() == pytest.approx(-5, abs=0.1)
    assert parts.change_spread.mean() == pytest.approx(2, abs=0.1)


def test_a_cell_that_never_said_anything_is_not_trusted_at_once():
    cells = lung_cells(ZONES, 20)
    normals = held_out(50, cells)
    for _, change in normals:
        change.logits[3, 3] = -9
    parts = fit_parts(activations(100, 0, int(cells.sum())), normals, ZONES, cells)
    assert parts.change_spread[3, 3] == pytest.approx(0.25 * parts.change_spread.mean(), rel=0.05)


def test_cells_reach_one_beyond_the_lungs():
    mask = np.zeros((64, 64), np.uint8)
    mask[32:48, 32:48] = 2  # of four: the third row and column, and their neighbours
    assert lung_cells(mask, 4).tolist() == [[False] * 4, *[[False, True, True, True]] * 3]
