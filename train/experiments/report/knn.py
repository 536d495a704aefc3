"""kNN on the penultimate layer of the report's network, under two ways to split the images.

A random split of images puts other pictures of a tested patient among the references, where they
may be found; a split by patients does not. Both are measured here, beside the official test: on all
training images, as the report did, most of which the network was trained on;
and on the images of the fold that it was not, where the splits are all that differs.
"""

import argparse
import json

import keras
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier

from train.arguments import parse
from train.data.frames import in_frame
from train.data.kermany import Images, load_split
from train.data.splits import HELD_OUT, N_FOLDS, SEED, grouped_folds
from train.experiments.report.training import (
    ALIGNED,
    NAMES,
    RESULTS,
    class_targets,
    log_report_reading,
    resize_images,
    result_name,
)
from train.metrics.classification import class_scores
from train.models.networks import build_report_classifier
from train.models.training import use_bfloat16_where_it_is_fast
from train.records.manifest import write_json

NETWORK = "binary_sgd_early_stopping"


def knn_arguments(doc: str) -> argparse.Namespace:
    """The command line of everything that stands on the trained network."""
    return parse(doc, "data", work=".work/report", aligned=ALIGNED)


def penultimate_features(arguments: argparse.Namespace, split: str) -> tuple[np.ndarray, Images]:
    """The layer before the softmax: float32 (N, 128), and the images of the split."""
    network = result_name(NETWORK, arguments.aligned)
    weights = arguments.work / network / f"{network}.weights.h5"
    if not weights.exists():
        raise SystemExit(
            f"{weights} is not there; please run `python -m train.experiments.report.{NETWORK}`"
        )
    side = json.loads((RESULTS / f"{network}.json").read_text())["settings"]["side"]
    use_bfloat16_where_it_is_fast()
    model = build_report_classifier(2, side)
    model.load_weights(weights)
    layer = keras.Model(model.input, model.get_layer("dense2").output)
    images = load_split(arguments.data, split)
    if arguments.aligned:
        images = in_frame(images)
    return layer.predict(resize_images(images, side), batch_size=32, verbose=0), images


def split_scores(
    layer: np.ndarray, classes: np.ndarray, patients: np.ndarray, neighbours: int, names: tuple
) -> dict[str, dict]:
    """Scores over five folds of a random and of a patient-grouped 80/20 split.

    Every image is tested once; accuracy and matrix come from that one array of votes.
    `patients_on_both_sides` is the share of tested images with a reference of the same patient.
    """
    splitters = {
        "random split": StratifiedKFold(5, shuffle=True, random_state=0),
        "grouped split": StratifiedGroupKFold(5, shuffle=True, random_state=0),
    }
    scores = {}
    for name, splitter in splitters.items():
        predicted, shared = np.empty(len(classes), int), np.empty(len(classes), bool)
        groups = patients if name == "grouped split" else None
        for references, tested in splitter.split(layer, classes, groups):
            knn = KNeighborsClassifier(neighbours).fit(layer[references], classes[references])
            predicted[tested] = knn.predict(layer[tested])
            shared[tested] = np.isin(patients[tested], patients[references])
        scores[name] = {
            **class_scores(classes, predicted, names),
            "patients_on_both_sides": float(shared.mean()),
        }
    return scores


def report_knn(name: str, classes: int, neighbours: int, doc: str) -> None:
    """Measure, write and register one kNN experiment of the report."""
    arguments = knn_arguments(doc)
    layer, images = penultimate_features(arguments, "train")
    known = class_targets(images.labels, classes)
    unseen = grouped_folds(images.labels, images.patients, N_FOLDS, SEED) == HELD_OUT
    result = {
        which: split_scores(
            layer[rows], known[rows], images.patients[rows], neighbours, NAMES[classes]
        )
        for which, rows in (("all", slice(None)), ("not trained on", unseen))
    }
    test_layer, test = penultimate_features(arguments, "test")
    predicted = KNeighborsClassifier(neighbours).fit(layer, known).predict(test_layer)
    result["test"] = {
        **class_scores(class_targets(test.labels, classes), predicted, NAMES[classes]),
        "patients_on_both_sides": float(np.isin(test.patients, images.patients).mean()),
    }
    result["neighbours"] = neighbours
    write_json(RESULTS / f"{result_name(name, arguments.aligned)}.json", result)
    log_report_reading(result["test"])
    print(json.dumps(result))
