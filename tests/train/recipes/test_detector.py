"""What the detector is shown: pairs of views, one of them with a lesion."""

import numpy as np
import pytest

from tests.conftest import chest_like
from train.data.augment import ViewRecipe
from train.data.kermany import Images
from train.experiments.seeds import mean_and_deviation
from train.recipes.detector import LesionViews


@pytest.fixture(scope="module")
def normals() -> Images:
    names = np.array([f"IM-{i:04}" for i in range(6)])
    pixels = np.stack([chest_like(i, 224, 224) for i in range(6)])
    return Images(ids=names, patients=names, labels=np.zeros(6, int), pixels=pixels)


def test_the_first_half_is_as_it_was_and_the_second_has_lesions(normals):
    views, cells = LesionViews(normals, ViewRecipe(side=64, area=(0.9, 1.0)), 4, 0)[0]
    assert views.shape == (8, 64, 64, 1)
    assert cells.shape == (8, 8, 8, 1)
    assert views.dtype == cells.dtype == np.float32
    assert (cells[:4] == 0).all()
    assert (cells[4:].max(axis=(1, 2, 3)) > 0.1).sum() >= 3
    assert cells.max() <= 1


def test_an_epoch_shows_every_normal_twice_and_differs_from_the_next(normals):
    views = LesionViews(normals, ViewRecipe(side=64), 4, 0)
    assert [len(views[i][0]) for i in range(len(views))] == [8, 4]
    first, again = views[0][0], LesionViews(normals, ViewRecipe(side=64), 4, 0)[0][0]
    np.testing.assert_array_equal(first, again)
    views.draw_epoch(1)
    assert (first != views[0][0]).any()


def test_the_spread_of_one_seed_is_none_and_of_two_is_that_of_a_sample():
    assert mean_and_deviation([0.9]) == {"mean": 0.9, "standard_deviation": 0.0}
    assert mean_and_deviation([0.8, 0.9])["standard_deviation"] == pytest.approx(0.1 / np.sqrt(2))
