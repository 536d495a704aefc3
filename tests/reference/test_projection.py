"""A query's place on the map, the median of its neighbours' coordinates, and how near they are."""

import numpy as np
import pytest

from cxr_demo.reference.projection import Typicality, project

MAP = np.array([[0, 10], [2, 30], [4, 20], [9, 40], [1000, -1000]], np.float32)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([3], (9, 40)),
        ([0, 1], (1, 20)),
        ([0, 1, 2], (2, 20)),  # each axis by itself: x of row 1, y of row 2
        ([2, 0, 1], (2, 20)),
        ([0, 1, 2, 3], (3, 25)),
    ],
)
def test_median_by_hand(rows, expected):
    assert project(MAP, rows) == expected


def test_one_stray_neighbour_cannot_drag_it_away():
    # Against (2, 20) without it; a mean would land at (251.5, -235).
    assert project(MAP, [0, 1, 2, 4]) == (3, 15)


def test_position_is_plain_numbers():
    assert [type(value) for value in project(MAP, [0, 1])] == [float, float]


@pytest.mark.parametrize(
    ("similarity", "expected"),
    [
        (0.99, "very"),
        (0.98, "usual"),
        (0.9, "usual"),
        (0.89, "loose"),
        (0.7, "loose"),
        (0.69, "far"),
    ],
)
def test_nearness_of_one_neighbour(similarity, expected):
    usual = Typicality(least=0.8, lowest=0.7, lower_quartile=0.9, upper_quartile=0.99)
    assert usual.nearness(similarity) == expected
