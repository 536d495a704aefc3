"""Compare what the service says of the shipped examples with what it said when they were stored.

Data contract: `outputs` of an analysis is JSON: probabilities and the detector's score in [0, 1],
the autoencoder's in squared grey levels, ids of the neighbours, nearest first.
`train.evaluate.self_test` stores it in `assets/metrics/self_test.json`, the page compares.
"""

from collections.abc import Iterable, Iterator, Mapping

from cxr_demo.analysis import Analyser, Analysis
from cxr_demo.artefacts import Artefacts
from cxr_demo.reading.reader import read_radiograph

TOLERANCE = {"probability": 0.02, "score": 0.02, "autoencoder": 1e-4}
"""By how much an answer may differ, in its own unit: processors round 8-bit networks differently.
"""


def outputs(analysis: Analysis) -> dict:
    """What is kept of one radiograph."""
    return {
        "pneumonia": analysis.probabilities["binary"]["pneumonia"],
        "three_class": analysis.probabilities["three_class"],
        "score": analysis.anomaly.maps["detector"].score,
        "autoencoder": analysis.anomaly.maps["autoencoder"].score,
        "neighbours": [neighbour.id for neighbour in analysis.neighbourhood.neighbours],
    }


def comparisons(
    analyser: Analyser, artefacts: Artefacts, paths: Iterable[str], stored: Mapping
) -> Iterator[tuple[dict, dict, list[str]]]:
    """Analyse examples here and now.

    Args:
        analyser, artefacts: the service, and where the examples are.
        paths: of the examples.
        stored: `metrics/self_test.json`.

    Yields:
        For each, what was stored, what is found, and `differences`, among them "model" where others
        answer than those that it was stored of.
    """
    other = [] if stored["model"].items() <= analyser.model.items() else ["model"]
    for path in paths:
        found = outputs(analyser.analyse(read_radiograph(artefacts.read(path))))
        expected = stored["examples"][artefacts.short_hash(path)]
        yield expected, found, differences(expected, found, stored["tolerance"]) + other


def differences(stored: Mapping, found: Mapping, tolerance: Mapping[str, float]) -> list[str]:
    """Which `outputs` differ by more than is tolerated: "pneumonia", "three_class", "score",
    "autoencoder". Neighbours are not judged: the order of very similar ones may change.

    Args:
        stored, found: `outputs`.
        tolerance: as TOLERANCE.
    """
    limits = {
        "pneumonia": tolerance["probability"],
        "three_class": tolerance["probability"],
        "score": tolerance["score"],
        "autoencoder": tolerance["autoencoder"],
    }
    return [name for name, most in limits.items() if _gap(stored[name], found[name]) > most]


def _gap(one: float | Mapping[str, float], other: float | Mapping[str, float]) -> float:
    if isinstance(one, Mapping):
        return max(abs(one[name] - other[name]) for name in one)
    return abs(one - other)
