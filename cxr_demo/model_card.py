"""What a model card tells of what was measured: which figures, in which tables, curves, sentences.

Data contract: figures are one mapping of paths such as "binary.auc" to what `metrics/*.json` has
there (`card_figures`); whatever shows them takes plain numbers from here. Names of tables, rows and
columns are parts of keys in the wording. Pure; nothing is read.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cxr_demo.anomaly.thresholds import ScoreDistribution
from cxr_demo.i18n import Wording, number, percent
from cxr_demo.models.calibration import BINARY, HEADS, THREE_CLASS

POINTS = ("youden", "sensitivity_95", "specificity_90"), ("threshold", "sensitivity", "specificity")
LESIONS = (
    ("soft opacity", "consolidation-like blob", "device-like line", "all"),
    ("pixel_auc", "pointing_game", "image_auc"),
)
TABLES = {
    "two": (
        "", "about.part.",
        (
            "binary", "knn_binary", "detector", "autoencoder",
            "baselines.border only", "baselines.aspect only", "baselines.texture only",
        ),
        (
            "auc", "accuracy", "sensitivity", "specificity", "specificity_at_sensitivity_0.97",
            "auc_across_training_patients",
        ),
    ),
    "three": (
        "", "about.part.", ("three_class", "knn_three_class"),
        (
            "accuracy", "macro_f1", "recall.normal", "recall.bacterial", "recall.viral",
            "bacterial_viral_auc",
        ),
    ),
    "calibration": (
        "", "head.", ("binary", "three_class"),
        ("expected_calibration_error", "expected_calibration_error_at_prior", "brier"),
    ),
    "operating_points": ("operating_points.", "point.", *POINTS),
    "held_out": ("held_out.", "point.", *POINTS),
    "lesions.detector": ("localisation.detector.lesions.", "about.lesion.", *LESIONS),
    "lesions.autoencoder": ("localisation.autoencoder.lesions.", "about.lesion.", *LESIONS),
}  # fmt: skip
"""By name: where its rows stand, the wording of what they are called, the rows, the columns."""
CONFUSIONS = {**HEADS, "knn_binary": BINARY, "knn_three_class": THREE_CLASS}
"""What has a confusion matrix, and the classes of its rows and columns."""
CURVES = {
    "classifier.loss": {
        "total": "loss", "binary": "binary_loss", "three_class": "three_class_loss",
    },
    "classifier.auc": {"plain": "validation.auc", "stressed": "validation_stressed.auc"},
    "classifier.accuracy": {
        "binary": "validation.accuracy", "three_class": "validation.three_class_accuracy",
    },
    "detector.loss": {"total": "loss"},
    "detector.auc": {
        "opacity": "auc.soft opacity", "blob": "auc.consolidation-like blob",
        "line": "auc.device-like line",
    },
    "autoencoder.loss": {"training": "loss", "held_out": "validation_normals_mse"},
}  # fmt: skip
"""By network and chart, its curves: name, and path in an epoch of `{network}_history.json`."""
SOURCES = {
    "kermany": "https://doi.org/10.17632/rscbjbr9sj.2",
    "xin": "https://doi.org/10.1007/s10140-021-01954-x",
    "bacterial_viral": "https://pmc.ncbi.nlm.nih.gov/articles/PMC5922330/",
    "rajaraman": "https://doi.org/10.3390/app8101715",
    "simsid": "https://arxiv.org/abs/2403.08689",
}


class Table(NamedTuple):
    """One of TABLES.

    Attributes:
        n: how many images it is about.
        rows: by wording, for each column the figure, then the ends of its 95 % interval where one
            was computed; nothing for what was not measured.
    """

    name: str
    n: int
    columns: Sequence[str]
    rows: Mapping[str, list[tuple[float, ...]]]


def flat(metrics: Mapping, path: str = "") -> dict[str, object]:
    """What stands in nested dictionaries, by the path to it, as "binary.auc"."""
    found = {}
    for name, value in metrics.items():
        is_inner = isinstance(value, Mapping)
        found |= flat(value, f"{path}{name}.") if is_inner else {path + name: value}
    return found


def card_figures(
    evaluation: Mapping,
    localisation: Mapping,
    operating_points: Mapping,
    distributions: Mapping[str, ScoreDistribution],
) -> dict[str, object]:
    """All figures of a card by their path.

    Args:
        evaluation: `metrics/evaluation.json`, whose paths stay as they are.
        localisation: `metrics/localisation.json`, below "localisation".
        operating_points: of the classifier on held-out patients, below "held_out".
        distributions: scores of held-out patients by anomaly method; the share of normals that its
            default threshold spares stands below "spared".
    """
    spared = {
        name: scores.sensitivity_specificity(evaluation[name]["threshold"])[1]
        for name, scores in distributions.items()
    }
    more = {"localisation": localisation, "held_out": operating_points, "spared": spared}
    return flat({**evaluation, **more})


def tables(figures: Mapping) -> list[Table]:
    """All of TABLES."""

    def cell(path: str) -> tuple[float, ...]:
        return (figures[path], *figures.get(f"intervals.{path}", ())) if path in figures else ()

    return [
        Table(
            name,
            figures["localisation.n_normals" if name.startswith("lesions") else "n"],
            columns,
            {words + row: [cell(f"{where}{row}.{column}") for column in columns] for row in rows},
        )
        for name, (where, words, rows, columns) in TABLES.items()
    ]


def sentence_values(figures: Mapping) -> dict[str, int | Wording]:
    """Figures as sentences name them: "binary.auc" is {binary_auc}, with three decimals, and, as a
    share, {binary_auc_percent}; {alarms} of {normals} are called pneumonia."""
    normals = figures["binary.confusion"][0]
    values = {"alarms": normals[1], "normals": sum(normals)}
    for path, value in figures.items():
        name = re.sub(r"\W", "_", path)
        if isinstance(value, int):
            values[name] = value
        elif isinstance(value, float):
            values |= {name: number(value, 3), f"{name}_percent": percent(value, 1)}
    return values


def curves(chart: str, history: Sequence[Mapping]) -> dict[str, list[float]]:
    """One of CURVES: a value an epoch for each of its names."""
    epochs = [flat(epoch) for epoch in history]
    return {name: [epoch[path] for epoch in epochs] for name, path in CURVES[chart].items()}
