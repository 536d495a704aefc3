"""Predictions → figures: everything that is claimed of a labelled set, from arrays alone.

Accuracy, recall and confusion matrix of a head come from one array of predicted classes. Intervals
are 95 %, from resampling patients.
"""

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

from cxr_demo.anomaly.thresholds import ScoreDistribution
from cxr_demo.models.input_check import NOT_A_CHEST, UNUSUAL, USABLE
from train.data.kermany import CLASSES
from train.metrics.bootstrap import clustered_intervals
from train.metrics.calibration import (
    PRIOR,
    brier_score,
    expected_calibration_error,
    prior_weights,
)
from train.metrics.classification import bacterial_viral_auc, binary_scores, class_scores
from train.metrics.predictions import Predictions


def compute_metrics(
    predictions: Predictions, operating_points: dict, screening: dict[str, ScoreDistribution]
) -> dict:
    """All figures of one labelled set.

    Args:
        predictions: one row per image.
        operating_points: by name, each with the `threshold` fitted on held-out patients.
        screening: thresholds of "detector" and "autoencoder".
    """
    labels, truth = predictions.labels, predictions.is_pneumonia.astype(int)
    two = np.stack([1 - predictions.pneumonia, predictions.pneumonia], axis=1)
    figures = {
        "binary": {
            **binary_scores(labels, predictions.pneumonia),
            "specificity_at_sensitivity_0.97": specificity_at(truth, predictions.pneumonia, 0.97),
            **reliability(two, truth, "binary"),
        },
        "three_class": {
            **class_scores(labels, predictions.three_class.argmax(axis=1), CLASSES),
            "bacterial_viral_auc": bacterial_viral_auc(labels, predictions.three_class),
            **reliability(predictions.three_class, labels, "three_class"),
        },
        "operating_points": {
            name: {
                key: value
                for key, value in binary_scores(
                    labels, predictions.pneumonia, point["threshold"]
                ).items()
                if key != "auc"
            }
            for name, point in operating_points.items()
        },
        "conformal": conformal_coverage(predictions),
        "knn_binary": binary_scores(labels, 1 - predictions.vote[:, 0]),
        "knn_three_class": class_scores(labels, predictions.voted, CLASSES),
        "detector": anomaly_scores(
            labels, predictions.change, predictions.change_at_edge, screening["detector"].presets
        ),
        "autoencoder": anomaly_scores(
            labels, predictions.error, predictions.error_at_edge, screening["autoencoder"].presets
        ),
        "gate": {
            grade: float((predictions.grade == grade).mean())
            for grade in (USABLE, UNUSUAL, NOT_A_CHEST)
        },
    }
    intervals = clustered_intervals(
        predictions.patients, lambda rows: headline_metrics(predictions[rows])
    )
    return {**figures, "intervals": intervals}


def anomaly_scores(
    labels: np.ndarray, scores: np.ndarray, at_edge: np.ndarray, presets: dict[str, float]
) -> dict:
    """One method at its default threshold, which comes first, and at all of them.

    `edge_share_of_normals` is the mean share of a normal image's map that lies at its edge.
    """
    at = {name: binary_scores(labels, scores, threshold) for name, threshold in presets.items()}
    return {
        **next(iter(at.values())),
        "presets": {
            name: {key: found[key] for key in ("threshold", "sensitivity", "specificity")}
            for name, found in at.items()
        },
        "edge_share_of_normals": float(at_edge[labels == 0].mean()),
    }


def reliability(probabilities: np.ndarray, labels: np.ndarray, head: str) -> dict[str, float]:
    """Calibration error and Brier score as the images come, and weighted to the prior that the
    probabilities assume."""
    weights = prior_weights(labels, PRIOR[head])
    return {
        "expected_calibration_error": expected_calibration_error(probabilities, labels),
        "expected_calibration_error_at_prior": expected_calibration_error(
            probabilities, labels, weights
        ),
        "brier": brier_score(probabilities, labels),
    }


def headline_metrics(predictions: Predictions) -> dict[str, float]:
    """The figures of `compute_metrics` that are given an interval, by head and figure."""
    labels, truth = predictions.labels, predictions.is_pneumonia.astype(int)
    if len(np.unique(labels)) < len(CLASSES):
        return dict.fromkeys(HEADLINE, float("nan"))
    binary = binary_scores(labels, predictions.pneumonia)
    three = class_scores(labels, predictions.three_class.argmax(axis=1), CLASSES)
    votes = class_scores(labels, predictions.voted, CLASSES)
    knn = binary_scores(labels, 1 - predictions.vote[:, 0])
    values = (
        *(binary[name] for name in ("auc", "accuracy", "sensitivity", "specificity")),
        specificity_at(truth, predictions.pneumonia, 0.97),
        three["accuracy"],
        three["macro_f1"],
        *three["recall"].values(),
        bacterial_viral_auc(labels, predictions.three_class),
        knn["accuracy"],
        votes["accuracy"],
        roc_auc_score(truth, predictions.change),
    )
    return dict(zip(HEADLINE, values, strict=True))


HEADLINE = (
    *(f"binary.{name}" for name in ("auc", "accuracy", "sensitivity", "specificity")),
    "binary.specificity_at_sensitivity_0.97",
    "three_class.accuracy",
    "three_class.macro_f1",
    *(f"three_class.recall.{name}" for name in CLASSES),
    "three_class.bacterial_viral_auc",
    "knn_binary.accuracy",
    "knn_three_class.accuracy",
    "detector.auc",
)


def specificity_at(truth: np.ndarray, scores: np.ndarray, sensitivity: float) -> float:
    """The best specificity of any threshold whose sensitivity is at least the given one."""
    false_positive, true_positive, _ = roc_curve(truth, scores, drop_intermediate=False)
    return float(1 - false_positive[true_positive >= sensitivity].min())


def conformal_coverage(predictions: Predictions) -> dict:
    """How often the plausible classes hold the true one, and how many there are."""
    holds = predictions.plausible[np.arange(len(predictions)), predictions.labels]
    sizes = predictions.plausible.sum(axis=1)
    alone = sizes == 1
    return {
        "coverage": float(holds.mean()),
        "coverage_by_class": {
            name: float(holds[predictions.labels == label].mean())
            for label, name in enumerate(CLASSES)
        },
        "mean_size": float(sizes.mean()),
        "share_sure": float(alone.mean()),
        "accuracy_where_sure": float(holds[alone].mean()) if alone.any() else None,
    }
