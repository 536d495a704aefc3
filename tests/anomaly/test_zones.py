"""Six blocks of a small frame, whose means can be read off."""

import numpy as np
import pytest

from cxr_demo.anomaly.zones import ZONES, inside, read_zones, rib_cage, zone_means


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


def test_the_rib_cage_is_as_wide_on_both_sides_and_ends_where_it_is_told():
    points = {(round(x, 2), round(y, 2)) for x, y in rib_cage(0.85).tolist()}
    assert {(round(1 - x, 2), y) for x, y in points} == points
    assert max(y for _, y in points) == 0.85
    halved = rib_cage(1.0, 0.5, np.array([0.1, 0.0]))
    assert halved[0] == pytest.approx([0.36, 0.75])  # (0.02, 1) half as far from (0.6, 0.5)


def test_inside_an_outline_that_ends_between_pixels():
    square = np.array([(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75)])
    mask = inside(square, 64)
    assert mask[16:48, 16:48].all() and mask.sum() <= 34 * 34  # its edge counts as inside
