"""Grouped, seeded folds: all images of a patient fall on one side."""

from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from train.data.kermany import Images, load_split

N_FOLDS, SEED, HELD_OUT = 8, 2026, 0


def grouped_folds(labels: np.ndarray, patients: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """Give every image a fold, keeping patients together and classes balanced.

    Args:
        labels: int (N,) class of each image.
        patients: (N,) patient key of each image.
        n_folds: number of folds, at least 2.
        seed: the same seed gives the same folds.

    Returns:
        int64 (N,) fold of each image, in [0, n_folds).
    """
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
    folds = np.empty(len(labels), np.int64)
    for fold, (_, held_out) in enumerate(splitter.split(labels, labels, patients)):
        folds[held_out] = fold
    return folds


def training_and_validation(data: Path, fold: int = HELD_OUT) -> tuple[Images, Images]:
    """A split of DATA/train: one patient-grouped fold in eight is held out; released: HELD_OUT."""
    images = load_split(data, "train")
    held_out = grouped_folds(images.labels, images.patients, N_FOLDS, SEED) == fold
    return images[~held_out], images[held_out]


def normals_of(data: Path) -> tuple[Images, Images]:
    """The normal images of the training patients and of the held-out ones."""
    training, held_out = training_and_validation(data)
    return training[~training.is_pneumonia], held_out[~held_out.is_pneumonia]
