"""Does what serves say what the kept Keras weights say? Every image of the official test.

    python -m train.evaluate.export_parity --data ../shared/data/chest_xray

Writes `assets/metrics/parity.json`: how far calibrated probabilities lie apart, the AUROC of both,
and how many of the 10 nearest references are the same. Nothing is chosen by it; the reading of the
test is logged. Time: 4 min on 2 cores.
"""

import json

import numpy as np
from sklearn.metrics import roc_auc_score

from cxr_demo.artefacts import ASSETS, CALIBRATION, CLASSIFIER, LIBRARY, Artefacts
from cxr_demo.models.calibration import HEADS, Calibration
from cxr_demo.models.networks import CLASSIFIER_SIDE, Classifier
from cxr_demo.reference.library import ReferenceLibrary, unit_rows
from train.arguments import parse
from train.data.frames import frames_of
from train.data.kermany import load_split
from train.models.networks import build_classifier
from train.models.weights import load_quantised
from train.records.manifest import write_json
from train.records.test_log import log_test_reading

NEAREST = 10
NEAR = 0.03
"""How far probabilities may lie apart on all but a hundredth of the images."""


def parity(frames: np.ndarray, pneumonia: np.ndarray) -> dict:
    """Compare export and source.

    Args:
        frames: float32 (N, CLASSIFIER_SIDE, CLASSIFIER_SIDE) in [0, 1].
        pneumonia: bool (N,), of both kinds.

    Returns:
        For each head the greatest and the 99th percentile of differences and the share within
        NEAR; AUROC of both; the overlap of the nearest references.
    """
    artefacts = Artefacts()
    source, exported = build_classifier(), Classifier(artefacts.read(CLASSIFIER))
    load_quantised(source, ASSETS / "classifier/classifier.weights.h5")
    kept = source.predict(frames[..., None], batch_size=16, verbose=0)
    passes = [exported(frame) for frame in frames]
    served = {
        name: np.stack([getattr(features, name) for features in passes])
        for name in (*HEADS, "embedding")
    }
    found = {"n": len(frames), "classifier": artefacts.short_hash(CLASSIFIER)}
    for head, fitted in ((head, artefacts.json(CALIBRATION)[head]) for head in HEADS):
        calibrate = Calibration(fitted["temperature"], fitted["prior"])
        of_kept, of_served = calibrate(kept[head]), calibrate(served[head])
        gaps = np.abs(of_kept - of_served).max(axis=1)
        found[head] = {
            "greatest_gap": float(gaps.max()),
            "gap_99": float(np.percentile(gaps, 99)),
            "share_near": float((gaps <= NEAR).mean()),
        }
        if head == "binary":
            found["auc"] = {
                "kept": float(roc_auc_score(pneumonia, of_kept[:, 1])),
                "served": float(roc_auc_score(pneumonia, of_served[:, 1])),
            }
    library = ReferenceLibrary(artefacts.arrays(LIBRARY)).embeddings
    near = [
        np.argsort(-(queries @ library.T), axis=1)[:, :NEAREST]
        for queries in (unit_rows(kept["features"].mean(axis=(1, 2))), served["embedding"])
    ]
    same = np.mean([len(np.intersect1d(a, b)) for a, b in zip(*near, strict=True)]) / NEAREST
    return {**found, "neighbours_overlap": float(same)}


def main() -> None:
    images = load_split(parse(__doc__, "data").data, "test")
    frames = frames_of(images.as_float(), side=CLASSIFIER_SIDE)
    found = parity(frames, images.is_pneumonia)
    write_json(ASSETS / "metrics" / "parity.json", found)
    log_test_reading("export against kept weights", {"auc": found["auc"]})
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
