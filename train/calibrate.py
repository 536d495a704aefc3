"""Fit what stands between scores and statements, on held-out patients of the training set.

    python -m train.calibrate --data ../shared/data/chest_xray

Writes `assets/classifier/calibration.json` (a temperature per head, with the expected calibration
error before and after) and `assets/autoencoder/threshold.json` (the score that 95 % of held-out
normals stay below). Both use the exported networks, the ones that serve. The official test is not
read. Time: 2 min.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

from cxr_demo.analysis import AUTOENCODER, CALIBRATION, CLASSIFIER, THRESHOLD
from cxr_demo.anomaly import assess, threshold_at_specificity
from cxr_demo.artefacts import ASSETS, Artefacts
from cxr_demo.network import Autoencoder, Classifier
from cxr_demo.prediction import softmax
from train.augment import stress_aspect
from train.data import load_split
from train.manifest import register
from train.splits import training_and_validation

SPECIFICITY = 0.95


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature of least log loss, every class weighing the same.

    Args:
        logits: float (N, classes).
        labels: int (N,).

    Returns:
        A temperature in [0.05, 20].
    """
    weights = (1 / np.bincount(labels))[labels]

    def log_loss(log_temperature: float) -> float:
        chosen = softmax(logits, np.exp(log_temperature))[np.arange(len(labels)), labels]
        return float(np.average(-np.log(np.maximum(chosen, 1e-12)), weights=weights))

    found = minimize_scalar(log_loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(found.x))


def expected_calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = 10
) -> float:
    """Mean gap between confidence and accuracy over equal-width bins (Guo et al., 2017).

    Args:
        probabilities: (N, classes), rows summing to 1.
        labels: int (N,).
        bins: equal-width bins of the largest probability.
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(correct[which == b].mean() - confidence[which == b].mean()) * (which == b).mean()
        for b in range(bins)
        if (which == b).any()
    ]
    return float(sum(gaps))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ in it")
    arguments = parser.parse_args()
    artefacts = Artefacts()
    _, held_out = training_and_validation(load_split(arguments.data, "train"))
    plain = held_out.pixels / np.float32(255)
    # Plain and as-if-wider views together: uploads come in more shapes than the training files.
    views = np.concatenate([plain, stress_aspect(held_out)[..., 0]])
    classes = np.tile(held_out.labels, 2)

    classifier = Classifier(artefacts.read(CLASSIFIER))
    features = [classifier(view) for view in views]
    heads = {
        "binary": (np.stack([f.binary for f in features]), (classes > 0).astype(int)),
        "three_class": (np.stack([f.three_class for f in features]), classes),
    }
    temperature = {head: fit_temperature(*pair) for head, pair in heads.items()}
    error = {
        when: {
            head: expected_calibration_error(softmax(logits, t[head]), labels)
            for head, (logits, labels) in heads.items()
        }
        for when, t in (("before", dict.fromkeys(heads, 1.0)), ("after", temperature))
    }
    _write(
        CALIBRATION,
        {
            "temperature": temperature,
            "expected_calibration_error": error,
            "n_images": len(held_out),
            "assumes": "classes equally common, as training weighed them",
            "classifier": artefacts.short_hash(CLASSIFIER),
        },
    )

    autoencoder = Autoencoder(artefacts.read(AUTOENCODER))
    scores = [assess(view, autoencoder, np.inf).score for view in plain[held_out.labels == 0]]
    _write(
        THRESHOLD,
        {
            "threshold": threshold_at_specificity(scores, SPECIFICITY),
            "specificity": SPECIFICITY,
            "n_normals": len(scores),
            "normal_scores": {
                str(q): float(np.percentile(scores, q)) for q in (5, 25, 50, 75, 95, 99)
            },
            "autoencoder": artefacts.short_hash(AUTOENCODER),
        },
    )


def _write(name: str, content: dict) -> None:
    path = ASSETS / name
    path.write_text(json.dumps(content, indent=1) + "\n")
    register(path, "python -m train.calibrate")
    print(path.name, json.dumps(content))


if __name__ == "__main__":
    main()
