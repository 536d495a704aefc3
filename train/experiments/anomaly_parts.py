"""What each part of the detector's map is worth, alone and in sums, on held-out training patients.

    python -m train.experiments.anomaly_parts --data ../shared/data/chest_xray

Writes `assets/metrics/anomaly_parts.json`. Parts and weights may be chosen on CHOSEN_ON normals and
as many images with pneumonia of the held-out patients ("choice"); the others report ("others").
Since held-out patients are easy, all of them are looked at under one stress each as well
(`train.data.corruptions`), and with normals weighed so that their frames have the proportions of
those with pneumonia ("matched"): what is left then is not the shape of the chest or of the file;
and in surroundings of an image of the other class ("lent"), which should change nothing.
The official test is not read. Time: 6 min.
"""

import itertools
import json

import numpy as np
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from cxr_demo.anomaly.density import NormalDensity, frame_size
from cxr_demo.anomaly.maps import DETECTOR_SIDE, EXTENT
from cxr_demo.anomaly.parts import PARTS, NormalParts
from cxr_demo.artefacts import ALIGNMENT, ASSETS, DENSITY, DETECTOR, PADIM, Artefacts
from cxr_demo.models.alignment import Aligner
from cxr_demo.models.networks import Detector
from cxr_demo.models.preprocessing import resize_square
from train.arguments import parse
from train.data.corruptions import mixed_corruptions
from train.data.kermany import Images
from train.data.splits import training_and_validation
from train.experiments.lent_surroundings import LENT, lenders, lent
from train.metrics.thresholds import threshold_at_specificity
from train.recipes.density import aligned
from train.records.manifest import write_json

CHOSEN_ON = 100
BINS = 8


def for_choice(images: Images, seed: int = 0) -> np.ndarray:
    """Rows, bool (N,), that may choose: CHOSEN_ON of each side, patient by patient."""
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(images), bool)
    for side in (False, True):
        rows = np.flatnonzero(images.is_pneumonia == side)
        order = rng.permutation(np.unique(images.patients[rows]))
        rank = {patient: place for place, patient in enumerate(order)}
        ranked = sorted(rows, key=lambda row: rank[images.patients[row]])
        chosen[ranked[:CHOSEN_ON]] = True
    return chosen


def matching_weights(values: np.ndarray, pneumonia: np.ndarray) -> np.ndarray:
    """Weights (N,) that give normals the distribution of the others over BINS quantiles."""
    edges = np.quantile(values[~pneumonia], np.linspace(0, 1, BINS + 1)[1:-1])
    bins = np.digitize(values, edges)
    shares = [
        np.bincount(bins[rows], minlength=BINS) / rows.sum() for rows in (~pneumonia, pneumonia)
    ]
    weights = shares[1][bins] / np.maximum(shares[0][bins], 1e-6)
    return np.where(pneumonia, 1.0, weights)


def summarise(
    plain: np.ndarray,
    stressed: np.ndarray,
    in_others: np.ndarray,
    images: Images,
    chosen: np.ndarray,
    matched: np.ndarray,
) -> dict:
    """AUROC of one score, and what its threshold at 95 % of the plain normals does."""
    truth = images.is_pneumonia
    threshold = threshold_at_specificity(plain[~truth])
    return {
        "choice": float(roc_auc_score(truth[chosen], plain[chosen])),
        "others": float(roc_auc_score(truth[~chosen], plain[~chosen])),
        "matched": float(roc_auc_score(truth, plain, sample_weight=matched)),
        "stressed": float(roc_auc_score(truth, stressed)),
        "stressed_normals_only": float(roc_auc_score(truth, np.where(truth, plain, stressed))),
        "sensitivity": float((plain[truth] > threshold).mean()),
        "stressed_specificity": float((stressed[~truth] <= threshold).mean()),
        "lent": float(roc_auc_score(truth, in_others)),
        "lent_specificity": float((in_others[~truth] <= threshold).mean()),
    }


def main() -> None:
    arguments = parse(__doc__, "data")
    artefacts = Artefacts()
    arrays = artefacts.arrays(ALIGNMENT)
    aligner, zones = Aligner(arrays["template"]), arrays["zones"]
    density = NormalDensity.from_arrays(artefacts.arrays(DENSITY))
    normal = NormalParts.from_arrays(artefacts.arrays(PADIM), zones)
    detector = Detector(artefacts.read(DETECTOR))
    _, images = training_and_validation(arguments.data)

    def parts_of(seen: list) -> np.ndarray:
        """float32 (N, parts, lung cells), weighted."""
        rows = []
        for frame, found in tqdm(seen, "parts", disable=None):
            change = detector(resize_square(frame, DETECTOR_SIDE))
            deviations = normal.deviations(density(frame, found.matrix), change)
            rows.append(deviations[:, normal.lungs] * normal.weights[:, None])
        return np.stack(rows)

    plain_seen = aligned(images.as_float(), aligner)
    plain = parts_of(plain_seen)
    stressed = parts_of(aligned(mixed_corruptions(images)[..., 0], aligner))
    frames = np.stack([frame for frame, _ in plain_seen])
    rng = np.random.default_rng(0)
    others = frames[lenders(images.is_pneumonia, same_class=False, rng=rng)]
    elsewhere = lent(frames, others, LENT["surroundings"], rng)
    in_others = parts_of([(f, seen) for f, (_, seen) in zip(elsewhere, plain_seen, strict=True)])
    sizes = np.stack([frame_size(found.matrix) for _, found in plain_seen])
    matched = matching_weights(sizes[:, 1] - sizes[:, 0], images.is_pneumonia)
    chosen = for_choice(images)
    # What EXTENT of the frame is of the lungs.
    rank = -1 - int(EXTENT * zones.size)

    def score(values: np.ndarray, rows: list[int]) -> np.ndarray:
        return np.sort(values[:, rows].sum(axis=1), axis=1)[:, rank]

    table = {}
    for count in range(1, len(PARTS) + 1):
        for rows in itertools.combinations(range(len(PARTS)), count):
            name = " + ".join(PARTS[row] for row in rows)
            scores = [score(found, list(rows)) for found in (plain, stressed, in_others)]
            table[name] = summarise(*scores, images, chosen, matched)
            print(name, {key: round(value, 3) for key, value in table[name].items()}, flush=True)
    result = {
        "model": {name: artefacts.short_hash(path) for name, path in
                  (("detector", DETECTOR), ("density", DENSITY), ("padim", PADIM))},
        "weights": dict(zip(PARTS, normal.weights.tolist(), strict=True)),
        "extent": EXTENT,
        "n": {"choice": int(chosen.sum()), "others": int((~chosen).sum())},
        "scores": table,
    }  # fmt: skip
    write_json(ASSETS / "metrics" / "anomaly_parts.json", result)
    print(json.dumps(result["weights"]))


if __name__ == "__main__":
    main()
