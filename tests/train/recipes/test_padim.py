"""Gaussians of normals, against distributions whose covariance is known."""

import numpy as np
import pytest

from cxr_demo.anomaly.padim import log_mahalanobis
from cxr_demo.models.networks import DetectorOutput
from tests.conftest import chest_like
from train.data.kermany import Images
from train.recipes.padim import VIEWS_OF_EACH, fit_gaussians, fit_region_gaussians, views_of_normals

MIXING = np.array([[2.0, 0, 0], [1, 1, 0], [0, 0.5, 0.7]])


def regions(n: int, seed: int) -> np.ndarray:
    """Correlated channels, and the first region shifted."""
    values = np.random.default_rng(seed).standard_normal((n, 3, 3, 3)) @ MIXING
    values[:, 0, 0] += 5
    return values.astype(np.float32)


def test_whitened_deviations_have_a_covariance_of_one():
    values = regions(4000, 0)
    mean, whitening = fit_gaussians(values)
    assert mean.dtype == whitening.dtype == np.float32
    assert mean[0, 0] == pytest.approx(np.full(3, 5), abs=0.2)
    whitened = (values[:, 0, 0] - mean[0, 0]) @ whitening[0, 0]
    assert np.cov(whitened.T) == pytest.approx(np.eye(3), abs=0.05)


def test_distances_are_those_of_mahalanobis():
    mean, whitening = fit_gaussians(regions(4000, 0))
    odd = np.broadcast_to(mean, (3, 3, 3)).copy()
    odd[1, 1] += MIXING[2]  # one standard deviation along one of the independent axes
    distances = np.exp(log_mahalanobis(odd, mean, whitening))
    assert distances[1, 1] == pytest.approx(1, abs=0.15)
    assert distances[0, 0] == pytest.approx(0, abs=1e-6)


def test_rarity_is_measured_by_other_patients_normals_and_weighs_as_much_as_the_detector():
    held_out = [
        DetectorOutput(np.full((20, 20), level, np.float32), found)
        for level, found in zip((-1, 0, 1, 2), regions(4, 1), strict=True)
    ]
    normality = fit_region_gaussians(regions(4000, 0), held_out)
    rarity = np.stack([normality.mahalanobis_score(change.regions) for change in held_out])
    assert rarity.mean(axis=0) == pytest.approx(np.zeros((3, 3)), abs=1e-5)
    assert rarity.std(axis=0) == pytest.approx(np.ones((3, 3)), abs=1e-5)
    assert normality.weight == pytest.approx(np.std([-1, 0, 1, 2]))
    strange = held_out[0].regions.copy()
    strange[2, 2] += 10
    found = normality.mahalanobis_score(strange)
    assert found[2, 2] > 2
    assert found[0, 0] == pytest.approx(rarity[0, 0, 0])


def test_every_normal_is_seen_as_it_is_and_in_random_views():
    pixels = np.stack([chest_like(i, 224, 224) for i in range(2)])
    names = np.array(["a", "b"])
    views = list(views_of_normals(Images(names, names, np.zeros(2, int), pixels)))
    assert len(views) == 2 * (1 + VIEWS_OF_EACH)
    assert {(view.shape, view.dtype) for view in views} == {((160, 160), np.dtype(np.float32))}
    assert views[0].mean() == pytest.approx(pixels[0].mean() / 255, abs=0.01)
    assert np.abs(views[1] - views[0]).mean() > 0.01
