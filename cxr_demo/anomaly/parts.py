"""Put the parts of the detector's map on one scale, and sum them.

Data contract: a `Density` and a `DetectorOutput` of one frame → float32 (MAP_SIDE, MAP_SIDE) in
standard deviations of normal children.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from cxr_demo.anomaly.density import MAP_SIDE, MAX_DEVIATION, Density
from cxr_demo.anomaly.padim import CellGaussians
from cxr_demo.models.networks import DetectorOutput

PARTS = ("brightness", "dullness", "rarity", "change")
"""How bright and how dull lungs are, how rare their texture, how much looks like a lesion."""


@dataclass(frozen=True)
class NormalParts:
    """What brings the parts of the detector's map to one scale.

    Attributes:
        gaussians: of the activations of the detector's trunk.
        change_centre: float32 (cells, cells), mean of the detector's logits for held-out normals.
        change_spread: the same, standard deviations.
        weights: of PARTS, such that the sum has a standard deviation of 1 in lungs of normals.
        elsewhere: of change, where the frame shows no lung.
        lungs: bool (MAP_SIDE, MAP_SIDE).
    """

    gaussians: CellGaussians
    change_centre: np.ndarray
    change_spread: np.ndarray
    weights: np.ndarray
    elsewhere: float
    lungs: np.ndarray

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], zones: np.ndarray) -> "NormalParts":
        """From the arrays that `train.recipes.padim` stores, and the zone mask."""
        return cls(
            CellGaussians.from_arrays(arrays),
            arrays["change_centre"].astype(np.float32),
            arrays["change_spread"].astype(np.float32),
            arrays["weights"].astype(np.float32),
            float(arrays["elsewhere"]),
            zones > 0,
        )

    def deviations(self, density: Density, change: DetectorOutput) -> np.ndarray:
        """The parts in the order of PARTS: float32 (4, MAP_SIDE, MAP_SIDE)."""
        rarity = self.gaussians.mahalanobis_score(change.regions)
        changed = (change.logits - self.change_centre) / self.change_spread
        changed = np.clip(changed, -MAX_DEVIATION, MAX_DEVIATION)
        cells = [cv2.resize(part, (MAP_SIDE, MAP_SIDE)) for part in (rarity, changed)]
        return np.stack([density.brightness, density.dullness, *cells])

    def anomaly_map(self, density: Density, change: DetectorOutput) -> np.ndarray:
        """Their weighted sum in the lungs, change alone elsewhere: float32 (MAP_SIDE, MAP_SIDE)."""
        parts = self.deviations(density, change)
        in_lungs = np.tensordot(self.weights, parts, axes=1)
        elsewhere = np.float32(self.elsewhere) * parts[PARTS.index("change")]
        return np.where(self.lungs, in_lungs, elsewhere)
