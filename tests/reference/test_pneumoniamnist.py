"""Which picture of the archive is which reference: known answers, doubt, other files."""

import json
import struct
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cxr_demo.artefacts import LIBRARY, MIDDLES, Artefacts
from cxr_demo.errors import CXRError
from cxr_demo.models.preprocessing import SIDE, resize_square
from cxr_demo.reference.library import ReferenceLibrary, perceptual_hash
from cxr_demo.reference.pneumoniamnist import ASPECTS, match, middle, read_archive
from tests.reference.crops import centre_crop, radiograph
from train.data.kermany import load_files
from train.recipes.pneumoniamnist import random_centre_crops

PROPORTIONS = (0.82, 1.0, 1.13, 1.21, 1.5, 1.77, 2.22, 2.9)


def references(pictures: list[np.ndarray], labels: list[int]) -> tuple[SimpleNamespace, np.ndarray]:
    """As much of a library as matching takes, and its middles."""
    squares = [resize_square(picture / np.float32(255), SIDE) for picture in pictures]
    library = SimpleNamespace(
        labels=np.array(labels), perceptual_hashes=np.stack([perceptual_hash(s) for s in squares])
    )
    return library, np.stack([perceptual_hash(middle(square)) for square in squares])


@pytest.fixture(scope="module")
def eight():
    """Radiographs of all PROPORTIONS; every second one is normal."""
    return [radiograph(seed, aspect) for seed, aspect in enumerate(PROPORTIONS)]


SICK = np.array([False, True] * 4)
LABELS = [0, 1, 0, 2] * 2


def flipped(print_: np.ndarray, count: int, seed: int) -> np.ndarray:
    bits = np.unpackbits(print_)
    bits[np.random.default_rng(seed).permutation(256)[:count]] ^= 1
    return np.packbits(bits)


# The middle


@pytest.mark.parametrize("aspect", [0.8, 1.0, 1.5, 3.0])
def test_the_middle_of_a_crop_is_that_of_the_radiograph(aspect):
    """A ramp over the radiograph, from 0 at one edge to 1 at the other, of which a crop keeps a
    part; the middle goes from 1/3 to 2/3 across and from 0.1 to 0.9 down, at centres of pixels."""
    kept_x, kept_y = min(1, 1 / aspect), min(1, aspect)
    steps = (np.arange(128, dtype=np.float32) + 0.5) / 128 - 0.5
    across = np.tile(0.5 + steps * kept_x, (128, 1)).astype(np.float32)
    down = np.tile(0.5 + steps * kept_y, (128, 1)).T.astype(np.float32).copy()
    columns, rows = middle(across, aspect), middle(down, aspect)
    assert columns.shape == rows.shape == (64, 64)
    inner = slice(4, -4)  # resampling runs out of pixels at the edge of the crop
    centres = (np.arange(64) + 0.5) / 64
    expected = 1 / 3 + centres[inner] / 3
    np.testing.assert_allclose(columns[5, inner], expected, atol=0.002)
    np.testing.assert_allclose(rows[inner, 5], 0.1 + 0.8 * centres[inner], atol=0.004)


def test_proportions_go_from_0_8_to_3_in_small_steps():
    assert ASPECTS[0] == pytest.approx(0.8) and ASPECTS[-1] == pytest.approx(3)
    assert (ASPECTS[1:] / ASPECTS[:-1] < 1.026).all()


# Matching


def test_every_crop_finds_its_radiograph(eight):
    order = [3, 7, 0, 5, 1, 6, 2, 4]
    crops = np.stack([centre_crop(eight[i]) for i in order])
    library, middles = references(eight, LABELS)
    shares = []
    found = match(crops, SICK[order], library, middles, shares.append)
    assert found == {row: order.index(row) for row in range(8)}
    assert list(found) == sorted(found)
    assert shares[-1] == 1


def test_only_references_of_the_same_label_are_found(eight):
    crops = np.stack([centre_crop(picture) for picture in eight])
    assert match(crops, ~SICK, *references(eight, LABELS)) == {}
    assert match(crops, np.full(8, True), *references(eight, [0] * 8)) == {}


def test_strangers_are_nobody(eight):
    strangers = np.stack([centre_crop(radiograph(100 + i, 1.4)) for i in range(8)])
    assert match(strangers, SICK, *references(eight, LABELS)) == {}


def test_copies_of_one_radiograph_all_get_its_picture(eight):
    pictures = [eight[0], eight[2], eight[0]]
    crops = np.stack([centre_crop(eight[0]), centre_crop(eight[2])])
    found = match(crops, np.full(2, False), *references(pictures, [0, 0, 0]))
    assert found == {0: 0, 1: 1, 2: 0}


def test_of_two_pictures_of_one_reference_the_nearer_is_taken(eight):
    good = centre_crop(eight[3])
    noise = np.random.default_rng(5).normal(0, 4, good.shape)
    worse = np.uint8(np.clip(good + noise, 0, 255))
    library, middles = references(eight, LABELS)
    sick = np.full(2, True)
    assert match(np.stack([worse, worse]), sick, library, middles) == {3: 0}
    assert match(np.stack([worse, good]), sick, library, middles) == {3: 1}
    assert match(np.stack([good, worse]), sick, library, middles) == {3: 0}


def distances(crop: np.ndarray, middles: np.ndarray) -> list[int]:
    """Bits from a crop to each middle, counted one by one."""
    queries = [np.unpackbits(perceptual_hash(middle(crop / np.float32(255), a))) for a in ASPECTS]
    return [min(int((q != np.unpackbits(m)).sum()) for q in queries) for m in middles]


@pytest.mark.parametrize(("bits", "expected"), [(32, {0: 0}), (33, {})])
def test_a_middle_may_differ_by_32_bits(eight, bits, expected):
    crop = centre_crop(eight[0])
    library, _ = references(eight[:1], [0])
    exact = perceptual_hash(middle(crop / np.float32(255), ASPECTS[7]))
    middles = flipped(exact, bits, seed=1)[None]
    assert distances(crop, middles) == [bits]
    assert match(crop[None], np.array([False]), library, middles) == expected


@pytest.mark.parametrize(("more", "expected"), [(12, {0: 0}), (11, {}), (0, {})])
def test_another_reference_must_be_12_bits_farther(eight, more, expected):
    """The two differ as whole pictures, so they are no copies."""
    crop = centre_crop(eight[0])
    library, _ = references([eight[0], eight[2]], [0, 0])
    exact = perceptual_hash(middle(crop / np.float32(255), ASPECTS[7]))
    middles = np.stack([flipped(exact, 5, seed=1), flipped(exact, 5 + more, seed=2)])
    assert distances(crop, middles) == [5, 5 + more]
    assert match(crop[None], np.array([False]), library, middles) == expected


def test_opposite_bits_are_256_apart(eight):
    """In a byte they would be none."""
    crop = centre_crop(eight[0])
    library, _ = references(eight[:1], [0])
    opposite = ~perceptual_hash(middle(crop / np.float32(255), ASPECTS[7]))[None]
    assert match(crop[None], np.array([False]), library, opposite) == {}


def test_nothing_is_found_in_nothing(eight):
    library, middles = references(eight, LABELS)
    assert match(np.empty((0, 128, 128), np.uint8), np.empty(0, bool), library, middles) == {}


# The file


def arrays(**others: np.ndarray | None) -> dict[str, np.ndarray]:
    """Of the archive's form: 3, 2 and 1 images, whose pixels are 1, 2 and 3."""
    content = {}
    for part, (value, n) in {"train": (1, 3), "val": (2, 2), "test": (3, 1)}.items():
        content[f"{part}_images"] = np.full((n, 128, 128), value, np.uint8)
        content[f"{part}_labels"] = np.arange(n, dtype=np.uint8)[:, None] % 2
    return {name: array for name, array in (content | others).items() if array is not None}


@pytest.fixture
def archive(tmp_path):
    def write(**others):
        path = tmp_path / "pneumoniamnist_128.npz"
        np.savez_compressed(path, **arrays(**others))
        return path

    return write


def test_training_and_validation_images_are_read(archive):
    images, pneumonia = read_archive(archive())
    assert images.dtype == np.uint8 and images.shape == (5, 128, 128)
    assert images[:, 0, 0].tolist() == [1, 1, 1, 2, 2]
    assert pneumonia.dtype == bool and pneumonia.tolist() == [False, True, False, False, True]


def test_the_test_images_are_not_looked_at(archive):
    assert len(read_archive(archive(test_images=None, test_labels=np.zeros(9)))[0]) == 5


IMAGES = np.zeros((3, 128, 128), np.uint8)


@pytest.mark.parametrize(
    "others",
    [
        {"train_images": None},
        {"val_labels": None},
        {"train_images": np.zeros((3, 64, 64), np.uint8)},
        {"train_images": np.zeros((3, 128, 128, 3), np.uint8)},
        {"train_images": IMAGES.astype(np.float32)},
        {"train_images": IMAGES.astype(np.int8)},
        {"train_images": np.asfortranarray(IMAGES)},
        {"train_images": IMAGES[:2]},
        {"train_images": np.uint8(3)},
        {"train_images": np.array([{}])},
        {"train_labels": np.zeros(3, np.uint8)},
        {"train_labels": np.zeros((3, 2), np.uint8)},
        {"train_labels": np.zeros((3, 1))},
        {"train_labels": np.full((3, 1), 2, np.uint8)},
        {"train_labels": np.full((3, 1), -1, np.int8)},
    ],
    ids=repr,
)
def test_a_file_of_another_form_is_refused(archive, others):
    with pytest.raises(CXRError) as error:
        read_archive(archive(**others))
    assert "pneumoniamnist_128.npz is not PneumoniaMNIST at 128 pixels (" in str(error.value)
    assert "Please" in str(error.value)


@pytest.mark.parametrize("spoil", [lambda d: b"", lambda d: d[:300], lambda d: b"x" + d[200:]])
def test_a_damaged_file_is_refused(archive, spoil):
    path = archive()
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(CXRError, match="is not PneumoniaMNIST at 128 pixels"):
        read_archive(path)


def test_what_claims_to_be_huge_is_refused_before_memory_is_taken(archive, monkeypatch):
    """A header of 10,001 images, and of 10^12, before no pixels at all."""
    for n in (10_001, 10**12):
        shape = f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({n}, 128, 128), }}\n".encode()
        header = b"\x93NUMPY\1\0" + struct.pack("<H", len(shape)) + shape
        path = archive(train_images=None)
        with zipfile.ZipFile(path, "a") as members:
            members.writestr("train_images.npy", header)
        with monkeypatch.context() as patch:
            patch.setattr(np, "load", lambda *_, **__: pytest.fail("read"))
            with pytest.raises(CXRError, match="train_images is uint8"):
                read_archive(path)


# What ships


@pytest.fixture(scope="module")
def shipped():
    artefacts = Artefacts()
    middles = artefacts.arrays(MIDDLES)["perceptual_hashes"]
    return ReferenceLibrary(artefacts.arrays(LIBRARY)), middles


def test_every_reference_has_a_middle(shipped):
    library, middles = shipped
    assert middles.dtype == np.uint8 and middles.shape == (len(library), 32)


def test_what_was_measured_is_as_good_as_was_asked():
    artefacts = Artefacts()
    rates = json.loads(artefacts.read("metrics/pictures.json"))
    assert rates["library"] == artefacts.short_hash(LIBRARY)
    for kind, number in (("native", 136), ("at_random_proportions", 5232)):
        assert rates[kind]["pictures"] == number
        assert rates[kind]["found"] >= 0.98 * number and rates[kind]["wrong"] == 0
    for kind, number in (("test_split", 624), ("other_label", 5232)):
        assert rates[kind] == {"pictures": number, "found": 0, "wrong": 0}


@pytest.mark.shared
def test_crops_of_original_files_find_their_references(shipped, shared):
    library, middles = shipped
    paths = [
        *sorted((shared / "data/native_resolution").glob("*/*.jpeg")),
        *sorted((shared / "data/chest_xray/val").glob("*/*.jpeg")),
    ]
    rows = [library.row_of[path.stem] for path in paths]
    crops = np.stack([centre_crop(np.asarray(Image.open(path).convert("L"))) for path in paths])
    picture_of = match(crops, library.labels[rows] > 0, library, middles)
    assert len(paths) == 136
    assert np.mean([row in picture_of for row in rows]) >= 0.98
    for row, index in picture_of.items():
        difference = library.perceptual_hashes[row] ^ library.perceptual_hashes[rows[index]]
        assert np.bitwise_count(difference).sum() <= 24


@pytest.mark.shared
def test_test_images_find_nobody(shipped, shared):
    library, middles = shipped
    paths = sorted((shared / "data/chest_xray/test").glob("*/*.jpeg"))[::4]
    images = load_files(paths)
    crops = random_centre_crops(images.pixels, images.labels > 0)
    assert match(crops, images.labels > 0, library, middles) == {}
