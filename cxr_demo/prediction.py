"""Network outputs → calibrated class probabilities."""

from dataclasses import dataclass

import numpy as np

from cxr_demo.network import Features

BINARY = ("normal", "pneumonia")
THREE_CLASS = ("normal", "bacterial", "viral")


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Softmax over the last axis after division by a temperature.

    Args:
        logits: float (..., classes).
        temperature: above 0; above 1 softens (Guo et al., 2017, "On calibration of modern neural
            networks").

    Returns:
        float64 (..., classes), each row summing to 1.
    """
    scaled = np.asarray(logits, np.float64) / temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


@dataclass(frozen=True)
class Calibration:
    """Temperatures fitted on held-out patients, stored beside the weights they belong to.

    Attributes:
        binary: temperature of the normal/pneumonia head.
        three_class: temperature of the normal/bacterial/viral head.
    """

    binary: float
    three_class: float


def probabilities(features: Features, calibration: Calibration) -> dict[str, dict[str, float]]:
    """Calibrated probabilities of both heads.

    Returns:
        {"binary": {"normal", "pneumonia"}, "three_class": {"normal", "bacterial", "viral"}},
        each summing to 1.
    """
    heads = {
        "binary": (BINARY, features.binary, calibration.binary),
        "three_class": (THREE_CLASS, features.three_class, calibration.three_class),
    }
    return {
        head: dict(zip(names, softmax(logits, temperature).tolist(), strict=True))
        for head, (names, logits, temperature) in heads.items()
    }
