"""Shortcuts in made-up pictures, each seen by the baseline that looks for it."""

import numpy as np
import pytest

from train.data.kermany import Images
from train.evaluate.shortcut_baselines import BASELINES, aspect, border, score_baselines, texture

SIDE = 224
MARGIN = 28  # 12.5 % of 224


def noise(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 190, (n, SIDE, SIDE), np.uint8)


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_keeps_the_contract(name):
    pixels = noise(3)
    before = pixels.copy()
    features = BASELINES[name](pixels)
    assert features.ndim == 2 and len(features) == 3
    assert np.issubdtype(features.dtype, np.floating)
    assert np.isfinite(features).all()
    np.testing.assert_array_equal(pixels, before)
    np.testing.assert_allclose(BASELINES[name](pixels[1:2]), features[1:2])


def test_the_border_does_not_see_what_lies_within():
    pixels = noise(2)
    changed = pixels.copy()
    changed[:, MARGIN:-MARGIN, MARGIN:-MARGIN] = noise(2, seed=1)[:, : -2 * MARGIN, : -2 * MARGIN]
    np.testing.assert_array_equal(border(changed), border(pixels))


@pytest.mark.parametrize(
    "place",
    [
        np.s_[:, 0, 98:105],
        np.s_[:, -1, 98:105],
        np.s_[:, 98:105, 0],
        np.s_[:, 98:105, -1],
        np.s_[:, MARGIN - 1, 98:105],
        np.s_[:, 98:105, -MARGIN],
    ],
    ids=["top", "bottom", "left", "right", "innermost row", "innermost column"],
)
def test_the_border_sees_all_four_sides_to_their_full_depth(place):
    pixels = noise(1)
    changed = pixels.copy()
    changed[place] = 255
    assert (border(changed) != border(pixels)).sum() == 1  # one cell of 32 x 32


def test_the_border_is_grey_levels_from_0_to_1():
    greys = np.array([0, 51, 255], np.uint8)[:, None, None] * np.ones((1, SIDE, SIDE), np.uint8)
    features = border(greys)
    assert features.shape == (3, 32**2 - 24**2)
    np.testing.assert_allclose(features, np.array([[0], [0.2], [1]]) * np.ones((1, 448)))


@pytest.mark.parametrize(("across", "down"), [(1, 1), (2, 1), (1, 3), (40, 10)])
def test_aspect_by_hand(across, down):
    rows, columns = np.indices((SIDE, SIDE)) % 2  # each step changes by that much, up or down
    pixels = (100 + across * columns + down * rows).astype(np.uint8)[None]
    np.testing.assert_allclose(aspect(pixels), [[np.log(across / down)]], rtol=1e-6)


def test_aspect_of_a_picture_on_its_side_is_the_opposite():
    pixels = np.repeat(noise(2)[:, :, ::2], 2, axis=2)  # columns in pairs: fewer steps across
    features = aspect(pixels)
    assert (features < -0.5).all()
    np.testing.assert_allclose(aspect(pixels.transpose(0, 2, 1)), -features, rtol=1e-5)


def wave(frequency: float, angle: float = 0.0, amplitude: float = 60.0) -> np.ndarray:
    """A grey wave of so many cycles a pixel, uint8 (1, SIDE, SIDE)."""
    rows, columns = np.indices((SIDE, SIDE))
    along = columns * np.cos(angle) + rows * np.sin(angle)
    return np.rint(120 + amplitude * np.sin(2 * np.pi * frequency * along)).astype(np.uint8)[None]


@pytest.mark.parametrize("angle", [0, 0.6, np.pi / 2], ids=["across", "aslant", "down"])
@pytest.mark.parametrize(
    ("frequency", "band"), [(0.075, 0), (0.125, 1), (0.225, 3), (0.325, 5), (0.475, 8)]
)
def test_a_wave_is_found_in_its_band(frequency, angle, band):
    (features,) = texture(wave(frequency, angle))
    assert len(features) == 9
    assert features.argmax() == band
    assert np.delete(features, band).max() < features[band] - np.log(100)


def test_texture_knows_no_slow_changes_and_no_brightness():
    fast, slow = wave(0.225), wave(0.01, amplitude=20)
    np.testing.assert_allclose(texture(fast + np.uint8(30)), texture(fast), atol=1e-6)
    both = fast + (slow - np.uint8(100))
    assert texture(both)[0, 3] == pytest.approx(texture(fast)[0, 3], abs=0.01)


def test_twice_the_contrast_is_four_times_the_power():
    grain = noise(1) // 2
    np.testing.assert_allclose(texture(grain * 2) - texture(grain), np.log(4), rtol=1e-6)


LABELS = np.array([0, 1, 0, 2] * 3)


def images(seed: int, change, labels=LABELS) -> Images:
    """Twelve pictures of noise, those of pneumonia changed."""
    pixels, ids = noise(12, seed), np.arange(12).astype(str)
    for row in np.flatnonzero(LABELS):
        pixels[row] = change(pixels[row])
    return Images(ids, ids, labels, pixels)


def brighter_margin(image):
    image = image.copy()
    image[:MARGIN] += 40
    return image


def squashed(image):
    return np.repeat(image[:, ::2], 2, axis=1)


def smooth(image):
    near = [np.roll(image.astype(float), (i, j), (0, 1)) for i in (0, 1) for j in (0, 1)]
    return np.mean(near, axis=0).astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "change"),
    [("border only", brighter_margin), ("aspect only", squashed), ("texture only", smooth)],
)
def test_a_shortcut_is_found_by_its_baseline(name, change):
    scores = score_baselines(images(0, change), images(1, change)[:9])
    assert list(scores) == ["border only", "aspect only", "texture only"]
    assert scores[name]["n"] == 9  # the second set is the one scored
    assert scores[name]["auc"] == 1
    assert scores[name]["confusion"] == [[5, 0], [0, 4]]


def test_the_truth_of_the_scored_set_is_not_learnt():
    reverse = np.where(LABELS > 0, 0, 1)
    scores = score_baselines(images(0, squashed), images(1, squashed, labels=reverse))
    assert scores["aspect only"]["auc"] == 0


def test_nothing_is_told_of_lungs_from_the_border():
    alike = noise(1)[0]
    within = alike.copy()
    within[MARGIN:-MARGIN, MARGIN:-MARGIN] = 200
    sets = [images(seed, lambda _: within) for seed in (0, 1)]
    for one in sets:
        one.pixels[LABELS == 0] = alike
    assert score_baselines(*sets)["border only"]["auc"] == 0.5
