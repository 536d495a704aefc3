"""Everything the models say of one radiograph, as one frozen value with its provenance.

This is the service behind the page and the command line. Moving a threshold or a slider on an
`Analysis` never runs a network, and neither does another search of the library: all that is needed
is in it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cxr_demo.anomaly.maps import DETECTOR_SIDE, Anomaly, score_anomaly
from cxr_demo.anomaly.padim import RegionGaussians
from cxr_demo.anomaly.thresholds import ScoreDistribution
from cxr_demo.artefacts import (
    AUTOENCODER,
    CALIBRATION,
    CLASSIFIER,
    DETECTOR,
    HEADS_WEIGHTS,
    HELD_OUT_SCORES,
    INPUT_CHECK,
    LIBRARY,
    NORMALITY,
    TYPICALITY,
    VERSIONED,
    Artefacts,
)
from cxr_demo.models.calibration import (
    HEADS,
    Calibration,
    conformal_set,
    probabilities,
)
from cxr_demo.models.input_check import NOT_A_CHEST, InputCheck, InputChecker, NotAChestError
from cxr_demo.models.networks import Autoencoder, Classifier, Detector, DetectorOutput
from cxr_demo.models.occlusion import Box, occlude
from cxr_demo.models.preprocessing import resize_square, to_network_input, to_view
from cxr_demo.models.saliency import Heads, saliency
from cxr_demo.reading.reader import Radiograph
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.reference.neighbourhood import Neighbourhood, find_neighbourhood
from cxr_demo.reference.projection import Typicality


@dataclass(frozen=True)
class Analysis:
    """What the models make of one radiograph.

    Attributes:
        view: float32 (height, width) in [0, 1], for looking at, see `preprocessing.to_view`.
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
    input_check: InputCheck
    probabilities: dict[str, dict[str, float]]
    conformal_set: tuple[str, ...]
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


class _CheckedInput(NamedTuple):
    """What the detector sees of a whole radiograph, and what the gate makes of that."""

    square: np.ndarray
    change: DetectorOutput
    input_check: InputCheck


class Analyser:
    """Holds the networks and the library; made once at start.

    Args:
        artefacts: where everything is loaded from, hash by hash.
        threads: CPU threads for one pass; None takes all cores.

    Raises:
        ArtefactError: if anything is missing or not what the manifest names.
    """

    def __init__(self, artefacts: Artefacts, threads: int | None = None):
        self.library = ReferenceLibrary(artefacts.arrays(LIBRARY))
        self.typicality = Typicality.from_json(artefacts.json(TYPICALITY))
        self._classifier = Classifier(artefacts.read(CLASSIFIER), threads)
        calibration = artefacts.json(CALIBRATION)
        self._calibration = {
            head: Calibration(calibration[head]["temperature"], tuple(calibration[head]["prior"]))
            for head in HEADS
        }
        self._min_probability = calibration["not_sure"]["least_probability"]
        self.operating_points = calibration["operating_points"]
        self._heads = Heads.from_arrays(artefacts.arrays(HEADS_WEIGHTS))
        self._detector = Detector(artefacts.read(DETECTOR), threads)
        self._normality = RegionGaussians.from_arrays(artefacts.arrays(NORMALITY))
        self._check_input = InputChecker.from_arrays(artefacts.arrays(INPUT_CHECK))
        self._autoencoder = Autoencoder(artefacts.read(AUTOENCODER), threads)
        self.score_distributions = {
            method: ScoreDistribution.from_json(artefacts.json(path))
            for method, path in HELD_OUT_SCORES.items()
        }
        self.model = {name: artefacts.short_hash(path) for name, path in VERSIONED.items()}

    def analyse(
        self, radiograph: Radiograph, hidden: list[Box] | None = None, fill: str = "blur"
    ) -> Analysis:
        """`examine` what the gate lets in; the other networks never see the rest.

        Raises:
            UserError: if a part to hide is not one.
            NotAChestError: if the gate takes it for something else.
        """
        seen = self._check(radiograph)
        if seen.input_check.grade == NOT_A_CHEST:
            raise NotAChestError(seen.input_check)
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
            UserError: if a part to hide is not one.
        """
        return self._examine(radiograph, self._check(radiograph), hidden, fill)

    def _check(self, radiograph: Radiograph) -> _CheckedInput:
        square = to_network_input(radiograph.pixels)
        change = self._change(square)
        return _CheckedInput(square, change, self._check_input(change.regions))

    def _examine(
        self, radiograph: Radiograph, seen: _CheckedInput, hidden: list[Box] | None, fill: str
    ) -> Analysis:
        square = occlude(seen.square, hidden or [], fill)
        change = self._change(square) if hidden else seen.change
        features = self._classifier(square)
        same_picture = self.library.rows_of_same_image(seen.square)
        left_out = self.library.rows_of_same_patients(same_picture)
        same_patients = tuple(sorted(set(self.library.patients[left_out].tolist())))
        neighbourhood = find_neighbourhood(
            self.library, features.embedding, leave_out=same_patients
        )
        calibrated = probabilities(features, self._calibration)
        return Analysis(
            view=to_view(radiograph.pixels),
            size=radiograph.pixels.shape,
            bit_depth=radiograph.bit_depth,
            burned_in=radiograph.burned_in,
            input_check=seen.input_check,
            probabilities=calibrated,
            conformal_set=conformal_set(calibrated["three_class"], self._min_probability),
            saliency=saliency(features.feature_map, self._heads),
            embedding=features.embedding,
            neighbourhood=neighbourhood,
            atypical=self.typicality.is_atypical([n.similarity for n in neighbourhood.neighbours]),
            anomaly=self._assess(square, change),
            same_picture=tuple(str(name) for name in self.library.ids[same_picture]),
            same_patients=same_patients,
            left_out=len(left_out),
            square=square,
            model=self.model,
        )

    def assess(self, square: np.ndarray) -> Anomaly:
        """What the networks that know normals only make of float32 (SIDE, SIDE) in [0, 1]."""
        return self._assess(square, self._change(square))

    def _change(self, square: np.ndarray) -> DetectorOutput:
        return self._detector(resize_square(square, DETECTOR_SIDE))

    def _assess(self, square: np.ndarray, change: DetectorOutput) -> Anomaly:
        thresholds = {
            method: scores.threshold for method, scores in self.score_distributions.items()
        }
        return score_anomaly(square, change, self._normality, self._autoencoder, thresholds)
