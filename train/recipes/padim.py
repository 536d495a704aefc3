"""Fit what the detector's own features look like in normal radiographs.

    python -m train.recipes.padim --data ../shared/data/chest_xray

Writes `assets/detector/normality.npz`, see `cxr_demo.anomaly.padim`: Gaussians from random views of
the normals of the training patients, so that shape, tone, texture and borders widen them; centre,
spread and weight from held-out normals. No image with pneumonia is read. Time: 3 min.
"""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.linalg import cholesky
from sklearn.covariance import LedoitWolf
from tqdm import tqdm

from cxr_demo.anomaly.maps import DETECTOR_SIDE, extent_score
from cxr_demo.anomaly.padim import RegionGaussians, log_mahalanobis
from cxr_demo.artefacts import ASSETS, DETECTOR, NORMALITY, Artefacts
from cxr_demo.models.networks import Detector, DetectorOutput
from cxr_demo.models.preprocessing import resize_square
from train.arguments import parse
from train.data.augment import ViewRecipe, random_view
from train.data.kermany import Images
from train.data.splits import normals_of
from train.records.manifest import register

VIEWS = ViewRecipe(side=DETECTOR_SIDE, area=(0.6, 1.3), rotation=0)
VIEWS_OF_EACH = 3
"""Beside the image as it is."""


def views_of_normals(normals: Images, seed: int = 0) -> Iterator[np.ndarray]:
    """Every image as it is, then VIEWS_OF_EACH random views: float32 (side, side) in [0, 1]."""
    rng = np.random.default_rng(seed)
    for pixels, square in zip(normals.pixels, normals.as_float(), strict=True):
        yield resize_square(square, DETECTOR_SIDE)
        for _ in range(VIEWS_OF_EACH):
            other = normals.pixels[rng.integers(len(normals))]
            yield random_view(pixels, other, VIEWS, rng)


def fit_gaussians(regions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A Gaussian for every region, its correlations shrunk (Ledoit and Wolf, 2004).

    Args:
        regions: float (N, R, R, C).

    Returns:
        (mean, whitening) as in `RegionGaussians`, float32.
    """
    rows, columns, channels = regions.shape[1:]
    mean = regions.mean(axis=0)
    scale = regions.std(axis=(0, 1, 2)) + 1e-6
    deviations = (regions - mean) / scale
    whitening = np.empty((rows, columns, channels, channels), np.float32)
    for row in range(rows):
        for column in range(columns):
            fitted = LedoitWolf(assume_centered=True).fit(deviations[:, row, column])
            # P = L Lᵀ, so that |x L|² = x P xᵀ.
            triangle = cholesky(fitted.precision_, lower=True)
            whitening[row, column] = triangle / scale[:, None]
    return mean.astype(np.float32), whitening


def fit_region_gaussians(regions: np.ndarray, held_out: list[DetectorOutput]) -> RegionGaussians:
    """Gaussians of normals, on the scale of other patients' normals.

    The weight gives rarity and the detector's score the same spread among held-out normals, so that
    neither rules their sum.

    Args:
        regions: float32 (N, R, R, C) of training normals.
        held_out: the detector's answers to normals of other patients.
    """
    mean, whitening = fit_gaussians(regions)
    distances = log_mahalanobis(np.stack([change.regions for change in held_out]), mean, whitening)
    return RegionGaussians(
        mean,
        whitening,
        distances.mean(axis=0).astype(np.float32),
        distances.std(axis=0).astype(np.float32),
        float(np.std([extent_score(change.logits) for change in held_out])),
    )


def fit_detector_gaussians(
    detect: Callable[[np.ndarray], DetectorOutput], normals: Images, held_out: Images
) -> RegionGaussians:
    """`fit_region_gaussians` for a detector, from normals of training patients and of others."""
    views = tqdm(views_of_normals(normals), total=(1 + VIEWS_OF_EACH) * len(normals), disable=None)
    regions = np.stack([detect(view).regions for view in views])
    squares = [resize_square(square, DETECTOR_SIDE) for square in held_out.as_float()]
    return fit_region_gaussians(regions, [detect(square) for square in squares])


def main() -> None:
    arguments = parse(__doc__, "data")
    artefacts = Artefacts()
    detector = Detector(artefacts.read(DETECTOR))
    found = fit_detector_gaussians(detector, *normals_of(arguments.data))
    np.savez_compressed(
        ASSETS / NORMALITY,
        mean=found.mean,
        whitening=found.whitening.astype(np.float16),
        centre=found.centre,
        spread=found.spread,
        weight=np.float32(found.weight),
        **artefacts.sources(NORMALITY),
    )
    register(ASSETS / NORMALITY)
    print(f"weight {found.weight:.3f}, {(ASSETS / NORMALITY).stat().st_size / 2**20:.1f} MB")


if __name__ == "__main__":
    main()
