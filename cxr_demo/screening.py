"""What a threshold means: scores of held-out patients → sensitivity, specificity, what a flag says.

Data contract: scores are float (N,), higher is more unusual; a radiograph is flagged when its score
exceeds the threshold. Thresholds come from the normals, but for Youden's, which needs both.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Screening:
    """Scores of one method on patients it was not trained on, and thresholds read off them.

    Attributes:
        normal: float (N,), sorted.
        pneumonia: float (M,), sorted.
        presets: thresholds by name, the default one first.
    """

    normal: np.ndarray
    pneumonia: np.ndarray
    presets: dict[str, float]

    @property
    def threshold(self) -> float:
        """The default."""
        return next(iter(self.presets.values()))

    def rates(self, threshold: float) -> tuple[float, float]:
        """(sensitivity, specificity) on the held-out patients, in [0, 1]."""
        return float((self.pneumonia > threshold).mean()), float((self.normal <= threshold).mean())


def predictive_values(
    sensitivity: float, specificity: float, prevalence: float
) -> tuple[float | None, float | None]:
    """Bayes' rule: (PPV, NPV) among patients of whom the share `prevalence` has pneumonia.

    None where nobody would be flagged, or nobody spared.
    """
    flagged = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    spared = (1 - sensitivity) * prevalence, specificity * (1 - prevalence)
    ppv = flagged[0] / sum(flagged) if sum(flagged) else None
    npv = spared[1] / sum(spared) if sum(spared) else None
    return ppv, npv


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
