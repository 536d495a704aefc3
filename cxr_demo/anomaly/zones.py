"""Places in the frame: the rib cage, and the six zones of the lungs as a radiologist names them.

Data contract: a mask uint8 (ZONES_SIDE, ZONES_SIDE) of the frame, 0 outside the lungs, else 1 + the
index in ZONES, which `train.recipes.alignment` stores beside the template. The rib cage is an
outline in points of the frame, drawn on mean chests.
"""

from dataclasses import dataclass

import cv2
import numpy as np

ZONES = (
    "right_upper", "right_middle", "right_lower", "left_upper", "left_middle", "left_lower",
)  # fmt: skip
"""The patient's right is the image's left."""
ZONES_SIDE = 64
RIB_CAGE = np.array(
    [(0.02, 1.0), (0.01, 0.63), (0.09, 0.26), (0.28, 0.0), (0.72, 0.0), (0.91, 0.26),
     (0.99, 0.63), (0.98, 1.0)]
)  # fmt: skip
"""A line around it, (x, y) in points of the frame, open below."""


@dataclass(frozen=True)
class ZoneReading:
    """One zone of one radiograph, held against those of normal children.

    Attributes:
        name: of ZONES.
        brightness: its mean, in standard deviations of normal children, above theirs.
        percentile: how many of a hundred normal children have a darker zone, in [0, 100].
        level: mean of the anomaly map that decides, in its unit.
    """

    name: str
    brightness: float
    percentile: float
    level: float


def rib_cage(bottom: float, scale: float = 1.0, shift: np.ndarray | float = 0.0) -> np.ndarray:
    """RIB_CAGE, closed at `bottom`, scaled about the middle of the frame, then moved: (8, 2)."""
    return (np.minimum(RIB_CAGE, (1, bottom)) - 0.5) * scale + 0.5 + shift


def inside(outline: np.ndarray, side: int) -> np.ndarray:
    """1 inside an outline of points of the frame, else 0: uint8 (side, side)."""
    mask = np.zeros((side, side), np.uint8)
    return cv2.fillPoly(mask, [np.rint((outline * side - 0.5) * 16).astype(np.int32)], 1, shift=4)


def at_side_of(frame: np.ndarray, region: np.ndarray) -> np.ndarray:
    """A region, bool of any side, at the side of a frame."""
    size = frame.shape[::-1]
    return cv2.resize(region.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0


def zone_means(values: np.ndarray, zones: np.ndarray) -> np.ndarray:
    """Mean of a map float (ZONES_SIDE, ZONES_SIDE) over each zone, float64 (6,)."""
    numbers = zones.ravel()
    total = np.bincount(numbers, values.ravel(), len(ZONES) + 1)
    return total[1:] / np.maximum(np.bincount(numbers, minlength=len(ZONES) + 1)[1:], 1)


def read_zones(
    brightness: np.ndarray, level: np.ndarray, zones: np.ndarray, normals: np.ndarray
) -> tuple[ZoneReading, ...]:
    """The zones in the order of ZONES.

    Args:
        brightness: float32 (ZONES_SIDE, ZONES_SIDE), see `density.Density`.
        level: the anomaly map that decides, of the same shape.
        zones: the mask.
        normals: float (N, 6), `zone_means` of the brightness of normal children.
    """
    found = zone_means(brightness, zones)
    deviations = (found - normals.mean(axis=0)) / normals.std(axis=0)
    percentiles = 100 * (normals < found).mean(axis=0)
    levels = zone_means(level, zones)
    return tuple(
        ZoneReading(*values)
        for values in zip(
            ZONES, deviations.tolist(), percentiles.tolist(), levels.tolist(), strict=True
        )
    )
