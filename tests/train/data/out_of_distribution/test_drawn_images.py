"""Drawings: what all have in common, and what makes one a picture of its kind."""

import cv2
import numpy as np
import pytest

from train.data.out_of_distribution.drawn_images import KINDS, draw_image

NAMES = ["blank", "noise", "shapes", "page_of_text", "screen", "bones", "slice"]
SEEDS = range(12)


def pictures(kind: str) -> list[np.ndarray]:
    return [draw_image(kind, np.random.default_rng(seed)) for seed in SEEDS]


def test_the_kinds():
    assert sorted(KINDS) == sorted(NAMES)


@pytest.mark.parametrize("kind", NAMES)
def test_drawings_keep_the_contract(kind):
    for picture in pictures(kind):
        assert picture.ndim == 2 and picture.dtype == np.float32
        assert np.isfinite(picture).all()
        assert picture.min() >= 0 and picture.max() <= 1
        assert picture.min() < picture.max()  # even a blank has grain
        height, width = picture.shape
        assert 200 <= height < 400
        assert 120 <= width <= 700


@pytest.mark.parametrize("kind", NAMES)
def test_each_draw_is_another_picture(kind):
    rng = np.random.default_rng(3)
    one, other = draw_image(kind, rng), draw_image(kind, rng)
    assert one.shape != other.shape or (one != other).any()
    np.testing.assert_array_equal(one, draw_image(kind, np.random.default_rng(3)))


def test_shapes_of_pictures_vary():
    ratios = [picture.shape[1] / picture.shape[0] for picture in pictures("shapes")]
    assert min(ratios) < 0.8 and max(ratios) > 1.3


def test_an_unknown_kind():
    with pytest.raises(KeyError):
        draw_image("photograph", np.random.default_rng(0))


def test_a_blank_is_a_slope_with_a_little_grain():
    """What is left after a fitted slope is grain of at most 0.05; clipping may add a bend."""
    for picture in (whole[::4, ::4] for whole in pictures("blank")):
        y, x = (axis - axis.mean() for axis in np.indices(picture.shape) / 50)
        terms = np.stack([x**0, x, y, x**2, y**2, x**2 + y**2, x * y], axis=-1).reshape(-1, 7)
        whole = picture.ravel().astype(float)
        fitted = terms @ np.linalg.lstsq(terms, whole, rcond=None)[0]
        assert (whole - fitted).std() < 0.08


def likeness(picture: np.ndarray) -> float:
    """Correlation of each pixel with its right neighbour."""
    return float(np.corrcoef(picture[:, :-1].ravel(), picture[:, 1:].ravel())[0, 1])


def test_noise_is_white_or_of_several_scales():
    found = np.array([likeness(picture) for picture in pictures("noise")])
    assert (np.abs(found) < 0.1).any() and (found > 0.8).any()
    assert ((np.abs(found) < 0.1) | (found > 0.8)).all()


def test_a_document_is_mostly_paper():
    """One tone takes over half of it, and it lies near one end; its ink has the other one."""
    light = []
    for picture in pictures("page_of_text"):
        tones, counts = np.unique(picture, return_counts=True)
        paper = tones[counts.argmax()]
        assert counts.max() > picture.size / 2
        assert paper >= 0.79 or paper <= 0.21
        ink = picture.min() if paper > 0.5 else picture.max()
        assert 0.4 < abs(paper - ink) <= 1
        light.append(paper > 0.5)
    assert any(light) and not all(light)


def test_a_slice_is_black_around():
    for picture in pictures("slice"):
        height, width = picture.shape
        corners = [
            part.mean() for part in (picture[:9, :9], picture[:9, -9:], picture[-9:, :9])
        ] + [picture[-9:, -9:].mean()]
        assert max(corners) < 0.05
        middle = picture[height // 4 : -height // 4, width // 4 : -width // 4]
        assert middle.mean() > max(corners) + 0.1


def test_bones_are_brighter_than_what_is_around_them():
    """Soft edges and bright parts of no more than half of the picture."""
    for picture in pictures("bones"):
        smooth = cv2.GaussianBlur(picture, (0, 0), 2)
        assert smooth.max() - smooth.min() > 0.2
        assert (smooth > (smooth.min() + smooth.max()) / 2).mean() < 0.6


def test_a_screen_and_shapes_have_sharp_edges():
    for kind in ("screen", "shapes"):
        steps = [np.abs(np.diff(picture, axis=0)).max() for picture in pictures(kind)]
        assert np.median(steps) > 0.2
