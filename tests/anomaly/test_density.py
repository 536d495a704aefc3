"""Brightness and dullness of drawn chests, and what may not change them."""

import cv2
import numpy as np
import pytest

from cxr_demo.anomaly.density import (
    CAGE,
    INNER_FRAME,
    MAP_SIDE,
    MAX_DEVIATION,
    NormalDensity,
    describe_frame,
    frame_size,
    measure,
    stretch,
    surroundings_of,
)
from tests.conftest import chest_like

SURROUNDINGS = np.zeros((2, MAP_SIDE, MAP_SIDE), bool)
SURROUNDINGS[:, 4:12, 4:60] = True
MATRIX = np.array([[1.0, 0, 0], [0, 1, 0]])


def chest(seed: int = 0) -> np.ndarray:
    return chest_like(seed, 224, 224).astype(np.float32) / 255


def normal(coefficients=0.0, spread=1.0) -> NormalDensity:
    return NormalDensity(
        SURROUNDINGS,
        np.full((2, 2, 3, MAP_SIDE, MAP_SIDE), coefficients, np.float32),
        np.full((2, 2, MAP_SIDE, MAP_SIDE), spread, np.float32),
        np.array([[-0.5, -0.5], [0.5, 0.5]]),
        np.zeros((1, 6)),
    )


def test_tone_cancels_out():
    frame = chest()
    for other in (0.2 + 0.5 * frame, 0.7 * frame):
        np.testing.assert_allclose(
            measure(other, SURROUNDINGS), measure(frame, SURROUNDINGS), atol=0.05
        )


def test_brightness_is_in_deviations_of_the_surroundings():
    frame = np.zeros((224, 224), np.float32)
    frame[:, 112:] = 1  # half of the surroundings dark, half bright: deviations of one half
    for brightness, _ in measure(frame, SURROUNDINGS):
        assert brightness[40, 10] == pytest.approx(-1, abs=0.05)
        assert brightness[40, 54] == pytest.approx(1, abs=0.05)


def test_an_opacity_is_brighter_and_blur_is_duller_where_they_are():
    frame = chest()
    opaque, blurred = frame.copy(), frame.copy()
    opaque[100:140, 50:80] += 0.15
    mottled = frame + np.random.default_rng(0).normal(0, 0.05, frame.shape).astype(np.float32)
    mottled = cv2.GaussianBlur(mottled, (0, 0), 1.5)
    blurred = mottled.copy()
    blurred[100:140, 50:80] = cv2.GaussianBlur(mottled, (0, 0), 6)[100:140, 50:80]
    place, away = np.s_[31:37, 16:20], np.s_[31:37, 44:48]
    plain = normal()
    gain = plain(opaque, MATRIX).brightness - plain(frame, MATRIX).brightness
    assert gain[place].min() > 0.3 and abs(gain[away]).max() < 0.05
    loss = plain(blurred, MATRIX).dullness - plain(mottled, MATRIX).dullness
    assert loss[place].min() > 0.2 and abs(loss[away]).max() < 0.05


def test_deviations_are_from_what_is_expected_of_a_frame_of_this_size():
    narrow = np.array([[np.exp(-0.2), 0, 0], [0, 1, 0]])
    found = normal(spread=2.0)(chest(), narrow)
    seen = measure(chest(), SURROUNDINGS).mean(axis=0)
    np.testing.assert_allclose(found.brightness, seen[0] / 2, atol=1e-5)
    np.testing.assert_allclose(found.dullness, -seen[1] / 2, atol=1e-5)
    one = normal()
    one.coefficients[:, 0, 1] = 3  # a unit of log width makes lungs brighter by 3
    shifted = one(chest(), narrow).brightness
    np.testing.assert_allclose(shifted, seen[0] + 0.6, atol=1e-5)


def test_no_file_makes_a_map_infinite():
    for frame in (np.zeros((224, 224), np.float32), np.ones((224, 224), np.float32)):
        found = normal(spread=1e-6)(frame, MATRIX)
        assert np.abs(found.brightness).max() <= MAX_DEVIATION
        assert np.isfinite(found.dullness).all()


def test_a_frame_is_described_by_its_width_and_height_within_limits():
    turned = np.array([[0.6, 0.0, 0], [0.8, 2.0, 0]])  # columns of length 1 and 2
    assert frame_size(turned) == pytest.approx([0, np.log(2)])
    limits = np.array([[-0.1, -0.2], [0.1, 0.3]])
    assert describe_frame(turned, limits) == pytest.approx([1, 0, 0.3])


def test_stretching_puts_the_percentiles_of_the_inner_frame_at_0_and_1():
    frame = np.full((224, 224), 0.9, np.float32)  # the edge is left out
    frame[14:-14, 14:-14] = np.linspace(0.2, 0.6, 196)
    stretched = stretch(frame, INNER_FRAME)[14:-14, 14:-14]
    assert np.percentile(stretched, [2, 98]) == pytest.approx([0, 1], abs=0.02)


def test_lungs_are_compared_with_what_is_apart_from_them():
    zones = np.zeros((MAP_SIDE, MAP_SIDE), np.uint8)
    zones[20:40, 20:40] = 3
    frame, cage = surroundings_of(zones)
    for around in (frame, cage):
        assert not around[17:43, 17:43].any() and around[16, 20:40].all()
        assert around[4, 24:40].all()  # the neck
    assert frame[4, 4:16].all() and not cage[4, :16].any()  # the shoulder


def test_what_a_file_shows_outside_the_rib_cage_changes_nothing_against_the_rib_cage():
    """Another abdomen, or none, and other shoulders, farther away than contrast reaches."""
    frame = chest()
    other = frame.copy()
    other[208:] = 0
    other[:24, :24] = other[:24, -24:] = 1
    lungs = np.s_[:, 14:46, 20:44]
    around = np.stack([CAGE, CAGE])
    found = (measure(seen, around)[1][lungs] for seen in (frame, other))
    np.testing.assert_allclose(*found, atol=1e-5)
