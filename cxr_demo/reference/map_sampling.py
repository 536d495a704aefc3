"""Sample the references to draw on a map that has room for some of them only.

Data contract: coordinates are float (N, 2) in the map's own units, labels integers (N,). The order
of rows by priority is made once; a view of the map then takes the first of them that lie in it.
What a view shows is therefore still shown by every closer view that holds it.
"""

import math
from collections.abc import Mapping

import numpy as np

GRID = 64
"""Cells on a side. All 4,096 fit into the 8,000 points that a page can draw, so that the overview
shows every occupied one, and a cell is about as large as a mark on the screen."""

EVERYWHERE = (-math.inf, -math.inf, math.inf, math.inf)


class MapSample:
    """The references that maps with room for some of them show.

    Args:
        coordinates: float (N, 2) by name of the map.
        labels: integers (N,), the class of each.
        budget: how many points one view of a map has room for.
    """

    def __init__(self, coordinates: Mapping[str, np.ndarray], labels: np.ndarray, budget: int):
        self._coordinates, self._budget = coordinates, budget
        self._orders = {name: sampling_order(at, labels) for name, at in coordinates.items()}

    def rows_in(
        self, name: str, rectangle: tuple[float, float, float, float] = EVERYWHERE
    ) -> np.ndarray:
        """The rows that a view of one map shows, sorted; see `sample_rows`."""
        spots, order = self._coordinates[name], self._orders[name]
        return np.sort(sample_rows(spots, order, rectangle, self._budget))

    def overview(self) -> np.ndarray:
        """The rows that one of the maps shows when it is seen whole, sorted."""
        return np.unique(np.concatenate([self.rows_in(name) for name in self._coordinates]))


def sampling_order(coordinates: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """All rows in order of priority.

    Every occupied cell of the grid gives one row before any gives a second, and so on in rounds.
    Classes are in proportion in any first part of a cell's rows. The order of rows in a class, and
    of cells in a round, is shuffled, the same way each time.

    Args:
        coordinates: float (N, 2), finite.
        labels: integers (N,), the class of each.

    Returns:
        Integers (N,), every row once.
    """
    if not len(labels):
        return np.empty(0, np.int64)
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    across = np.where(high > low, high - low, 1)
    column, row = np.minimum((coordinates - low) / across * GRID, GRID - 1).astype(np.int64).T
    cell = row * GRID + column
    kind = np.unique(labels, return_inverse=True)[1]
    group = cell * (kind.max() + 1) + kind
    shuffled = np.random.default_rng(0).permutation(len(labels))
    # The j-th of m rows of a class stands at (j + 1/2) / m of its cell.
    place, size = _place_within(group, shuffled)
    standing = (place + 0.5) / size
    turn, _ = _place_within(cell, np.lexsort((kind, standing)))
    return shuffled[np.argsort(turn[shuffled], kind="stable")]


def sample_rows(
    coordinates: np.ndarray,
    order: np.ndarray,
    rectangle: tuple[float, float, float, float],
    budget: int,
) -> np.ndarray:
    """The rows that one view of the map shows.

    Args:
        coordinates: float (N, 2).
        order: integers (N,), as `sampling_order` returns it.
        rectangle: (left, bottom, right, top) in the map's units, edges included.
        budget: how many points can be drawn, at least 0.

    Returns:
        All rows of the map, in priority order, if the budget allows; else the first `budget` of
        those in the rectangle.
    """
    if len(order) <= budget:
        return order
    left, bottom, right, top = rectangle
    x, y = coordinates[:, 0], coordinates[:, 1]
    inside = (x >= left) & (x <= right) & (y >= bottom) & (y <= top)
    return order[inside[order]][:budget]


def _place_within(group: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place of each row, from 0, in its group sorted by `order`, and the group's size."""
    sizes = np.bincount(group)
    by_group = order[np.argsort(group[order], kind="stable")]
    first = np.cumsum(sizes) - sizes
    place = np.empty(len(group), np.int64)
    place[by_group] = np.arange(len(group)) - np.repeat(first, sizes)
    return place, sizes[group]
