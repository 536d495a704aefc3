"""Cells of at least 12 patients, and the mean picture of one."""

import numpy as np
import pytest

from train.recipes.prototypes import MIN_PATIENTS, mean_image, partition


def on_circle(angles) -> np.ndarray:
    """Unit vectors (N, 2) at these angles."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def sorted_cells(embeddings, patients) -> list[list[int]]:
    return sorted(sorted(cell.tolist()) for cell in partition(embeddings, patients))


def test_a_prototype_never_averages_fewer_than_12():
    assert MIN_PATIENTS == 12


@pytest.mark.parametrize(
    ("n", "sizes"),
    [(12, [12]), (23, [23]), (24, [12, 12]), (47, [12, 12, 23]), (48, [12, 12, 12, 12])],
)
def test_halving_stops_before_12_patients_by_hand(n, sizes):
    found = partition(on_circle(np.linspace(0, 1, n)), np.arange(n))
    assert sorted(len(cell) for cell in found) == sizes


@pytest.mark.parametrize("images_each", [1, 3])
def test_11_patients_are_too_few_however_many_images(images_each):
    patients = np.repeat(np.arange(11), images_each)
    with pytest.raises(ValueError, match="12 patients"):
        partition(on_circle(np.linspace(0, 1, len(patients))), patients)


def test_cells_are_neighbourhoods():
    # Two bundles of 12 patients at opposite angles, row by row in turn.
    angles = np.tile([0, np.pi], 12) + np.linspace(0, 0.1, 24)
    even, odd = list(range(0, 24, 2)), list(range(1, 24, 2))
    assert sorted_cells(on_circle(angles), np.arange(24)) == [even, odd]


def test_patients_are_counted_not_images():
    # 24 images on one side and 24 on the other, but only 11 patients on the second.
    angles = np.repeat([0, 2], 24) + np.linspace(0, 0.1, 48)
    patients = np.concatenate([np.arange(24), 24 + np.arange(24) % 11])
    assert sorted_cells(on_circle(angles), patients) == [list(range(48))]


def test_a_patient_may_have_images_in_two_cells():
    angles = np.repeat([0, 2], 12) + np.linspace(0, 0.1, 24)
    patients = np.tile(np.arange(12), 2)
    expected = [list(range(12)), list(range(12, 24))]
    assert sorted_cells(on_circle(angles), patients) == expected


@pytest.mark.parametrize("seed", range(5))
def test_cells_partition_the_images_with_enough_patients_each(seed):
    rng = np.random.default_rng(seed)
    embeddings = rng.normal(size=(300, 8))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    patients = rng.integers(0, 120, 300)
    found = partition(embeddings, patients)
    assert len(found) > 1
    assert sorted(np.concatenate(found)) == list(range(300))
    assert min(len(np.unique(patients[cell])) for cell in found) >= 12


def test_like_embeddings_are_still_partitioned():
    found = partition(np.tile([1.0, 0], (30, 1)), np.arange(30))
    assert sorted(len(cell) for cell in found) == [15, 15]


def flat(*greys: int) -> np.ndarray:
    return np.stack([np.full((2, 2), grey, np.uint8) for grey in greys])


def test_prototype_by_hand():
    pictures = np.array(
        [[[0, 10], [20, 255]], [[3, 20], [21, 255]], [[4, 31], [21, 255]]], np.uint8
    )
    mean, size = mean_image(
        np.arange(3), on_circle(np.zeros(3)), np.array(["a", "b", "c"]), pictures
    )
    # Means 7/3, 61/3, 62/3 and 255.
    assert mean.tolist() == [[2, 20], [21, 255]]
    assert mean.dtype == np.uint8
    assert size == 3


def test_prototype_shows_each_patient_by_the_image_nearest_to_the_centre():
    # The centre lies near angle 0; patient a's images at 0.9, 0.1 and -0.5, b's at 0 and 0.3.
    embeddings = on_circle(np.array([0.9, 0.1, -0.5, 0, 0.3, -0.8]))
    patients = np.array(["a", "a", "a", "b", "b", "c"])
    pictures = flat(200, 10, 200, 20, 200, 60)
    mean, size = mean_image(np.arange(6), embeddings, patients, pictures)
    assert (mean == 30).all()  # of 10, 20 and 60
    assert size == 3


def test_prototype_looks_at_its_own_rows_only():
    # The centre of all rows lies at 0.9, nearer to patient a's image at 0.6; that of the cell
    # at 0.2, nearer to the one at 0.
    embeddings = on_circle(np.array([2, 0, 2.1, 0.1, 0.6]))
    patients = np.array(["a", "a", "b", "b", "a"])
    pictures = flat(255, 40, 255, 50, 255)
    mean, size = mean_image(np.array([3, 1, 4]), embeddings, patients, pictures)
    assert (mean == 45).all()
    assert size == 2
