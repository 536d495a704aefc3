"""How much brighter and how much duller each place of a chest is than in normal children.

Data contract: a frame of `alignment`, float32 (SIDE, SIDE) in [0, 1], and the matrix it was seen
through → `Density`, maps in standard deviations of normal children.

Air-filled lung is dark and crossed by vessels; consolidation is bright and hides them. Both are
measured so that the tone of a machine cancels out: brightness against what lies around the lungs,
dullness as lost contrast of vessels' width on a scale of the image's own percentiles. Both are
measured against each of REGIONS, and the mean counts. How bright is normal depends on the shape of
the chest, tall in deep breath, wide in a small child or a shallow one, so normal means normal for a
frame of this width and height.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from cxr_demo.anomaly.zones import ZONES_SIDE, at_side_of, inside, rib_cage

MAP_SIDE = ZONES_SIDE
PERCENTILES = 2, 98
"""Grey levels of a region that become 0 and 1."""
INNER_FRAME = np.pad(np.ones((7 * MAP_SIDE // 8,) * 2, bool), MAP_SIDE // 16)
"""All of the frame but a sixteenth on each side."""
CAGE = inside(rib_cage(bottom=0.85, scale=0.95), MAP_SIDE) > 0
"""Above the diaphragm and within the chest wall. Arms, and how much of the abdomen a file shows,
say nothing of the lungs but change what they would be compared with."""
REGIONS = (INNER_FRAME, CAGE)
"""What lungs are held against: the frame gives brightness a firmer scale, the rib cage one that no
arms and no abdomen change; they err differently, so that their mean is better than either."""
APART = 3
"""Pixels of the map that lie between the lungs and what they are compared with."""
FINE, COARSE = 2.0, 4.0
"""Standard deviations of the Gaussians, in pixels of the frame, between which contrast counts."""
AROUND = 2.0
"""Standard deviation, in pixels of the map, of the Gaussian that contrast is averaged with."""
MAX_DEVIATION = 8.0
"""In standard deviations; a limit, so that no file can make a map infinite."""


@dataclass(frozen=True)
class Density:
    """Maps of one radiograph, in standard deviations of normal children.

    Attributes:
        brightness: float32 (MAP_SIDE, MAP_SIDE), above theirs; negative where it is darker.
        dullness: the same for what local contrast lacks.
    """

    brightness: np.ndarray
    dullness: np.ndarray


@dataclass(frozen=True)
class NormalDensity:
    """What is expected of normal children.

    Attributes:
        surroundings: bool (2, MAP_SIDE, MAP_SIDE), `surroundings_of` the lungs.
        coefficients: float32 (2, 2, 3, MAP_SIDE, MAP_SIDE), by region of brightness and contrast:
            the constant and what a unit of the frame's log width and height adds.
        spread: float32 (2, 2, MAP_SIDE, MAP_SIDE), the unit of deviations from that: such that
            their mean over the regions has a standard deviation of 1 among normals.
        limits: (2, 2), least and largest log width and height that the fit is trusted with.
        zone_brightness: float32 (N, 6), `zones.zone_means` of the brightness of normals.
    """

    surroundings: np.ndarray
    coefficients: np.ndarray
    spread: np.ndarray
    limits: np.ndarray
    zone_brightness: np.ndarray

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "NormalDensity":
        """From the arrays that `train.recipes.density` stores under the names of the attributes."""
        fields = ("coefficients", "spread", "limits", "zone_brightness")
        loaded = {name: arrays[name].astype(np.float32) for name in fields}
        return cls(arrays["surroundings"].astype(bool), **loaded)

    def __call__(self, frame: np.ndarray, matrix: np.ndarray) -> Density:
        """Hold one radiograph against normal children."""
        described = describe_frame(matrix, self.limits).astype(np.float32)
        expected = np.tensordot(described, self.coefficients, (0, 2))
        deviations = (measure(frame, self.surroundings) - expected) / self.spread
        brightness, contrast = np.clip(deviations.mean(axis=0), -MAX_DEVIATION, MAX_DEVIATION)
        return Density(brightness, -contrast)


def measure(frame: np.ndarray, surroundings: np.ndarray) -> np.ndarray:
    """Brightness and contrast by region: float32 (SIDE, SIDE) → float32 (2, 2, MAP_SIDE, MAP_SIDE).

    Brightness is in standard deviations of the surroundings, bool (2, MAP_SIDE, MAP_SIDE), above
    their mean, contrast the logarithm of the local amplitude between FINE and COARSE.
    """
    blurred = cv2.GaussianBlur(frame, (0, 0), COARSE)
    detail = np.square(cv2.GaussianBlur(frame, (0, 0), FINE) - blurred)
    size = (MAP_SIDE, MAP_SIDE)
    level, power = (cv2.resize(v, size, interpolation=cv2.INTER_AREA) for v in (blurred, detail))
    power = cv2.GaussianBlur(power, (0, 0), AROUND)
    measured = []
    for region, around in zip(REGIONS, surroundings, strict=True):
        _, span = percentiles(frame, region)
        brightness = (level - level[around].mean()) / (level[around].std() + 1e-3 * span)
        measured.append((brightness, np.log(power / span**2 + 1e-6) / 2))
    return np.array(measured, np.float32)


def stretch(frame: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Grey levels with the PERCENTILES of a region, bool of any side, at 0 and 1; not clipped."""
    low, span = percentiles(frame, region)
    return ((frame - low) / span).astype(np.float32)


def percentiles(frame: np.ndarray, region: np.ndarray) -> tuple[float, float]:
    """The lower of the PERCENTILES of a region, and how far the upper lies above it; never 0."""
    low, high = np.percentile(frame[at_side_of(frame, region)][::4], PERCENTILES)
    return float(low), float(high - low + 1e-3)


def describe_frame(matrix: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """(1, log width, log height) of a frame in the square, kept within limits: float64 (3,)."""
    return np.array([1.0, *np.clip(frame_size(matrix), *limits)])


def frame_size(matrix: np.ndarray) -> np.ndarray:
    """Log width and height, in sides of the square, of a frame: (2, 3) → float64 (2,)."""
    return np.log(np.linalg.norm(matrix[:, :2], axis=0))


def surroundings_of(zones: np.ndarray) -> np.ndarray:
    """What lungs are compared with: REGIONS, APART from them; bool (2, …), from a zone mask."""
    lungs = cv2.dilate((zones > 0).astype(np.uint8), np.ones((2 * APART + 1,) * 2, np.uint8))
    return np.stack([region & (lungs == 0) for region in REGIONS])
