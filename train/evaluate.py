"""Measure what ships, through the same service the page uses, and write it down.

    python -m train.evaluate --data ../shared/data/chest_xray \\
        [--native ../shared/data/native_resolution] [--note "why"]

Reads the official test split (624 images) with the shipped artefacts and writes
`assets/metrics/evaluation.json`, the figures beside it, and one line in
`assets/metrics/test_log.jsonl`: every reading of the test is on record. With --native, also how
well a native file and its 224 x 224 copy agree. Nothing is chosen here. Time: 2 min.
"""

import argparse
import datetime
import json
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_curve
from tqdm import tqdm

from cxr_demo.analysis import Analyser, Analysis
from cxr_demo.artefacts import ASSETS, Artefacts
from cxr_demo.library import elected
from cxr_demo.prediction import BINARY, THREE_CLASS
from cxr_demo.radiograph import read_radiograph
from train.calibrate import expected_calibration_error
from train.data import CLASSES, list_split, read_name
from train.draw import draw_confusions, draw_roc
from train.manifest import register
from train.scores import bacterial_viral_auc, binary_scores, class_scores

METRICS = ASSETS / "metrics"
COMMAND = "python -m train.evaluate"


def analyse_files(analyser: Analyser, paths: list[Path], what: str) -> list[Analysis]:
    """Analyse files in order, exactly as an upload would be."""
    return [
        analyser.analyse(read_radiograph(path.read_bytes()))
        for path in tqdm(paths, desc=what, disable=None)
    ]


def evaluate(analyses: list[Analysis], labels: np.ndarray) -> tuple[dict, dict]:
    """All figures of one labelled set.

    Args:
        analyses: one per image.
        labels: int (N,), index into CLASSES.

    Returns:
        (figures, curves): what goes to JSON, and the ROC curves that get drawn,
        name → (false positive rate, true positive rate).
    """
    binary = np.array([list(a.probabilities["binary"].values()) for a in analyses])
    three = np.array([list(a.probabilities["three_class"].values()) for a in analyses])
    votes = np.array([list(a.vote.values()) for a in analyses])
    voted = np.array([CLASSES.index(elected(a.neighbours)) for a in analyses])
    errors = np.array([a.anomaly.score for a in analyses])
    truth = (labels > 0).astype(int)
    figures = {
        "binary": {
            **binary_scores(labels, binary[:, 1]),
            "expected_calibration_error": expected_calibration_error(binary, truth),
        },
        "three_class": {
            **class_scores(labels, three.argmax(axis=1), CLASSES),
            "bacterial_viral_auc": bacterial_viral_auc(labels, three),
            "expected_calibration_error": expected_calibration_error(three, labels),
        },
        "knn_binary": binary_scores(labels, 1 - votes[:, 0]),
        "knn_three_class": class_scores(labels, voted, CLASSES),
        "autoencoder": binary_scores(labels, errors, analyses[0].anomaly.threshold),
    }
    scored = (("classifier", binary[:, 1]), ("kNN vote", 1 - votes[:, 0]), ("autoencoder", errors))
    curves = {name: roc_curve(truth, scores)[:2] for name, scores in scored}
    return figures, curves


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with test/ in it")
    parser.add_argument("--native", type=Path, help="training files at their original size")
    parser.add_argument("--note", default="", help="why the test is read, for the log")
    arguments = parser.parse_args()
    analyser = Analyser(Artefacts())
    paths = list_split(arguments.data, "test")
    labels = np.array([CLASSES.index(read_name(path)[0]) for path in paths])
    figures, curves = evaluate(analyse_files(analyser, paths, "test"), labels)
    result = {"data": "official test split", "n": len(paths), "model": analyser.model, **figures}
    if arguments.native:
        result["native_agreement"] = native_agreement(analyser, arguments.native, arguments.data)

    METRICS.mkdir(parents=True, exist_ok=True)
    written = METRICS / "evaluation.json"
    written.write_text(json.dumps(result, indent=1) + "\n")
    reading = {
        "date": datetime.date.today().isoformat(),
        "command": COMMAND,
        "note": arguments.note,
        "model": analyser.model,
        **{
            name: {key: figures[name][key] for key in ("auc", "accuracy") if key in figures[name]}
            for name in figures
        },
    }
    log = METRICS / "test_log.jsonl"
    with log.open("a") as lines:
        print(json.dumps(reading), file=lines)
    drawn = [
        draw_roc(curves, METRICS / "roc.png"),
        draw_confusions(
            {
                "classifier, 2 classes": (figures["binary"]["confusion"], BINARY),
                "classifier, 3 classes": (figures["three_class"]["confusion"], THREE_CLASS),
                "kNN vote, 3 classes": (figures["knn_three_class"]["confusion"], THREE_CLASS),
            },
            METRICS / "confusion.png",
        ),
    ]
    for path in (written, log, *drawn):
        register(path, COMMAND)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
