"""Similarities to the nearest of other patients, by hand."""

import numpy as np
import pytest

from train.recipes.typicality import nearest_similarities

# Unit vectors at 0, 60, 90 and 180 degrees: a cosine for each difference of angles.
ANGLES = np.radians([0, 60, 90, 180])
UNIT = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
FAR = np.cos(np.radians(30))


def found(patients: list[str], k: int) -> list[list[float]]:
    similarities = nearest_similarities(UNIT, np.array(patients), k)
    assert similarities.shape == (4, k)
    return np.sort(similarities, axis=1)[:, ::-1].tolist()


def test_one_image_a_patient():
    """Nobody is a neighbour of their own: none of these is 1."""
    expected = [[0.5], [FAR], [FAR], [0]]
    for nearest, by_hand in zip(found(["a", "b", "c", "d"], 1), expected, strict=True):
        assert nearest == pytest.approx(by_hand, abs=1e-9)


def test_two_nearest():
    expected = [[0.5, 0], [FAR, 0.5], [FAR, 0], [0, -0.5]]
    for nearest, by_hand in zip(found(["a", "b", "c", "d"], 2), expected, strict=True):
        assert nearest == pytest.approx(by_hand, abs=1e-9)


def test_images_of_the_same_patient_do_not_count():
    """60 and 90 degrees are one patient's: each finds 0 degrees or 180 instead."""
    expected = [[0.5, 0], [0.5, -0.5], [0, 0], [0, -0.5]]
    for nearest, by_hand in zip(found(["a", "b", "b", "d"], 2), expected, strict=True):
        assert nearest == pytest.approx(by_hand, abs=1e-9)


def test_all_images_of_others():
    expected = [[0, -1], [FAR, -0.5], [FAR, 0], [-0.5, -1]]
    for nearest, by_hand in zip(found(["a", "a", "c", "c"], 2), expected, strict=True):
        assert nearest == pytest.approx(by_hand, abs=1e-9)


def test_a_twin_of_another_patient_counts():
    twins = np.array([[1.0, 0], [1, 0], [0, 1]])
    similarities = nearest_similarities(twins, np.array(["a", "b", "c"]), 1)
    assert similarities[:, 0].tolist() == [1, 1, 0]
