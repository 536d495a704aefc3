"""Everything the models say of one radiograph, as one frozen value with its provenance.

This is the service behind the page and the command line. Moving a threshold or a slider on an
`Analysis` never runs a network, and neither does another search of the library: all that is needed
is in it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cxr_demo.anomaly.maps import DETECTOR_SIDE, Anomaly, assess
from cxr_demo.anomaly.padim import read_normality
from cxr_demo.anomaly.thresholds import Screening
from cxr_demo.artefacts import (
    ANOMALY_NETWORKS,
    CALIBRATION,
    CLASSIFIER,
    GATE,
    HEADS_WEIGHTS,
    LIBRARY,
    NORMALITY,
    SCREENING,
    TYPICALITY,
    Artefacts,
)
from cxr_demo.errors import ArtefactError, RadiographRefused
from cxr_demo.models.calibration import HEADS, THREE_CLASS, Calibration, plausible, probabilities
from cxr_demo.models.input_check import NOT_A_CHEST, Verdict, read_gate
from cxr_demo.models.networks import Autoencoder, Change, Classifier, Detector
from cxr_demo.models.occlusion import Box, occlude
from cxr_demo.models.preprocessing import squash, to_network_input, to_view
from cxr_demo.models.saliency import read_heads, saliency
from cxr_demo.reading.reader import Radiograph
from cxr_demo.reference.library import Neighbour, ReferenceLibrary, elected, vote
from cxr_demo.reference.projection import Typicality, place

NEIGHBOURS = 11
"""Those that vote and place the query; odd, so that normal against pneumonia cannot tie."""


@dataclass(frozen=True)
class Neighbourhood:
    """What lies around an embedding in the library.

    Attributes:
        neighbours: nearest references, nearest first.
        vote: share of each class among them.
        elected: the class that wins it.
        position: (x, y) by map: {"umap": …, "tsne": …}.
    """

    neighbours: tuple[Neighbour, ...]
    vote: dict[str, float]
    elected: str
    position: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Analysis:
    """What the models make of one radiograph.

    Attributes:
        view: float32 (height, width) in [0, 1], for looking at, see `preprocess.to_view`.
        size: (height, width) of the file, in pixels.
        bit_depth: significant bits of the file.
        burned_in: whether text may be part of the picture, see `Radiograph`.
        gate: how far it is a radiograph as the networks know them.
        probabilities: calibrated, by head: {"binary": {…}, "three_class": {…}}.
        plausible: the classes of "three_class" that cannot be ruled out, likeliest first.
        saliency: by class, how much each region speaks for it, float32 (7, 7), see `saliency`.
        embedding: float32 (D,), of unit length, where it lies among the references.
        neighbourhood: the NEIGHBOURS nearest of other patients.
        atypical: whether it lies farther from them than 99 % of the library from theirs.
        anomaly: reconstruction; map, score and default threshold of both methods.
        same_picture: ids of references that are this very picture; usually none.
        same_patients: keys of its patients in the library, whose images were left out.
        left_out: how many references that were.
        square: float32 (SIDE, SIDE) in [0, 1], what the networks were given.
        model: first 12 characters of the hash of each artefact that had a say.
    """

    view: np.ndarray
    size: tuple[int, int]
    bit_depth: int
    burned_in: bool
    gate: Verdict
    probabilities: dict[str, dict[str, float]]
    plausible: tuple[str, ...]
    saliency: dict[str, np.ndarray]
    embedding: np.ndarray
    neighbourhood: Neighbourhood
    atypical: bool
    anomaly: Anomaly
    same_picture: tuple[str, ...]
    same_patients: tuple[str, ...]
    left_out: int
    square: np.ndarray
    model: dict[str, str]


class NotAChest(RadiographRefused):
    """The gate takes the image for something other than a frontal chest radiograph."""

    def __init__(self, verdict: Verdict):
        super().__init__("refused.not_a_chest")
        self.verdict = verdict


class _Seen(NamedTuple):
    """What the detector sees of a whole radiograph, and what the gate makes of that."""

    square: np.ndarray
    change: Change
    gate: Verdict


class Analyser:
    """Holds the networks and the library; made once at start.

    Args:
        artefacts: where everything is loaded from, hash by hash.
        threads: CPU threads for one pass; None takes all cores.

    Raises:
        ArtefactError: if anything is missing or not what the manifest names.
    """

    def __init__(self, artefacts: Artefacts, threads: int | None = None):
        calibration = artefacts.json(CALIBRATION)
        self.library = ReferenceLibrary(artefacts.read(LIBRARY))
        _same_training(artefacts, CLASSIFIER, calibration["classifier"], CALIBRATION)
        _same_training(artefacts, CLASSIFIER, self.library.classifier, LIBRARY)
        self.typicality = _typicality(artefacts)
        self._classifier = Classifier(artefacts.read(CLASSIFIER), threads)
        self._calibration = {
            head: Calibration(calibration[head]["temperature"], tuple(calibration[head]["prior"]))
            for head in HEADS
        }
        self._least_plausible = calibration["not_sure"]["least_probability"]
        self.operating_points = calibration["operating_points"]
        self._heads, heads_of = read_heads(artefacts.read(HEADS_WEIGHTS))
        _same_training(artefacts, CLASSIFIER, heads_of, HEADS_WEIGHTS)
        self._detector = Detector(artefacts.read(ANOMALY_NETWORKS["detector"]), threads)
        self._normality, fitted_with = read_normality(artefacts.read(NORMALITY))
        _same_training(artefacts, ANOMALY_NETWORKS["detector"], fitted_with, NORMALITY)
        self._gate, fitted_to = read_gate(artefacts.read(GATE))
        _same_training(artefacts, ANOMALY_NETWORKS["detector"], fitted_to, GATE)
        self._autoencoder = Autoencoder(artefacts.read(ANOMALY_NETWORKS["autoencoder"]), threads)
        self.screening = {method: _screening(artefacts, method) for method in ANOMALY_NETWORKS}
        self.model = {
            "classifier": artefacts.short_hash(CLASSIFIER),
            **{name: artefacts.short_hash(path) for name, path in ANOMALY_NETWORKS.items()},
            "normality": artefacts.short_hash(NORMALITY),
            "gate": artefacts.short_hash(GATE),
            "library": artefacts.short_hash(LIBRARY),
        }

    def analyse(
        self, radiograph: Radiograph, hidden: list[Box] | None = None, fill: str = "blur"
    ) -> Analysis:
        """`examine` what the gate lets in; the other networks never see the rest.

        Raises:
            Refused: if a part to hide is not one.
            NotAChest: if the gate takes it for something else.
        """
        seen = self._seen(radiograph)
        if seen.gate.grade == NOT_A_CHEST:
            raise NotAChest(seen.gate)
        return self._examine(radiograph, seen, hidden, fill)

    def examine(
        self, radiograph: Radiograph, hidden: list[Box] | None = None, fill: str = "blur"
    ) -> Analysis:
        """Run every network once and gather what follows from them, whatever the gate says.

        Args:
            radiograph: what to look at.
            hidden: parts the networks are not to see; the gate sees them.
            fill: what they see there instead, see `occlusion`.

        Raises:
            Refused: if a part to hide is not one.
        """
        return self._examine(radiograph, self._seen(radiograph), hidden, fill)

    def _seen(self, radiograph: Radiograph) -> _Seen:
        square = to_network_input(radiograph.pixels)
        change = self._change(square)
        return _Seen(square, change, self._gate(change.regions))

    def _examine(
        self, radiograph: Radiograph, seen: _Seen, hidden: list[Box] | None, fill: str
    ) -> Analysis:
        square = occlude(seen.square, hidden or [], fill)
        change = self._change(square) if hidden else seen.change
        features = self._classifier(square)
        same_picture = self.library.rows_of_picture(seen.square)
        left_out = self.library.rows_of_same_patients(same_picture)
        same_patients = tuple(sorted(set(self.library.patients[left_out].tolist())))
        neighbourhood = self.neighbourhood(features.embedding, leave_out=same_patients)
        calibrated = probabilities(features, self._calibration)
        return Analysis(
            view=to_view(radiograph.pixels),
            size=radiograph.pixels.shape,
            bit_depth=radiograph.bit_depth,
            burned_in=radiograph.burned_in,
            gate=seen.gate,
            probabilities=calibrated,
            plausible=plausible(calibrated["three_class"], self._least_plausible),
            saliency=saliency(features.feature_map, self._heads),
            embedding=features.embedding,
            neighbourhood=neighbourhood,
            atypical=self.typicality.atypical([n.similarity for n in neighbourhood.neighbours]),
            anomaly=self._assess(square, change),
            same_picture=tuple(str(name) for name in self.library.ids[same_picture]),
            same_patients=same_patients,
            left_out=len(left_out),
            square=square,
            model=self.model,
        )

    def neighbourhood(
        self,
        embedding: np.ndarray,
        k: int = NEIGHBOURS,
        classes: tuple[str, ...] = THREE_CLASS,
        leave_out: tuple[str, ...] = (),
    ) -> Neighbourhood:
        """Search the library; no network runs.

        Args:
            embedding: float32 (D,), of unit length.
            k: how many neighbours, at least 1.
            classes: those to search among, at least one.
            leave_out: keys of patients whose images may not be found.
        """
        neighbours = self.library.nearest(embedding, k, classes, leave_out)
        rows = [neighbour.row for neighbour in neighbours]
        return Neighbourhood(
            neighbours,
            vote(neighbours),
            elected(neighbours),
            {name: place(spots, rows) for name, spots in self.library.coordinates.items()},
        )

    def assess(self, square: np.ndarray) -> Anomaly:
        """What the networks that know normals only make of float32 (SIDE, SIDE) in [0, 1]."""
        return self._assess(square, self._change(square))

    def _change(self, square: np.ndarray) -> Change:
        return self._detector(squash(square, DETECTOR_SIDE))

    def _assess(self, square: np.ndarray, change: Change) -> Anomaly:
        thresholds = {method: screening.threshold for method, screening in self.screening.items()}
        return assess(square, change, self._normality, self._autoencoder, thresholds)


def _screening(artefacts: Artefacts, method: str) -> Screening:
    """Held-out scores and thresholds of one method, if they are those of what serves."""
    stored = artefacts.json(SCREENING[method])
    _same_training(artefacts, ANOMALY_NETWORKS[method], stored[method], SCREENING[method])
    if method == "detector":
        _same_training(artefacts, NORMALITY, stored["normality"], SCREENING[method])
    return Screening(np.array(stored["normal"]), np.array(stored["pneumonia"]), stored["presets"])


def _typicality(artefacts: Artefacts) -> Typicality:
    """How near the library's images lie to each other, if it is that library's."""
    stored = artefacts.json(TYPICALITY)
    _same_training(artefacts, LIBRARY, stored.pop("library"), TYPICALITY)
    return Typicality(**stored)


def _same_training(artefacts: Artefacts, network: str, made_with: str, artefact: str) -> None:
    """Refuse artefacts that were derived from another version of a network."""
    if made_with != artefacts.short_hash(network):
        raise ArtefactError(
            f"assets/{artefact} was made with another version of {network} ({made_with}, not "
            f"{artefacts.short_hash(network)}). Please run `make train` to its end."
        )
