"""Volumes made in memory, and what their slices and projections look like."""

import gzip
import struct

import numpy as np
import pytest

from train.data.out_of_distribution import volumes
from train.data.out_of_distribution.volumes import (
    ANGLES,
    evenly_spaced,
    projections,
    read_nifti,
    read_nrrd,
    slices,
    to_grey_image,
)


@pytest.mark.parametrize(
    ("count", "most", "expected"),
    [
        (0, 5, []),
        (1, 5, [0]),
        (3, 5, [0, 1, 2]),
        (5, 5, [0, 1, 2, 3, 4]),
        (9, 3, [0, 4, 8]),
        (10, 2, [0, 9]),
        (7, 1, [0]),
    ],
)
def test_places_spread_evenly(count, most, expected):
    assert evenly_spaced(count, most) == expected


def nifti(volume: np.ndarray, code: int, order: str = "<", slope: float = 0, offset: float = 0):
    """A gzipped NIfTI-1 file with spacing 1, 2 and 3."""
    head = bytearray(352)
    struct.pack_into(order + "i", head, 0, 348)
    struct.pack_into(order + "8h", head, 40, volume.ndim, *volume.shape, *[1] * (7 - volume.ndim))
    struct.pack_into(order + "h", head, 70, code)
    struct.pack_into(order + "8f", head, 76, 1, 1, 2, 3, 0, 0, 0, 0)
    struct.pack_into(order + "3f", head, 108, 352, slope, offset)
    head[344:348] = b"n+1\0"
    kind = volume.dtype.newbyteorder(order)
    return gzip.compress(bytes(head) + volume.astype(kind).tobytes(order="F"))


VOLUME = np.arange(2 * 3 * 4).reshape(2, 3, 4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [(2, "u1"), (4, "i2"), (8, "i4"), (16, "f4"), (64, "f8"), (256, "i1"), (512, "u2")],
)
def test_a_nifti_volume(code, kind, order):
    values = VOLUME.astype(kind) - (10 if kind[0] == "i" else 0)
    volume, spacing = read_nifti(nifti(values.astype(kind), code, order))
    np.testing.assert_array_equal(volume, values)
    assert volume.dtype == np.float32 and spacing.tolist() == [1, 2, 3]


def test_a_nifti_volume_is_rescaled():
    """Slope 0 stands for none."""
    scaled, _ = read_nifti(nifti(VOLUME.astype("i2"), 4, slope=2, offset=-1024))
    np.testing.assert_array_equal(scaled, VOLUME * 2 - 1024)
    plain, _ = read_nifti(nifti(VOLUME.astype("i2"), 4, slope=0, offset=0))
    np.testing.assert_array_equal(plain, VOLUME)


def test_of_several_nifti_volumes_the_first():
    several = np.stack([VOLUME, VOLUME + 100], axis=-1).astype("i2")
    volume, _ = read_nifti(nifti(several, 4))
    np.testing.assert_array_equal(volume, VOLUME)


@pytest.mark.parametrize(("name", "kind"), [("short", "<i2"), ("unsigned short", "<u2")])
def test_an_nrrd_volume(name, kind):
    """The spacing is how long the directions are, whichever way they point."""
    head = (
        f"NRRD0004\n# a comment\ntype: {name}\ndimension: 3\nsizes: 2 3 4\n"
        "space directions: (3,4,0) (0,-2,0) (0,0,0.5)\nendian: little\nencoding: gzip\n\n"
    )
    body = gzip.compress((VOLUME + 7).astype(kind).tobytes(order="F"))
    volume, spacing = read_nrrd(head.encode() + body)
    np.testing.assert_array_equal(volume, VOLUME + 7)
    np.testing.assert_allclose(spacing, [5, 2, 0.5])


def test_slices_along_each_axis_without_the_ends():
    """Eight of ten along each, of which the first and the last along the height are 1 and 8."""
    volume = np.broadcast_to(np.arange(10.0), (10, 10, 10)).copy()
    volume[:, :5] += 100
    found = list(slices(volume, np.ones(3), "mr_slice"))
    assert len(found) == 24
    for picture in found[:8]:  # seen from the side: the head is up, and front and back differ
        pixels = np.asarray(picture, float)
        assert pixels[0].mean() > pixels[-1].mean()
        assert pixels[:, 0].mean() > pixels[:, -1].mean()
    for picture in found[16:]:  # seen from below: the front, of high y, is up
        pixels = np.asarray(picture, float)
        assert pixels[0].mean() < pixels[-1].mean()
        assert pixels[:, 0].mean() == pytest.approx(pixels[:, -1].mean())


@pytest.mark.parametrize(("thick", "count"), [(4, 24), (4.1, 8)])
def test_thick_slices_are_not_looked_at_from_the_side(thick, count):
    volume = np.random.default_rng(0).normal(size=(10, 10, 10))
    pictures = list(slices(volume, np.array([1, 1, thick]), "mr_slice"))
    assert len(pictures) == count
    sizes = {picture.size for picture in pictures}
    assert sizes == ({(96, 384), (384, 384)} if count == 24 else {(384, 384)})


def test_of_many_slices_a_few_are_taken(monkeypatch):
    monkeypatch.setattr(volumes, "PLANES", 3)
    volume = np.random.default_rng(0).normal(size=(20, 12, 10))
    assert len(list(slices(volume, np.ones(3), "mr_slice"))) == 9


def test_ct_slices_go_through_one_window_after_the_other():
    """-160 to 240, -1350 to 150, -450 to 1050 and -1000 to 1000: what 40 becomes."""
    found = list(slices(np.full((10, 10, 10), 40.0), np.ones(3), "ct_slice"))
    tones = [int(np.asarray(picture).mean()) for picture in found[:5]]
    assert tones == [127, 236, 83, 132, 127]


@pytest.mark.parametrize("kind", sorted(ANGLES))
def test_projections_show_what_stops_rays_as_bright(kind):
    """A dense ball in water, in air, low in the volume."""
    x, y, z = np.mgrid[-1:1:20j, -1:1:20j, -1:1:20j]
    volume = np.where(x**2 + y**2 < 0.8, 0.0, -1000.0)
    volume[x**2 + y**2 + (z + 0.5) ** 2 < 0.08] = 1000
    found = list(projections(volume, np.array([1, 1, 2.0]), kind))
    parts = 4 if kind == "abdomen_projection" else 1
    assert len(found) == parts * len(ANGLES[kind])
    for picture in found[::parts]:
        pixels = np.asarray(picture, float)
        height, width = pixels.shape
        assert height > 1.7 * width  # twice as high as wide, and no wider than what is there
        row = pixels.max(axis=1).argmax()
        assert 0.6 * height < row < 0.9 * height
        assert pixels[row].argmax() / width == pytest.approx(0.5, abs=0.25)


def test_a_window_makes_tones():
    values = np.array([[-100.0, 0, 50, 100, 300]]).repeat(5, axis=0).repeat(100, 0).repeat(100, 1)
    picture = np.asarray(to_grey_image(values, 0, 100))
    assert picture[250, 50::100].tolist() == [0, 0, 127, 255, 255]
    assert picture.shape == (500, 500)


@pytest.mark.parametrize(
    ("shape", "aspect", "size"),
    [
        ((100, 100), 1, (384, 384)),
        ((100, 50), 1, (192, 384)),
        ((500, 400), 1, (400, 500)),
        ((2048, 1024), 1, (512, 1024)),
        ((100, 400), 2, (400, 200)),
        ((100, 400), 8, (400, 800)),
        ((800, 400), 4, (128, 1024)),
    ],
)
def test_pixels_become_square_and_pictures_middle_sized(shape, aspect, size):
    """At least 384 and at most 1024 pixels on the longer side, whichever that is then."""
    assert to_grey_image(np.random.default_rng(0).random(shape), 0, 1, aspect).size == size


def test_one_tone_through_no_window():
    assert set(np.asarray(to_grey_image(np.full((400, 400), 3.0), 3, 3)).ravel()) == {0}
