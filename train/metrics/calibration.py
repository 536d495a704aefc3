"""How far stated probabilities can be believed, and for which mixture of children they are stated.

Data contract: probabilities float (N, classes) with rows summing to 1, labels int (N,), weights
(N,) or None for all alike.
"""

import numpy as np

BINS = 10

PRIOR = {"binary": (0.5, 0.5), "three_class": (0.5, 0.25, 0.25)}
"""The children that probabilities assume: half of them healthy, and pneumonia as often bacterial
as viral. Both heads assume the same, so that they can be compared."""


def prior_weights(labels: np.ndarray, prior: tuple[float, ...]) -> np.ndarray:
    """Weights (N,) that make labelled images count as if their classes came in a given prior."""
    return (np.asarray(prior) / np.bincount(labels, minlength=len(prior)))[labels]


def expected_calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Mean gap between confidence and accuracy over equal-width bins of the largest probability
    (Guo et al., 2017, "On calibration of modern neural networks")."""
    weights = np.ones(len(labels)) if weights is None else weights
    confidence = probabilities.max(axis=1)
    gap = (probabilities.argmax(axis=1) == labels) - confidence
    return float(np.abs(np.bincount(_bins(confidence), weights * gap)).sum() / weights.sum())


def brier_score(
    probabilities: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> float:
    """Mean squared distance to the truth, summed over classes: 0 is best, 2 worst (Brier, 1950).

    As `sklearn.metrics.brier_score_loss`, which warns of probabilities rounded to 6 decimals.
    """
    truth = np.eye(probabilities.shape[1])[labels]
    return float(np.average(np.square(probabilities - truth).sum(axis=1), weights=weights))


def reliability_curve(
    probability: np.ndarray, positive: np.ndarray, weights: np.ndarray | None = None
) -> dict[str, list[float]]:
    """What share is positive where a given probability is stated.

    Args:
        probability: (N,) of the positive class.
        positive: bool (N,).
        weights: (N,), how much each image counts.

    Returns:
        stated, observed and share of all images, one entry per bin that is not empty.
    """
    weights = np.ones(len(positive)) if weights is None else weights
    bins = _bins(probability)
    total = np.bincount(bins, weights, minlength=BINS)
    filled = total > 0
    sums = [np.bincount(bins, weights * v, minlength=BINS) for v in (probability, positive)]
    stated, observed = ((values[filled] / total[filled]).tolist() for values in sums)
    return {
        "stated": stated,
        "observed": observed,
        "share": (total[filled] / total.sum()).tolist(),
    }


def _bins(probability: np.ndarray) -> np.ndarray:
    """Which of BINS equal-width bins of [0, 1] each probability falls into."""
    return np.minimum((probability * BINS).astype(int), BINS - 1)
