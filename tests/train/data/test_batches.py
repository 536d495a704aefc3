"""What a classifier is shown in an epoch, from a few images of noise."""

import numpy as np
import pytest

from train.data.augment import ViewRecipe
from train.data.batches import ClassifierViews
from train.data.kermany import Images


def images(n: int = 12) -> Images:
    rng = np.random.default_rng(0)
    return Images(
        ids=np.array([f"i{i}" for i in range(n)]),
        patients=np.array([f"p{i}" for i in range(n)]),
        labels=np.array([0, 1, 1, 2] * (n // 4)),
        pixels=rng.integers(0, 256, (n, 224, 224), np.uint8),
    )


def test_class_weights_balance_each_head():
    _, targets, weights = ClassifierViews(images(), ViewRecipe(), 12, 0)[0]
    for head in ("binary", "three_class"):
        totals = (targets[head] * weights[head][:, None]).sum(axis=0)
        assert totals == pytest.approx(np.full(len(totals), 12 / len(totals)))


def test_unbalanced_every_image_weighs_alike_and_only_what_is_trained_has_targets():
    outputs = ("three_class", "embedding")
    _, targets, weights = ClassifierViews(images(), ViewRecipe(), 4, 0, outputs, balanced=False)[0]
    assert set(targets) == set(weights) == set(outputs)
    assert np.array_equal(targets["embedding"], targets["three_class"])
    assert all((values == 1).all() for values in weights.values())


def test_views_depend_on_seed_and_epoch_and_not_on_the_epochs_before():
    def second_batch(seed: int, *epochs: int) -> np.ndarray:
        views = ClassifierViews(images(), ViewRecipe(side=32), 4, seed)
        for epoch in epochs:
            views.draw_epoch(epoch)
        return views[1][0]

    straight = second_batch(1, 0, 1, 2)
    assert np.array_equal(straight, second_batch(1, 2))
    assert not np.array_equal(straight, second_batch(1, 1))
    assert not np.array_equal(straight, second_batch(2, 2))
    assert np.array_equal(second_batch(1), second_batch(1, 0))


def test_an_epoch_shows_every_image_once():
    views = ClassifierViews(images(), ViewRecipe(side=32), 5, 0)
    views.draw_epoch(3)
    assert [len(views[i][0]) for i in range(len(views))] == [5, 5, 2]
    assert sorted(np.concatenate([views.rows_of(i) for i in range(3)])) == list(range(12))


def test_borders_are_lent_by_every_class_alike():
    data = images(1200)
    views = ClassifierViews(data, ViewRecipe(), 4, 0)
    lent = np.bincount(data.labels[views.others])
    assert lent == pytest.approx(np.full(3, 400), abs=60)  # standard deviation 16
