"""Train a network, epoch by epoch, so that an interruption costs at most one epoch.

After every epoch the whole model with its optimizer goes to `<work>/last.keras` and the history to
`<work>/history.json`; started again, training goes on from there. The last epochs' weights are kept
one by one as well, for `train.experiments.weight_averaging`. Views are drawn from a generator
seeded by (seed, epoch), so a resumed run sees what an uninterrupted one would have seen.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from cxr_demo.models.calibration import softmax
from train.data.augment import ViewRecipe
from train.data.batches import ClassifierViews
from train.data.corruptions import mixed_corruptions
from train.data.kermany import CLASSES, Images
from train.metrics.classification import bacterial_viral_auc, binary_scores, class_scores
from train.models.losses import loss_of
from train.models.networks import build_classifier
from train.records.manifest import current_commit

SNAPSHOTS = 6
"""How many of the last epochs are kept one by one."""


@dataclass(frozen=True)
class ClassifierRecipe:
    """Everything that decides how a classifier is trained.

    Attributes:
        epochs: passes over the training images.
        batch: images per step.
        peak_rate: AdamW learning rate after warm-up, before its cosine decay to zero.
        warmup_epochs: linear warm-up from zero.
        weight_decay: AdamW's.
        label_smoothing: for both heads.
        dropout: between embedding and heads.
        first_trainable_block: VGG16 blocks below stay as they came.
        loss_weights: how much each output of `build_classifier` that is trained counts.
        balanced: whether all classes weigh alike in the losses, however common.
        views: how training views are drawn.
        seed: of weights, order and views.
    """

    epochs: int = 18
    batch: int = 32
    peak_rate: float = 1e-4
    warmup_epochs: float = 1.0
    weight_decay: float = 1e-3
    label_smoothing: float = 0.05
    dropout: float = 0.3
    first_trainable_block: int = 3
    loss_weights: dict[str, float] = field(
        default_factory=lambda: {"binary": 1.0, "three_class": 1.0}
    )
    balanced: bool = True
    views: ViewRecipe = field(default_factory=ViewRecipe)
    seed: int = 0


def fit_classifier(
    recipe: ClassifierRecipe,
    training: Images,
    validation: Images,
    trunk_weights: Path,
    work: Path,
    start: Path | None = None,
) -> keras.Model:
    """Train or resume the classifier.

    Args:
        recipe: how.
        training: images to learn from.
        validation: images of other patients, scored after every epoch, plain and stressed.
        trunk_weights: starting weights of the VGG16 convolutions.
        work: folder for checkpoint and history, kept out of the repository.
        start: weights of a whole classifier to go on from, its trunk included.

    Returns:
        The model after the last epoch (with a rate decaying to zero there is none to choose).
    """
    use_bfloat16_where_it_is_fast()
    keras.utils.set_random_seed(recipe.seed)
    steps = -(-len(training) // recipe.batch)

    def build() -> keras.Model:
        model = build_classifier(None, trunk_weights, recipe.first_trainable_block, recipe.dropout)
        if start:
            model.load_weights(start)
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0,
            decay_steps=round(steps * (recipe.epochs - recipe.warmup_epochs)),
            warmup_target=recipe.peak_rate,
            warmup_steps=round(steps * recipe.warmup_epochs),
        )
        model.compile(
            keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay, clipnorm=1.0),
            loss={name: loss_of(name, recipe.label_smoothing) for name in recipe.loss_weights},
            loss_weights=recipe.loss_weights,
        )
        return model

    stressed = mixed_corruptions(validation)
    plain = validation.pixels[..., None] / np.float32(255)

    def validate(model: keras.Model) -> dict:
        return {
            "validation": score_classifier(model, plain, validation.labels),
            "validation_stressed": score_classifier(model, stressed, validation.labels),
        }

    def epoch_data(epoch: int) -> keras.utils.PyDataset:
        rng = np.random.default_rng((recipe.seed, epoch))
        outputs = tuple(recipe.loss_weights)
        return ClassifierViews(training, recipe.views, recipe.batch, rng, outputs, recipe.balanced)

    run = describe_run(recipe, training)
    if start:
        run["start"] = hashlib.sha256(start.read_bytes()).hexdigest()
    return train_epochs(build, epoch_data, validate, recipe.epochs, work, run)


def train_epochs(
    build: Callable[[], keras.Model],
    epoch_data: Callable[[int], keras.utils.PyDataset],
    validate: Callable[[keras.Model], dict],
    epochs: int,
    work: Path,
    run: dict,
) -> keras.Model:
    """The loop both networks share: resume, one epoch, validate, save.

    Args:
        build: makes the compiled model at the very start.
        epoch_data: the training batches of a given epoch.
        validate: scores to keep in the history after each epoch.
        epochs: how many in all, those already done included.
        work: where `last.keras`, `history.json` and `run.json` live.
        run: what makes this training this one; resuming another is refused.

    Raises:
        SystemExit: if `work` holds another training.
    """
    work.mkdir(parents=True, exist_ok=True)
    check_same_run(work, run)
    checkpoint, history_file = work / "last.keras", work / "history.json"
    history = json.loads(history_file.read_text()) if history_file.exists() else []
    model = keras.saving.load_model(checkpoint) if checkpoint.exists() else build()
    done = int(model.optimizer.iterations) // len(epoch_data(0))
    history = history[:done]
    for epoch in range(done, epochs):
        started = time.monotonic()
        fitted = model.fit(epoch_data(epoch), epochs=1, shuffle=False, verbose=2)
        losses = {name: values[0] for name, values in fitted.history.items()}
        history.append(
            {"epoch": epoch + 1, **losses, **validate(model), "seconds": time.monotonic() - started}
        )
        print(json.dumps(history[-1]), flush=True)
        if epoch >= epochs - SNAPSHOTS:
            model.save_weights(snapshot(work, epoch + 1))
        temporary = work / "saving.keras"
        model.save(temporary)
        temporary.replace(checkpoint)
        history_file.write_text(json.dumps(history, indent=1))
    return model


def snapshot(work: Path, epoch: int) -> Path:
    """Where the weights of an epoch, counted from 1, are kept."""
    return work / f"epoch{epoch:02}.weights.h5"


def describe_run(recipe: object, training: Images) -> dict:
    """What makes a training itself: its recipe and its images."""
    names = "\n".join(training.ids.tolist())
    return {
        "recipe": repr(recipe),
        "images": hashlib.sha256(names.encode() + training.pixels.tobytes()).hexdigest(),
    }


def check_same_run(work: Path, run: dict) -> None:
    """Write `run.json` with the commit a training starts on, or check that it is the same one."""
    file = work / "run.json"
    if not file.exists():
        file.write_text(json.dumps({**run, "commit": current_commit()}, indent=1))
    found = json.loads(file.read_text())
    if any(found[key] != run[key] for key in run):
        raise SystemExit(
            f"{work} holds a training with another recipe or other images. "
            "Move it away or choose another --work folder."
        )


def score_classifier(model: keras.Model, inputs: np.ndarray, labels: np.ndarray) -> dict:
    """Both heads on already preprocessed inputs, at threshold 0.5 and by the largest class."""
    return score_logits(model.predict(inputs, batch_size=32, verbose=0), labels)


def score_logits(logits: dict[str, np.ndarray], labels: np.ndarray) -> dict:
    """The same from the logits of both heads."""
    pneumonia = softmax(logits["binary"])[:, 1]
    three = softmax(logits["three_class"])
    binary = binary_scores(labels, pneumonia)
    three_class = class_scores(labels, three.argmax(axis=1), CLASSES)
    scores = {
        **{name: binary[name] for name in ("auc", "accuracy", "sensitivity", "specificity")},
        "three_class_accuracy": three_class["accuracy"],
        "bacterial_viral_auc": bacterial_viral_auc(labels, three),
    }
    return {name: round(value, 4) for name, value in scores.items()}


def use_bfloat16_where_it_is_fast() -> None:
    """Let TensorFlow run convolutions in bfloat16 on CPUs that have it; weights stay float32."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
