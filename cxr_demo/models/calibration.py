"""Calibrate network outputs to class probabilities, and find the conformal set of classes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cxr_demo.models.networks import ClassifierOutput

BINARY = ("normal", "pneumonia")
THREE_CLASS = ("normal", "bacterial", "viral")
HEADS = {"binary": BINARY, "three_class": THREE_CLASS}
"""The classifier's heads, by the names of their logits in `networks.ClassifierOutput`."""


def softmax(logits: np.ndarray) -> np.ndarray:
    """Softmax over the last axis: float (..., classes) → float64, each row summing to 1."""
    logits = np.asarray(logits, np.float64)
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@dataclass(frozen=True)
class Calibration:
    """What turns one head's logits into probabilities, stored beside its weights.

    Attributes:
        temperature: fitted on held-out patients.
        prior: the share of each class that the probabilities assume, in the head's order. The
            heads were trained with all their classes weighing the same.
    """

    temperature: float
    prior: tuple[float, ...]

    def __call__(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities: float (..., classes) → float64 (..., classes).

        From balanced training to another prior, each class is weighted by prior x classes
        (Saerens et al., 2002, "Adjusting the outputs of a classifier to new a priori
        probabilities").
        """
        shift = np.log(np.asarray(self.prior) * len(self.prior))
        return softmax(np.asarray(logits, np.float64) / self.temperature + shift)


def probabilities(
    features: ClassifierOutput, calibration: dict[str, Calibration]
) -> dict[str, dict[str, float]]:
    """Calibrated probabilities by head and class, those of a head summing to 1:
    {"binary": {"normal", "pneumonia"}, "three_class": {"normal", "bacterial", "viral"}}."""
    return {
        head: dict(zip(names, calibration[head](getattr(features, head)).tolist(), strict=True))
        for head, names in HEADS.items()
    }


def conformal_set(three_class: dict[str, float], least: dict[str, float]) -> tuple[str, ...]:
    """The classes that cannot be ruled out: a split-conformal set, class by class (Vovk, 2012,
    "Conditional validity of inductive conformal predictors").

    Args:
        three_class: calibrated probability by class.
        least: by class, the probability that all but a chosen share of held-out images of that
            class reach.

    Returns:
        The classes that reach it and the likeliest one, likeliest first; all classes where none
        reaches it: the image is unlike those of every class, so that nothing can be ruled out.
    """
    ranked = sorted(three_class, key=three_class.get, reverse=True)
    reached = [name for name in ranked if three_class[name] >= least[name]]
    return tuple(name for name in ranked if not reached or name in (ranked[0], *reached))


def per_hundred(point: Mapping[str, float], prevalence: float) -> dict[str, int]:
    """What an operating point means for 100 children, in whole children.

    Args:
        point: its "sensitivity" and "specificity" on held-out patients.
        prevalence: share of children with pneumonia, in [0, 1].

    Returns:
        "ill" = "found" + "missed"; "healthy" = "alarms" + "spared"; together 100.
    """

    def rounded(value: float) -> int:
        return int(value + 0.5)  # halves up

    ill = rounded(100 * prevalence)
    found = rounded(ill * point["sensitivity"])
    alarms = rounded((100 - ill) * (1 - point["specificity"]))
    return {
        "ill": ill,
        "found": found,
        "missed": ill - found,
        "healthy": 100 - ill,
        "alarms": alarms,
        "spared": 100 - ill - alarms,
    }
