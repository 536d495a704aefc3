"""Fields of known height and width."""

import numpy as np
import pytest

from train.data.random_fields import ellipse_distance, gaussian, random_lung_position, smooth_noise


def test_a_hill_is_1_at_its_place_and_falls_off_by_its_deviations():
    hill = gaussian(100, (0.305, 0.705), np.array([0.1, 0.2]))
    assert hill.shape == (100, 100)
    assert hill[70, 30] == pytest.approx(1, abs=1e-5)
    assert hill[70, 40] == pytest.approx(np.exp(-0.5), abs=1e-4)  # one deviation across
    assert hill[90, 30] == pytest.approx(np.exp(-0.5), abs=1e-4)  # one deviation down


def test_noise_has_its_mean_its_deviation_and_its_scale():
    fine, coarse = (smooth_noise(200, scale, np.random.default_rng(0)) for scale in (2, 20))
    for field in (fine, coarse):
        assert field.shape == (200, 200)
        assert field.mean() == pytest.approx(0, abs=1e-5)
        assert field.std() == pytest.approx(1, abs=1e-5)
    assert np.abs(np.diff(coarse)).mean() < 0.3 * np.abs(np.diff(fine)).mean()


def test_places_lie_left_and_right_of_the_spine():
    rng = np.random.default_rng(0)
    x, y = np.transpose([random_lung_position(rng) for _ in range(200)])
    assert ((np.abs(x - 0.5) >= 0.1) & (np.abs(x - 0.5) <= 0.3)).all()
    assert 0.3 < (x < 0.5).mean() < 0.7
    assert (y.min() >= 0.25) and (y.max() <= 0.75)


def test_distance_is_1_on_the_ellipse():
    distance = ellipse_distance(200, np.random.default_rng(0), (0.1, 0.1))
    row, column = np.unravel_index(distance.argmin(), distance.shape)
    assert distance[row, column] < 0.06
    assert distance[row, column + 20] == pytest.approx(1, abs=0.06)
