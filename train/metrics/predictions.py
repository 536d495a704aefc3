"""What the service said of a labelled set, row by row: measured, stored and compared from here.

Data contract: a `Predictions` holds numbers rounded as they are stored, so that figures measured
from the file are those measured from the run.
"""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cxr_demo.analysis import Analyser, Analysis
from cxr_demo.anomaly.maps import edge_share
from cxr_demo.reading.reader import read_radiograph
from train.data.kermany import CLASSES, read_name

DECIMALS = 6


@dataclass(frozen=True)
class Predictions:
    """One row per image.

    Attributes:
        ids: file names without extension, (N,).
        patients: grouping keys, (N,).
        labels: int (N,), index into CLASSES.
        pneumonia: float (N,), probability of the two-class head.
        three_class: float (N, 3), probabilities of the three-class head.
        plausible: bool (N, 3), the classes that its probability leaves plausible.
        vote: float (N, 3), share of each class among the nearest references.
        voted: int (N,), the class they elect.
        change: float (N,), the detector's score.
        change_at_edge: float (N,), share of the detector's map in the outer part of the image.
        error: float (N,), the autoencoder's score.
        error_at_edge: float (N,), as for the detector.
        grade: what the gate says, (N,).
    """

    ids: np.ndarray
    patients: np.ndarray
    labels: np.ndarray
    pneumonia: np.ndarray
    three_class: np.ndarray
    plausible: np.ndarray
    vote: np.ndarray
    voted: np.ndarray
    change: np.ndarray
    change_at_edge: np.ndarray
    error: np.ndarray
    error_at_edge: np.ndarray
    grade: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows) -> "Predictions":
        """The subset given by an index array or boolean mask."""
        return Predictions(*(getattr(self, f.name)[rows] for f in dataclasses.fields(self)))

    @property
    def is_pneumonia(self) -> np.ndarray:
        """bool (N,), of either cause."""
        return self.labels > 0


def predict(analyser: Analyser, paths: list[Path], what: str) -> Predictions:
    """Analyse labelled files in order, exactly as uploads would be."""
    analyses = analyse_files(analyser, paths, what)
    names = [read_name(path) for path in paths]
    maps = {
        method: [a.anomaly.maps[method] for a in analyses] for method in ("detector", "autoencoder")
    }
    score, at_edge = (
        {method: np.array([of(m) for m in found]).round(DECIMALS) for method, found in maps.items()}
        for of in (lambda m: m.score, lambda m: edge_share(m.values))
    )
    three = np.array([list(a.probabilities["three_class"].values()) for a in analyses])
    return Predictions(
        ids=np.array([path.stem for path in paths]),
        patients=np.array([patient for _, patient in names]),
        labels=np.array([CLASSES.index(label) for label, _ in names]),
        pneumonia=np.array([a.probabilities["binary"]["pneumonia"] for a in analyses]).round(
            DECIMALS
        ),
        three_class=three.round(DECIMALS),
        plausible=np.array([[name in a.conformal_set for name in CLASSES] for a in analyses]),
        vote=np.array([list(a.neighbourhood.vote.values()) for a in analyses]).round(DECIMALS),
        voted=np.array([CLASSES.index(a.neighbourhood.majority_class) for a in analyses]),
        change=score["detector"],
        change_at_edge=at_edge["detector"],
        error=score["autoencoder"],
        error_at_edge=at_edge["autoencoder"],
        grade=np.array([a.input_check.grade for a in analyses]),
    )


def analyse_files(analyser: Analyser, paths: list[Path], what: str) -> list[Analysis]:
    """Examine files in order, whatever the gate says, with a progress bar of that name."""
    return [
        analyser.examine(read_radiograph(path.read_bytes()))
        for path in tqdm(paths, desc=what, disable=None)
    ]


def to_json(predictions: Predictions) -> str:
    """One line per image, so that two readings can be compared by eye."""
    fields = [f.name for f in dataclasses.fields(Predictions)]
    columns = [getattr(predictions, name).tolist() for name in fields]
    rows = [json.dumps(dict(zip(fields, row, strict=True))) for row in zip(*columns, strict=True)]
    return "[\n" + ",\n".join(rows) + "\n]\n"


def from_json(text: str) -> Predictions:
    """Read what `to_json` wrote."""
    rows = json.loads(text)
    return Predictions(
        *(np.array([row[f.name] for row in rows]) for f in dataclasses.fields(Predictions))
    )
