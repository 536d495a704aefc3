"""Fit how bright and how dull the lungs of normal children are, for every shape of chest.

    python -m train.recipes.density --data ../shared/data/chest_xray

Writes `assets/anomaly/density.npz`, see `cxr_demo.anomaly.density`, from the normals of the
training patients. No image with pneumonia is read, and no network runs. Time: 1 min.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from cxr_demo.anomaly.density import (
    NormalDensity,
    describe_frame,
    frame_size,
    measure,
    surroundings_of,
)
from cxr_demo.anomaly.zones import zone_means
from cxr_demo.artefacts import ALIGNMENT, ASSETS, DENSITY, Artefacts
from cxr_demo.models.affine import warp
from cxr_demo.models.alignment import Aligner, Alignment
from cxr_demo.models.preprocessing import SIDE
from train.arguments import parse
from train.data.splits import normals_of
from train.records.manifest import register

TRUSTED = 2, 98
"""Percentiles of the widths and heights of normals between which the fit is trusted."""


def aligned(squares: Iterable[np.ndarray], aligner: Aligner) -> list[tuple[np.ndarray, Alignment]]:
    """(frame, alignment) of every square, as they are served."""

    def one(square: np.ndarray) -> tuple[np.ndarray, Alignment]:
        found = aligner(square)
        return warp(square, found.matrix, SIDE), found

    cv2.setNumThreads(1)  # a registration is too small to share out
    with ThreadPoolExecutor() as pool:
        return list(tqdm(pool.map(one, squares), "align", disable=None))


def fit_density(seen: list[tuple[np.ndarray, Alignment]], zones: np.ndarray) -> NormalDensity:
    """Least squares of brightness and contrast, place by place, on the size of the frame, one
    region after the other.

    Args:
        seen: `aligned` normals; those that could not be are left out.
        zones: the zone mask.
    """
    seen = [(frame, found.matrix) for frame, found in seen if found.aligned]
    surroundings = surroundings_of(zones)
    measured = np.stack([measure(frame, surroundings) for frame, _ in seen])
    sizes = np.stack([frame_size(matrix) for _, matrix in seen])
    limits = np.percentile(sizes, TRUSTED, axis=0)
    described = np.stack([describe_frame(matrix, limits) for _, matrix in seen])
    flat = measured.reshape(len(seen), -1)
    fitted = np.linalg.lstsq(described, flat, rcond=None)[0]
    deviations = (flat - described @ fitted).reshape(measured.shape)
    spread = deviations.std(axis=0)
    spread *= (deviations / spread).mean(axis=1).std(axis=0)  # that of the mean over regions
    coefficients = np.moveaxis(fitted.reshape(-1, *measured.shape[1:]), 0, 2)
    normal = NormalDensity(surroundings, coefficients, spread, limits, np.empty((0, 6)))
    brightness = [normal(*pair).brightness for pair in seen]
    means = np.stack([zone_means(values, zones) for values in brightness])
    return NormalDensity(surroundings, coefficients, spread, limits, means)


def density_of(data: Path, artefacts: Artefacts) -> NormalDensity:
    """`fit_density` of the normals of the training patients in DATA/train."""
    arrays = artefacts.arrays(ALIGNMENT)
    normals, _ = normals_of(data)
    squares = (pixels / np.float32(255) for pixels in normals.pixels)
    return fit_density(aligned(squares, Aligner.from_arrays(arrays)), arrays["zones"])


def main() -> None:
    arguments = parse(__doc__, "data")
    artefacts = Artefacts()
    found = density_of(arguments.data, artefacts)
    path = ASSETS / DENSITY
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        surroundings=found.surroundings,
        coefficients=found.coefficients.astype(np.float16),
        spread=found.spread.astype(np.float16),
        limits=found.limits,
        zone_brightness=np.sort(found.zone_brightness, axis=0).astype(np.float16),
        **artefacts.sources(DENSITY),
    )
    register(path)


if __name__ == "__main__":
    main()
