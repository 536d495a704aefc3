"""Reconstruction, error map and score of the autoencoder, and the arithmetic of its threshold.

Data contract: images are float32 (side, side) in [0, 1]; errors are squared grey-level differences
on that scale, so score, error map and threshold are all in one unit: mean squared error. A score
is not a probability and is never shown as one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from cxr_demo.preprocess import squash

SIDE = 128
THRESHOLD_STEP = 1e-4
"""Thresholds are multiples of this, so that page and command line can hold the same one."""

SMOOTHING = 1.5
"""Sigma in pixels: single noisy pixels are not findings."""


@dataclass(frozen=True)
class Anomaly:
    """What the autoencoder makes of one image.

    Attributes:
        image: float32 (SIDE, SIDE), what it was given.
        reconstruction: float32 (SIDE, SIDE), what it made of it.
        error_map: float32 (SIDE, SIDE), smoothed squared difference.
        score: mean of the error map.
        threshold: the default one, stored beside the weights.
    """

    image: np.ndarray
    reconstruction: np.ndarray
    error_map: np.ndarray
    score: float
    threshold: float

    @property
    def unusual(self) -> bool:
        """The verdict at the default threshold."""
        return is_unusual(self.score, self.threshold)


def assess(
    square: np.ndarray, reconstruct: Callable[[np.ndarray], np.ndarray], threshold: float
) -> Anomaly:
    """Run the autoencoder once.

    Args:
        square: float32 in [0, 1], the network input that the classifier gets too; training
            resizes the same squares, so a large file and its small copy score alike.
        reconstruct: float32 (SIDE, SIDE) → the same; `network.Autoencoder` in service.
        threshold: default threshold of the score.
    """
    image = squash(square, SIDE)
    reconstruction = reconstruct(image)
    errors = error_map(image, reconstruction)
    return Anomaly(image, reconstruction, errors, float(errors.mean()), threshold)


def error_map(image: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Squared difference, smoothed by a Gaussian; its mean is the mean squared error.

    Both (side, side) in [0, 1]; returns float32 (side, side). The smoothing mirrors at the edges,
    which keeps the mean within a fraction of a percent.
    """
    squared = np.square(image - reconstruction, dtype=np.float32)
    return cv2.GaussianBlur(squared, (0, 0), SMOOTHING, borderType=cv2.BORDER_REFLECT)


def share_above(errors: np.ndarray, threshold: float) -> float:
    """Share of the image whose error exceeds the threshold, in [0, 1]."""
    return float((errors > threshold).mean())


def is_unusual(score: float, threshold: float) -> bool:
    """The verdict: the mean error of the whole image exceeds the threshold."""
    return score > threshold


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
