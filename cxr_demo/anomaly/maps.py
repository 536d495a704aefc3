"""Anomaly maps and scores of one radiograph, by two methods, in the frame of `alignment`.

Data contract: a frame float32 (SIDE, SIDE) in [0, 1] and what the networks make of it → `Anomaly`.
Everything behind it has seen normal radiographs only.

- The detector's map is a sum of `parts`, each in standard deviations of normal children: how
  bright and how dull the lungs are (`density`), how rare their texture is (`padim`), and how much
  of a cell looks like a lesion pasted into a normal radiograph, as a network estimates it; the last
  alone where there is no lung. Its score is the value that EXTENT of the frame exceeds, so that one
  threshold serves map and verdict: a radiograph is unusual exactly when more of it than that
  exceeds the threshold.
- The autoencoder, kept for comparison, paints the lungs that would go with what surrounds them
  (`reconstruction`); its map is the squared difference of grey levels in the lungs and its score
  the mean of that, as in the report this project extends.

A score is not a probability of disease and is never shown as one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cxr_demo.anomaly.density import Density
from cxr_demo.anomaly.parts import NormalParts
from cxr_demo.anomaly.reconstruction import (
    autoencoder_image,
    error_score,
    hide_lungs,
    lung_error_map,
)
from cxr_demo.models.networks import DetectorOutput

DETECTOR_SIDE = 160

THRESHOLD_STEP = {"detector": 1e-2, "autoencoder": 1e-4}
"""Thresholds are multiples of these, so that page and command line can hold the same one."""

EXTENT = 0.04
"""Share of the frame that has to exceed the detector's threshold: about a seventh of the lungs."""

EDGE = 0.125
"""Width of what counts as the outer part of an image, as a share of its side."""


@dataclass(frozen=True)
class AnomalyMap:
    """The result of one method for one image.

    Attributes:
        values: float32 (side, side), of the frame.
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
        image: float32 (AUTOENCODER_SIDE, AUTOENCODER_SIDE), what the autoencoder is to rebuild.
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
    frame: np.ndarray,
    density: Density,
    change: DetectorOutput,
    normal: NormalParts,
    reconstruct: Callable[[np.ndarray], np.ndarray],
    thresholds: Mapping[str, float],
) -> Anomaly:
    """Maps and scores from what was made of a frame and one run of the autoencoder.

    Args:
        frame: float32 (side, side) in [0, 1].
        density: of this frame.
        change: the detector's output for it, at DETECTOR_SIDE.
        normal: what brings them to one scale.
        reconstruct: float32 (AUTOENCODER_SIDE, AUTOENCODER_SIDE) → the same.
        thresholds: default thresholds by method.
    """
    image = autoencoder_image(frame)
    reconstruction = reconstruct(hide_lungs(image, normal.lungs))
    values = {
        "detector": normal.anomaly_map(density, change),
        "autoencoder": lung_error_map(image, reconstruction, normal.lungs),
    }
    maps = {
        method: AnomalyMap(found, SCORES[method](found), thresholds[method])
        for method, found in values.items()
    }
    return Anomaly(image, reconstruction, maps)


def extent_score(values: np.ndarray, extent: float = EXTENT) -> float:
    """The smallest threshold that at most the share `extent` of a map exceeds."""
    return float(np.sort(values, axis=None)[-1 - int(extent * values.size)])


def share_above(values: np.ndarray, threshold: float) -> float:
    """Share of a map that exceeds the threshold, in [0, 1]."""
    # In float64, as scores are compared: a cell and its score must not round differently.
    return float((values.astype(np.float64) > threshold).mean())


def edge_share(values: np.ndarray) -> float:
    """Share of a map's sum that lies in the outer part of the image, EDGE wide on each side; what
    is below 0 counts as nothing.

    A uniform map has a share of 1 - (1 - 2 EDGE)² there, 44 %; a map of zeros has none.
    """
    side = values.shape[0]
    values = np.maximum(values, 0)
    # The share of each row or column of cells that belongs to the edge, which may cut through one.
    near = np.clip((EDGE - np.arange(side) / side) * side, 0, 1)
    inner = 1 - near - near[::-1]
    total = float(values.sum())
    return 1 - float(inner @ values @ inner) / total if total > 0 else 0.0


def is_unusual(score: float, threshold: float) -> bool:
    """The verdict: the score exceeds the threshold."""
    return score > threshold


SCORES: dict[str, Callable[[np.ndarray], float]] = {
    "detector": extent_score,
    "autoencoder": error_score,
}
"""How a method makes one number of its map."""
