"""Archives and pictures made in memory: nothing is downloaded."""

import io
import tarfile
import zipfile
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from tests.conftest import chest_like
from tests.reading.dicom_files import columns, dicom
from tests.train.data.out_of_distribution.test_volumes import nifti
from train.data.out_of_distribution import package_images
from train.data.out_of_distribution.package_images import (
    _dicom,
    _fingerprint,
    _flat,
    _members,
    _pictures,
    _take,
    fetch,
)
from train.data.out_of_distribution.package_sources import CHEST, SOURCES, Source
from train.data.out_of_distribution.volumes import ANGLES


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as box:
        box.mkdir("a/folder.png")
        for name, data in files.items():
            box.writestr(name, data)
    return target.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as box:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            box.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("a/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        box.addfile(link)
        folder = tarfile.TarInfo("a/folder.png")
        folder.type = tarfile.DIRTYPE
        box.addfile(folder)
    return target.getvalue()


def stored(picture: np.ndarray | Image.Image, kind: str = "PNG", **options) -> bytes:
    target = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(target, kind, **options)
    return target.getvalue()


# --- the list


def test_no_package_stands_twice_in_a_kind():
    """The second time it would be taken for fetched."""
    counts = Counter((source.kind, source.package) for source in SOURCES)
    assert [pair for pair, count in counts.items() if count > 1] == []


def test_every_source_has_a_version_a_licence_and_members():
    for source in SOURCES:
        assert source.version[0].isdigit() and source.licence
        assert source.members and not isinstance(source.members, str)
    assert set(CHEST) | set(ANGLES) <= {source.kind for source in SOURCES}


# --- archives


@pytest.mark.parametrize("packed", [zipped, tarred])
def test_members_that_match_come_by_name(packed):
    files = {
        "a/b/two.png": b"2",
        "a/one.png": b"1",
        "a/three.jpg": b"3",
        "a/ONE.PNG": b"4",
        "one.png": b"5",
    }
    found = dict(_members(packed(files), ("*/*.png", "*/three*")))
    assert found == {"a/b/two.png": b"2", "a/one.png": b"1", "a/three.jpg": b"3"}
    assert list(found) == sorted(found)
    assert not list(_members(packed(files), ("*.tif",)))


@pytest.mark.parametrize("packed", [zipped, tarred])
def test_a_member_that_matches_twice_comes_once(packed):
    assert len(list(_members(packed({"a/b.png": b"1"}), ("*.png", "a/*.png")))) == 1


@pytest.mark.parametrize("packed", [zipped, tarred])
def test_all_of_an_archive_within_comes(packed):
    inner = zipped({"x.txt": b"x", "y/z.dcm": b"z"})
    found = list(_members(packed({"a/in.zip": inner, "a/b.txt": b"b"}), ("*.zip",)))
    assert found == [("x.txt", b"x"), ("y/z.dcm", b"z")]


def test_of_many_members_some_come_from_all_along(monkeypatch):
    monkeypatch.setattr(package_images, "MAX_PER_SOURCE", 2)
    files = {f"{i:02}.png": b"" for i in range(10)}
    found = [name for name, _ in _members(zipped(files), ("*",))]
    assert found == ["00.png", "03.png", "06.png", "09.png"]


# --- pictures


def tones_of(picture: Image.Image) -> list:
    return np.asarray(picture)[0].tolist()


def test_grey_and_rgb_stay():
    for mode in ("L", "RGB"):
        picture = Image.new(mode, (4, 4))
        assert _flat(picture) is picture


def test_what_is_transparent_becomes_white():
    pixels = np.zeros((2, 3, 4), np.uint8)
    pixels[:, 1, 3], pixels[:, 2, 3] = 255, 51
    flat = _flat(Image.fromarray(pixels, "RGBA"))
    assert flat.mode == "RGB"
    assert tones_of(flat) == [[255] * 3, [0] * 3, [204] * 3]


def test_palettes_and_bits_become_rgb():
    grey = Image.fromarray(np.array([[0, 255]], np.uint8).repeat(2, axis=0))
    for mode in ("1", "P", "LA"):
        flat = _flat(grey.convert(mode))
        assert flat.mode == "RGB" and tones_of(flat) == [[0] * 3, [255] * 3]


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
def test_deeper_greys_are_stretched(kind):
    values = np.tile(np.array([1000, 3000, 5000], kind).repeat(200), (600, 1))
    flat = _flat(Image.fromarray(values))
    assert flat.mode == "L" and tones_of(flat)[100::200] == [0, 127, 255]


def test_pictures_that_look_alike_are_known_whatever_their_form():
    pixels = np.minimum(chest_like(1, 300, 400), 235)
    picture = Image.fromarray(pixels)
    found = _fingerprint(picture)
    assert len(found) == 64
    assert _fingerprint(picture.convert("RGB")) == found
    assert _fingerprint(Image.fromarray(pixels + 20)) == found
    assert _fingerprint(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) != found
    assert _fingerprint(Image.fromarray(chest_like(2, 300, 400))) != found


def test_fingerprints_by_hand():
    """Brighter to the right in all 256 places, then darker in all."""
    slope = np.tile(np.arange(0, 255, 15, dtype=np.uint8), (16, 1))
    assert _fingerprint(Image.fromarray(slope)) == b"\xff" * 32 + bytes(32)
    assert _fingerprint(Image.fromarray(slope[:, ::-1])) == bytes(32) + b"\xff" * 32
    faint = np.tile(np.arange(0, 34, 2, dtype=np.uint8), (16, 1))
    assert _fingerprint(Image.fromarray(faint)) == bytes(64)
    left = slope.copy()
    left[:, 1:] = left[:, 1:2]
    assert _fingerprint(Image.fromarray(left)) == b"\x80\0" * 16 + bytes(32)


def test_a_dicom_file_is_shown_as_it_is_meant():
    stripes = columns(0, 1000, 4000, height=400, width=150)
    for photometric, expected in (("MONOCHROME2", [0, 63, 255]), ("MONOCHROME1", [255, 191, 0])):
        picture = next(_dicom(dicom(stripes, photometric=photometric), "other_body_part"))
        tones = np.asarray(picture)[200, 75::150].astype(int)
        np.testing.assert_allclose(tones, expected, atol=1)


def test_some_frames_of_a_dicom_file(monkeypatch):
    monkeypatch.setattr(package_images, "MAX_FRAMES", 2)
    frames = np.stack([np.roll(columns(0, 4095), 9 * i, axis=1) for i in range(5)])
    found = list(_dicom(dicom(frames), "ultrasound"))
    assert len(found) == 2
    for picture, number in zip(found, (0, 4), strict=True):
        small = np.asarray(picture.resize((64, 64)))
        np.testing.assert_array_equal(small > 127, frames[number] > 2000)


@pytest.mark.parametrize(
    ("name", "data", "kind", "count"),
    [
        ("a/b.nii.gz", nifti(np.zeros((10, 10, 10), "i2"), 4), "mr_slice", 24),
        ("a/b.NII.GZ", nifti(np.zeros((10, 10, 10), "i2"), 4), "chest_front_projection", 5),
        ("a/noname", dicom(columns(0, 4095)), "other_body_part", 1),
        ("a/b.png", stored(chest_like(0, 70, 80)), "photograph", 1),
    ],
    ids=["volume", "projection", "dicom", "picture"],
)
def test_what_a_file_shows(name, data, kind, count):
    assert len(list(_pictures(name, data, kind))) == count


def test_pictures_too_large_are_left_alone(monkeypatch):
    data = stored(chest_like(0, 70, 80))
    monkeypatch.setattr(package_images, "MAX_PICTURE_PIXELS", 5599)
    assert not list(_pictures("a.png", data, "photograph"))
    monkeypatch.setattr(package_images, "MAX_PICTURE_PIXELS", 5600)
    assert [picture.size for picture in _pictures("a.png", data, "photograph")] == [(80, 70)]


# --- what is kept

SOURCE = Source("photograph", "some-package", "1.0", "MIT", ("*",))


def taken(files: dict[str, bytes], place, seen: set | None = None) -> list[str]:
    _take(SOURCE, zipped(files), place, set() if seen is None else seen)
    return sorted(path.name for path in place.iterdir())


@pytest.mark.parametrize(
    ("height", "width", "kept"),
    [
        (64, 64, True),
        (63, 64, False),
        (64, 63, False),
        (64, 256, True),
        (64, 257, False),
        (257, 64, False),
        (256, 64, True),
    ],
)
def test_small_pictures_and_strips_are_left_out(height, width, kept, tmp_path):
    names = taken({"a.png": stored(chest_like(0, height, width))}, tmp_path)
    assert names == (["some-package-000.png"] if kept else [])


def test_pictures_that_look_alike_are_kept_once(tmp_path):
    picture = chest_like(0, 200, 200)
    files = {
        "a.png": stored(picture),
        "b.bmp": stored(Image.fromarray(picture).convert("RGB"), "BMP"),
        "c.png": stored(chest_like(1, 200, 200)),
        "d.png": stored(chest_like(2, 200, 200)),
    }
    seen = {_fingerprint(Image.fromarray(chest_like(1, 200, 200)))}
    assert taken(files, tmp_path, seen) == ["some-package-000.png", "some-package-001.png"]
    kept = np.asarray(Image.open(tmp_path / "some-package-001.png"))
    np.testing.assert_array_equal(kept, chest_like(2, 200, 200))
    assert len(seen) == 3


def test_jpeg_files_stay_as_they_are(tmp_path):
    colours = Image.merge("RGB", [Image.fromarray(chest_like(i, 90, 90)) for i in range(3)])
    files = {
        "a.jpg": stored(colours, "JPEG", comment=b"kept"),
        "b.jpg": stored(colours.rotate(90).convert("CMYK"), "JPEG"),
        "c.gif": stored(colours.rotate(180), "GIF"),
    }
    names = taken(files, tmp_path)
    assert names == ["some-package-000.jpg", "some-package-001.png", "some-package-002.png"]
    assert (tmp_path / names[0]).read_bytes() == files["a.jpg"]
    assert Image.open(tmp_path / names[1]).mode == "RGB"


def test_broken_files_are_left_out_and_named(tmp_path, capsys):
    whole = stored(chest_like(0, 200, 200))
    files = {"a.png": b"no picture", "b.png": whole[: len(whole) // 2], "c.png": whole}
    assert taken(files, tmp_path) == ["some-package-000.png"]
    said = capsys.readouterr().out
    assert "a.png left out" in said and "b.png left out" in said and "c.png" not in said


def test_no_more_than_the_most(tmp_path, monkeypatch):
    monkeypatch.setattr(package_images, "MAX_PER_SOURCE", 2)
    files = {f"{i}.png": stored(chest_like(i, 100, 100)) for i in range(4)}
    assert taken(files, tmp_path) == ["some-package-000.png", "some-package-001.png"]


def test_what_is_there_is_not_fetched_again(tmp_path, monkeypatch):
    first, second, same = (chest_like(i, 100, 100) for i in (0, 1, 0))
    archive = tmp_path / "archive"
    asked = []

    def download(source, folder):
        asked.append(source.package)
        files = {"a.png": stored(same), "b.png": stored(second)}
        archive.write_bytes(zipped(files if source.package == "new" else {}))
        return archive

    there = tmp_path / "pictures/photograph/old-000.png"
    there.parent.mkdir(parents=True)
    there.write_bytes(stored(first))
    sources = [Source("photograph", name, "1.0", "MIT", ("*",)) for name in ("old", "new")]
    monkeypatch.setattr(package_images, "SOURCES", sources)
    monkeypatch.setattr(package_images, "_download", download)
    for _ in range(2):
        found = fetch(tmp_path / "pictures")
        assert found == {"photograph": [there.with_name("new-000.png"), there]}
    assert asked == ["new"]
    kept = np.asarray(Image.open(there.with_name("new-000.png")))
    np.testing.assert_array_equal(kept, second)
