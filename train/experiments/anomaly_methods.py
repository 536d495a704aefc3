"""Every way tried to tell pneumonia from normal by normals alone, with its AUROC.

    python -m train.experiments.anomaly_methods --data ../shared/data/chest_xray \\
        --trunk ../shared/models/vgg16_notop.weights.h5

Writes `assets/metrics/anomaly_table.json`. All of them see aligned radiographs and know normals of
the training patients only; Gaussians and neighbours are fitted on random views of them. What may
choose stands beside each: lesions pasted into held-out normals, and how many held-out normals, each
under one stress of `train.data.corruptions`, stay below the threshold that spares 95 % of them
plain. The official test is read once for all, a line of the log, and chooses nothing. Needs the
autoencoder that `train.experiments.variance_autoencoder` trains. Time: 20 min. Expected: see
docs/released_detector.md."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from cxr_demo.anomaly.density import NormalDensity
from cxr_demo.anomaly.maps import DETECTOR_SIDE, extent_score
from cxr_demo.anomaly.parts import OUTSIDE, PARTS, NormalParts
from cxr_demo.anomaly.reconstruction import AUTOENCODER_SIDE, autoencoder_image
from cxr_demo.artefacts import ALIGNMENT, ASSETS, AUTOENCODER, DENSITY, DETECTOR, PADIM, Artefacts
from cxr_demo.models.alignment import Aligner
from cxr_demo.models.input_check import pool_regions
from cxr_demo.models.networks import Autoencoder, Detector, DetectorOutput
from cxr_demo.models.preprocessing import resize_square
from train.arguments import parse
from train.data.augment import ViewRecipe, random_view
from train.data.corruptions import mixed_corruptions
from train.data.frames import in_frame
from train.data.kermany import Images, load_split, resize_all
from train.data.splits import normals_of
from train.data.synthetic_lesions import EVALUATION_LESIONS, paste_lesions
from train.experiments import variance_autoencoder
from train.experiments.feature_scores import FEATURE_SCORES, structural_dissimilarity
from train.metrics.thresholds import threshold_at_specificity
from train.models.networks import build_variance_autoencoder, frozen_regions
from train.recipes.autoencoder import pair_with_hidden
from train.recipes.density import aligned
from train.records.manifest import write_json
from train.records.test_log import log_test_reading

VIEWS = ViewRecipe(side=DETECTOR_SIDE, area=(0.8, 1.2), log_ratio=0.12, rotation=4, flip=0)
VIEWS_OF_EACH = 3
"""Beside the frame as it is."""


class FeatureExtractor:
    """Everything that the methods need to know of a set of images.

    Args:
        trunk: VGG16 include_top=False weights.
        variance_weights: of the trained `build_variance_autoencoder`.
    """

    def __init__(self, trunk: Path, variance_weights: Path):
        artefacts = Artefacts()
        self._frozen = frozen_regions(DETECTOR_SIDE, trunk)
        self._detector = Detector(artefacts.read(DETECTOR))
        self._autoencoder = Autoencoder(artefacts.read(AUTOENCODER))
        self._variance = build_variance_autoencoder(variance_autoencoder.SIDE)
        self._variance.load_weights(variance_weights)
        self._lungs = artefacts.arrays(ALIGNMENT)["zones"] > 0

    def changes(self, frames: Iterable[np.ndarray]) -> list[DetectorOutput]:
        """The detector's answers."""
        return [self._detector(resize_square(frame, DETECTOR_SIDE)) for frame in frames]

    def regions(self, frames: np.ndarray, changes: list[DetectorOutput]) -> dict[str, np.ndarray]:
        """By network, mean activations of nine regions (N, 3, 3, C)."""
        inputs = resize_all(frames, DETECTOR_SIDE)
        return {
            **self._frozen.predict(inputs, batch_size=32, verbose=0),
            "the detector's own trunk": np.stack([pool_regions(c.regions) for c in changes]),
        }

    def errors(self, frames: np.ndarray) -> dict[str, np.ndarray]:
        """By method, scores (N,) of what is rebuilt."""
        hidden, inputs = self._pairs(frames, AUTOENCODER_SIDE)
        rebuilt = np.stack([self._autoencoder(image[..., 0]) for image in hidden])[..., None]
        seen, expected = (
            self._frozen.predict(resize_all(images[..., 0], DETECTOR_SIDE), verbose=0)
            for images in (inputs, rebuilt)
        )
        small_hidden, small = self._pairs(frames, variance_autoencoder.SIDE)
        mean, log_variance = np.split(self._variance.predict(small_hidden, verbose=0), 2, axis=-1)
        return {
            "autoencoder, squared error (the report's)": _mean(np.square(inputs - rebuilt)),
            "autoencoder, structural dissimilarity": np.array(
                [
                    structural_dissimilarity(image[..., 0], other[..., 0])
                    for image, other in zip(inputs, rebuilt, strict=True)
                ]
            ),
            "autoencoder, error in VGG16's block 3": _mean(
                np.square(seen["VGG16 block 3"] - expected["VGG16 block 3"])
            ),
            "autoencoder with variance, squared error": _mean(np.square(small - mean)),
            "autoencoder with variance, error in its units": _mean(
                np.square(small - mean) * np.exp(-log_variance)
            ),
        }

    def _pairs(self, frames: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
        return pair_with_hidden([autoencoder_image(frame, side) for frame in frames], self._lungs)


def views_of_normals(normals: Images, seed: int = 0) -> Iterator[np.ndarray]:
    """Every frame as it is, then VIEWS_OF_EACH random views: float32 (side, side) in [0, 1]."""
    rng = np.random.default_rng(seed)
    for pixels, frame in zip(normals.pixels, normals.as_float(), strict=True):
        yield resize_square(frame, DETECTOR_SIDE)
        for _ in range(VIEWS_OF_EACH):
            other = normals.pixels[rng.integers(len(normals))]
            yield random_view(pixels, other, VIEWS, rng).astype(np.float32)


def _mean(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1).mean(axis=1)


def summarise_method(
    scores: dict[str, np.ndarray], kinds: list[str], pneumonia: np.ndarray
) -> dict:
    """The figures of one method.

    Args:
        scores: of every set: "plain", "stressed", "test" and the kinds of lesions.
        kinds: of lesions.
        pneumonia: bool, of the test images.
    """
    plain = scores["plain"]
    pasted = np.concatenate([scores[kind] for kind in kinds])
    threshold = threshold_at_specificity(plain)
    return {
        "lesions_auc": float(
            roc_auc_score(np.repeat([0, 1], [len(plain), len(pasted)]), [*plain, *pasted])
        ),
        "stress_specificity": float((scores["stressed"] <= threshold).mean()),
        "test_auc": float(roc_auc_score(pneumonia, scores["test"])),
    }


def main() -> None:
    arguments = parse(__doc__, "data", "trunk", work=variance_autoencoder.WORK)
    looks = FeatureExtractor(arguments.trunk, arguments.work / variance_autoencoder.WEIGHTS)
    normals, held_out = normals_of(arguments.data)
    test = load_split(arguments.data, "test")
    artefacts = Artefacts()
    arrays = artefacts.arrays(ALIGNMENT)
    aligner = Aligner(arrays["template"])
    density = NormalDensity.from_arrays(artefacts.arrays(DENSITY))
    parts = NormalParts.from_arrays(artefacts.arrays(PADIM), arrays["zones"])
    sets = {
        "plain": held_out.as_float(),
        "stressed": mixed_corruptions(held_out)[..., 0],
        **{kind: paste_lesions(held_out.pixels, kind)[0] for kind in EVALUATION_LESIONS},
        "test": test.as_float(),
    }
    scores: dict[str, dict[str, np.ndarray]] = {}

    def keep(method: str, name: str, values: Iterable[float]) -> None:
        scores.setdefault(method, {})[name] = np.array(list(values))

    views = np.stack(list(views_of_normals(in_frame(normals, aligner))))
    training = looks.regions(views, looks.changes(views))
    fitted = {
        f"{network}, {what}": (network, fit(regions))
        for network, regions in training.items()
        for what, fit in FEATURE_SCORES.items()
    }
    for name, squares in sets.items():
        seen = aligned(squares, aligner)
        frames = np.stack([frame for frame, _ in seen])
        for method, errors in looks.errors(frames).items():
            keep(method, name, errors)
        changes = looks.changes(frames)
        regions = looks.regions(frames, changes)
        for method, (network, score) in fitted.items():
            keep(method, name, score(regions[network]))
        densities = [density(frame, found.matrix) for frame, found in seen]
        pairs = list(zip(densities, changes, strict=True))
        deviations = np.stack([parts.deviations(*pair) for pair in pairs])
        for row, part in enumerate(PARTS):
            in_lungs = np.where(parts.lungs, deviations[:, row], OUTSIDE)
            keep(f"{part} alone", name, map(extent_score, in_lungs))
        keep("their sum (released)", name, (extent_score(parts.anomaly_map(*p)) for p in pairs))

    table = {
        method: summarise_method(values, list(EVALUATION_LESIONS), test.is_pneumonia)
        for method, values in scores.items()
    }
    log_test_reading(
        "every way tried, for the table; nothing is chosen by it",
        {method: {"auc": figures["test_auc"]} for method, figures in table.items()},
    )
    result = {"detector": artefacts.short_hash(DETECTOR), "methods": table}
    write_json(ASSETS / "metrics" / "anomaly_table.json", result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
