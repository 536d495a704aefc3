"""Simpler ways to score how unlike normals an image is, to be compared with the released one.

Data contract: features are float (N, R, R, C), mean activations of R × R regions; scores are float
(N,), higher is more unusual.
"""

from collections.abc import Callable

import cv2
import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from cxr_demo.anomaly.padim import log_mahalanobis
from train.recipes.padim import fit_gaussians

NEAREST = 5

Score = Callable[[np.ndarray], np.ndarray]
"""Regions (N, R, R, C) → how unusual each image is, (N,)."""


def pooled_gaussian(training: np.ndarray) -> Score:
    """Mahalanobis distance of the mean over all regions."""
    regional = regional_gaussians(_pooled(training))
    return lambda regions: regional(_pooled(regions))


def pooled_neighbours(training: np.ndarray) -> Score:
    """Mean distance to the nearest training views, channels standardised."""
    scaler = StandardScaler().fit(_pooled(training)[:, 0, 0])

    def standard(regions: np.ndarray) -> np.ndarray:
        return scaler.transform(_pooled(regions)[:, 0, 0])

    neighbours = NearestNeighbors(n_neighbors=NEAREST).fit(standard(training))
    return lambda regions: neighbours.kneighbors(standard(regions))[0].mean(axis=1)


def regional_gaussians(training: np.ndarray) -> Score:
    """Mahalanobis distance of the region that lies farthest from its own mean."""
    kept, mean, whitening = fit_gaussians(_in_a_row(training))

    def score(regions: np.ndarray) -> np.ndarray:
        return log_mahalanobis(_in_a_row(regions) @ kept, mean, whitening).max(axis=1)

    return score


FEATURE_SCORES = {
    "Gaussian of the whole middle": pooled_gaussian,
    "nearest neighbours of the whole middle": pooled_neighbours,
    "Gaussian for each of nine regions": regional_gaussians,
}


def _pooled(regions: np.ndarray) -> np.ndarray:
    """(N, R, R, C) → (N, 1, 1, C)."""
    return regions.mean(axis=(1, 2), keepdims=True)


def _in_a_row(regions: np.ndarray) -> np.ndarray:
    """(N, R, R, C) → (N, R * R, C)."""
    return regions.reshape(len(regions), -1, regions.shape[-1])


def structural_dissimilarity(image: np.ndarray, other: np.ndarray) -> float:
    """1 less the mean SSIM (Wang et al., 2004) of two float32 (side, side) in [0, 1]."""

    def local(values: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(values, (0, 0), 1.5)

    means = local(image), local(other)
    variances = [local(x * x) - m * m for x, m in zip((image, other), means, strict=True)]
    covariance = local(image * other) - means[0] * means[1]
    ssim = ((2 * means[0] * means[1] + 0.01**2) * (2 * covariance + 0.03**2)) / (
        (means[0] ** 2 + means[1] ** 2 + 0.01**2) * (sum(variances) + 0.03**2)
    )
    return 1 - float(ssim.mean())
