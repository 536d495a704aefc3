"""Score regions by their Mahalanobis distance from normal radiographs, as PaDiM does.

Data contract: float32 (R, R, C), mean activations of a network in R × R regions, → float32 (R, R),
logarithms of squared Mahalanobis distances in units of their spread among held-out normals: about
0 for a normal, 2 for what one in forty exceeds. After PaDiM (Defard et al., 2021), with few large
regions, so that every covariance is fitted on several times as many images as it has rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

MAX_SCORE = 20.0
"""Far beyond any radiograph; a limit, so that no file can make the score infinite."""


@dataclass(frozen=True)
class RegionGaussians:
    """Gaussians of the activations in the regions of normal radiographs.

    Attributes:
        mean: float32 (R, R, C).
        whitening: float32 (R, R, C, C); deviations from the mean times it have a covariance of one.
        centre: float32 (R, R), mean of the logarithm of the squared distance of held-out normals.
        spread: float32 (R, R), its standard deviation.
        weight: what one unit of the score adds to the detector's logits.
    """

    mean: np.ndarray
    whitening: np.ndarray
    centre: np.ndarray
    spread: np.ndarray
    weight: float

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "RegionGaussians":
        """From the arrays that `train.recipes.padim` stores under the names of the attributes."""
        fields = ("mean", "whitening", "centre", "spread")
        loaded = {name: arrays[name].astype(np.float32) for name in fields}
        return cls(**loaded, weight=float(arrays["weight"]))

    def mahalanobis_score(self, regions: np.ndarray) -> np.ndarray:
        """One radiograph: float32 (R, R, C) → float32 (R, R), at most MAX_SCORE."""
        distances = log_mahalanobis(regions, self.mean, self.whitening)
        return np.minimum((distances - self.centre) / self.spread, MAX_SCORE).astype(np.float32)


def log_mahalanobis(regions: np.ndarray, mean: np.ndarray, whitening: np.ndarray) -> np.ndarray:
    """Logarithms of squared Mahalanobis distances: float (…, R, R, C) → (…, R, R)."""
    whitened = (regions - mean)[..., None, :] @ whitening
    return np.log(np.square(whitened).sum(axis=(-2, -1)) + 1e-12)
