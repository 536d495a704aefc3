"""What is wrong with a spoilt view, measured on gradients, blanks and single points."""

import numpy as np
import pytest

from cxr_demo.models.preprocessing import SIDE
from tests.conftest import chest_like
from train.data.out_of_distribution.unusual_views import UNUSUAL_VIEWS, ordinary_view, unusual_view

ROWS = np.tile(np.linspace(0, 1, SIDE, dtype=np.float32)[:, None], (1, SIDE))
COLUMNS = ROWS.T.copy()
REASONS = {
    "upside_down",
    "sideways",
    "mirrored",
    "inverted",
    "cropped",
    "distant",
    "blurred",
    "exposure",
    "photo",
}
CHEST = chest_like(4, SIDE, SIDE)


def spoilt(view: np.ndarray, reason: str, seed: int) -> np.ndarray:
    return np.asarray(UNUSUAL_VIEWS[reason](view, np.random.default_rng(seed)))


def many(view: np.ndarray, reason: str, n: int = 60) -> list[np.ndarray]:
    return [spoilt(view, reason, seed) for seed in range(n)]


# --- whole views


def test_the_reasons():
    assert set(UNUSUAL_VIEWS) == REASONS


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_spoilt_views_keep_the_contract(reason):
    image = CHEST.copy()
    for seed in range(12):
        view = unusual_view(image, reason, np.random.default_rng(seed))
        assert view.shape == (SIDE, SIDE) and view.dtype == np.float32
        assert view.flags.c_contiguous and np.isfinite(view).all()
        assert view.min() >= 0 and view.max() <= 1 + 1e-6
    np.testing.assert_array_equal(image, CHEST)


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_the_generator_decides(reason):
    one, same, other = (
        unusual_view(CHEST, reason, np.random.default_rng(seed)) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_usual_views_keep_the_contract_and_their_sides():
    """Left stays left, and up stays up."""
    for picture, axis in ((COLUMNS, 1), (ROWS, 0)):
        for seed in range(30):
            image = (picture * 255).astype(np.uint8)
            view = ordinary_view(image, np.random.default_rng(seed))
            assert view.shape == (SIDE, SIDE) and view.dtype == np.float32
            assert view.min() >= 0 and view.max() <= 1
            first, last = np.split(view, 2, axis=axis)
            assert last.mean() > first.mean() + 0.1


def test_usual_views_show_most_of_the_picture():
    """At least six tenths of it, of which the darker half of a gradient is a part."""
    image = (COLUMNS * 255).astype(np.uint8)
    for seed in range(30):
        view = ordinary_view(image, np.random.default_rng(seed))
        assert view.max() - view.min() > 0.35


# --- one thing wrong


def test_upside_down_in_half_of_the_cases_as_a_half_turn():
    np.testing.assert_array_equal(spoilt(ROWS, "upside_down", 0), ROWS[::-1])
    across = many(COLUMNS, "upside_down")
    turned = [view for view in across if view[0, 0] == 1]
    kept = [view for view in across if view[0, 0] == 0]
    assert len(turned) + len(kept) == 60 and 15 < len(turned) < 45
    np.testing.assert_array_equal(turned[0], COLUMNS[:, ::-1])
    np.testing.assert_array_equal(kept[0], COLUMNS)


def test_mirrored_and_inverted():
    np.testing.assert_array_equal(spoilt(COLUMNS, "mirrored", 0), COLUMNS[:, ::-1])
    np.testing.assert_array_equal(spoilt(ROWS, "mirrored", 0), ROWS)
    np.testing.assert_allclose(spoilt(ROWS, "inverted", 0), ROWS[::-1], atol=1e-6)


def direction(view: np.ndarray) -> float:
    """Degrees from straight down, of the way in which the middle gets brighter."""
    down, right = np.gradient(view[92:132, 92:132])
    return float(np.degrees(np.arctan2(right.mean(), down.mean())))


def test_sideways_by_a_quarter_or_by_25_to_65_degrees():
    angles = np.array([direction(view) for view in many(ROWS, "sideways", 100)])
    quarter = np.isclose(np.abs(angles), 90, atol=1e-3)
    assert 30 < quarter.sum() < 70
    tilted = angles[~quarter]
    assert 24.9 < np.abs(tilted).min() < 30 and 60 < np.abs(tilted).max() < 65.1
    for some in (angles[quarter], tilted):
        assert 0.2 < (some > 0).mean() < 0.8


def test_tilted_views_have_black_corners_and_quarters_have_none():
    blank = np.ones((SIDE, SIDE), np.float32)
    for view, turned in zip(many(blank, "sideways"), many(ROWS, "sideways"), strict=True):
        assert view[SIDE // 2, SIDE // 2] == pytest.approx(1)
        corners = view[[0, 0, -1, -1], [0, -1, 0, -1]]
        quarter = abs(abs(direction(turned)) - 90) < 1e-3
        assert corners.tolist() == [1 if quarter else 0] * 4


def test_crops_are_halves_at_an_edge_or_small_parts():
    """A crop of a gradient shows where it begins and ends."""
    ends, small = set(), []
    for seed in range(100):
        down, right = (spoilt(view, "cropped", seed) for view in (ROWS, COLUMNS))
        sides = [(float(v.min()), float(v.max())) for v in (down, right)]
        height, width = ((last - first) * (SIDE - 1) / SIDE + 1 / SIDE for first, last in sides)
        assert down[0, 0] < down[-1, 0] and right[0, 0] < right[0, -1]  # neither turned
        if max(height, width) > 0.999:
            axis = int(width < height)
            assert 0.395 < min(height, width) < 0.555
            first, last = sides[axis]
            assert (first < 1e-6) != (last > 1 - 1e-6)
            ends.add((axis, first < 1e-6))
        else:
            small.append((height * width, width / height, *sides[0], *sides[1]))
    assert len(ends) == 4
    assert 30 < len(small) < 70
    areas, ratios, *places = np.transpose(small)
    assert 0.045 < areas.min() < 0.09 and 0.21 < areas.max() < 0.26
    assert 0.7 < ratios.min() < 0.9 and 1.1 < ratios.max() < 1.4
    assert min(places[0].min(), places[2].min()) < 0.1  # anywhere
    assert max(places[1].max(), places[3].max()) > 0.9


def test_distant_views_are_smaller_on_an_even_ground():
    """Twos, which no ground is made of, become a box of twos."""
    grounds, heights, widths, tops = [], [], [], []
    for view in many(np.full((SIDE, SIDE), 2, np.float32), "distant"):
        rows, columns = np.nonzero(view > 1.5)
        box = view[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        np.testing.assert_allclose(box, 2, atol=1e-5)
        around = view[view <= 1.5]
        assert np.ptp(around) == 0 and around.size == SIDE**2 - box.size
        grounds.append(around[0])
        heights.append(box.shape[0] / SIDE)
        widths.append(box.shape[1] / SIDE)
        tops.append(rows.min())
    for sides in (heights, widths):
        assert 0.395 < min(sides) < 0.45 and 0.75 < max(sides) < 0.805
    assert not np.allclose(heights, widths)
    assert 25 < np.sum(np.array(grounds) == 0) < 55 and max(grounds) <= 1
    assert len(set(tops)) > 20


def test_a_distant_view_shows_the_whole_picture():
    for view in many(ROWS + 2, "distant", 10):
        shown = view[view > 1.5]
        assert shown.min() == pytest.approx(2, abs=0.02)
        assert shown.max() == pytest.approx(3, abs=0.02)


def test_blur_spreads_a_point_by_5_to_12_pixels():
    point = np.zeros((SIDE, SIDE), np.float32)
    point[112, 112] = 1
    found = []
    for view in many(point, "blurred", 30):
        assert view.sum() == pytest.approx(1, abs=1e-3)
        found.append(float(np.sqrt((view.sum(axis=1) * (np.arange(SIDE) - 112) ** 2).sum())))
    assert 4.9 < min(found) < 6.5 and 10.5 < max(found) < 12.1


def test_exposure_burns_out_sinks_or_dims():
    """Of an even gradient half to nine tenths become white or black."""
    white, black, dim = [], [], []
    for view in many(ROWS, "exposure", 90):
        assert (np.diff(view[:, 0]) >= 0).all()  # what was darker stays darker
        if (view == 1).mean() > 0.4:
            assert view.min() == 0
            white.append((view == 1).mean())
        elif (view == 0).mean() > 0.4:
            assert view.max() == pytest.approx(1)
            black.append((view == 0).mean())
        else:
            np.testing.assert_allclose(view, ROWS * view.max(), atol=1e-6)
            dim.append(view.max())
    assert min(map(len, (white, black, dim))) > 15
    for shares in (white, black):
        assert 0.49 < min(shares) < 0.6 and 0.8 < max(shares) < 0.91
    assert 0.05 <= min(dim) < 0.1 and 0.2 < max(dim) <= 0.25


def test_exposure_of_a_black_picture_stays_finite():
    for view in many(np.zeros((SIDE, SIDE), np.float32), "exposure", 10):
        assert (view == 0).all()
