"""Where to draw the line, fitted on held-out patients: operating points of the two-class head, the
"not sure" set of the three-class head, and thresholds on a score of the unusual."""

import numpy as np

from train.data.kermany import CLASSES
from train.metrics.bootstrap import clustered_intervals


def operating_points(
    truth: np.ndarray, pneumonia: np.ndarray, patients: np.ndarray
) -> dict[str, dict]:
    """Thresholds on the probability of pneumonia; pneumonia is predicted above them.

    They are chosen by the worst case: the least sensitivity and the least specificity over all
    conditions under which the images were read. Held-out patients as they come are too easy to say
    where a threshold stands safely. What they hide most is false alarms among other children, so
    that the largest sum of both is taken at the upper end of its 95 % interval by patients.

    Args:
        truth: int (N,), 1 is pneumonia.
        pneumonia: calibrated probabilities (conditions, N), above 0; the first condition is plain.
        patients: (N,) keys.

    Returns:
        By name: `youden` (largest sensitivity + specificity, with that margin), `sensitivity_95`
        (the highest threshold that keeps sensitivity at 0.95 or more), `specificity_90` (the lowest
        that keeps specificity at 0.90 or more), out of those halfway between neighbouring
        probabilities; each with threshold, sensitivity and specificity of the plain images, their
        95 % intervals by patients (`…_interval`), and the worst of all conditions (`worst_…`).
    """
    scores = np.unique(pneumonia)
    # Halfway between neighbours, so that no score lies on a threshold; and above them all.
    thresholds = np.append((np.append(0.0, scores[:-1]) + scores) / 2, scores[-1])

    def worst(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Least sensitivity and least specificity at every threshold."""
        normal, ill = (
            _share_above(np.sort(pneumonia[:, rows[truth[rows] == label]]), thresholds)
            for label in (0, 1)
        )
        return ill.min(axis=0), 1 - normal.max(axis=0)

    def largest_sum(rows: np.ndarray) -> dict[str, float]:
        both = len(np.unique(truth[rows])) == 2
        return {"threshold": thresholds[sum(worst(rows)).argmax()] if both else np.nan}

    highest = clustered_intervals(patients, largest_sum)["threshold"][1]
    sensitivity, specificity = worst(np.arange(len(truth)))
    chosen = {
        "youden": int(np.searchsorted(thresholds, highest)),
        "sensitivity_95": int(np.flatnonzero(sensitivity >= 0.95)[-1]),
        "specificity_90": int(np.flatnonzero(specificity >= 0.90)[0]),
    }
    return {
        name: {
            "threshold": float(thresholds[row]),
            **_rates_with_intervals(truth, pneumonia[0] > thresholds[row], patients),
            "worst_sensitivity": float(sensitivity[row]),
            "worst_specificity": float(specificity[row]),
        }
        for name, row in chosen.items()
    }


def _share_above(ascending: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Share of each row's values (rows, N), sorted, above each threshold: (rows, thresholds)."""
    at_most = [np.searchsorted(row, thresholds, "right") for row in ascending]
    return 1 - np.array(at_most) / ascending.shape[1]


def _rates_with_intervals(
    truth: np.ndarray, predicted: np.ndarray, patients: np.ndarray
) -> dict[str, float | list[float]]:
    def rates(rows: np.ndarray) -> dict[str, float]:
        ill = truth[rows] == 1
        return {
            "sensitivity": float(predicted[rows][ill].mean()) if ill.any() else np.nan,
            "specificity": float(1 - predicted[rows][~ill].mean()) if not ill.all() else np.nan,
        }

    intervals = clustered_intervals(patients, rates)
    return {
        **rates(np.arange(len(truth))),
        **{f"{name}_interval": interval for name, interval in intervals.items()},
    }


def conformal_thresholds(
    three_class: np.ndarray, labels: np.ndarray, miss: float
) -> dict[str, float]:
    """By class, the probability that at most a share `miss` of its images stay below (Vovk, 2012,
    "Conditional validity of inductive conformal predictors").

    Args:
        three_class: calibrated probabilities (N, 3) of images no network was trained on.
        labels: int (N,).
        miss: share of each class whose set may leave out the true class, in [0, 1).
    """
    least = {}
    for label, name in enumerate(CLASSES):
        own = np.sort(three_class[labels == label, label])
        rank = int(np.floor(miss * (len(own) + 1)))
        least[name] = float(own[rank - 1]) if rank else 0.0
    return least


def threshold_at_specificity(normal_scores: np.ndarray, specificity: float = 0.95) -> float:
    """Choose the score above which a radiograph is shown as unusual.

    Args:
        normal_scores: one score per held-out normal image, shape (N,).
        specificity: share of normals to leave unflagged, in (0, 1).

    Returns:
        The smallest observed score t such that at least `specificity` of the scores are <= t.

    Raises:
        ValueError: if `normal_scores` is empty or not finite, or `specificity` is outside (0, 1).
    """
    scores = np.sort(np.asarray(normal_scores, np.float64))
    if not len(scores) or not np.isfinite(scores).all():
        raise ValueError("normal_scores must be finite and at least one")
    if not 0 < specificity < 1:
        raise ValueError(f"specificity must lie in (0, 1), not {specificity}")
    share_at_or_below = np.arange(1, len(scores) + 1) / len(scores)
    return float(scores[np.argmax(share_at_or_below >= specificity)])


def youden_threshold(normal: np.ndarray, pneumonia: np.ndarray) -> float:
    """The observed score of largest sensitivity plus specificity (Youden, 1950); the least such."""
    candidates = np.unique(np.concatenate([normal, pneumonia]))
    sensitivity = 1 - np.searchsorted(np.sort(pneumonia), candidates, "right") / len(pneumonia)
    specificity = np.searchsorted(np.sort(normal), candidates, "right") / len(normal)
    return float(candidates[np.argmax(sensitivity + specificity)])
