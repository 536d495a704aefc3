"""Train a network so that an interruption costs at most one epoch.

After every epoch Keras keeps weights and optimizer in `<work>/backup`, this epoch's and those of
the one before, and the scores go to `<work>/history.json`; started again, training goes on from
there. Views are drawn from a generator seeded by (seed, epoch), so a resumed run sees what an
uninterrupted one would have seen.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np

from cxr_demo.models.calibration import softmax
from train.data.augment import ViewRecipe
from train.data.batches import ClassifierViews, Views
from train.data.corruptions import mixed_corruptions
from train.data.kermany import CLASSES, Images
from train.metrics.classification import bacterial_viral_auc, binary_scores, class_scores
from train.models.losses import loss_of
from train.models.networks import build_classifier
from train.records.manifest import current_commit


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
    outputs = tuple(recipe.loss_weights)
    batches = ClassifierViews(
        training, recipe.views, recipe.batch, recipe.seed, outputs, recipe.balanced
    )
    model = build_classifier(None, trunk_weights, recipe.first_trainable_block, recipe.dropout)
    if start:
        model.load_weights(start)
    rate = rate_schedule(
        recipe.peak_rate,
        steps=len(batches) * recipe.epochs,
        warmup=round(len(batches) * recipe.warmup_epochs),
    )
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay, clipnorm=1.0),
        loss={name: loss_of(name, recipe.label_smoothing) for name in outputs},
        loss_weights=recipe.loss_weights,
    )
    stressed = mixed_corruptions(validation)
    plain = validation.as_float()[..., None]

    def validate(model: keras.Model) -> dict:
        return {
            "validation": score_classifier(model, plain, validation.labels),
            "validation_stressed": score_classifier(model, stressed, validation.labels),
        }

    run = describe_run(recipe, training)
    if start:
        run["start"] = hashlib.sha256(start.read_bytes()).hexdigest()
    return train_epochs(model, batches, validate, recipe.epochs, work, run)


def train_epochs(
    model: keras.Model,
    batches: Views,
    validate: Callable[[keras.Model], dict],
    epochs: int,
    work: Path,
    run: dict,
) -> keras.Model:
    """Train or resume any network.

    Args:
        model: compiled, with the weights to start from; those of a backup replace them.
        batches: the training images.
        validate: scores to keep in the history after each epoch, plain enough for JSON.
        epochs: how many in all, those already done included.
        work: where `backup/`, `history.json` and `run.json` live.
        run: what makes this training this one, plain enough for JSON.

    Returns:
        The same model after the last epoch.

    Raises:
        SystemExit: if `work` holds another training, or a backup whose two files disagree.
    """
    work.mkdir(parents=True, exist_ok=True)
    check_same_run(work, run)
    callbacks = [
        DrawEpochs(batches),
        # Before the backup: scores of an epoch that was not backed up are replaced by the next run.
        KeepHistory(validate, work / "history.json"),
        keras.callbacks.BackupAndRestore(
            str(work / "backup"), double_checkpoint=True, delete_checkpoint=False
        ),
    ]
    model.fit(batches, epochs=epochs, callbacks=callbacks, shuffle=False, verbose=2)
    return model


class DrawEpochs(keras.callbacks.Callback):
    """Makes what is random in an epoch depend on its number, not on which epochs this run has seen.

    Draws the dataset's views, before Keras asks for the first of them, and sets the generators of
    Dropout, which no backup holds, to where an uninterrupted training has them: one draw a step.
    """

    def __init__(self, batches: Views):
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        steps = int(self.model.optimizer.iterations)
        if steps != epoch * len(self._batches):
            raise SystemExit(
                f"The backup holds the weights of step {steps} but names epoch {epoch + 1}: it was "
                "cut off while it was written. Choose another --work folder to start anew."
            )
        self._batches.draw_epoch(epoch)
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.Dropout) and layer.rate:
                state = layer.seed_generator.state
                state.assign([int(state[0]), steps])


class KeepHistory(keras.callbacks.Callback):
    """Validates after every epoch and writes losses, scores and seconds of all epochs to a file.

    Args:
        validate: the scores of a model, by name.
        file: JSON, a list with an entry per epoch; entries of epochs that are trained again go.
    """

    def __init__(self, validate: Callable[[keras.Model], dict], file: Path):
        super().__init__()
        self._validate, self._file = validate, file

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        done = json.loads(self._file.read_text())[:epoch] if epoch else []
        scores = {"epoch": epoch + 1, **(logs or {}), **self._validate(self.model)}
        scores["seconds"] = time.monotonic() - self._started
        print(json.dumps(scores), flush=True)
        self._file.write_text(json.dumps([*done, scores], indent=1))


def recipe_as_json(recipe: object) -> dict:
    """A recipe, a dataclass, as it is read back from JSON: tuples are lists."""
    return json.loads(json.dumps(asdict(recipe)))


def rate_schedule(peak: float, steps: int, warmup: int) -> keras.optimizers.schedules.CosineDecay:
    """A learning rate from 0 up to its peak, then along a cosine down to 0 at the last step.

    Args:
        peak: the largest rate.
        steps: of the whole training.
        warmup: steps up to the peak; at most half of all are taken for it.
    """
    warmup = min(warmup, steps // 2)
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - warmup, warmup_target=peak, warmup_steps=warmup
    )


def describe_run(recipe: object, training: Images) -> dict:
    """What makes a training itself: its recipe and its images."""
    names = "\n".join(training.ids.tolist())
    return {
        "recipe": recipe_as_json(recipe),
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
