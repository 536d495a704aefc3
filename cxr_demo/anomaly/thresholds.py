"""Sensitivity, specificity and predictive values of a threshold on held-out patients.

Data contract: scores are float (N,), higher is more unusual; a radiograph is flagged when its score
exceeds the threshold. Thresholds come from the normals, except Youden's, which needs both groups.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ScoreDistribution:
    """Scores of one method on held-out patients, and thresholds derived from them.

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

    @classmethod
    def from_json(cls, stored: Mapping) -> "ScoreDistribution":
        """From the JSON that `train.recipes.calibration` stores."""
        return cls(np.array(stored["normal"]), np.array(stored["pneumonia"]), stored["presets"])

    def sensitivity_specificity(self, threshold: float) -> tuple[float, float]:
        """(sensitivity, specificity) on the held-out patients, in [0, 1]."""
        return float((self.pneumonia > threshold).mean()), float((self.normal <= threshold).mean())


def predictive_values(
    sensitivity: float, specificity: float, prevalence: float
) -> tuple[float | None, float | None]:
    """Bayes' rule: (PPV, NPV) among patients of whom the share `prevalence` has pneumonia.

    None where no patient would be flagged, or none not.
    """
    flagged = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    passed = (1 - sensitivity) * prevalence, specificity * (1 - prevalence)
    ppv = flagged[0] / sum(flagged) if sum(flagged) else None
    npv = passed[1] / sum(passed) if sum(passed) else None
    return ppv, npv
