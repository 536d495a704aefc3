"""The six zones of the lungs, as a radiologist names them: in the frame they lie in one place.

Data contract: a mask uint8 (ZONES_SIDE, ZONES_SIDE) of the frame, 0 outside the lungs, else 1 + the
index in ZONES, which `train.recipes.alignment` stores beside the template.
"""

from dataclasses import dataclass

import numpy as np

ZONES = (
    "right_upper", "right_middle", "right_lower", "left_upper", "left_middle", "left_lower",
)  # fmt: skip
"""The patient's right is the image's left."""
ZONES_SIDE = 64


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
