"""Stresses of pictures whose answer is known by hand."""

import numpy as np
import pytest

from train.data.corruptions import (
    CORRUPTIONS,
    as_if_farther,
    as_if_wider,
    corrupted,
    grainy,
    mixed_corruptions,
    replace_border,
)
from train.data.kermany import Images


def disc(side: int = 224, radius: int = 40) -> np.ndarray:
    """A white disc in the middle of black."""
    rows, columns = np.indices((side, side)) - (side - 1) / 2
    return (np.hypot(rows, columns) <= radius).astype(np.float32)


def extent(image: np.ndarray) -> tuple[int, int]:
    """Width and height of what is white."""
    white = image > 0.5
    return int(white.any(axis=0).sum()), int(white.any(axis=1).sum())


@pytest.mark.parametrize(
    ("factor", "width", "height"), [(1, 80, 80), (1.25, 64, 80), (0.8, 80, 64), (1.4, 57, 80)]
)
def test_a_wider_file_looks_narrower_once_squashed(factor, width, height):
    seen = extent(as_if_wider(disc(), factor))
    assert seen == (pytest.approx(width, abs=1), pytest.approx(height, abs=1))


def test_from_farther_away_all_is_smaller():
    assert extent(as_if_farther(disc(), 1.25)) == (
        pytest.approx(64, abs=1),
        pytest.approx(64, abs=1),
    )


def test_beyond_the_edge_lies_a_mirror():
    ramp = np.tile(np.linspace(0, 1, 224, dtype=np.float32), (224, 1))
    wider = as_if_wider(ramp, 1.5)
    assert wider[0, 0] > 0.2 and wider[0, -1] < 0.8  # back from the edges, not black
    assert wider.min() < 0.02 and wider.max() > 0.98


def test_grain_has_the_deviation_asked_for():
    grey = np.full((224, 224), 0.5, np.float32)
    noisy = grainy(grey, 0.03, np.random.default_rng(0))
    assert noisy.std() == pytest.approx(0.03, rel=0.02)
    assert noisy.mean() == pytest.approx(0.5, abs=1e-3)


@pytest.fixture
def images() -> Images:
    """44 images of noise on a ramp, half of them normal; four for each of the eleven stresses."""
    rng = np.random.default_rng(1)
    ramp = np.linspace(40, 200, 224)
    pixels = (ramp + rng.normal(0, 8, (44, 224, 224))).clip(0, 255).astype(np.uint8)
    names = np.array([f"person{n}_bacteria" for n in range(44)])
    return Images(names, names, np.arange(44) % 2, pixels)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_stress_keeps_the_contract_and_changes_the_image(images, name):
    before = images.pixels.copy()
    changed = corrupted(images[:3], name)
    assert changed.shape == (3, 224, 224, 1) and changed.dtype == np.float32
    assert changed.min() >= 0 and changed.max() <= 1
    assert np.abs(changed[..., 0] - images.pixels[:3] / 255).mean() > 1e-3
    np.testing.assert_array_equal(images.pixels, before)
    np.testing.assert_array_equal(changed, corrupted(images[:3], name))


def test_tone_stresses_go_the_way_their_names_say(images):
    plain = (images.pixels[:3] / 255).mean()
    assert corrupted(images[:3], "gamma 0.7").mean() > plain
    assert corrupted(images[:3], "gamma 1.4").mean() < plain


def test_a_mixture_holds_every_stress_equally_often(images):
    changed = mixed_corruptions(images)
    assert changed.shape == (44, 224, 224, 1) and changed.dtype == np.float32
    blur, tone = (corrupted(images, name) for name in ("blur of 1 pixel", "gamma 0.7"))
    for alone in (blur, tone):  # stresses without chance can be found again in the mixture
        assert (np.abs(changed - alone).max(axis=(1, 2, 3)) < 1e-6).sum() == 4


def test_borders_come_from_the_other_class():
    """Normals white, pneumonias black: the frame changes colour, the middle stays."""
    names = np.array(list("abcd"))
    pixels = np.where(np.arange(4)[:, None, None] < 2, 255, 0) * np.ones((1, 224, 224))
    framed = corrupted(
        Images(names, names, np.array([0, 0, 1, 2]), pixels.astype(np.uint8)),
        "border of the other class, an eighth",
    )[..., 0]
    assert framed[:2, :20].max() == 0 and framed[2:, :20].min() == 1
    assert framed[:2, 40:180, 40:180].min() == 1 and framed[2:, 40:180, 40:180].max() == 0


def test_a_border_by_hand():
    white, black = np.full((224, 224), 255, np.uint8), np.zeros((224, 224), np.uint8)
    framed = replace_border(black, white, np.array([0.25, 0.125, 0.0, 0.5]))
    across, down = framed[60], framed[:, 120]
    assert across[:50].max() == 0 and across[62:190].min() == 255  # 56 columns at the left
    assert across[200:].max() == 0  # 28 at the right
    assert down[4:106].min() == 255 and down[118:].max() == 0  # none at the top, 112 below
    assert 0 < across[56] < 255  # a soft edge
    assert framed.dtype == np.uint8


def test_no_width_is_no_border():
    rows = np.tile(np.arange(224, dtype=np.uint8), (224, 1)).T
    black = np.zeros_like(rows)
    assert replace_border(black, rows, np.zeros(4))[4:-4, 4:-4].tolist() == (
        rows[4:-4, 4:-4].tolist()
    )
