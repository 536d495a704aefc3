"""The classifier that ships: one network taught by the mean of several.

    python -m train.recipes.distillation --data ../shared/data/chest_xray \\
        --trunk ../shared/models/vgg16_notop.weights.h5 \\
        --teachers .work/seed0 .work/seed1 .work/seed2 [--epochs 1]

Teachers are trained by `train.recipes.classifier`, each on another seed and with another eighth of
the patients held out. What a training image is to be is, for the share TAUGHT, what they say of it
on average over VIEWS of its frame, and its label for the rest (Hinton, Vinyals and Dean, 2015,
"Distilling the knowledge in a neural network"). The student goes on from the first teacher, with
the same recipe and without the smoothing of labels. Like that teacher it leaves out
HELD_OUT, so that what is fitted after it has patients it has not seen; the others have seen them,
but are never asked about them.
Time on 2 cores with bfloat16 matrix units (AMX): 10 min for the teachers, then 3 min an epoch.
Expected on the held-out fold: see assets/metrics/classifier_history.json, last entry.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import keras
import numpy as np

from cxr_demo.models.affine import warp
from cxr_demo.models.calibration import softmax
from cxr_demo.models.networks import CLASSIFIER_SIDE
from train.arguments import parse
from train.data.frames import in_frame
from train.data.kermany import Images
from train.data.splits import training_and_validation
from train.models.networks import build_classifier
from train.models.training import use_bfloat16_where_it_is_fast
from train.recipes.classifier import WEIGHTS, ClassifierRecipe, fit_classifier

TAUGHT, EPOCHS = 0.7, 14


def _seen_through(scale: float, mirrored: bool) -> Callable[[np.ndarray], np.ndarray]:
    """A view float32 (CLASSIFIER_SIDE, CLASSIFIER_SIDE, 1) of the middle `scale` of a frame."""
    matrix = np.array([[scale, 0, (1 - scale) / 2], [0, scale, (1 - scale) / 2]])

    def view(frame: np.ndarray) -> np.ndarray:
        shown = warp(frame, matrix, CLASSIFIER_SIDE, cv2.BORDER_REFLECT_101)
        return (shown[:, ::-1] if mirrored else shown)[..., None]

    return view


VIEWS = [_seen_through(scale, mirrored) for scale in (1.0, 0.92) for mirrored in (False, True)]


def mean_answer(teachers: list[keras.Model], frames: np.ndarray) -> dict[str, np.ndarray]:
    """Mean probabilities of all teachers over VIEWS.

    Args:
        teachers: classifiers that take any side.
        frames: float32 (N, SIDE, SIDE) in [0, 1].

    Returns:
        {"binary": float (N, 2), "three_class": float (N, 3)}.
    """
    answers: dict[str, list[np.ndarray]] = {"binary": [], "three_class": []}
    for view in VIEWS:
        inputs = np.stack([view(frame) for frame in frames])
        for teacher in teachers:
            outputs = teacher.predict(inputs, batch_size=32, verbose=0)
            for head, found in answers.items():
                found.append(softmax(outputs[head]))
    return {head: np.mean(found, axis=0) for head, found in answers.items()}


def taught_targets(answers: dict[str, np.ndarray], images: Images) -> dict[str, np.ndarray]:
    """TAUGHT of the teachers' answers, the rest of the labels."""
    labels = {"binary": images.is_pneumonia.astype(int), "three_class": images.labels}
    return {
        head: TAUGHT * found + (1 - TAUGHT) * np.eye(found.shape[1])[labels[head]]
        for head, found in answers.items()
    }


def load_teacher(work: Path) -> keras.Model:
    """A classifier as its training left it."""
    model = build_classifier(None)
    model.load_weights(work / WEIGHTS)
    return model


def main() -> None:
    teachers = {"type": Path, "nargs": "+", "required": True, "help": "folders of trainings"}
    arguments = parse(
        __doc__, "data", "trunk", "epochs", work=".work/classifier", teachers=teachers
    )
    use_bfloat16_where_it_is_fast()
    training, validation = training_and_validation(arguments.data)
    kept = arguments.work / "answers.npz"
    if not kept.exists():
        arguments.work.mkdir(parents=True, exist_ok=True)
        models = [load_teacher(work) for work in arguments.teachers]
        np.savez(kept, **mean_answer(models, in_frame(training).as_float()))
    taught = taught_targets(dict(np.load(kept)), training)
    recipe = ClassifierRecipe(epochs=EPOCHS, label_smoothing=0.0)
    recipe = replace(recipe, epochs=arguments.epochs or recipe.epochs)
    start = arguments.teachers[0] / WEIGHTS
    model = fit_classifier(
        recipe, training, validation, arguments.trunk, arguments.work, taught, start
    )
    model.save_weights(arguments.work / WEIGHTS)


if __name__ == "__main__":
    main()
