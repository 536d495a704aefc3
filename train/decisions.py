"""Where to draw the line: operating points of the two-class head and the "not sure" set of the
three-class head, fitted on held-out patients."""

import numpy as np

from train.data import CLASSES


def operating_points(truth: np.ndarray, pneumonia: np.ndarray) -> dict[str, dict[str, float]]:
    """Thresholds on the probability of pneumonia; called pneumonia when above.

    Args:
        truth: int (N,), 1 is pneumonia.
        pneumonia: calibrated probability (N,), above 0.

    Returns:
        By name: `youden` (largest sensitivity + specificity), `sensitivity_95` (the highest
        threshold that keeps sensitivity at 0.95 or more), `specificity_90` (the lowest that keeps
        specificity at 0.90 or more), out of those halfway between neighbouring probabilities; each
        with threshold, sensitivity and specificity here.
    """
    scores = np.unique(pneumonia)
    # Halfway between neighbours, so that no score lies on a threshold; and above them all.
    thresholds = np.append((np.append(0.0, scores[:-1]) + scores) / 2, scores[-1])
    called = pneumonia > thresholds[:, None]
    sensitivity = called[:, truth == 1].mean(axis=1)
    specificity = 1 - called[:, truth == 0].mean(axis=1)
    chosen = {
        "youden": int((sensitivity + specificity).argmax()),
        "sensitivity_95": int(np.flatnonzero(sensitivity >= 0.95)[-1]),
        "specificity_90": int(np.flatnonzero(specificity >= 0.90)[0]),
    }
    return {
        name: {
            "threshold": float(thresholds[row]),
            "sensitivity": float(sensitivity[row]),
            "specificity": float(specificity[row]),
        }
        for name, row in chosen.items()
    }


def least_probabilities(
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
