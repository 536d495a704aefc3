"""How far a classifier is led by what surrounds a chest: each class in surroundings of the other.

    python -m train.experiments.lent_surroundings --data ../shared/data/chest_xray \\
        --trainings .work/classifier [.work/ANOTHER …]

Every held-out radiograph, aligned, is shown as it is and with another's surroundings, power
spectrum or histogram (`train.data.lending`), once of its own class and once of the other. What only
lending from the other class costs is what a network reads beside the lungs. This is asked of
held-out patients because plain ones cannot tell networks apart, and because it is known that the
official test shows normals in other surroundings than training does; the test is not read. Only
trainings that left out `train.data.splits.HELD_OUT` may be asked. Writes
`assets/metrics/lent_surroundings.json`. Time: 10 min a training on 2 cores.
Expected: see docs/released_classifier.md.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cxr_demo.artefacts import ASSETS
from cxr_demo.models.networks import CLASSIFIER_SIDE
from train.arguments import parse
from train.data.frames import in_frame
from train.data.kermany import Images, resize_all
from train.data.lending import borrow_histogram, borrow_spectrum, borrow_surroundings
from train.data.splits import training_and_validation
from train.models.training import score_classifier
from train.recipes.distillation import load_teacher
from train.records.manifest import write_json

LUNGS_END = 0.89
"""Share of the frame's height below which everything counts as surroundings: how much a file shows
of the abdomen tells the classes apart in training."""

Lend = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]

LENT: dict[str, Lend] = {
    "surroundings": lambda own, other, rng: borrow_surroundings(own, other, rng, LUNGS_END),
    "spectrum": lambda own, other, rng: borrow_spectrum(own, other, 1.0),
    "histogram": lambda own, other, rng: borrow_histogram(own, other, 1.0),
}


def lenders(is_pneumonia: np.ndarray, same_class: bool, rng: np.random.Generator) -> np.ndarray:
    """For each image the row of another, of its own class or of the other: int (N,)."""
    rows = np.arange(len(is_pneumonia))
    fits = (is_pneumonia == is_pneumonia[:, None]) == same_class
    return np.array([rng.choice(rows[fits[row] & (rows != row)]) for row in rows])


def lent(own: np.ndarray, others: np.ndarray, lend: Lend, rng: np.random.Generator) -> np.ndarray:
    """Each frame with what another lends it: float32 (N, SIDE, SIDE), of two such."""
    return np.stack([lend(*pair, rng) for pair in zip(own, others, strict=True)])


def conditions(images: Images, seed: int = 0) -> dict[str, np.ndarray]:
    """What is shown, by name: float32 (N, CLASSIFIER_SIDE, CLASSIFIER_SIDE, 1)."""
    own = images.as_float()
    shown = {"plain": own}
    for same_class, whose in ((True, "own class"), (False, "other class")):
        rng = np.random.default_rng(seed)
        others = own[lenders(images.is_pneumonia, same_class, rng)]
        for name, lend in LENT.items():
            shown[f"{name} of the {whose}"] = lent(own, others, lend, rng)
    return {name: resize_all(frames, CLASSIFIER_SIDE) for name, frames in shown.items()}


def main() -> None:
    trainings = {"type": Path, "nargs": "+", "required": True, "help": "folders of trainings"}
    arguments = parse(__doc__, "data", trainings=trainings)
    _, held_out = training_and_validation(arguments.data)
    images = in_frame(held_out)
    shown, found = conditions(images), {}
    for work in arguments.trainings:
        model = load_teacher(work)
        found[work.name] = {
            name: score_classifier(model, frames, images.labels) for name, frames in shown.items()
        }
        print(work.name, json.dumps(found[work.name], indent=1))
    write_json(ASSETS / "metrics" / "lent_surroundings.json", {"n": len(images), "scores": found})


if __name__ == "__main__":
    main()
