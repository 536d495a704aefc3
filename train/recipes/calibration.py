"""Fit what stands between scores and statements, on held-out patients of the training set.

    python -m train.recipes.calibration --data ../shared/data/chest_xray

Writes `assets/classifier/calibration.json`: a temperature and a prior per head, with the expected
calibration error and the Brier score before and after, measured on the half of the patients that a
temperature was not fitted on; operating points, which have to stand every stress of
`train.data.corruptions`, and limits of the conformal set, see `train.metrics.thresholds`. It uses
the exported network, the one that serves. The official test is not read. Time: 8 min.
"""

import json

import numpy as np
from scipy.optimize import minimize_scalar

from cxr_demo.artefacts import ASSETS, CALIBRATION, CLASSIFIER, Artefacts
from cxr_demo.models.calibration import HEADS, Calibration
from cxr_demo.models.networks import CLASSIFIER_SIDE, Classifier
from train.arguments import parse
from train.data.corruptions import each_condition
from train.data.frames import frames_of
from train.data.splits import SEED, grouped_folds, training_and_validation
from train.metrics.calibration import (
    PRIOR,
    brier_score,
    expected_calibration_error,
    prior_weights,
    reliability_curve,
)
from train.metrics.thresholds import conformal_thresholds, operating_points
from train.records.manifest import write_json

MISS = 0.10


def fit_temperature(logits: np.ndarray, labels: np.ndarray, prior: tuple[float, ...]) -> float:
    """The temperature of least log loss at a prior (Guo et al., 2017, "On calibration of modern
    neural networks").

    Args:
        logits: float (N, classes) of a head trained with balanced classes.
        labels: int (N,).
        prior: share of each class, see `calibration.Calibration`.

    Returns:
        A temperature in [0.05, 20].
    """
    weights = prior_weights(labels, prior)

    def log_loss(log_temperature: float) -> float:
        calibrated = Calibration(np.exp(log_temperature), prior)(logits)
        chosen = calibrated[np.arange(len(labels)), labels]
        return float(np.average(-np.log(np.maximum(chosen, 1e-12)), weights=weights))

    found = minimize_scalar(log_loss, bounds=(np.log(0.05), np.log(20)), method="bounded")
    return float(np.exp(found.x))


def calibrate_head(
    logits: np.ndarray, labels: np.ndarray, patients: np.ndarray, prior: tuple[float, ...]
) -> tuple[dict, np.ndarray]:
    """Fit one head, and measure the fit on patients it has not seen.

    The error after calibration is cross-fitted: each half of the patients is scored at the
    temperature of the other half.

    Returns:
        (fit, calibrated): temperature, prior, expected_calibration_error and brier before and
        after; and the cross-fitted probabilities (N, classes).
    """
    halves = grouped_folds(labels, patients, 2, SEED)
    calibrated = np.empty(logits.shape)
    for half in (0, 1):
        temperature = fit_temperature(logits[halves != half], labels[halves != half], prior)
        calibrated[halves == half] = Calibration(temperature, prior)(logits[halves == half])
    weights = prior_weights(labels, prior)
    before = Calibration(1.0, prior)(logits)
    measures = {"expected_calibration_error": expected_calibration_error, "brier": brier_score}
    return {
        "temperature": fit_temperature(logits, labels, prior),
        "prior": prior,
        **{
            name: {
                "before": measured(before, labels, weights),
                "after": measured(calibrated, labels, weights),
            }
            for name, measured in measures.items()
        },
    }, calibrated


def classify(classifier: Classifier, squares: np.ndarray) -> dict[str, np.ndarray]:
    """Logits (N, classes) of both heads for squares (N, SIDE, SIDE), each aligned anew."""
    outputs = [classifier(frame) for frame in frames_of(squares, side=CLASSIFIER_SIDE)]
    return {head: np.stack([getattr(output, head) for output in outputs]) for head in HEADS}


def main() -> None:
    arguments = parse(__doc__, "data")
    artefacts = Artefacts()
    _, held_out = training_and_validation(arguments.data)
    squares = held_out.as_float()

    classifier = Classifier(artefacts.read(CLASSIFIER))
    logits = classify(classifier, squares)
    heads = {
        "binary": (logits["binary"], held_out.is_pneumonia.astype(int)),
        "three_class": (logits["three_class"], held_out.labels),
    }
    calibration, calibrated = {}, {}
    for head, (logits, labels) in heads.items():
        calibration[head], calibrated[head] = calibrate_head(
            logits, labels, held_out.patients, PRIOR[head]
        )
    truth = heads["binary"][1]
    calibration["binary"]["reliability"] = reliability_curve(
        calibrated["binary"][:, 1], truth == 1, prior_weights(truth, PRIOR["binary"])
    )
    # Thresholds and limits meet probabilities at the temperature that serves, so they are fitted
    # at that one.
    serve = {head: Calibration(calibration[head]["temperature"], PRIOR[head]) for head in heads}
    read = {
        condition: classify(classifier, squares[..., 0])["binary"]
        for condition, squares in each_condition(held_out)
    }
    pneumonia = np.stack([serve["binary"](logits)[:, 1] for logits in read.values()])
    calibration["operating_points"] = operating_points(truth, pneumonia, held_out.patients)
    three_class = serve["three_class"](heads["three_class"][0])
    calibration["conformal"] = {
        "miss": MISS,
        "min_probability": conformal_thresholds(three_class, held_out.labels, MISS),
    }
    calibration["n_images"] = len(held_out)
    content = calibration | artefacts.sources(CALIBRATION)
    write_json(ASSETS / CALIBRATION, content)
    print(CALIBRATION, json.dumps(content))


if __name__ == "__main__":
    main()
