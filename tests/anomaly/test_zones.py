"""Six blocks of a small frame, whose means can be read off."""

import numpy as np
import pytest

from cxr_demo.anomaly.zones import ZONES, read_zones, zone_means


@pytest.fixture
def mask() -> np.ndarray:
    """Three rows of two zones each, air above."""
    zones = np.zeros((8, 8), np.uint8)
    for number in range(6):
        zones[2 + 2 * (number % 3) : 4 + 2 * (number % 3), 4 * (number // 3) :][:, :4] = 1 + number
    return zones


def test_means_are_those_of_each_zone_and_leave_the_rest_out(mask):
    values = mask.astype(np.float32)
    values[0] = 1000
    values[2, 0] += 8  # one of the eight pixels of the first
    assert zone_means(values, mask).tolist() == [2, 2, 3, 4, 5, 6]


def test_a_zone_is_held_against_the_same_zone_of_normals(mask):
    normals = np.tile(np.arange(11.0)[:, None], (1, 6))  # of mean 5, deviation √10
    normals[:, 1] += 100
    brightness = np.full((8, 8), 7.5, np.float32)
    level = mask.astype(np.float32)
    zones = read_zones(brightness, level, mask, normals)
    assert [zone.name for zone in zones] == list(ZONES)
    assert zones[0].brightness == pytest.approx(2.5 / np.sqrt(10))
    assert zones[0].percentile == pytest.approx(100 * 8 / 11)
    assert zones[1].percentile == 0
    assert [zone.level for zone in zones] == [1, 2, 3, 4, 5, 6]
