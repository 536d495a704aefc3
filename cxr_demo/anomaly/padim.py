"""Score places by their Mahalanobis distance from normal radiographs, as PaDiM does.

Data contract: float32 (R, R, C), activations of the detector's trunk in the cells of a frame, →
float32 (R, R), logarithms of squared Mahalanobis distances in units of their spread among held-out
normals: about 0 for a normal, 2 for what one in forty exceeds; 0 in cells far from the lungs. After
PaDiM (Defard et al., 2021), in few principal components, so that every covariance is fitted on many
times as many images as it has rows. Aligned, a cell shows the same place of every chest.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

MAX_SCORE = 8.0
"""Far beyond any radiograph; a limit, so that no file can make the score infinite."""


@dataclass(frozen=True)
class CellGaussians:
    """Gaussians of the activations in K cells of normal radiographs.

    Attributes:
        cells: bool (R, R), which K cells.
        components: float32 (C, D), the principal components that are kept.
        mean: float32 (K, D), in them.
        whitening: float32 (K, D, D); deviations from the mean times it have a covariance of one.
        centre: float32 (K,), mean of the logarithm of the squared distance of held-out normals.
        spread: float32 (K,), its standard deviation.
    """

    cells: np.ndarray
    components: np.ndarray
    mean: np.ndarray
    whitening: np.ndarray
    centre: np.ndarray
    spread: np.ndarray

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "CellGaussians":
        """From the arrays that `train.recipes.padim` stores under the names of the attributes."""
        fields = ("components", "mean", "whitening", "centre", "spread")
        loaded = {name: arrays[name].astype(np.float32) for name in fields}
        return cls(arrays["cells"].astype(bool), **loaded)

    def mahalanobis_score(self, activations: np.ndarray) -> np.ndarray:
        """One radiograph: float32 (R, R, C) → float32 (R, R), at most MAX_SCORE."""
        projected = activations[self.cells] @ self.components
        distances = log_mahalanobis(projected, self.mean, self.whitening)
        found = np.zeros(self.cells.shape, np.float32)
        scores = (distances - self.centre) / self.spread
        found[self.cells] = np.clip(scores, -MAX_SCORE, MAX_SCORE)
        return found


def log_mahalanobis(values: np.ndarray, mean: np.ndarray, whitening: np.ndarray) -> np.ndarray:
    """Logarithms of squared Mahalanobis distances: float (…, D) → (…); whitening (…, D, D)."""
    whitened = (values - mean)[..., None, :] @ whitening
    return np.log(np.square(whitened).sum(axis=(-2, -1)) + 1e-12)
