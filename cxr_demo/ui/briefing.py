"""What a page is told once: the library's map, held-out scores, what was measured. Pure but for
reading artefacts."""

import hashlib
from pathlib import Path

import cv2
import numpy as np

from cxr_demo.analysis import NEIGHBOURS, Analyser
from cxr_demo.anomaly import EXTENT, THRESHOLD_STEP
from cxr_demo.artefacts import Artefacts
from cxr_demo.pictures import Pictures
from cxr_demo.prediction import HEADS, THREE_CLASS
from cxr_demo.ui.endpoints import MOST_NEIGHBOURS
from cxr_demo.wording import LANGUAGES

HOTTEST = {"detector": 1.0, "autoencoder": 0.04}
"""What the brightest colour of a heatmap stands for, the same for every patient."""

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
            for name, screening in analyser.screening.items()
        },
        "typicality": vars(analyser.typicality),
        "ramp": ramp(),
        "model": analyser.model,
    }


def atlas(analyser: Analyser, pictures: Pictures) -> dict:
    """The library row by row: id, patient, class, how many images its picture averages (1: its
    own), and its place on both maps."""
    library = analyser.library
    return {
        "ids": library.ids.tolist(),
        "patients": library.patients.tolist(),
        "labels": library.labels.tolist(),
        "averaged": [pictures.of(row).averaged for row in range(len(library))],
        "maps": {
            name: np.round(spots.astype(float), 3).T.tolist()
            for name, spots in library.coordinates.items()
        },
    }


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
