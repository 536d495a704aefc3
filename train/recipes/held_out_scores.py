"""Score held-out patients by both anomaly methods, and draw the lines between usual and unusual.

    python -m train.recipes.held_out_scores --data ../shared/data/chest_xray

Writes `assets/{detector,autoencoder}/held_out_scores.json`: the scores of held-out patients and,
from the normals, the scores that 95, 90 and 99 % of them do not exceed; from both, Youden's.
Held-out normals have been too easy before, so each is the upper end of its 95 % interval, from
resampling patients; both ends are kept. All use the exported networks, the ones that serve. The
official test is not read. Time: 2 min.
"""

import json

import numpy as np
from tqdm import tqdm

from cxr_demo.anomaly.density import NormalDensity
from cxr_demo.anomaly.maps import DETECTOR_SIDE, THRESHOLD_STEP, score_anomaly
from cxr_demo.anomaly.parts import NormalParts
from cxr_demo.artefacts import (
    ALIGNMENT,
    ANOMALY_NETWORKS,
    ASSETS,
    AUTOENCODER,
    DENSITY,
    DETECTOR,
    HELD_OUT_SCORES,
    PADIM,
    Artefacts,
)
from cxr_demo.models.alignment import Aligner
from cxr_demo.models.networks import Autoencoder, Detector
from cxr_demo.models.preprocessing import resize_square
from train.arguments import parse
from train.data.kermany import Images
from train.data.splits import training_and_validation
from train.metrics.bootstrap import clustered_intervals
from train.metrics.thresholds import threshold_at_specificity, youden_threshold
from train.recipes.density import aligned
from train.records.manifest import write_json

SPECIFICITIES = (0.95, 0.90, 0.99)
REPORTED = {"autoencoder": {"report": 0.01}}
"""Thresholds that were not fitted: the report's, of its mean squared error."""


def score_all(images: Images, artefacts: Artefacts) -> dict[str, np.ndarray]:
    """Scores (N,) by method, as they serve."""
    arrays = artefacts.arrays(ALIGNMENT)
    density = NormalDensity.from_arrays(artefacts.arrays(DENSITY))
    normal = NormalParts.from_arrays(artefacts.arrays(PADIM), arrays["zones"])
    detector = Detector(artefacts.read(DETECTOR))
    autoencoder = Autoencoder(artefacts.read(AUTOENCODER))
    undecided = dict.fromkeys(ANOMALY_NETWORKS, np.inf)
    seen = aligned(
        (pixels / np.float32(255) for pixels in images.pixels), Aligner(arrays["template"])
    )
    assessed = [
        score_anomaly(
            frame,
            density(frame, found.matrix),
            detector(resize_square(frame, DETECTOR_SIDE)),
            normal,
            autoencoder,
            undecided,
        ).maps
        for frame, found in tqdm(seen, "score", disable=None)
    ]
    return {
        method: np.array([maps[method].score for maps in assessed]) for method in ANOMALY_NETWORKS
    }


def fit_score_distribution(
    scores: np.ndarray, pneumonia: np.ndarray, patients: np.ndarray, method: str
) -> dict:
    """What `cxr_demo.anomaly.thresholds.ScoreDistribution` is read from.

    Args:
        scores: float (N,) of held-out patients.
        pneumonia: bool (N,).
        patients: (N,) keys.
        method: whose scores; decides the step that thresholds are rounded up to.

    Returns:
        `presets` by name, the default first; `intervals`, the 95 % interval by name of those that
        were fitted to normals, whose upper end is the preset; `normal` and `pneumonia`, sorted
        scores.
    """
    normals, pneumonias = scores[~pneumonia], scores[pneumonia]
    intervals = clustered_intervals(
        patients[~pneumonia],
        lambda rows: {
            _preset(share): threshold_at_specificity(normals[rows], share)
            for share in SPECIFICITIES
        },
    )
    fitted = {
        **{name: high for name, (_, high) in intervals.items()},
        "youden": youden_threshold(normals, pneumonias),
    }
    step = THRESHOLD_STEP[method]
    return {
        "presets": {
            **{name: round(float(np.ceil(t / step) * step), 6) for name, t in fitted.items()},
            **REPORTED.get(method, {}),
        },
        "intervals": {name: np.round(ends, 6).tolist() for name, ends in intervals.items()},
        "normal": np.sort(normals).round(6).tolist(),
        "pneumonia": np.sort(pneumonias).round(6).tolist(),
    }


def _preset(share: float) -> str:
    return f"specificity_{round(100 * share)}"


def main() -> None:
    arguments = parse(__doc__, "data")
    artefacts = Artefacts()
    _, held_out = training_and_validation(arguments.data)
    for method, scores in score_all(held_out, artefacts).items():
        path = HELD_OUT_SCORES[method]
        found = fit_score_distribution(scores, held_out.is_pneumonia, held_out.patients, method)
        write_json(ASSETS / path, found | artefacts.sources(path))
        print(path, json.dumps({name: found[name] for name in ("presets", "intervals")}))


if __name__ == "__main__":
    main()
