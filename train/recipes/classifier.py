"""The classifier that ships: VGG16 from block 3 up, two heads, views that hide the shortcuts.

    python -m train.recipes.classifier --data ../shared/data/chest_xray \\
        --trunk ../shared/models/vgg16_notop.weights.h5 [--epochs 1]

Two stages. The first learns from crops of all sizes, shapes and textures. The second goes on from
there with another image's border on most views, because the first was found to read the border; it
is shorter, smaller and leaves block 3 as the first left it. --epochs shortens both.
Time on 2 cores with bfloat16 matrix units (AMX): 18 epochs of 3 to 4 min, then 8 of 2; without them
(AVX-512) four times that.
Expected on the held-out fold: see assets/metrics/classifier_history.json, last entry.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras

from train.arguments import parse
from train.data.augment import ViewRecipe
from train.data.batches import ClassifierViews
from train.data.corruptions import mixed_corruptions
from train.data.kermany import Images
from train.data.splits import training_and_validation
from train.models.losses import loss_of
from train.models.networks import build_classifier
from train.models.training import (
    describe_run,
    rate_schedule,
    score_classifier,
    train_epochs,
    use_bfloat16_where_it_is_fast,
)


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


VIEWS = ClassifierRecipe(views=ViewRecipe(border=0))
BORDERS = replace(
    VIEWS,
    epochs=8,
    peak_rate=5e-5,
    warmup_epochs=0.5,
    first_trainable_block=4,
    views=ViewRecipe(side=160),
)
STAGES = {"views": VIEWS, "borders": BORDERS}
WEIGHTS = "classifier.weights.h5"


def main() -> None:
    arguments = parse(__doc__, "data", "trunk", "epochs", work=".work/classifier")
    training, validation = training_and_validation(arguments.data)
    start, history = None, []
    for stage, recipe in STAGES.items():
        folder = arguments.work / stage
        recipe = replace(recipe, epochs=arguments.epochs or recipe.epochs)
        model = fit_classifier(recipe, training, validation, arguments.trunk, folder, start=start)
        start = folder / WEIGHTS
        if not start.exists():
            model.save_weights(start)
        epochs = json.loads((folder / "history.json").read_text())
        history += [{"stage": stage, **epoch} for epoch in epochs]
    for name in (WEIGHTS, "run.json"):
        shutil.copyfile(folder / name, arguments.work / name)
    (arguments.work / "history.json").write_text(json.dumps(history, indent=1))


if __name__ == "__main__":
    main()
