"""Search among references, with embeddings on the unit circle and pictures of known frequencies."""

import itertools

import cv2
import numpy as np
import pytest

from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.models.preprocessing import to_network_input
from cxr_demo.reference import search
from cxr_demo.reference.library import (
    MAX_SAME_IMAGE_BITS,
    Neighbour,
    Reference,
    ReferenceLibrary,
    perceptual_hash,
    unit_rows,
)
from cxr_demo.reference.search import ExactSearch, IndexedSearch

EAST = np.array([1, 0], np.float32)
CIRCLE = [[1, 0], [0.8, 0.6], [0, 1], [0.6, 0.8], [-1, 0]]  # cosines to east: the first numbers


def content(**changed) -> dict:
    """The arrays of five references; two share patient p1."""
    return {
        "ids": np.array(["a", "b", "c", "d", "e"]),
        "patients": np.array(["p0", "p1", "p2", "p1", "p4"]),
        "labels": np.array([0, 1, 2, 1, 0], np.int8),
        "embeddings": np.array(CIRCLE, np.float16),
        "perceptual_hashes": np.zeros((5, 32), np.uint8),
        "matrices": np.tile(np.eye(2, 3, dtype=np.float32), (5, 1, 1)),
        "umap": np.zeros((5, 2), np.float32),
        "tsne": np.ones((5, 2), np.float32),
        "prototype_of": np.zeros(5, np.int16),
        "prototypes": np.zeros((1, 96, 96), np.uint8),
        "prototype_sizes": np.array([12], np.int16),
    } | changed


def library(**changed) -> ReferenceLibrary:
    return ReferenceLibrary(content(**changed))


def rows(neighbours) -> list[int]:
    return [neighbour.row for neighbour in neighbours]


def picture(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A 224 x 224 picture and the signs, (16, 16), of its only cosine frequencies."""
    signs = np.random.default_rng(seed).random((16, 16)) < 0.5
    signs[0, 0] = True
    frequencies = np.zeros((224, 224), np.float32)
    frequencies[:16, :16] = np.where(signs, 1.4, -1.4)
    frequencies[0, 0] = 224 * 0.5  # a mean of one half
    pixels = cv2.idct(frequencies)
    assert pixels.min() > 0 and pixels.max() < 1
    return pixels, signs


def through_jpeg(pixels: np.ndarray) -> np.ndarray:
    _, data = cv2.imencode(".jpg", np.uint8(pixels * 255), [cv2.IMWRITE_JPEG_QUALITY, 40])
    return np.float32(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) / 255)


def through_other_size(pixels: np.ndarray) -> np.ndarray:
    return to_network_input(cv2.resize(pixels, (900, 640), interpolation=cv2.INTER_CUBIC))


def bits_apart(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.unpackbits(one ^ other).sum())


def flip_bits(print_: np.ndarray, count: int) -> np.ndarray:
    bits = np.unpackbits(print_)
    bits[:count] ^= 1
    return np.packbits(bits)


# References


def test_a_reference_is_described_in_plain_types():
    reference = library().reference(np.int64(2))
    assert reference == Reference(row=2, id="c", label="viral", patient="p2")
    assert [type(value) for value in vars(reference).values()] == [int, str, str, str]


@pytest.mark.parametrize(("label", "name"), [(0, "normal"), (1, "bacterial"), (2, "viral")])
def test_labels_are_named_in_the_order_of_the_three_class_head(label, name):
    assert library(labels=np.full(5, label, np.int8)).reference(0).label == name


def test_a_class_counts_the_less_in_votes_the_more_common_it_is():
    """2, 2 and 1 of 5; then none of the last."""
    assert library().vote_weights == {"normal": 2.5, "bacterial": 2.5, "viral": 5.0}
    none = library(labels=np.array([0, 1, 1, 1, 1], np.int8)).vote_weights
    assert none == {"normal": 5.0, "bacterial": 1.25, "viral": 0.0}


def test_both_maps_and_the_length_are_kept():
    maps = library()
    assert len(maps) == 5
    assert (maps.coordinates["umap"] == 0).all() and (maps.coordinates["tsne"] == 1).all()


# Search


def test_neighbours_are_ranked_by_cosine():
    neighbours = library().nearest(EAST, 5)
    assert rows(neighbours) == [0, 1, 3, 2, 4]
    assert [n.similarity for n in neighbours] == pytest.approx([1, 0.8, 0.6, 0, -1], abs=1e-3)
    assert neighbours[1] == Neighbour(1, "b", "bacterial", "p1", neighbours[1].similarity)
    assert type(neighbours[1].similarity) is float


@pytest.mark.parametrize(
    ("k", "expected"), [(1, [0]), (2, [0, 1]), (4, [0, 1, 3, 2]), (6, [0, 1, 3, 2, 4])]
)
def test_k_neighbours_or_all_there_are(k, expected):
    assert rows(library().nearest(EAST, k)) == expected


def test_a_library_beyond_the_limit_is_indexed_and_finds_the_same(monkeypatch):
    exact = library()
    monkeypatch.setattr(search, "MAX_EXACT", 4)
    indexed = library()
    assert type(exact._search) is ExactSearch and type(indexed._search) is IndexedSearch
    for classes in (THREE_CLASS, ("bacterial",), ("normal", "viral")):
        for left_out in ((), ("p1",), ("p0", "p4")):
            found = indexed.nearest(EAST, 2, classes, left_out)
            assert found == exact.nearest(EAST, 2, classes, left_out)


def test_length_of_a_stored_embedding_does_not_count():
    stored = np.array([[0.5, 0], [8, 6], [0, 9], [30, 40], [-7, 0]], np.float16)
    neighbours = library(embeddings=stored).nearest(EAST, 5)
    assert rows(neighbours) == [0, 1, 3, 2, 4]
    assert [n.similarity for n in neighbours] == pytest.approx([1, 0.8, 0.6, 0, -1], abs=1e-6)


def test_neighbours_equally_near_come_in_row_order():
    stored = np.array([[0, 1], [1, 0], [0, -1], [1, 0], [1, 0]], np.float16)
    assert rows(library(embeddings=stored).nearest(EAST, 5)) == [1, 3, 4, 0, 2]


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_where_k_cuts_through_a_tie_the_first_rows_are_returned(k):
    for near in itertools.product([False, True], repeat=5):
        stored = np.where(np.array(near)[:, None], [1, 0], [0, 1]).astype(np.float16)
        in_order = np.concatenate([np.flatnonzero(near), np.flatnonzero(~np.array(near))])
        assert rows(library(embeddings=stored).nearest(EAST, k)) == in_order[:k].tolist()


def test_similarity_stays_between_minus_1_and_1():
    stored = np.random.default_rng(0).normal(size=(100, 5, 64)).astype(np.float16)
    for embeddings in stored:
        known = library(embeddings=embeddings)
        for query in known.embeddings:
            neighbours = known.nearest(query, 1) + known.nearest(-query, 5)
            assert all(-1 <= neighbour.similarity <= 1 for neighbour in neighbours)


@pytest.mark.parametrize(
    ("leave_out", "expected"),
    [
        ((), [0, 1]),
        (("p0",), [1, 3]),
        (("p1",), [0, 2]),
        (("p0", "p0", "p2"), [1, 3]),
        (["p0", "p1", "p2"], [4]),
        ({"p0", "p1", "p2", "p4"}, []),
        (("p", "p00", "", "p1\0"), [0, 1]),
    ],
)
def test_patients_left_out_are_never_returned(leave_out, expected):
    assert rows(library().nearest(EAST, 2, leave_out=leave_out)) == expected


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("normal",), [0, 4]),
        (("bacterial",), [1, 3]),
        (("viral",), [2]),
        (["viral", "normal"], [0, 2, 4]),
        (("bacterial", "bacterial"), [1, 3]),
        (("viral", "normal", "bacterial"), [0, 1, 3, 2, 4]),
        ((), []),
    ],
)
def test_only_classes_asked_for_are_returned(classes, expected):
    assert rows(library().nearest(EAST, 5, classes)) == expected


def test_classes_and_patients_left_out_together():
    classes = ("normal", "bacterial")
    assert rows(library().nearest(EAST, 5, classes, ("p4", "p2"))) == [0, 1, 3]
    assert rows(library().nearest(EAST, 2, classes, ("p1",))) == [0, 4]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [((), []), (("p1",), [1, 3]), (("p4", "p0", "p4"), [0, 4]), (("nobody", "p2"), [2])],
)
def test_rows_of_patients(keys, expected):
    assert library().rows_of_patients(keys).tolist() == expected


@pytest.mark.parametrize(
    ("given", "expected"), [([], []), ([0], [0]), ([1], [1, 3]), ([3, 4], [1, 3, 4])]
)
def test_rows_of_same_patients(given, expected):
    assert library().rows_of_same_patients(np.array(given, np.int64)).tolist() == expected


def test_a_reference_as_query_finds_no_image_of_its_own_patient():
    pixels, _ = picture(0)
    prints = np.stack([perceptual_hash(picture(seed)[0]) for seed in (5, 0, 6, 7, 8)])
    known = library(perceptual_hashes=prints)
    itself = known.rows_of_same_image(pixels)
    assert itself.tolist() == [1]
    patients = {known.reference(row).patient for row in known.rows_of_same_patients(itself)}
    assert patients == {"p1"}
    neighbours = known.nearest(EAST, 5, leave_out=patients)
    assert [n.patient for n in neighbours] == ["p0", "p2", "p4"]


def test_unit_rows():
    np.testing.assert_allclose(unit_rows(np.array([[3.0, 4], [0, -2]])), [[0.6, 0.8], [0, -1]])


# Perceptual hashes


def test_perceptual_hash_is_the_signs_of_the_low_frequencies():
    pixels, signs = picture(0)
    print_ = perceptual_hash(pixels)
    assert print_.dtype == np.uint8 and print_.shape == (32,)
    np.testing.assert_array_equal(np.unpackbits(print_).reshape(16, 16), signs)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "change",
    [
        through_jpeg,
        through_other_size,
        lambda pixels: through_jpeg(through_other_size(pixels)),
        lambda pixels: 0.5 * pixels,
        lambda pixels: 0.4 * pixels + 0.5,
        lambda pixels: np.clip(1.4 * pixels - 0.2, 0, 1),
        lambda pixels: pixels**0.8,
    ],
    ids=["jpeg", "size", "size and jpeg", "darker", "paler", "narrower window", "gamma"],
)
def test_perceptual_hash_survives(change, seed):
    pixels, _ = picture(seed)
    changed = np.float32(change(pixels))
    assert (changed != pixels).any()
    assert bits_apart(perceptual_hash(pixels), perceptual_hash(changed)) <= MAX_SAME_IMAGE_BITS / 2


@pytest.mark.parametrize("gain", [0.02, 0.4, 0.9])
def test_a_change_of_contrast_leaves_every_bit(gain):
    pixels, _ = picture(3)
    changed = np.float32(gain * pixels + 0.1)
    assert bits_apart(perceptual_hash(pixels), perceptual_hash(changed)) == 0


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda pixels: pixels[:, ::-1], 128),  # odd frequencies change sign: half of them
        (lambda pixels: pixels[::-1], 128),
        (lambda pixels: 1 - pixels, 255),  # all but the mean
    ],
    ids=["mirrored", "upside down", "negative"],
)
def test_perceptual_hash_tells_apart(change, expected):
    pixels, _ = picture(0)
    changed = np.ascontiguousarray(change(pixels))
    assert bits_apart(perceptual_hash(pixels), perceptual_hash(changed)) == expected


def test_other_pictures_are_far_away():
    prints = [perceptual_hash(picture(seed)[0]) for seed in range(6)]
    for row, one in enumerate(prints):
        for other in prints[:row]:
            assert bits_apart(one, other) > 2 * MAX_SAME_IMAGE_BITS


def test_a_picture_is_known_up_to_24_bits_with_all_its_duplicates():
    pixels, signs = picture(0)
    itself = np.packbits(signs)
    known = library(
        perceptual_hashes=np.stack([flip_bits(itself, bits) for bits in (25, 24, 256, 0, 0)])
    )
    assert known.rows_of_same_image(pixels).tolist() == [1, 3, 4]


def test_an_unknown_picture_has_no_rows():
    prints = np.stack([perceptual_hash(picture(seed)[0]) for seed in range(5)])
    assert library(perceptual_hashes=prints).rows_of_same_image(picture(9)[0]).tolist() == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [(" P1 ", [1, 3]), ("p", [0, 1, 2, 3, 4]), ("E", [4]), ("p9", []), ("", []), ("  ", [])],
)
def test_references_are_found_by_patient_or_name_whatever_the_case(text, expected):
    assert library().find(text) == expected
