"""The classifier that ships: VGG16 from block 3 up, two heads, in the frame of aligned chests.

    python -m train.recipes.classifier --data ../shared/data/chest_xray \\
        --trunk ../shared/models/vgg16_notop.weights.h5 [--fold 0] [--seed 0] [--epochs 1]

Every radiograph is aligned first (`cxr_demo.models.alignment`); views, and what other images lend
them, are those of `train.data.augment`. Kept are the moving averages of the weights.
Time on 2 cores with bfloat16 matrix units (AMX): 16 epochs of 3 min; without them (AVX-512) four
times that.
Expected on the held-out fold: see assets/metrics/classifier_history.json, last entry.
"""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from cxr_demo.models.networks import CLASSIFIER_SIDE
from train.arguments import parse
from train.data.augment import ViewRecipe
from train.data.batches import ClassifierViews
from train.data.corruptions import mixed_corruptions
from train.data.frames import frames_of, in_frame
from train.data.kermany import Images, resize_all
from train.data.splits import HELD_OUT, training_and_validation
from train.models.losses import loss_of
from train.models.networks import build_classifier
from train.models.training import (
    describe_run,
    rate_schedule,
    score_classifier,
    train_epochs,
    use_bfloat16_where_it_is_fast,
)

WEIGHTS = "classifier.weights.h5"


@dataclass(frozen=True)
class ClassifierRecipe:
    """Everything that decides how a classifier is trained.

    Attributes:
        epochs: passes over the training images.
        batch: images per step.
        peak_rate: AdamW learning rate after warm-up, before its cosine decay to zero.
        warmup_epochs: linear warm-up from zero.
        weight_decay: AdamW's.
        averaging: momentum of the moving averages of the weights, which are what is kept.
        label_smoothing: for both heads.
        dropout: between embedding and heads.
        first_trainable_block: VGG16 blocks below stay as they came.
        loss_weights: how much each output of `build_classifier` that is trained counts.
        balanced: whether all classes weigh alike in the losses, however common.
        aligned: whether images are put into the frame; else they are the squares as they come.
        side: edge in pixels at which held-out images are read.
        views: how training views are drawn.
        seed: of weights, order and views.
    """

    epochs: int = 16
    batch: int = 32
    peak_rate: float = 1e-4
    warmup_epochs: float = 1.0
    weight_decay: float = 1e-3
    averaging: float = 0.998
    label_smoothing: float = 0.05
    dropout: float = 0.3
    first_trainable_block: int = 3
    loss_weights: dict[str, float] = field(
        default_factory=lambda: {"binary": 1.0, "three_class": 1.0}
    )
    balanced: bool = True
    aligned: bool = True
    side: int = CLASSIFIER_SIDE
    views: ViewRecipe = field(default_factory=ViewRecipe)
    seed: int = 0


def fit_classifier(
    recipe: ClassifierRecipe,
    training: Images,
    validation: Images,
    trunk: Path,
    work: Path,
    taught: Mapping[str, np.ndarray] | None = None,
    start: Path | None = None,
) -> keras.Model:
    """Train or resume the classifier.

    Args:
        recipe: how.
        training: images to learn from, as they come.
        validation: images of other patients, scored after every epoch, plain and stressed.
        trunk: starting weights of the VGG16 convolutions.
        work: folder for checkpoint and history, kept out of the repository.
        taught: by output, what is to be learnt of the training images in place of their labels.
        start: weights of a whole classifier to go on from, its trunk included.

    Returns:
        The model after the last epoch (with a rate decaying to zero there is none to choose).
    """
    use_bfloat16_where_it_is_fast()
    keras.utils.set_random_seed(recipe.seed)
    outputs = tuple(recipe.loss_weights)
    batches = ClassifierViews(
        in_frame(training) if recipe.aligned else training,
        recipe.views,
        recipe.batch,
        recipe.seed,
        outputs,
        recipe.balanced,
        taught,
    )
    model = build_classifier(None, trunk, recipe.first_trainable_block, recipe.dropout)
    if start:
        model.load_weights(start)
    rate = rate_schedule(
        recipe.peak_rate,
        steps=len(batches) * recipe.epochs,
        warmup=round(len(batches) * recipe.warmup_epochs),
    )
    model.compile(
        keras.optimizers.AdamW(
            rate,
            weight_decay=recipe.weight_decay,
            clipnorm=1.0,
            use_ema=True,
            ema_momentum=recipe.averaging,
        ),
        loss={name: loss_of(name, recipe.label_smoothing) for name in outputs},
        loss_weights=recipe.loss_weights,
    )
    inputs = {
        "validation": as_read(validation.as_float(), recipe),
        "validation_stressed": as_read(mixed_corruptions(validation)[..., 0], recipe),
    }

    def validate(model: keras.Model) -> dict:
        return {
            name: score_classifier(model, squares, validation.labels)
            for name, squares in inputs.items()
        }

    run = describe_run(recipe, training)
    if taught:
        sums = [hashlib.sha256(values.tobytes()) for values in taught.values()]
        run["taught"] = [found.hexdigest() for found in sums]
    if start:
        run["start"] = hashlib.sha256(start.read_bytes()).hexdigest()
    return train_epochs(model, batches, validate, recipe.epochs, work, run)


def as_read(squares: np.ndarray, recipe: ClassifierRecipe) -> np.ndarray:
    """What a trained classifier is given of float32 (N, SIDE, SIDE): (N, side, side, 1)."""
    if recipe.aligned:
        return frames_of(squares, side=recipe.side)[..., None]
    return resize_all(squares, recipe.side)


def main() -> None:
    fold = {"type": int, "default": HELD_OUT, "help": "which eighth of the patients is held out"}
    seed = {"type": int, "default": 0, "help": "of weights, order and views"}
    arguments = parse(
        __doc__, "data", "trunk", "epochs", work=".work/classifier", fold=fold, seed=seed
    )
    training, validation = training_and_validation(arguments.data, arguments.fold)
    recipe = ClassifierRecipe(seed=arguments.seed)
    recipe = dataclasses.replace(recipe, epochs=arguments.epochs or recipe.epochs)
    model = fit_classifier(recipe, training, validation, arguments.trunk, arguments.work)
    model.save_weights(arguments.work / WEIGHTS)


if __name__ == "__main__":
    main()
