"""Interrupted and resumed trainings, on networks of one or a few weights."""

import json
from dataclasses import dataclass, field

import keras
import numpy as np
import pytest

from train.data.augment import ViewRecipe
from train.data.batches import Views
from train.data.kermany import Images
from train.models.training import (
    describe_run,
    rate_schedule,
    recipe_as_json,
    train_epochs,
)
from train.recipes.classifier import ClassifierRecipe

RUN = {"recipe": {"epochs": 4}, "images": "1"}


def images() -> Images:
    names = np.array([f"i{i}" for i in range(6)])
    pixels = np.random.default_rng(0).integers(0, 256, (6, 224, 224), np.uint8)
    return Images(ids=names, patients=names, labels=np.array([0, 1, 2] * 2), pixels=pixels)


class EpochNumbers(keras.utils.PyDataset):
    """Two batches of ones, to be told the number of the epoch."""

    def draw_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __init__(self):
        super().__init__()
        self.draw_epoch(0)

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return np.ones((1, 1), np.float32), np.full((1, 1), self.epoch, np.float32)


def one_weight() -> keras.Model:
    """Gradient 2 (w - target), rate 1/2: after a step the weight is the target."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.5), loss="mse")
    return model


class Interruption(Exception):
    pass


class Validation:
    """The only weight of a model as its score; interrupts after the given epoch, from 1."""

    def __init__(self, interrupts: int = 0):
        self.interrupts, self.calls = interrupts, 0

    def __call__(self, model: keras.Model) -> dict:
        self.calls += 1
        if self.calls == self.interrupts:
            raise Interruption
        return {"score": float(model.get_weights()[0].item())}


def history(work) -> list[dict]:
    return json.loads((work / "history.json").read_text())


def interrupted_in_epoch_three(work) -> None:
    with pytest.raises(Interruption):
        train_epochs(one_weight(), EpochNumbers(), Validation(3), 4, work, RUN)


def test_every_epoch_is_drawn_and_scored_once(tmp_path):
    train_epochs(one_weight(), EpochNumbers(), Validation(), 4, tmp_path, RUN)
    assert [entry["epoch"] for entry in history(tmp_path)] == [1, 2, 3, 4]
    assert [entry["score"] for entry in history(tmp_path)] == pytest.approx([0, 1, 2, 3])
    assert all({"loss", "seconds"} <= set(entry) for entry in history(tmp_path))


def test_an_interruption_costs_its_epoch_alone(tmp_path):
    interrupted_in_epoch_three(tmp_path)
    assert [entry["score"] for entry in history(tmp_path)] == pytest.approx([0, 1])
    again = Validation()
    train_epochs(one_weight(), EpochNumbers(), again, 4, tmp_path, RUN)
    assert again.calls == 2
    assert [entry["epoch"] for entry in history(tmp_path)] == [1, 2, 3, 4]
    assert [entry["score"] for entry in history(tmp_path)] == pytest.approx([0, 1, 2, 3])


def test_a_backup_cut_off_while_written_costs_its_epoch_alone(tmp_path):
    interrupted_in_epoch_three(tmp_path)
    weights = tmp_path / "backup/latest.weights.h5"
    weights.write_bytes(weights.read_bytes()[:1000])
    again = Validation()
    model = train_epochs(one_weight(), EpochNumbers(), again, 4, tmp_path, RUN)
    assert again.calls == 3
    assert [entry["score"] for entry in history(tmp_path)] == pytest.approx([0, 1, 2, 3])
    assert model.get_weights()[0].item() == pytest.approx(3)


def test_weights_beside_the_number_of_another_epoch_are_refused(tmp_path):
    interrupted_in_epoch_three(tmp_path)
    (tmp_path / "backup/training_metadata.json").write_text('{"epoch": 1, "batch": 0}')
    with pytest.raises(SystemExit, match="weights of step 4 but names epoch 2"):
        train_epochs(one_weight(), EpochNumbers(), Validation(), 4, tmp_path, RUN)


def test_a_training_that_ended_is_not_done_again(tmp_path):
    for _ in range(2):
        again = Validation()
        model = train_epochs(one_weight(), EpochNumbers(), again, 4, tmp_path, RUN)
    assert again.calls == 0
    assert model.get_weights()[0].item() == pytest.approx(3)
    assert len(history(tmp_path)) == 4


class LabelledViews(Views):
    def __getitem__(self, index):
        rows = self.rows_of(index)
        return self.views_of(rows), self.images.labels[rows].astype(np.float32)


def test_a_resumed_training_sees_the_same_views_and_ends_with_the_same_weights(tmp_path):
    """With dropout, Adam and a decaying rate, all of which have a state of their own."""

    def train(work, validate):
        keras.utils.set_random_seed(0)
        views = LabelledViews(images(), ViewRecipe(side=16), 4, 0)
        layers = [keras.layers.Flatten(), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((16, 16, 1)), *layers])
        rate = keras.optimizers.schedules.CosineDecay(0.1, 8)
        model.compile(keras.optimizers.Adam(rate), loss="mse")
        return train_epochs(model, views, validate, 4, work, RUN).get_weights()

    with pytest.raises(Interruption):
        train(tmp_path / "broken", interrupt_in_epoch_three())
    resumed = train(tmp_path / "broken", lambda model: {})
    straight = train(tmp_path / "straight", lambda model: {})
    for a, b in zip(resumed, straight, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


def interrupt_in_epoch_three():
    epochs = iter(range(1, 4))

    def validate(model: keras.Model) -> dict:
        if next(epochs) == 3:
            raise Interruption
        return {}

    return validate


def test_another_training_is_not_taken_for_this_one(tmp_path):
    train_epochs(one_weight(), EpochNumbers(), Validation(), 1, tmp_path, RUN)
    for other in ({**RUN, "recipe": {"epochs": 5}}, {**RUN, "images": "2"}):
        with pytest.raises(SystemExit, match="another recipe or other images"):
            train_epochs(one_weight(), EpochNumbers(), Validation(), 1, tmp_path, other)


def test_a_run_is_known_by_its_recipe_and_its_pixels():
    first, same = images(), images()
    assert describe_run(ClassifierRecipe(), first) == describe_run(ClassifierRecipe(), same)
    assert describe_run(ClassifierRecipe(), first) != describe_run(ClassifierRecipe(seed=1), first)
    same.pixels[0, 0, 0] ^= 1
    assert describe_run(ClassifierRecipe(), first) != describe_run(ClassifierRecipe(), same)


@pytest.mark.parametrize(
    ("steps", "warmup", "expected"),
    [
        (10, 4, {0: 0, 2: 0.05, 4: 0.1, 7: 0.05, 10: 0}),
        (8, 0, {0: 0.1, 4: 0.05, 8: 0}),
        (4, 4, {0: 0, 1: 0.05, 2: 0.1, 3: 0.05, 4: 0}),  # one epoch, all of it a warm-up
        (1, 1, {0: 0.1, 1: 0}),
    ],
)
def test_the_rate_rises_to_its_peak_and_ends_at_0(steps, warmup, expected):
    rate = rate_schedule(0.1, steps, warmup)
    assert {step: float(rate(step)) for step in expected} == pytest.approx(expected, abs=1e-6)


def test_a_recipe_is_kept_as_json_gives_it_back():
    @dataclass(frozen=True)
    class Recipe:
        rate: float = 0.5
        views: ViewRecipe = field(default_factory=lambda: ViewRecipe(area=(0.4, 1.0)))

    kept = recipe_as_json(Recipe())
    assert kept["rate"] == 0.5
    assert kept["views"]["area"] == [0.4, 1.0]
    assert json.loads(json.dumps(kept)) == kept
