"""Which references a view of the map shows, on maps of a few points."""

import collections
import time

import numpy as np
import pytest

from cxr_demo.reference.map_sampling import GRID, MapSample, sample_rows, sampling_order

EVERYWHERE = (-np.inf, -np.inf, np.inf, np.inf)


def centred(cells: list[tuple[int, int]]) -> np.ndarray:
    """Points in the middle of cells (column, row) of a map that spans [0, GRID] both ways."""
    return np.array(cells, np.float32) + 0.5


def framed(points: np.ndarray) -> np.ndarray:
    """The points with the first and last corner behind them, so that cells are 1 x 1."""
    return np.concatenate([points, [[0, 0], [GRID, GRID]]]).astype(np.float32)


def drawn(coordinates, labels, budget, rectangle=EVERYWHERE) -> list[int]:
    order = sampling_order(coordinates, np.asarray(labels))
    return sample_rows(coordinates, order, rectangle, budget).tolist()


@pytest.fixture(scope="module")
def islands():
    """20,000 points on five islands of unlike density, and 40 strays."""
    rng = np.random.default_rng(0)
    sizes = [12_000, 5_000, 2_000, 900, 100]
    centres = np.repeat(rng.uniform(-10, 10, (5, 2)), sizes, axis=0)
    strays = rng.uniform(-15, 15, (40, 2))
    coordinates = np.concatenate([centres + rng.normal(0, 1, centres.shape), strays])
    return coordinates.astype(np.float32), rng.integers(0, 3, len(coordinates))


def test_every_row_has_one_place_in_the_order(islands):
    order = sampling_order(*islands)
    np.testing.assert_array_equal(np.sort(order), np.arange(20_040))


def test_the_order_is_the_same_each_time(islands):
    np.testing.assert_array_equal(sampling_order(*islands), sampling_order(*islands))


def test_every_cell_gives_one_before_any_gives_a_second():
    """Cells of 4, 2 and 1 points, and the corners: 5 cells, then 2, then 1, then 1."""
    points = framed(centred([(10, 10)] * 4 + [(20, 20)] * 2 + [(30, 30)]))
    order = sampling_order(points, np.zeros(9, int)).tolist()
    cells = ["a"] * 4 + ["b"] * 2 + ["c", "first", "last"]
    given = [cells[row] for row in order]
    assert sorted(given[:5]) == ["a", "b", "c", "first", "last"]
    assert sorted(given[5:7]) == ["a", "b"]
    assert given[7:] == ["a", "a"]


def test_cells_are_of_equal_size_and_hold_their_lower_edges():
    """On a map of 64 x 64, 9.99 and 10 lie in two cells, 10 and 10.99 in one."""
    points = framed(np.array([[9.99, 5.5], [10, 5.5], [10.99, 5.5]]))
    first = set(sampling_order(points, np.zeros(5, int)).tolist()[:4])
    assert 0 in first and len(first & {1, 2}) == 1 and {3, 4} <= first


def test_rows_and_columns_are_told_apart():
    points = framed(centred([(3, 40), (40, 3), (3, 41), (4, 40)]))
    assert sorted(drawn(points, np.zeros(6, int), 6)) == [0, 1, 2, 3, 4, 5]
    doubled = np.concatenate([points, points])
    assert len({row % 6 for row in drawn(doubled, np.zeros(12, int), 6)}) == 6


def test_the_far_edge_belongs_to_the_last_cell_of_its_row_and_column():
    points = framed(np.array([[63.5, 5.5], [GRID, 5.5], [0, 6.5], [5.5, 63.5], [5.5, GRID]]))
    shown = drawn(points, np.zeros(7, int), 5)
    assert sum(row in (0, 1) for row in shown) == sum(row in (3, 4) for row in shown) == 1
    assert {2, 5, 6} <= set(shown)


def test_where_not_every_cell_fits_they_are_left_empty_here_and_there():
    """One point in each cell, row by row, and room for a quarter: 256 in a quadrant, give or take
    5 standard deviations of 12."""
    points = centred([(column, row) for row in range(GRID) for column in range(GRID)])
    shown = points[drawn(points, np.zeros(len(points), int), GRID**2 // 4)] > GRID / 2
    for quadrant in ((0, 0), (0, 1), (1, 0), (1, 1)):
        assert abs((shown == quadrant).all(axis=1).sum() - 256) < 60


def test_a_cell_shows_rows_from_all_over_the_library():
    points = framed(np.full((1000, 2), 30.5))
    shown = np.array(drawn(points, np.zeros(1002, int), 100))
    assert abs(shown[shown < 1000].mean() - 500) < 120  # 4 standard deviations


def test_a_map_wider_than_high_has_as_many_cells_across_as_up():
    points = np.array([[0, 0], [6400, 64], [50, 0.5], [150, 0.5], [50, 1.5], [99, 0.9]])
    assert set(drawn(points, np.zeros(6, int), 5)) >= {1, 3, 4}  # 0, 2 and 5 share a cell
    assert sum(row in (0, 2, 5) for row in drawn(points, np.zeros(6, int), 4)) == 1


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        # Places of two classes: 1/8 3/8 5/8 7/8 and 1/4 3/4.
        ({0: 4, 1: 2}, [0, 1, 0, 0, 1, 0]),
        # 1/6 3/6 5/6, 1/2: of equals the class named first.
        ({0: 3, 1: 1}, [0, 0, 1, 0]),
        ({2: 3, 1: 1}, [2, 1, 2, 2]),
        # 1/4 3/4 each.
        ({0: 2, 1: 2, 2: 2}, [0, 1, 2, 0, 1, 2]),
        # 1/12 … 11/12, 1/6 3/6 5/6 and 1/2.
        ({2: 6, 0: 3, 1: 1}, [2, 0, 2, 2, 0, 1, 2, 2, 0, 2]),
    ],
)
def test_classes_of_a_cell_in_proportion_by_hand(counts, expected):
    labels = np.repeat(list(counts), list(counts.values()))
    labels = np.random.default_rng(1).permutation(labels)
    points = framed(centred([(30, 30)] * len(labels)))
    order = sampling_order(points, np.append(labels, [0, 0]))
    assert [int(labels[row]) for row in order if row < len(labels)] == expected


def test_a_map_that_fits_is_drawn_whole():
    points = np.array([[0, 0], [1, 1], [2, 0]], np.float32)
    nowhere = (50, 50, 60, 60)
    assert sorted(drawn(points, [0, 1, 2], 3, nowhere)) == [0, 1, 2]
    assert drawn(points, [0, 1, 2], 2, nowhere) == []


@pytest.mark.parametrize(
    ("rectangle", "expected"),
    [
        ((0, 0, 2, 2), [0, 1, 2, 4]),
        ((1, 1, 2, 2), [1, 2]),
        ((1, 1, 1, 1), [1]),
        ((0, 0, 1.99, 2), [0, 1]),
        ((2, 0, 9, 1.5), [3, 4]),
        ((3, 3, 2, 2), []),
    ],
)
def test_a_view_holds_its_edges_and_nothing_beyond(rectangle, expected):
    points = np.array([[0, 0], [1, 1], [2, 2], [3, 1], [2, 0], [9, 9]], np.float32)
    assert sorted(drawn(points, np.zeros(6, int), 5, rectangle)) == expected


@pytest.mark.parametrize("budget", [0, 1, 500, 8000, 20_039, 20_040])
def test_as_many_as_the_budget_allows(islands, budget):
    assert len(set(drawn(*islands, budget))) == budget


def test_the_overview_shows_every_occupied_cell(islands):
    coordinates, labels = islands
    low, high = coordinates.min(axis=0), coordinates.max(axis=0)
    cells = [
        tuple(cell)
        for cell in np.minimum((coordinates - low) / (high - low) * GRID, GRID - 1).astype(int)
    ]
    occupied = set(cells)
    for budget in (len(occupied), 2 * len(occupied), 8000):
        shown = collections.Counter(cells[row] for row in drawn(coordinates, labels, budget))
        assert set(shown) == occupied
        most = max(shown.values())
        sizes = collections.Counter(cells)
        assert all(shown[cell] >= min(sizes[cell], most - 1) for cell in occupied)


def test_closer_views_keep_what_stays_in_them(islands):
    coordinates, labels = islands
    order = sampling_order(coordinates, labels)
    x, y = coordinates.T
    for budget in (50, 1000, 5000):
        shown, view = set(sample_rows(coordinates, order, EVERYWHERE, budget).tolist()), None
        for half in (12, 6, 3, 1, 0.2):
            view = (x[0] - half, y[0] - half, x[0] + half, y[0] + half)
            closer = set(sample_rows(coordinates, order, view, budget).tolist())
            inside = set(np.flatnonzero((abs(x - x[0]) <= half) & (abs(y - y[0]) <= half)).tolist())
            assert shown & inside <= closer <= inside
            assert len(closer) == min(budget, len(inside))
            shown = closer


@pytest.mark.parametrize(
    "coordinates",
    [np.empty((0, 2)), np.zeros((1, 2)), np.ones((5, 2)), np.array([[0, 1], [0, 2], [0, 3]])],
    ids=["none", "one", "all in one place", "on a line"],
)
def test_odd_maps(coordinates):
    order = sampling_order(coordinates.astype(np.float32), np.zeros(len(coordinates), int))
    assert sorted(order.tolist()) == list(range(len(coordinates)))


def test_the_overview_is_what_either_map_shows_and_a_close_look_all_that_lies_there():
    steps = np.arange(24, dtype=np.float32)
    maps = {"rows": np.stack([steps % 6, steps // 6], axis=1)}
    maps["heaps"] = np.stack([steps // 8] * 2, axis=1)
    sample = MapSample(maps, np.arange(24) % 3, budget=6)
    shown = [sample.rows_in(name).tolist() for name in maps]
    assert [len(rows) for rows in shown] == [6, 6] and shown[0] != shown[1]
    assert sample.overview().tolist() == sorted({*shown[0], *shown[1]})
    assert sample.rows_in("rows", (0, 0, 2, 1)).tolist() == [0, 1, 2, 6, 7, 8]
    assert MapSample(maps, np.arange(24) % 3, budget=24).overview().tolist() == list(range(24))


def test_half_a_million_in_the_time_of_a_frame():
    rng = np.random.default_rng(0)
    coordinates = rng.normal(size=(500_000, 2)).astype(np.float32)
    order = sampling_order(coordinates, rng.integers(0, 3, 500_000))
    times = []
    for _ in range(5):
        start = time.perf_counter()
        sample_rows(coordinates, order, (-1, -1, 1, 1), 8000)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.02
