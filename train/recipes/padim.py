"""Fit what the detector's own features look like in normal radiographs, and scale its parts.

    python -m train.recipes.padim --data ../shared/data/chest_xray

Writes `assets/detector/padim.npz`, see `cxr_demo.anomaly.padim` and `parts`: Gaussians, cell by
cell, of the aligned normals of the training patients; centres, spreads and weights from held-out
normals. No image with pneumonia is read. Time: 2 min.
"""

from dataclasses import replace

import cv2
import numpy as np
from scipy.linalg import cholesky
from tqdm import tqdm

from cxr_demo.anomaly.density import Density, NormalDensity
from cxr_demo.anomaly.maps import DETECTOR_SIDE
from cxr_demo.anomaly.padim import CellGaussians, log_mahalanobis
from cxr_demo.anomaly.parts import PARTS, NormalParts
from cxr_demo.artefacts import ALIGNMENT, ASSETS, DENSITY, DETECTOR, PADIM, Artefacts
from cxr_demo.models.alignment import Aligner
from cxr_demo.models.networks import Detector, DetectorOutput
from cxr_demo.models.preprocessing import resize_square
from train.arguments import parse
from train.data.kermany import Images
from train.data.splits import normals_of
from train.recipes.density import aligned
from train.records.manifest import register

COMPONENTS = 32
SHRINKAGE = 0.05
"""Share of each covariance that is replaced by an even one of the same trace."""
SMALLEST_SPREAD = 0.25
"""Of a cell's logits, as a share of the mean over all: a cell that never says anything is not
trusted with the first thing it says."""
WEIGHTS = {"brightness": 1.0, "dullness": 1.0, "rarity": 1.0, "change": 0.3}
"""How much a part counts in the lungs, once all have the same spread among normals."""
ELSEWHERE = 1.0
"""How much change counts where there is no lung."""


def fit_gaussians(
    activations: np.ndarray, components: int = COMPONENTS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Principal components of all cells together, and a Gaussian for each.

    Args:
        activations: float (N, K, C).
        components: how many are kept, D.

    Returns:
        (components, mean, whitening) as in `CellGaussians`, float32.
    """
    centred = activations - activations.mean(axis=0)
    flat = centred.reshape(-1, activations.shape[-1])
    _, vectors = np.linalg.eigh(flat.T @ flat / len(flat))
    kept = vectors[:, ::-1][:, :components]
    projected = activations @ kept
    mean = projected.mean(axis=0)
    return kept, mean, np.stack([_whitening(cell) for cell in (projected - mean).swapaxes(0, 1)])


def _whitening(deviations: np.ndarray) -> np.ndarray:
    """(N, D) of mean 0 → (D, D), such that deviations times it have a covariance of about one."""
    covariance = deviations.T @ deviations / len(deviations)
    size = len(covariance)
    covariance *= 1 - SHRINKAGE
    covariance += SHRINKAGE * np.trace(covariance) / size * np.eye(size)
    # P = L Lᵀ, so that |x L|² = x P xᵀ.
    return cholesky(np.linalg.inv(covariance), lower=True).astype(np.float32)


def fit_parts(
    training: np.ndarray,
    held_out: list[tuple[Density, DetectorOutput]],
    zones: np.ndarray,
    cells: np.ndarray,
) -> NormalParts:
    """Gaussians of normals, and the scale of all parts by normals of other patients.

    Args:
        training: float (N, K, C), activations of training normals in the cells.
        held_out: what was made of normals of other patients.
        zones: the zone mask.
        cells: bool (R, R).
    """
    kept, mean, whitening = fit_gaussians(training)
    seen = np.stack([change.regions[cells] for _, change in held_out]) @ kept
    distances = log_mahalanobis(seen, mean, whitening)
    gaussians = CellGaussians(
        cells, kept, mean, whitening, distances.mean(axis=0), distances.std(axis=0)
    )
    logits = np.stack([change.logits for _, change in held_out])
    spread = logits.std(axis=0)
    spread = np.maximum(spread, SMALLEST_SPREAD * spread.mean())
    weights = np.array([WEIGHTS[part] for part in PARTS], np.float32)
    lungs = zones > 0
    parts = NormalParts(gaussians, logits.mean(axis=0), spread, weights, ELSEWHERE, lungs)
    deviations = np.stack([parts.deviations(*pair)[:, lungs] for pair in held_out])
    even = 1 / deviations.mean(axis=2).std(axis=0)
    scale = 1 / (deviations * (weights * even)[:, None]).sum(axis=1).std()
    elsewhere = float(ELSEWHERE * even[PARTS.index("change")] * scale)
    return replace(parts, weights=weights * even * scale, elsewhere=elsewhere)


def lung_cells(zones: np.ndarray, side: int) -> np.ndarray:
    """Cells with lung in them or next to them: bool (side, side)."""
    share = cv2.resize((zones > 0).astype(np.float32), (side, side), interpolation=cv2.INTER_AREA)
    return cv2.dilate((share > 0.1).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def fit_detector_parts(
    detect: Detector, artefacts: Artefacts, normals: Images, held_out: Images
) -> NormalParts:
    """`fit_parts` for a detector, from normals of training patients and of others."""
    arrays = artefacts.arrays(ALIGNMENT)
    aligner, zones = Aligner.from_arrays(arrays), arrays["zones"]
    density = NormalDensity.from_arrays(artefacts.arrays(DENSITY))
    cells = lung_cells(zones, DETECTOR_SIDE // 8)

    def changes(seen: list) -> list[DetectorOutput]:
        frames = tqdm([frame for frame, _ in seen], "detect", disable=None)
        return [detect(resize_square(frame, DETECTOR_SIDE)) for frame in frames]

    seen = aligned((pixels / np.float32(255) for pixels in normals.pixels), aligner)
    training = np.stack([change.regions[cells] for change in changes(seen)])
    seen = aligned((pixels / np.float32(255) for pixels in held_out.pixels), aligner)
    densities = [density(frame, found.matrix) for frame, found in seen]
    return fit_parts(training, list(zip(densities, changes(seen), strict=True)), zones, cells)


def main() -> None:
    arguments = parse(__doc__, "data")
    artefacts = Artefacts()
    detector = Detector(artefacts.read(DETECTOR))
    found = fit_detector_parts(detector, artefacts, *normals_of(arguments.data))
    gaussians = found.gaussians
    np.savez_compressed(
        ASSETS / PADIM,
        cells=gaussians.cells,
        components=gaussians.components.astype(np.float16),
        mean=gaussians.mean.astype(np.float32),
        whitening=gaussians.whitening.astype(np.float16),
        centre=gaussians.centre.astype(np.float32),
        spread=gaussians.spread.astype(np.float32),
        change_centre=found.change_centre.astype(np.float32),
        change_spread=found.change_spread.astype(np.float32),
        weights=found.weights.astype(np.float32),
        elsewhere=np.float32(found.elsewhere),
        **artefacts.sources(PADIM),
    )
    register(ASSETS / PADIM)
    print(dict(zip(PARTS, found.weights.round(3).tolist(), strict=True)))


if __name__ == "__main__":
    main()
