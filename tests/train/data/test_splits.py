"""Folds that no patient straddles."""

from pathlib import Path

import numpy as np
import pytest

from train.data import splits
from train.data.kermany import Images
from train.data.splits import grouped_folds, normals_of, training_and_validation

# 30 patients with 1 to 4 images each; ten patients of each class.
SIZES = np.arange(30) % 4 + 1
PATIENTS = np.repeat([f"p{number}" for number in range(30)], SIZES)
LABELS = np.repeat(np.arange(30) % 3, SIZES)


@pytest.mark.parametrize("n_folds", [2, 5])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_patient_lies_in_one_fold(n_folds, seed):
    folds = grouped_folds(LABELS, PATIENTS, n_folds, seed)
    folds_of = {name: set(folds[np.isin(PATIENTS, name)]) for name in PATIENTS}
    assert all(len(its_folds) == 1 for its_folds in folds_of.values())


def test_a_patient_with_images_of_two_classes_lies_in_one_fold():
    labels, patients = np.tile([0, 1], 12), np.repeat(np.arange(12), 2)
    folds = grouped_folds(labels, patients, 3, seed=0)
    np.testing.assert_array_equal(folds[::2], folds[1::2])


@pytest.mark.parametrize("n_folds", [2, 5])
def test_every_image_has_a_fold_and_no_fold_is_empty(n_folds):
    folds = grouped_folds(LABELS, PATIENTS, n_folds, seed=0)
    assert folds.shape == LABELS.shape
    assert folds.dtype == np.int64
    assert np.unique(folds).tolist() == list(range(n_folds))


def test_the_seed_decides():
    first = grouped_folds(LABELS, PATIENTS, 5, seed=0)
    np.testing.assert_array_equal(first, grouped_folds(LABELS, PATIENTS, 5, seed=0))
    assert (first != grouped_folds(LABELS, PATIENTS, 5, seed=1)).any()


def test_classes_are_balanced():
    # 20 single-image patients of one class and 10 of another: 4 and 2 in each of 5 folds.
    labels = np.repeat([0, 1], [20, 10])
    folds = grouped_folds(labels, np.arange(30), 5, seed=0)
    assert np.bincount(folds[labels == 0]).tolist() == [4] * 5
    assert np.bincount(folds[labels == 1]).tolist() == [2] * 5


def test_too_few_patients_for_the_folds_is_an_error():
    with pytest.raises(ValueError, match="n_splits=3"):
        grouped_folds(np.array([0, 0, 1, 1]), np.array(["a", "a", "b", "b"]), 3, seed=0)


def test_normals_and_held_out_patients_of_a_folder(monkeypatch):
    """The released split, on the 30 patients above, without their pixels."""
    images = Images(PATIENTS, PATIENTS, LABELS, np.zeros((len(LABELS), 1, 1), np.uint8))
    monkeypatch.setattr(splits, "load_split", lambda data, split: {"train": images}[split])
    training, held_out = training_and_validation(Path("data"))
    assert not set(training.patients) & set(held_out.patients)
    assert len(training) + len(held_out) == len(images)
    for part, normals in zip((training, held_out), normals_of(Path("data")), strict=True):
        assert normals.ids.tolist() == part.ids[part.labels == 0].tolist() != []
