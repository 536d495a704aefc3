"""Train a network so that an interruption costs at most one epoch.

After every epoch Keras keeps weights and optimizer in `<work>/backup`, this epoch's and those of
the one before, and the scores go to `<work>/history.json`; started again, training goes on from
there. Views are drawn from a generator seeded by (seed, epoch), so a resumed run sees what an
uninterrupted one would have seen.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from train.data.batches import Views
from train.data.kermany import Images
from train.metrics.classification import score_logits
from train.records.manifest import current_commit


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
        The same model after the last epoch; with the moving averages of its weights, if its
        optimizer keeps them.

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
        with averaged_weights(self.model):
            validated = self._validate(self.model)
        scores = {"epoch": epoch + 1, **(logs or {}), **validated}
        scores["seconds"] = time.monotonic() - self._started
        print(json.dumps(scores), flush=True)
        whole = self._file.with_suffix(".part")  # a file cut off would end all later runs
        whole.write_text(json.dumps([*done, scores], indent=1))
        whole.replace(self._file)


@contextmanager
def averaged_weights(model: keras.Model) -> Iterator[None]:
    """The model has the moving averages of its weights meanwhile, if its optimizer keeps them."""
    if not model.optimizer.use_ema:
        yield
        return
    variables = model.trainable_variables
    trained = [variable.numpy() for variable in variables]
    model.optimizer.finalize_variable_values(variables)  # Keras does so after the last epoch, too
    yield
    for variable, value in zip(variables, trained, strict=True):
        variable.assign(value)


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
    """`score_logits` of a model on preprocessed inputs float32 (N, side, side, 1)."""
    return score_logits(model.predict(inputs, batch_size=32, verbose=0), labels)


def use_bfloat16_where_it_is_fast() -> None:
    """Let TensorFlow run convolutions in bfloat16 on CPUs that have it; weights stay float32."""
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
