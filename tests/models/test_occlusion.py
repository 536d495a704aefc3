"""Hiding parts of a radiograph: which pixels change, and into what."""

import numpy as np
import pytest

from cxr_demo.errors import UserError
from cxr_demo.models.occlusion import FILLS, MAX_BOXES, occlude
from cxr_demo.models.preprocessing import SIDE

RANDOM = np.random.default_rng(0).random((SIDE, SIDE)).astype(np.float32)
MIDDLE = (0.25, 0.25, 0.75, 0.75)


def changed(box: tuple, side: int = 10) -> tuple[list[int], list[int]]:
    """Columns and rows of the pixels that hiding a box changes, on a chequered square."""
    square = (np.indices((side, side)).sum(axis=0) % 2).astype(np.float32)
    rows, columns = np.nonzero(occlude(square, [box], "blur") != square)
    assert len(rows) == len(set(rows)) * len(set(columns)), "not a full rectangle"
    return sorted(set(columns.tolist())), sorted(set(rows.tolist()))


@pytest.mark.parametrize(
    ("box", "columns", "rows"),
    [
        ((0.2, 0.5, 0.4, 0.8), [2, 3], [5, 6, 7]),
        ((0.25, 0.5, 0.41, 0.6), [2, 3, 4], [5]),  # every pixel that it touches
        ((0.29, 0.0, 0.31, 0.1), [2, 3], [0]),
        ((0.55, 0.55, 0.56, 0.56), [5], [5]),  # at least one pixel each way
        ((0.0, 0.0, 0.01, 0.01), [0], [0]),
        ((0.99, 0.99, 1.0, 1.0), [9], [9]),
        ((0, 0, 1, 1), list(range(10)), list(range(10))),
    ],
)
def test_pixels_of_a_box(box, columns, rows):
    assert changed(box) == (columns, rows)


@pytest.mark.parametrize("fill", FILLS)
def test_pixels_outside_stay_as_they_are(fill):
    boxes = [(0.125, 0.25, 0.5, 0.5), (0.625, 0.75, 1, 1)]
    hidden = np.zeros((SIDE, SIDE), bool)
    hidden[56:112, 28:112] = hidden[168:, 140:] = True
    before = RANDOM.copy()
    after = occlude(RANDOM, boxes, fill)
    assert after.dtype == np.float32 and after.shape == RANDOM.shape
    np.testing.assert_array_equal(after[~hidden], RANDOM[~hidden])
    assert (after[hidden] != RANDOM[hidden]).mean() > 0.95
    np.testing.assert_array_equal(RANDOM, before)  # what was given is left alone


@pytest.mark.parametrize("fill", FILLS)
def test_overlapping_boxes_hide_what_either_hides(fill):
    one, other = (0.25, 0.25, 0.625, 0.625), (0.5, 0.5, 0.75, 0.75)
    hidden = np.zeros((SIDE, SIDE), bool)
    hidden[56:140, 56:140] = hidden[112:168, 112:168] = True
    after = occlude(RANDOM, [one, other], fill)
    np.testing.assert_array_equal(after[~hidden], RANDOM[~hidden])
    assert (after[hidden] != RANDOM[hidden]).mean() > 0.95
    np.testing.assert_array_equal(after, occlude(RANDOM, [other, one], fill))


@pytest.mark.parametrize("fill", FILLS)
def test_no_boxes_leave_the_image_as_it_is(fill):
    np.testing.assert_array_equal(occlude(RANDOM, [], fill), RANDOM)


@pytest.mark.parametrize("box", [MIDDLE, (0, 0, 0.5, 1), (0.9, 0.9, 1, 1), (0, 0, 1, 1)])
@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("grey", [0.0, 0.3, 1.0])
def test_an_even_image_stays_even(grey, fill, box):
    """To the nearest of 256 grey levels."""
    even = np.full((SIDE, SIDE), grey, np.float32)
    np.testing.assert_allclose(occlude(even, [box], fill), even, rtol=0, atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize(
    "square",
    [
        np.ones((SIDE, SIDE), np.float32),
        np.zeros((SIDE, SIDE), np.float32),
        (RANDOM > 0.5).astype(np.float32),
        np.pad(np.ones((150, 150), np.float32), 37),
        RANDOM,
    ],
    ids=["white", "black", "black and white", "white square", "random"],
)
def test_everything_stays_between_0_and_1(square, fill):
    after = occlude(square, [(0.0, 0.1, 0.9, 1.0)], fill)
    assert after.min() >= 0 and after.max() <= 1


# --- what stands there instead


def test_a_bright_square_takes_the_dark_of_its_surroundings():
    square = np.full((SIDE, SIDE), 0.2, np.float32)
    square[90:130, 80:140] = 0.9
    box = (76 / SIDE, 86 / SIDE, 144 / SIDE, 134 / SIDE)
    np.testing.assert_allclose(occlude(square, [box], "surroundings"), 0.2, atol=1e-6)


def test_surroundings_continue_what_lies_around():
    """Dark on the left, bright on the right: nothing but the ramp itself fits between."""
    ramp = np.tile(np.linspace(0, 1, SIDE, dtype=np.float32), (SIDE, 1))
    np.testing.assert_allclose(occlude(ramp, [MIDDLE], "surroundings"), ramp, atol=0.05)


def test_a_wholly_hidden_image_is_hidden():
    """Nothing lies around it that could be continued, but it may not come back as it was."""
    assert np.abs(occlude(RANDOM, [(0, 0, 1, 1)], "surroundings") - RANDOM).mean() > 0.1


def test_a_blur_leaves_brightness_in_and_surroundings_take_it_away():
    square = np.full((SIDE, SIDE), 0.2, np.float32)
    square[62:162, 62:162] = 0.9
    box = (60 / SIDE, 60 / SIDE, 164 / SIDE, 164 / SIDE)
    assert occlude(square, [box], "blur")[112, 112] == pytest.approx(0.9, abs=0.01)
    assert occlude(square, [box], "surroundings")[112, 112] == pytest.approx(0.2, abs=0.01)


def test_a_blur_keeps_the_mean():
    after = occlude(RANDOM, [MIDDLE], "blur")
    assert after[56:168, 56:168].mean() == pytest.approx(RANDOM[56:168, 56:168].mean(), abs=0.01)


def test_nothing_as_narrow_as_a_rib_is_left_by_a_blur():
    """Stripes 8 pixels wide: their contrast shrinks by exp(-2 (π 14 / 16)²) or 3 in 10 million."""
    stripes = np.tile((np.arange(SIDE) // 8 % 2).astype(np.float32), (SIDE, 1))
    inside = occlude(stripes, [MIDDLE], "blur")[56:168, 56:168]
    np.testing.assert_allclose(inside, 0.5, atol=1e-3)


def test_how_far_a_blur_reaches():
    """A step 14 pixels wide (a 16th of 224) is the normal distribution's: Φ(13.5 / 14) = .8325."""
    step = np.zeros((SIDE, SIDE), np.float32)
    step[:, SIDE // 2 :] = 1
    after = occlude(step, [(0, 0, 1, 1)], "blur")[SIDE // 2]
    assert after[SIDE // 2 + 13] == pytest.approx(0.8325, abs=2e-3)
    assert after[SIDE // 2 - 14] == pytest.approx(0.1675, abs=2e-3)


@pytest.mark.parametrize("fill", FILLS)
def test_what_lies_inside_a_hidden_part_shows_only_as_a_blur(fill):
    """Surroundings do not depend on it at all."""
    other = RANDOM.copy()
    other[57:167, 57:167] = 1 - other[57:167, 57:167]
    same = np.array_equal(occlude(RANDOM, [MIDDLE], fill), occlude(other, [MIDDLE], fill))
    assert same == (fill == "surroundings")


# --- refusals


@pytest.mark.parametrize("fill", FILLS)
def test_how_many_boxes(fill):
    assert MAX_BOXES == 16
    most = [(i / 16, i / 16, (i + 1) / 16, (i + 1) / 16) for i in range(16)]
    after = occlude(RANDOM, most, fill)
    for i in range(16):
        place = np.s_[14 * i : 14 * i + 14, 14 * i : 14 * i + 14]
        assert not np.array_equal(after[place], RANDOM[place])
    with pytest.raises(UserError) as refusal:
        occlude(RANDOM, [*most, MIDDLE], fill)
    assert refusal.value.key == "refused.boxes"
    assert refusal.value.values == {"boxes": 17, "most": 16}
    assert str(refusal.value) == "17 parts were to be hidden; at most 16 can be."


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    "box",
    [
        (-1e-9, 0, 1, 1),
        (0, -1e-9, 1, 1),
        (0, 0, 1 + 1e-9, 1),
        (0, 0, 1, 1 + 1e-9),
        (0.5, 0, 0.5, 1),
        (0, 0.5, 1, 0.5),
        (0.6, 0, 0.4, 1),
        (0, 0.6, 1, 0.4),
        (NAN, 0, 1, 1),
        (0, NAN, 1, 1),
        (0, 0, NAN, 1),
        (0, 0, 1, NAN),
        (-INFINITY, 0, 1, 1),
        (0, 0, INFINITY, 1),
        (0, 0, 10**400, 1),
        (),
        (0, 0, 1),
        (0, 0, 1, 1, 1),
        ((0, 0, 1, 1),),
        (None, 0, 1, 1),
        ("left", "top", "right", "bottom"),
        ("0", "0", "1", "1"),
        "0011",
        "left",
        None,
        0.5,
        {"left": 0},
    ],
    ids=lambda box: str(box)[:20],
)
def test_what_is_not_a_box_is_refused(box):
    with pytest.raises(UserError) as refusal:
        occlude(RANDOM, [MIDDLE, box], "blur")
    assert refusal.value.key == "refused.box"
    assert str(refusal.value).startswith("A part to hide was given as ")


def test_a_long_box_is_not_repeated_at_length():
    with pytest.raises(UserError) as refusal:
        occlude(RANDOM, [[0.123456789] * 10_000], "blur")
    assert len(refusal.value.values["box"]) == 80


@pytest.mark.parametrize("boxes", [[], [MIDDLE]])
@pytest.mark.parametrize("fill", ["", "Blur", "black", None, 5, ["blur"]])
def test_another_fill_is_refused(fill, boxes):
    with pytest.raises(UserError) as refusal:
        occlude(RANDOM, boxes, fill)
    assert refusal.value.key == "refused.fill"
    assert "blur or surroundings" in str(refusal.value)


def test_a_long_fill_is_not_repeated_at_length():
    with pytest.raises(UserError) as refusal:
        occlude(RANDOM, [MIDDLE], "x" * 1000)
    assert refusal.value.values == {"fill": "x" * 40}
