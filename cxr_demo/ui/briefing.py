"""What a page is told once: the library's map, held-out scores, what was measured. Pure but for
reading artefacts."""

import hashlib
import math
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from cxr_demo.analysis import Analyser
from cxr_demo.anomaly.maps import EXTENT, THRESHOLD_STEP
from cxr_demo.artefacts import Artefacts
from cxr_demo.i18n import LANGUAGES
from cxr_demo.models.calibration import HEADS, THREE_CLASS
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.reference.map_sampling import sample_rows, sampling_order
from cxr_demo.reference.neighbourhood import NEIGHBOURS
from cxr_demo.reference.thumbnails import Thumbnails
from cxr_demo.ui.reading import MOST_NEIGHBOURS

HOTTEST = {"detector": 1.0, "autoencoder": 0.04}
"""What the brightest colour of a heatmap stands for, the same for every patient."""

MOST_POINTS = 8_000
"""Of one view of a map: what a browser without a GPU still redraws in about a second."""
EVERYWHERE = (-math.inf, -math.inf, math.inf, math.inf)

HISTORIES = ("classifier", "detector", "autoencoder")


def start(analyser: Analyser, artefacts: Artefacts) -> dict:
    """All that the controls need."""
    calibration = artefacts.json("classifier/calibration.json")
    return {
        "languages": LANGUAGES,
        "classes": list(THREE_CLASS),
        "neighbours": NEIGHBOURS,
        "most_neighbours": MOST_NEIGHBOURS,
        "examples": len(example_paths(artefacts)),
        "extent": EXTENT,
        "operating_points": analyser.operating_points,
        "prior": {
            head: dict(zip(names, calibration[head]["prior"], strict=True))
            for head, names in HEADS.items()
        },
        "methods": {
            name: {
                "hottest": HOTTEST[name],
                "step": THRESHOLD_STEP[name],
                "presets": screening.presets,
                "normal": screening.normal.tolist(),
                "pneumonia": screening.pneumonia.tolist(),
            }
            for name, screening in analyser.score_distributions.items()
        },
        "typicality": vars(analyser.typicality),
        "ramp": ramp(),
        "model": analyser.model,
    }


class Atlas:
    """The library as a page draws it: all of a small one, of a large one what there is room for.

    Args:
        library: the references.
        pictures: theirs.
    """

    def __init__(self, library: ReferenceLibrary, pictures: Thumbnails):
        self._library = library
        self._pictures = pictures
        self._orders = {
            name: sampling_order(spots, library.labels)
            for name, spots in library.coordinates.items()
        }

    def overview(self) -> dict:
        """What both maps show as a whole."""
        shown = [self._shown(name, EVERYWHERE) for name in self._orders]
        return {"total": len(self._library), **self.told(np.unique(np.concatenate(shown)))}

    def view(self, name: str, rectangle: tuple[float, float, float, float]) -> dict:
        """What a rectangle (left, bottom, right, top) of one map shows."""
        return self.told(self._shown(name, rectangle))

    def of(self, ids: Iterable[str]) -> dict:
        """Those references that have these ids."""
        known = self._library.row_of
        return self.told(np.array([known[name] for name in ids if name in known], np.int64))

    def told(self, rows: np.ndarray) -> dict:
        """Row by row: its number, id, patient, class, how many images its picture averages (1: its
        own), and its place on both maps."""
        library = self._library
        return {
            "rows": rows.tolist(),
            "ids": library.ids[rows].tolist(),
            "patients": library.patients[rows].tolist(),
            "labels": library.labels[rows].tolist(),
            "averaged": [self._pictures.of(row).averaged for row in rows.tolist()],
            "maps": {
                name: np.round(spots[rows].astype(float), 3).T.tolist()
                for name, spots in library.coordinates.items()
            },
        }

    def _shown(self, name: str, rectangle: tuple[float, float, float, float]) -> np.ndarray:
        return sample_rows(
            self._library.coordinates[name], self._orders[name], rectangle, MOST_POINTS
        )


def about(artefacts: Artefacts) -> dict:
    """What was measured, how training went, and what the examples should give.

    Raises:
        KeyError: if an example has no stored output.
    """
    stored = artefacts.json("metrics/self_test.json")
    examples = [stored["examples"][artefacts.short_hash(path)] for path in example_paths(artefacts)]
    return {
        "evaluation": artefacts.json("metrics/evaluation.json"),
        "localisation": artefacts.json("metrics/localisation.json"),
        "histories": {name: artefacts.json(f"metrics/{name}_history.json") for name in HISTORIES},
        "self_test": {**stored, "examples": examples},
    }


def example_paths(artefacts: Artefacts) -> list[str]:
    """The shipped examples in a fixed order in which position tells nothing of the class."""
    paths = [path for path in artefacts.paths if path.startswith("examples/")]
    images = [path for path in paths if Path(path).suffix != ".md"]
    return sorted(images, key=lambda path: hashlib.sha256(path.encode()).digest())


def ramp() -> list[list[int]]:
    """Red, green and blue of the heatmap's 256 colours, matplotlib's inferno."""
    colours = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[None], cv2.COLORMAP_INFERNO)[0]
    return colours[:, ::-1].tolist()
