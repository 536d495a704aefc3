"""Measure what ships, through the same service the page uses, and write it down.

    python -m train.evaluate.official_test --data ../shared/data/chest_xray \\
        [--native ../shared/data/native_resolution] [--note "why"]

Reads the official test split (624 images) with the shipped artefacts and writes to
`assets/metrics/`: `test_predictions.json`, what was said of each image; `evaluation.json`, all
figures; the drawings; and one line in `test_log.jsonl`: every reading of the test is on record.
With --native, also how well a native file and its 224 x 224 copy agree. The shortcut baselines are
fitted on the training split, as images come and aligned. Nothing is chosen here. Time: 5 min.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import ASSETS, CALIBRATION, Artefacts
from cxr_demo.models.calibration import BINARY, THREE_CLASS
from train.arguments import parse
from train.data.frames import in_frame
from train.data.kermany import list_split, load_split
from train.evaluate.shortcut_baselines import score_baselines
from train.metrics.calibration import PRIOR, prior_weights, reliability_curve
from train.metrics.plots import draw_confusions, draw_precision_recall, draw_reliability, draw_roc
from train.metrics.predictions import Predictions, analyse_files, predict, to_json
from train.metrics.summary import compute_metrics
from train.records.manifest import register, write_json
from train.records.test_log import log_test_reading

METRICS = ASSETS / "metrics"


def native_agreement(analyser: Analyser, native: Path, data: Path) -> dict:
    """How far P(pneumonia) moves between a native file and its 224 x 224 copy."""
    originals = sorted(native.glob("*/*.jpeg"))
    copies = [data / "train" / path.parent.name / path.name for path in originals]
    at_both = [
        np.array([a.probabilities["binary"]["pneumonia"] for a in analyse_files(analyser, p, w)])
        for p, w in ((originals, "native"), (copies, "copies"))
    ]
    difference = np.abs(at_both[0] - at_both[1])
    return {
        "n": len(originals),
        "share_within_0.10": float((difference <= 0.10).mean()),
        "median_difference": float(np.median(difference)),
        "largest_difference": float(difference.max()),
    }


def draw_figures(test: Predictions, figures: dict, held_out_reliability: dict) -> list[Path]:
    """All drawings of one evaluation; returns the files."""
    truth = test.is_pneumonia
    scored = {
        "classifier": test.pneumonia,
        "kNN vote": 1 - test.vote[:, 0],
        "detector": test.change,
        "autoencoder": test.error,
    }
    return [
        draw_roc({n: roc_curve(truth, s)[:2] for n, s in scored.items()}, METRICS / "roc.png"),
        draw_precision_recall(
            {n: precision_recall_curve(truth, s)[:2] for n, s in scored.items()},
            float(truth.mean()),
            METRICS / "precision_recall.png",
        ),
        draw_reliability(
            {
                "held-out patients": held_out_reliability,
                "official test": reliability_curve(
                    test.pneumonia, truth, prior_weights(truth.astype(int), PRIOR["binary"])
                ),
            },
            METRICS / "reliability.png",
        ),
        draw_confusions(
            {
                "classifier, 2 classes": (figures["binary"]["confusion"], BINARY),
                "classifier, 3 classes": (figures["three_class"]["confusion"], THREE_CLASS),
                "kNN vote, 3 classes": (figures["knn_three_class"]["confusion"], THREE_CLASS),
            },
            METRICS / "confusion.png",
        ),
    ]


def logged_figures(figures: dict, model: dict) -> dict:
    """What the log of readings keeps of an evaluation."""
    scored = [name for name, values in figures.items() if "accuracy" in values]
    return {
        "model": model,
        **{
            name: {key: figures[name][key] for key in ("auc", "accuracy") if key in figures[name]}
            for name in scored
        },
    }


def main() -> None:
    note = {"default": "", "help": "why the test is read, for the log"}
    arguments = parse(__doc__, "data", "native", note=note)
    artefacts = Artefacts()
    analyser = Analyser(artefacts)
    test = predict(analyser, list_split(arguments.data, "test"), "test")
    figures = compute_metrics(test, analyser.operating_points, analyser.score_distributions)
    log_test_reading(arguments.note, logged_figures(figures, analyser.model))
    sets = [load_split(arguments.data, split) for split in ("train", "test")]
    aligned = score_baselines(*map(in_frame, sets))
    figures["baselines"] = score_baselines(*sets) | {
        f"{name}, aligned": scores for name, scores in aligned.items()
    }
    if arguments.native:
        figures["native_agreement"] = native_agreement(analyser, arguments.native, arguments.data)
    result = {"data": "official test split", "n": len(test), "model": analyser.model, **figures}

    write_json(METRICS / "evaluation.json", result)
    rows = METRICS / "test_predictions.json"
    rows.write_text(to_json(test))
    held_out_reliability = artefacts.json(CALIBRATION)["binary"]["reliability"]
    for path in (rows, *draw_figures(test, figures, held_out_reliability)):
        register(path)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
