"""Anomaly maps and scores of one radiograph, by two methods.

Data contract: a square float32 (side, side) in [0, 1] from `preprocessing` → `Anomaly`. Both
networks have seen normal radiographs only.

- The detector estimates for each cell how much of it shows something pasted into a normal
  radiograph; texture that is rare among normals (`padim`) raises the estimate. Its score is the
  value that EXTENT of the image exceeds, so that one threshold serves map and verdict: a radiograph
  is unusual exactly when more of it than that exceeds the threshold.
- The autoencoder, kept for comparison, reconstructs the radiograph; its map is the squared
  difference of grey levels and its score the mean of that, as in the report this project extends.

A score is not a probability of disease and is never shown as one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from cxr_demo.anomaly.padim import RegionGaussians
from cxr_demo.models.networks import DetectorOutput
from cxr_demo.models.preprocessing import resize_square

AUTOENCODER_SIDE = 128
DETECTOR_SIDE = 160

THRESHOLD_STEP = {"detector": 1e-3, "autoencoder": 1e-4}
"""Thresholds are multiples of these, so that page and command line can hold the same one."""

EXTENT = 0.02
"""Share of the image that has to exceed the detector's threshold."""

SMOOTHING = 1.5
"""Sigma in pixels of the autoencoder's map: single noisy pixels are not findings."""

EDGE = 0.125
"""Width of what counts as the outer part of an image, as a share of its side."""


@dataclass(frozen=True)
class AnomalyMap:
    """The result of one method for one image.

    Attributes:
        values: float32 (side, side), per cell or pixel.
        score: compared with the threshold, in the unit of the values.
        threshold: the default one, stored beside the weights.
    """

    values: np.ndarray
    score: float
    threshold: float

    @property
    def unusual(self) -> bool:
        """The verdict at the default threshold."""
        return is_unusual(self.score, self.threshold)


@dataclass(frozen=True)
class Anomaly:
    """The results of both methods for one image.

    Attributes:
        image: float32 (AUTOENCODER_SIDE, AUTOENCODER_SIDE), the autoencoder's input.
        reconstruction: its output, of the same shape.
        maps: by method: "detector", which decides, and "autoencoder".
    """

    image: np.ndarray
    reconstruction: np.ndarray
    maps: dict[str, AnomalyMap]

    @property
    def primary(self) -> AnomalyMap:
        """The map whose score gives the verdict: the detector's."""
        return self.maps["detector"]


def score_anomaly(
    square: np.ndarray,
    change: DetectorOutput,
    normality: RegionGaussians,
    reconstruct: Callable[[np.ndarray], np.ndarray],
    thresholds: dict[str, float],
) -> Anomaly:
    """Maps and scores from the detector's output and one run of the autoencoder.

    Args:
        square: float32 (side, side) in [0, 1], the classifier's input; training resizes the same
            squares, so a large file and its small copy score alike.
        change: the detector's output for it, at DETECTOR_SIDE.
        normality: of the detector's regions.
        reconstruct: float32 (AUTOENCODER_SIDE, AUTOENCODER_SIDE) → the same.
        thresholds: default thresholds by method.
    """
    changes = detector_map(change, normality)
    image = resize_square(square, AUTOENCODER_SIDE)
    reconstruction = reconstruct(image)
    errors = error_map(image, reconstruction)
    maps = {
        "detector": AnomalyMap(changes, extent_score(changes), thresholds["detector"]),
        "autoencoder": AnomalyMap(errors, float(errors.mean()), thresholds["autoencoder"]),
    }
    return Anomaly(image, reconstruction, maps)


def detector_map(change: DetectorOutput, normality: RegionGaussians) -> np.ndarray:
    """How much of each cell looks changed, float32 (cells, cells) in [0, 1].

    Rarity raises or lowers the logits. It is known for the regions of the middle and fades from
    their centres to 0 at those of the regions along the edges: a rare border is not disease.
    """
    cells = change.logits.shape[0]
    rarity = np.pad(normality.mahalanobis_score(change.regions), 1)
    everywhere = cv2.resize(rarity, (cells, cells), interpolation=cv2.INTER_LINEAR)
    logits = np.clip(change.logits + normality.weight * everywhere, -30, 30)
    return (1 / (1 + np.exp(-logits))).astype(np.float32)


def extent_score(values: np.ndarray, extent: float = EXTENT) -> float:
    """The smallest threshold that at most the share `extent` of a map exceeds."""
    return float(np.sort(values, axis=None)[-1 - int(extent * values.size)])


def error_map(image: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Squared difference, smoothed by a Gaussian; its mean is the mean squared error.

    Both (side, side) in [0, 1]; returns float32 (side, side). The smoothing mirrors at the edges,
    which keeps the mean within a fraction of a percent.
    """
    squared = np.square(image - reconstruction, dtype=np.float32)
    return cv2.GaussianBlur(squared, (0, 0), SMOOTHING, borderType=cv2.BORDER_REFLECT)


def share_above(values: np.ndarray, threshold: float) -> float:
    """Share of a map that exceeds the threshold, in [0, 1]."""
    # In float64, as scores are compared: a cell and its score must not round differently.
    return float((values.astype(np.float64) > threshold).mean())


def edge_share(values: np.ndarray) -> float:
    """Share of a map's sum that lies in the outer part of the image, EDGE wide on each side.

    A uniform map has a share of 1 - (1 - 2 EDGE)² there, 44 %; a map of zeros has none.
    """
    side = values.shape[0]
    # The share of each row or column of cells that belongs to the edge, which may cut through one.
    near = np.clip((EDGE - np.arange(side) / side) * side, 0, 1)
    inner = 1 - near - near[::-1]
    total = float(values.sum())
    return 1 - float(inner @ values @ inner) / total if total > 0 else 0.0


def is_unusual(score: float, threshold: float) -> bool:
    """The verdict: the score exceeds the threshold."""
    return score > threshold
