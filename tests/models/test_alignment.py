"""Where the frame lies in a radiograph: made-up chests, and the shipped examples."""

import cv2
import numpy as np
import pytest

from cxr_demo.artefacts import ALIGNMENT, ASSETS, Artefacts
from cxr_demo.models import alignment
from cxr_demo.models.affine import IDENTITY, compose, from_pixels, to_pixels, warp
from cxr_demo.models.alignment import (
    FRAME_IN_TEMPLATE,
    MARGIN,
    TEMPLATE_SIDE,
    Aligner,
    features,
)
from cxr_demo.models.preprocessing import SIDE, to_network_input
from cxr_demo.reading.reader import read_radiograph


def made_up_chest() -> np.ndarray:
    """Dark lungs beside a bright spine, float32 (SIDE, SIDE), unlike its own mirror image."""
    picture = np.full((SIDE, SIDE), 0.75, np.float32)
    for centre, axes, grey in (((70, 110), (32, 70), 0.2), ((155, 100), (26, 62), 0.3)):
        cv2.ellipse(picture, centre, axes, 0, 0, 360, grey, -1)
    for y in range(50, 180, 22):
        cv2.line(picture, (35, y), (190, y - 14), 0.5, 3)
    return cv2.GaussianBlur(picture, (0, 0), 3)


def seen_through(square: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return warp(square, matrix, SIDE, cv2.BORDER_REPLICATE)


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    return Aligner(features(made_up_chest()))


@pytest.fixture(scope="module")
def shipped() -> Aligner:
    return Aligner.from_arrays(Artefacts().arrays(ALIGNMENT))


def examples() -> list[np.ndarray]:
    paths = sorted((ASSETS / "examples").glob("*.jpeg"))
    return [to_network_input(read_radiograph(path.read_bytes()).pixels) for path in paths]


def test_a_chest_like_the_template_keeps_its_place(aligner):
    found = aligner(made_up_chest())
    assert found.aligned and found.correlation == pytest.approx(1, abs=1e-3)
    # The frame leaves out MARGIN on each side.
    inner = 1 - 2 * MARGIN
    np.testing.assert_allclose(found.matrix, [[inner, 0, MARGIN], [0, inner, MARGIN]], atol=2e-3)


@pytest.mark.parametrize("scale, shift", [(1.12, (0.0, 0.04)), (0.88, (0.05, -0.03))])
def test_a_known_change_is_found_again(aligner, scale, shift):
    change = np.column_stack([np.eye(2) * scale, np.array(shift) + (1 - scale) / 2])
    found = aligner(seen_through(made_up_chest(), change))
    inner = 1 - 2 * MARGIN
    expected = [[inner, 0, MARGIN], [0, inner, MARGIN]]
    np.testing.assert_allclose(compose(change, found.matrix), expected, atol=0.02)


def test_from_far_off_other_starts_help(shipped, monkeypatch):
    """Shifted by a fifth, the start from the identity alone leads astray."""
    change = np.array([[1.0, 0, 0.0], [0, 1.0, 0.22]])
    changed = [warp(square, change, SIDE) for square in examples()[::3]]
    found = [shipped(square).correlation for square in changed]
    monkeypatch.setattr(alignment, "GOOD", -1.0)
    monkeypatch.setattr(alignment, "POOR", -1.0)
    alone = [shipped(square).correlation for square in changed]
    assert np.min(found) > 0.8 > np.min(alone) + 0.1


@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_an_even_picture_stays_unaligned(aligner, grey):
    found = aligner(np.full((SIDE, SIDE), grey, np.float32))
    assert not found.aligned
    np.testing.assert_array_equal(found.matrix, IDENTITY)


def test_noise_stays_unaligned(aligner):
    found = aligner(np.random.default_rng(0).random((SIDE, SIDE), np.float32))
    assert not found.aligned and found.correlation < 0.6
    np.testing.assert_array_equal(found.matrix, IDENTITY)


def test_matrices_of_pixels_and_points():
    """A frame half as wide, a quarter from the left: pixel 0 of 8 has its centre at 1/16 of it, so
    at 1/4 + 1/32 = 9/32 of the square, where the centre of pixel 9/4 - 1/2 = 1.75 lies."""
    matrix = np.array([[0.5, 0, 0.25], [0, 1, 0]])
    pixels = to_pixels(matrix, 8)
    np.testing.assert_allclose(pixels @ (0, 0, 1), (1.75, 0))
    np.testing.assert_allclose(from_pixels(pixels, 8), matrix)


def test_compose_does_the_inner_one_first():
    double = np.array([[2.0, 0, 0], [0, 2, 0]])
    shift = np.array([[1.0, 0, 0.25], [0, 1, 0]])
    np.testing.assert_allclose(compose(double, shift) @ (0, 0, 1), (0.5, 0))
    np.testing.assert_allclose(compose(shift, double) @ (0, 0, 1), (0.25, 0))


def test_warp_shows_what_the_frame_covers():
    """The left upper quarter of a square of 4 x 4, at its own size and as large as it was."""
    square = np.arange(16, dtype=np.float32).reshape(4, 4) / 16
    quarter = np.array([[0.5, 0, 0], [0, 0.5, 0]])
    np.testing.assert_allclose(warp(square, quarter, 2), square[:2, :2], atol=1e-6)
    np.testing.assert_allclose(warp(square, IDENTITY, 4), square, atol=1e-6)
    beyond = np.array([[1.0, 0, 0.5], [0, 1, 0]])  # half of the frame lies right of the square
    np.testing.assert_allclose(warp(square, beyond, 4)[:, 2:], 0, atol=1e-6)
    np.testing.assert_allclose(warp(square, beyond, 4)[:, :2], square[:, 2:], atol=1e-6)


def test_the_shipped_template_aligns_every_example(shipped):
    assert all(shipped(square).correlation > 0.8 for square in examples())


def test_the_shipped_template_finds_known_changes_again(shipped):
    """Scale within 5 % and centre within 3 % of the side on 9 of 10, as on held-out patients."""
    rng = np.random.default_rng(1)
    good = []
    for square in examples():
        scale = np.exp(rng.uniform(-0.15, 0.15))
        shift = rng.uniform(-0.06, 0.06, 2) + (1 - scale) / 2
        change = np.column_stack([np.eye(2) * scale, shift])
        before = shipped(square).matrix
        after = compose(change, shipped(seen_through(square, change)).matrix)
        size = np.sqrt(np.linalg.det(after[:, :2]) / np.linalg.det(before[:, :2]))
        off = np.linalg.norm((after - before) @ (0.5, 0.5, 1))
        good.append(abs(size - 1) < 0.05 and off < 0.03)
    assert np.mean(good) >= 0.9


def test_where_the_file_ends_does_not_matter(shipped):
    """Cut off by a tenth on two sides, the frame still lies on the same chest."""
    for square in examples()[:4]:
        change = np.array([[0.9, 0, 0.1], [0, 0.9, 0]])
        before, after = shipped(square), shipped(seen_through(square, change))
        np.testing.assert_allclose(compose(change, after.matrix), before.matrix, atol=0.06)


def test_template_and_zones_have_one_frame(shipped):
    arrays = Artefacts().arrays(ALIGNMENT)
    assert arrays["template"].shape == (TEMPLATE_SIDE, TEMPLATE_SIDE)
    assert arrays["template"].mean() == pytest.approx(0, abs=1e-4)
    zones = arrays["zones"]
    assert set(np.unique(zones)) == set(range(7))
    assert (zones[:, :32] <= 3).all()  # the patient's right is the image's left
    in_frame = warp(arrays["template"], FRAME_IN_TEMPLATE, zones.shape[0])
    lungs = (zones > 0).astype(np.uint8)
    around = cv2.dilate(lungs, np.ones((9, 9))) - lungs
    assert in_frame[lungs > 0].mean() < in_frame[around > 0].mean() - 0.3
