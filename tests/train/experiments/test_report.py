"""The report's recipes on a handful of tiny images."""

import argparse
import json

import keras
import numpy as np
import pytest

from train.data.kermany import Images
from train.experiments.report import knn as knn_as_reported
from train.experiments.report import training as as_reported
from train.experiments.report.knn import split_scores
from train.experiments.report.training import (
    ReportRecipe,
    ReportViews,
    class_targets,
    evaluate_model,
    resize_images,
)
from train.models.networks import build_report_classifier
from train.records import manifest
from train.records import test_log as readings


def images(n: int = 24) -> Images:
    """Normals dark, pneumonias bright, two images a patient."""
    labels = np.arange(n) // 2 % 3
    pixels = np.random.default_rng(0).integers(0, 60, (n, 224, 224)) + 60 * labels[:, None, None]
    return Images(
        ids=np.array([f"image{i}" for i in range(n)]),
        patients=np.array([f"patient{i // 2}" for i in range(n)]),
        labels=labels,
        pixels=pixels.astype(np.uint8),
    )


def test_two_and_three_classes():
    labels = np.array([0, 1, 2])
    assert class_targets(labels, 2).tolist() == [0, 1, 1]
    assert class_targets(labels, 3).tolist() == [0, 1, 2]


def test_inputs_are_resized_and_scaled():
    shown = resize_images(images(2), 32)
    assert shown.shape == (2, 32, 32, 1)
    assert shown[0].mean() == pytest.approx(images(2).pixels[0].mean() / 255, abs=1e-3)


def test_the_network_is_the_reports():
    model = build_report_classifier(3, side=32)
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.units for layer in dense] == [256, 128, 3]
    assert dense[-1].activation is keras.activations.softmax
    assert any(isinstance(layer, keras.layers.Flatten) for layer in model.layers)
    trunk = model.get_layer("vgg16")
    assert all(layer.trainable for layer in trunk.layers)
    assert len(trunk.trainable_weights) == 26  # 13 convolutions, kernel and bias each


def test_every_epoch_shows_every_image_once_and_anew():
    recipe = ReportRecipe("x", 2, keras.optimizers.Adam, side=32)
    views = ReportViews(images(), recipe)
    first_order, (first, shown) = views.order.copy(), views[0]
    assert sorted(first_order) == list(range(24))
    assert (
        first.shape == (24, 32, 32, 1)
        and shown.tolist() == np.eye(2)[class_targets(images().labels, 2)[first_order]].tolist()
    )
    views.draw_epoch(1)
    assert sorted(views.order) == list(range(24)) and (views.order != first_order).any()


class Knows(keras.Model):
    """Calls bright images pneumonia, without error."""

    def call(self, x):
        bright = keras.ops.cast(keras.ops.mean(x, axis=(1, 2, 3)) > 0.25, "float32")
        return keras.ops.stack([1 - bright, bright], axis=1)


def test_accuracy_and_matrix_agree_and_shuffling_ruins_the_matrix():
    recipe = ReportRecipe("x", 2, keras.optimizers.Adam, side=32)
    found = evaluate_model(Knows(), resize_images(images(), 32), images().labels, recipe)
    assert found["accuracy"] == 1
    assert found["confusion"] == [[8, 0], [0, 16]]
    shuffled = np.array(found["if_shuffled"]["confusion"])
    assert shuffled.sum(axis=1).tolist() == [8, 16] == shuffled.sum(axis=0).tolist()
    assert found["if_shuffled"]["accuracy"] == np.trace(shuffled) / 24 < 1


@pytest.mark.parametrize(("aligned", "name"), [(False, "tiny"), (True, "tiny_aligned")])
def test_a_recipe_leaves_its_history_figure_and_weights(aligned, name, tmp_path, monkeypatch):
    monkeypatch.setattr(as_reported, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(readings, "TEST_LOG", tmp_path / "log.jsonl")
    for module in (as_reported, manifest, readings):
        monkeypatch.setattr(module, "register", lambda *_: None)
    monkeypatch.setattr(as_reported, "load_split", lambda *_: images())
    monkeypatch.setattr(
        as_reported, "training_and_validation", lambda _: (images()[:16], images()[16:])
    )
    recipe = ReportRecipe(
        "tiny",
        3,
        lambda: keras.optimizers.SGD(1e-3),
        lambda checkpoint: [
            keras.callbacks.ModelCheckpoint(checkpoint, save_best_only=True, save_weights_only=True)
        ],
        epochs=2,
        side=32,
    )
    as_reported.train_as_reported(
        recipe,
        argparse.Namespace(data=None, trunk=None, work=tmp_path, epochs=None, aligned=aligned),
    )
    result = json.loads((tmp_path / f"results/{name}.json").read_text())
    assert set(result["history"]) >= {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert len(result["history"]["loss"]) == result["settings"]["epochs_run"] == 2
    confusion = np.array(result["test"]["confusion"])
    assert confusion.sum() == 24
    assert result["test"]["accuracy"] == pytest.approx(np.trace(confusion) / 24)
    assert (tmp_path / f"results/{name}.png").stat().st_size > 1000
    assert (tmp_path / f"{name}/{name}.weights.h5").exists()
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 1


def test_a_random_split_finds_the_patient_again_and_a_grouped_one_cannot():
    """Pairs of near-identical points, scattered, each pair of one patient and of a random class."""
    rng = np.random.default_rng(0)
    points = np.repeat(rng.normal(size=(200, 5)), 2, axis=0) + rng.normal(0, 1e-3, (400, 5))
    classes = np.repeat(rng.integers(2, size=200), 2)
    patients = np.repeat(np.arange(200), 2).astype(str)
    scores = split_scores(points, classes, patients, 1, ("a", "b"))
    random, grouped = scores["random split"], scores["grouped split"]
    assert grouped["patients_on_both_sides"] == 0
    assert grouped["accuracy"] == pytest.approx(0.5, abs=0.1)  # a coin: there is nothing to learn
    assert random["patients_on_both_sides"] == pytest.approx(0.8, abs=0.05)
    assert random["accuracy"] == pytest.approx(0.8 + 0.2 * 0.5, abs=0.06)
    for split in (random, grouped):
        assert np.sum(split["confusion"]) == 400


def test_knn_without_the_network_says_what_to_run(tmp_path):
    arguments = argparse.Namespace(data=tmp_path, work=tmp_path, aligned=False)
    with pytest.raises(SystemExit, match="binary_sgd_early_stopping"):
        knn_as_reported.penultimate_features(arguments, "train")
