"""How well radiographs are aligned: held-out patients, and files known at two sizes.

    python -m train.evaluate.alignment --data ../shared/data/chest_xray \\
        [--native ../shared/data/native_resolution]

Every held-out image is aligned, changed by a known scale of up to 15 % on each axis and a shift of
up to 6 % of the side, and aligned again: undone by the known change, the second frame should be the
first. With --native, the frames of files at their own size against those of their 224 px copies.
Writes `assets/metrics/alignment.json`. The official test is not read. Time: 1 min.
"""

import json
import time
from pathlib import Path

import cv2
import numpy as np

from cxr_demo.artefacts import ALIGNMENT, ASSETS, Artefacts
from cxr_demo.models.affine import compose, warp
from cxr_demo.models.alignment import POOR, Aligner, Alignment
from cxr_demo.models.preprocessing import SIDE
from train.arguments import parse
from train.data.kermany import CLASSES, Images, load_files
from train.data.splits import training_and_validation
from train.records.manifest import write_json

SCALE, SHIFT, SEED = 0.15, 0.06, 0
SCALE_LIMIT, CENTRE_LIMIT, MATRIX_LIMIT = 0.05, 0.03, 0.03


def known_change(rng: np.random.Generator) -> np.ndarray:
    """A random affine (2, 3) about the middle: each axis on its own, no rotation."""
    size = np.exp(rng.uniform(np.log(1 - SCALE), np.log(1 + SCALE), 2))
    middle = 0.5 + rng.uniform(-SHIFT, SHIFT, 2)
    return np.column_stack([np.diag(size), middle - size / 2])


def errors_between(before: np.ndarray, after: np.ndarray) -> dict[str, float]:
    """How far one frame is from another: relative error of its scale, of the worse of its two axes,
    and distance of the centres as a share of the side."""
    lengths = [np.linalg.norm(matrix[:, :2], axis=0) for matrix in (after, before)]
    areas = [abs(np.linalg.det(matrix[:, :2])) for matrix in (after, before)]
    return {
        "scale": float(abs(np.sqrt(areas[0] / areas[1]) - 1)),
        "worse_axis": float(np.abs(lengths[0] / lengths[1] - 1).max()),
        "centre": float(np.linalg.norm((after - before) @ (0.5, 0.5, 1))),
    }


def recovery(align: Aligner, squares: np.ndarray, found: list[Alignment]) -> dict[str, float]:
    """Shares of images whose frame comes back after a known change, and errors."""
    rng = np.random.default_rng(SEED)
    errors = []
    for square, before in zip(squares, found, strict=True):
        change = known_change(rng)
        again = align(warp(square, change, SIDE, cv2.BORDER_REPLICATE))
        errors.append(errors_between(before.matrix, compose(change, again.matrix)))
    scale, axis, centre = (
        np.array([error[name] for error in errors]) for name in ("scale", "worse_axis", "centre")
    )
    near = centre < CENTRE_LIMIT
    return {
        "share_scale_and_centre": float(((scale < SCALE_LIMIT) & near).mean()),
        "share_both_axes_and_centre": float(((axis < SCALE_LIMIT) & near).mean()),
        "median_scale_error": float(np.median(scale)),
        "median_centre_error": float(np.median(centre)),
    }


def by_class(found: list[Alignment], images: Images) -> dict[str, dict[str, float]]:
    """Median correlation, and shares of poorly aligned and unaligned images, by class."""
    correlations = np.array([one.correlation for one in found])
    aligned = np.array([one.aligned for one in found])
    rows = {name: images.labels == label for label, name in enumerate(CLASSES)}
    return {
        name: {
            "median_correlation": float(np.median(correlations[own])),
            "share_below_0.8": float((correlations[own] < POOR).mean()),
            "share_unaligned": float((~aligned[own]).mean()),
        }
        for name, own in rows.items()
    }


def native_agreement(align: Aligner, native: Path, data: Path) -> dict[str, float]:
    """Largest differences between matrices of files at their own size and of their copies."""
    originals = sorted(native.glob("*/*.jpeg"))
    copies = [data / "train" / path.parent.name / path.name for path in originals]
    large, small = (
        np.stack([align(square).matrix for square in load_files(paths, "native").as_float()])
        for paths in (originals, copies)
    )
    gaps = np.abs(large - small).max(axis=(1, 2))
    return {
        "n": len(gaps),
        "share_within_0.03": float((gaps <= MATRIX_LIMIT).mean()),
        "median_gap": float(np.median(gaps)),
    }


def main() -> None:
    arguments = parse(__doc__, "data", "native")
    cv2.setNumThreads(1)
    align = Aligner.from_arrays(Artefacts().arrays(ALIGNMENT))
    _, held_out = training_and_validation(arguments.data)
    squares = held_out.as_float()
    found, seconds = [], []
    for square in squares:
        started = time.perf_counter()
        found.append(align(square))
        seconds.append(time.perf_counter() - started)
    result = {
        "n": len(held_out),
        "alignment": Artefacts().short_hash(ALIGNMENT),
        "known_changes": recovery(align, squares, found),
        "by_class": by_class(found, held_out),
        "milliseconds": {
            "median": float(1000 * np.median(seconds)),
            "largest": float(1000 * np.max(seconds)),
        },
    }
    if arguments.native:
        result["native"] = native_agreement(align, arguments.native, arguments.data)
    write_json(ASSETS / "metrics" / "alignment.json", result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
