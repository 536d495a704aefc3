"""The project report's way of training a classifier, shared by its four recipes.

VGG16 without its top, fed greys in [0, 1], every layer free, Flatten, two dense layers with
dropout, softmax; mild augmentation; categorical cross-entropy. What differs (optimizer, callbacks,
classes) each recipe says itself. The report watched the official test while training; here a
patient-grouped fold is watched instead, and the test is read once at the end.

With --aligned every image is put into the frame of `cxr_demo.models.alignment` first, which the
report did not do; the results then carry `_aligned` in their names, beside those without it.

A recipe leaves `<name>.json` (settings, seconds, history, figures) and `<name>.png` in
`assets/metrics/experiments/`, and its weights in HDF5 in its work folder.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np

from cxr_demo.artefacts import ASSETS
from cxr_demo.models.calibration import BINARY, THREE_CLASS
from train.arguments import parse
from train.data.augment import NO_TEXTURE, NOTHING_LENT, ViewRecipe
from train.data.batches import Views
from train.data.frames import in_frame
from train.data.kermany import Images, load_split, resize_all
from train.data.splits import training_and_validation
from train.metrics.classification import class_scores
from train.metrics.plots import draw_history
from train.models.networks import build_report_classifier
from train.models.training import DrawEpochs, use_bfloat16_where_it_is_fast
from train.records.manifest import register, write_json
from train.records.test_log import log_test_reading

RESULTS = ASSETS / "metrics" / "experiments"
NAMES = {2: BINARY, 3: THREE_CLASS}


@dataclass(frozen=True)
class ReportRecipe:
    """One of the report's trainings.

    Attributes:
        name: of the recipe's module.
        classes: 2 or 3.
        optimizer: makes the optimizer.
        callbacks: makes the Keras callbacks beside the history; given the file for a checkpoint.
        epochs: at most.
        side: edge of the images; the report's was 224.
        views: its augmentation.
        seed: of weights, order and views.
    """

    name: str
    classes: int
    optimizer: Callable[[], keras.optimizers.Optimizer]
    callbacks: Callable[[Path], list[keras.callbacks.Callback]] = lambda checkpoint: []
    epochs: int = 10
    side: int = 224
    views: ViewRecipe = field(
        default_factory=lambda: ViewRecipe(
            area=(0.7, 1.0),
            log_ratio=0.1,
            rotation=0,
            contrast=0.1,
            **NOTHING_LENT,
            **NO_TEXTURE,
        )
    )
    seed: int = 0


class ReportViews(Views):
    """Batches of (views, one-hot classes)."""

    def __init__(self, images: Images, recipe: ReportRecipe):
        super().__init__(images, replace(recipe.views, side=recipe.side), 32, recipe.seed)
        self.targets = np.eye(recipe.classes)[class_targets(images.labels, recipe.classes)]

    def __getitem__(self, index: int):
        rows = self.rows_of(index)
        return self.views_of(rows), self.targets[rows]


def class_targets(labels: np.ndarray, classes: int) -> np.ndarray:
    """Labels as the recipe's classes: int (N,)."""
    return labels if classes == 3 else (labels > 0).astype(int)


def resize_images(images: Images, side: int) -> np.ndarray:
    """Images at the recipe's size: float32 (N, side, side, 1) in [0, 1]."""
    return resize_all(images.as_float(), side)


ALIGNED = {"action": "store_true", "help": "put the images into the frame of aligned chests first"}
"""The option --aligned."""


def result_name(name: str, aligned: bool) -> str:
    """Of the files that a recipe leaves."""
    return f"{name}_aligned" if aligned else name


def report_arguments(doc: str) -> argparse.Namespace:
    """The command line that the report's recipes share."""
    return parse(
        doc,
        "data",
        "trunk",
        work=".work/report",
        side={"type": int, "default": 224, "help": "edge of the images; smaller is faster"},
        epochs={"type": int, "help": "fewer than the recipe's, to look at its start"},
        aligned=ALIGNED,
    )


def train_as_reported(recipe: ReportRecipe, arguments: argparse.Namespace) -> None:
    """Train, read the test once, and write everything down."""
    use_bfloat16_where_it_is_fast()
    keras.utils.set_random_seed(recipe.seed)
    training, validation = training_and_validation(arguments.data)
    test = load_split(arguments.data, "test")
    if arguments.aligned:
        training, validation, test = map(in_frame, (training, validation, test))
    name = result_name(recipe.name, arguments.aligned)
    model = build_report_classifier(recipe.classes, recipe.side, arguments.trunk)
    model.compile(recipe.optimizer(), loss="categorical_crossentropy", metrics=["accuracy"])
    held_out = resize_images(validation, recipe.side)
    held_out_targets = np.eye(recipe.classes)[class_targets(validation.labels, recipe.classes)]

    folder = arguments.work / name
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / f"{name}.weights.h5"
    weights.unlink(missing_ok=True)  # an earlier run's must not pass for this one's checkpoint
    started = time.monotonic()
    batches = ReportViews(training, recipe)
    history = model.fit(
        batches,
        validation_data=(held_out, held_out_targets),
        epochs=arguments.epochs or recipe.epochs,
        callbacks=[
            DrawEpochs(batches),
            keras.callbacks.TerminateOnNaN(),
            *recipe.callbacks(weights),
        ],
        shuffle=False,
        verbose=2,
    ).history
    seconds = time.monotonic() - started
    if not np.isfinite(history["loss"]).all():
        raise SystemExit(f"{name} diverged: losses {history['loss']}. The test was not read.")
    if weights.exists():
        model.load_weights(weights)
    else:
        model.save_weights(weights)

    result = {
        "settings": {
            "classes": recipe.classes,
            "side": recipe.side,
            "epochs_run": len(history["loss"]),
            "optimizer": model.optimizer.name,
            "training_images": len(training),
        },
        "seconds": round(seconds),
        "history": {name: np.round(values, 6).tolist() for name, values in history.items()},
        "share_of_dead_units": share_of_dead_units(model, held_out),
        "validation": evaluate_model(model, held_out, validation.labels, recipe),
        "test": evaluate_model(model, resize_images(test, recipe.side), test.labels, recipe),
    }
    write_result(name, result, history)
    log_report_reading(result["test"])


def share_of_dead_units(model: keras.Model, images: np.ndarray) -> float:
    """Share of the first dense layer's units that are 0 for every one of the images."""
    layer = keras.Model(model.input, model.get_layer("dense1").output)
    return float((layer.predict(images, batch_size=32, verbose=0) == 0).all(axis=0).mean())


def evaluate_model(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, recipe: ReportRecipe
):
    """`class_scores` from one array of predicted classes, and what an unordered one would say.

    A generator that shuffles hands out predictions in another order than the labels are kept in.
    `if_shuffled` is the matrix and accuracy of the same predictions in shuffled order.
    """
    predicted = model.predict(images, batch_size=32, verbose=0).argmax(axis=1)
    truth, names = class_targets(labels, recipe.classes), NAMES[recipe.classes]
    shuffled = np.random.default_rng(recipe.seed).permutation(predicted)
    return {
        **class_scores(truth, predicted, names),
        "if_shuffled": {
            key: class_scores(truth, shuffled, names)[key] for key in ("accuracy", "confusion")
        },
    }


def write_result(name: str, result: dict, history: dict[str, list[float]]) -> None:
    """Write and register a recipe's JSON and its figure of loss and accuracy."""
    write_json(RESULTS / f"{name}.json", result)
    panels = {
        title: {
            which: history[key]
            for which, key in (("training", title), ("held-out patients", f"val_{title}"))
        }
        for title in ("loss", "accuracy")
        if title in history
    }
    register(draw_history(panels, RESULTS / f"{name}.png"))
    print(json.dumps({key: result[key] for key in ("seconds", "validation", "test")}))


def log_report_reading(test: dict) -> None:
    """One line in the log of readings of the test."""
    log_test_reading(
        "a recipe of the report, read once for comparison; nothing was chosen by it",
        {"accuracy": test["accuracy"]},
    )
