"""Run the exported (LiteRT) networks; no training framework is imported.

Data contract: float32 (side, side) in [0, 1], the frame as `alignment` shows it, at the side of the
network → `ClassifierOutput`; for the autoencoder the same as came in; for the detector
`DetectorOutput`. Each call is one forward pass; calls from several threads wait for each other.
"""

import os
import threading
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ai_edge_litert.interpreter import Interpreter

CLASSIFIER_SIDE = 192
"""Pixels; a multiple of 32. Random crops show things larger than the whole frame does, so that the
network is at its best on frames larger than its training views, which have 160 (Touvron et al.,
2019, "Fixing the train-test resolution discrepancy")."""


@dataclass(frozen=True)
class ClassifierOutput:
    """All outputs of the classifier for one image, from one pass.

    Attributes:
        binary: logits (2,), normal and pneumonia.
        three_class: logits (3,), normal, bacterial and viral.
        feature_map: float32 (6, 6, 512), the trunk's last convolutional output.
    """

    binary: np.ndarray
    three_class: np.ndarray
    feature_map: np.ndarray

    @cached_property
    def embedding(self) -> np.ndarray:
        """The mean of the feature map at unit length: float32 (512,)."""
        mean = self.feature_map.mean(axis=(0, 1))
        return mean / np.linalg.norm(mean)


@dataclass(frozen=True)
class DetectorOutput:
    """The outputs of the detector for one image.

    Attributes:
        logits: float32 (cells, cells), of the share of each cell that looks changed.
        regions: float32 (R, R, C), activations of its trunk in the same cells, channels evened out.
    """

    logits: np.ndarray
    regions: np.ndarray


class _Network:
    """A LiteRT model of one square image.

    Args:
        model: the content of a LiteRT file, with the outputs of the graph in
            `train.models.networks` that it was exported from.
        threads: CPU threads for one pass; None takes all cores.
    """

    def __init__(self, model: bytes, threads: int | None = None):
        interpreter = Interpreter(model_content=model, num_threads=threads or os.cpu_count())
        self._runner = interpreter.get_signature_runner()
        (self._input,) = self._runner.get_input_details()
        self._lock = threading.Lock()

    def _run(self, square: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs by name, without the batch axis."""
        with self._lock:
            outputs = self._runner(**{self._input: square[None, :, :, None]})
            return {name: value[0] for name, value in outputs.items()}


class Classifier(_Network):
    """The exported VGG16 with its two heads."""

    def __call__(self, square: np.ndarray) -> ClassifierOutput:
        """Run the network once on float32 (CLASSIFIER_SIDE, CLASSIFIER_SIDE) in [0, 1]."""
        outputs = self._run(square)
        return ClassifierOutput(outputs["binary"], outputs["three_class"], outputs["features"])


class Autoencoder(_Network):
    """The exported autoencoder, with the one output `reconstruction`."""

    def __call__(self, square: np.ndarray) -> np.ndarray:
        """Reconstruct one image: float32 (side, side) in [0, 1] → the same shape and range."""
        return self._run(square)["reconstruction"][..., 0]


class Detector(_Network):
    """The exported detector of changes."""

    def __call__(self, square: np.ndarray) -> DetectorOutput:
        """Run the network once on float32 (side, side) in [0, 1]."""
        outputs = self._run(square)
        return DetectorOutput(outputs["change"][..., 0], outputs["regions"])
