"""Analyse one radiograph with every model: the service behind the page and the command line.

An `Analysis` holds all that a page needs: moving a threshold or a slider, or searching the library
again, never runs a network.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from cxr_demo.anomaly.density import Density, NormalDensity
from cxr_demo.anomaly.maps import DETECTOR_SIDE, Anomaly, score_anomaly
from cxr_demo.anomaly.parts import NormalParts
from cxr_demo.anomaly.thresholds import ScoreDistribution
from cxr_demo.anomaly.zones import ZoneReading, read_zones
from cxr_demo.artefacts import (
    ALIGNMENT,
    AUTOENCODER,
    CALIBRATION,
    CLASSIFIER,
    DENSITY,
    DETECTOR,
    HEADS_WEIGHTS,
    HELD_OUT_SCORES,
    INPUT_CHECK,
    LIBRARY,
    PADIM,
    TYPICALITY,
    VERSIONED,
    Artefacts,
)
from cxr_demo.models.affine import warp
from cxr_demo.models.alignment import Aligner, Alignment
from cxr_demo.models.calibration import HEADS, Calibration, conformal_set, probabilities
from cxr_demo.models.input_check import NOT_A_CHEST, InputCheck, InputChecker, NotAChestError
from cxr_demo.models.networks import (
    CLASSIFIER_SIDE,
    Autoencoder,
    Classifier,
    Detector,
    DetectorOutput,
)
from cxr_demo.models.occlusion import Box, occlude
from cxr_demo.models.preprocessing import SIDE, resize_square, to_network_input, to_view
from cxr_demo.models.saliency import Heads, saliency
from cxr_demo.reading.reader import Radiograph
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.reference.neighbourhood import Neighbourhood, find_neighbourhood
from cxr_demo.reference.projection import Typicality


@dataclass(frozen=True)
class Analysis:
    """What the models find in one radiograph.

    Attributes:
        radiograph: what was analysed.
        input_check: whether it is a radiograph as the networks know them.
        probabilities: calibrated, by head: {"binary": {…}, "three_class": {…}}.
        conformal_set: the classes of "three_class" that cannot be ruled out, likeliest first.
        saliency: by class, how much each region of the frame supports it, float32 (6, 6), see
            `saliency`.
        embedding: float32 (D,), of unit length, its position among the references.
        neighbourhood: the NEIGHBOURS nearest of other patients.
        atypical: whether it is farther from them than 99 % of the library from theirs.
        anomaly: reconstruction; map, score and default threshold of both methods, in the frame.
        alignment: where the frame lies in the square, and how well it was found; the networks
            are given the frame.
        zones: six zones of the lungs against normal children; None if it could not be aligned.
        difference: float32 (MAP_SIDE, MAP_SIDE) of the frame, how much brighter than in normal
            children, in their standard deviations; None if it could not be aligned.
        same_picture: ids of references that are this very picture; usually none.
        same_patients: keys of its patients in the library, whose images were left out.
        left_out: how many references that were.
        square: float32 (SIDE, SIDE) in [0, 1], what the frame is taken from.
        model: first 12 characters of the hash of each artefact that was used.
    """

    radiograph: Radiograph
    input_check: InputCheck
    probabilities: dict[str, dict[str, float]]
    conformal_set: tuple[str, ...]
    saliency: dict[str, np.ndarray]
    embedding: np.ndarray
    neighbourhood: Neighbourhood
    atypical: bool
    anomaly: Anomaly
    alignment: Alignment
    zones: tuple[ZoneReading, ...] | None
    difference: np.ndarray | None
    same_picture: tuple[str, ...]
    same_patients: tuple[str, ...]
    left_out: int
    square: np.ndarray
    model: dict[str, str]

    @cached_property
    def view(self) -> np.ndarray:
        """For looking at, see `preprocessing.to_view`; made where somebody looks."""
        return to_view(self.radiograph.pixels, self.radiograph.pixel_aspect)


class Analyser:
    """Holds the networks and the library; made once at start.

    OpenCV is given one thread, in the whole process: all that it is asked for here is smaller than
    what starting another one costs.

    Args:
        artefacts: where everything is loaded from.
        threads: CPU threads for one pass; None takes all cores.

    Raises:
        ArtefactError: if anything is missing or not what the manifest names.
    """

    def __init__(self, artefacts: Artefacts, threads: int | None = None):
        cv2.setNumThreads(1)
        self._beside = ThreadPoolExecutor(1, "classifier")
        self.library = ReferenceLibrary(artefacts.arrays(LIBRARY))
        self.typicality = Typicality.from_json(artefacts.json(TYPICALITY))
        self._classifier = Classifier(artefacts.read(CLASSIFIER), threads)
        calibration = artefacts.json(CALIBRATION)
        self._calibration = {
            head: Calibration(calibration[head]["temperature"], tuple(calibration[head]["prior"]))
            for head in HEADS
        }
        self._min_probability = calibration["conformal"]["min_probability"]
        self.operating_points = calibration["operating_points"]
        self._heads = Heads.from_arrays(artefacts.arrays(HEADS_WEIGHTS))
        self._detector = Detector(artefacts.read(DETECTOR), threads)
        alignment = artefacts.arrays(ALIGNMENT)
        self._align = Aligner.from_arrays(alignment)
        self._zone_mask = alignment["zones"]
        self._normal_density = NormalDensity.from_arrays(artefacts.arrays(DENSITY))
        self._normal_parts = NormalParts.from_arrays(artefacts.arrays(PADIM), self._zone_mask)
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
        """As `examine`, but refuse what is no chest radiograph.

        Raises:
            UserError: if a part to hide is not a box.
            NotAChestError: if the input check grades it as something else.
        """
        return self._examine(radiograph, hidden, fill, must_be_chest=True)

    def examine(
        self, radiograph: Radiograph, hidden: list[Box] | None = None, fill: str = "blur"
    ) -> Analysis:
        """Run every network once and derive the rest, whatever the input check finds.

        Args:
            radiograph: what to analyse.
            hidden: parts to hide from all networks but that of the input check.
            fill: what replaces them, see `occlusion`.

        Raises:
            UserError: if a part to hide is not a box.
        """
        return self._examine(radiograph, hidden, fill, must_be_chest=False)

    def _examine(
        self, radiograph: Radiograph, hidden: list[Box] | None, fill: str, must_be_chest: bool
    ) -> Analysis:
        whole = to_network_input(radiograph.pixels)
        square = occlude(whole, hidden or [], fill)
        alignment = self._align(whole)
        # The networks beside each other: one alone leaves cores idle between its layers.
        classified = self._beside.submit(
            self._classifier, warp(square, alignment.matrix, CLASSIFIER_SIDE)
        )
        frame = warp(whole, alignment.matrix, SIDE)
        change = self._detect(frame)
        input_check = self._check_input(change.regions, alignment)
        if must_be_chest and input_check.grade == NOT_A_CHEST:
            classified.cancel()  # if it has not begun; nobody waits for it
            raise NotAChestError(input_check)
        if hidden:
            frame = warp(square, alignment.matrix, SIDE)
            change = self._detect(frame)
        density = self._normal_density(frame, alignment.matrix)
        anomaly = self._score(frame, density, change)
        same_picture = self.library.rows_of_same_image(whole)
        left_out = self.library.rows_of_same_patients(same_picture)
        same_patients = tuple(sorted(set(self.library.patients[left_out].tolist())))
        zones = self._read_zones(density, anomaly) if alignment.aligned else None
        features = classified.result()
        neighbourhood = find_neighbourhood(
            self.library, features.embedding, leave_out=same_patients
        )
        calibrated = probabilities(features, self._calibration)
        return Analysis(
            radiograph=radiograph,
            input_check=input_check,
            probabilities=calibrated,
            conformal_set=conformal_set(calibrated["three_class"], self._min_probability),
            saliency=saliency(features.feature_map, self._heads),
            embedding=features.embedding,
            neighbourhood=neighbourhood,
            atypical=self.typicality.is_atypical([n.similarity for n in neighbourhood.neighbours]),
            anomaly=anomaly,
            alignment=alignment,
            zones=zones,
            difference=density.brightness if alignment.aligned else None,
            same_picture=tuple(str(name) for name in self.library.ids[same_picture]),
            same_patients=same_patients,
            left_out=len(left_out),
            square=square,
            model=self.model,
        )

    def assess(self, square: np.ndarray) -> tuple[Anomaly, Alignment]:
        """Both anomaly maps and scores of one image, float32 (SIDE, SIDE) in [0, 1], and the frame
        that they are seen in; no other network runs."""
        alignment = self._align(square)
        frame = warp(square, alignment.matrix, SIDE)
        density = self._normal_density(frame, alignment.matrix)
        return self._score(frame, density, self._detect(frame)), alignment

    def _score(self, frame: np.ndarray, density: Density, change: DetectorOutput) -> Anomaly:
        thresholds = {
            method: scores.threshold for method, scores in self.score_distributions.items()
        }
        return score_anomaly(
            frame, density, change, self._normal_parts, self._autoencoder, thresholds
        )

    def _read_zones(self, density: Density, anomaly: Anomaly) -> tuple[ZoneReading, ...]:
        normals = self._normal_density.zone_brightness
        return read_zones(density.brightness, anomaly.primary.values, self._zone_mask, normals)

    def _detect(self, frame: np.ndarray) -> DetectorOutput:
        return self._detector(resize_square(frame, DETECTOR_SIDE))
