"""One forward pass. Loads the exported (LiteRT) networks; no training framework is imported.

Data contract: float32 (SIDE, SIDE) in [0, 1] from `preprocessing` → `ClassifierOutput`; for the
autoencoder float32 (side, side) in [0, 1] → the same; for the detector the same in,
`DetectorOutput` out.
"""

import os
import threading
from dataclasses import dataclass

import numpy as np
from ai_edge_litert.interpreter import Interpreter


@dataclass(frozen=True)
class ClassifierOutput:
    """Everything the classifier says of one image, from one pass.

    Attributes:
        binary: logits (2,), normal and pneumonia.
        three_class: logits (3,), normal, bacterial and viral.
        embedding: float32 (D,), of unit length.
        feature_map: float32 (7, 7, 512), the trunk's last convolutional output.
    """

    binary: np.ndarray
    three_class: np.ndarray
    embedding: np.ndarray
    feature_map: np.ndarray


@dataclass(frozen=True)
class DetectorOutput:
    """What the detector sees in one image.

    Attributes:
        logits: float32 (cells, cells), of the share of each cell that looks changed.
        regions: float32 (R, R, C), mean activations of its trunk in the regions of the middle.
    """

    logits: np.ndarray
    regions: np.ndarray


class Classifier:
    """The exported VGG16 with its two heads and its embedding.

    Args:
        model: the content of a LiteRT file with the outputs of
            `train.models.networks.build_classifier`.
        threads: CPU threads for one pass; None takes all cores.
    """

    def __init__(self, model: bytes, threads: int | None = None):
        self._run = _signature(model, threads)

    def __call__(self, square: np.ndarray) -> ClassifierOutput:
        """Run the network once.

        Args:
            square: float32 (SIDE, SIDE) in [0, 1].
        """
        outputs = self._run(square)
        embedding = outputs["embedding"][0]
        return ClassifierOutput(
            binary=outputs["binary"][0],
            three_class=outputs["three_class"][0],
            embedding=embedding / np.linalg.norm(embedding),
            feature_map=outputs["features"][0],
        )


class Autoencoder:
    """The exported autoencoder.

    Args:
        model: the content of a LiteRT file with the one output `reconstruction`.
        threads: CPU threads for one pass; None takes all cores.
    """

    def __init__(self, model: bytes, threads: int | None = None):
        self._run = _signature(model, threads)

    def __call__(self, square: np.ndarray) -> np.ndarray:
        """Reconstruct one image: float32 (side, side) in [0, 1] → the same shape and range."""
        return self._run(square)["reconstruction"][0, ..., 0]


class Detector:
    """The exported detector of change.

    Args:
        model: the content of a LiteRT file with the outputs of
            `train.models.networks.add_region_features`.
        threads: CPU threads for one pass; None takes all cores.
    """

    def __init__(self, model: bytes, threads: int | None = None):
        self._run = _signature(model, threads)

    def __call__(self, square: np.ndarray) -> DetectorOutput:
        """Run the network once on float32 (side, side) in [0, 1]."""
        outputs = self._run(square)
        return DetectorOutput(outputs["change"][0, ..., 0], outputs["regions"][0])


def _signature(model: bytes, threads: int | None):
    """Wrap a LiteRT model as a function of one square image, safe to call from threads."""
    interpreter = Interpreter(model_content=model, num_threads=threads or os.cpu_count())
    runner = interpreter.get_signature_runner()
    (input_name,) = runner.get_input_details()
    lock = threading.Lock()

    def run(square: np.ndarray) -> dict[str, np.ndarray]:
        with lock:
            outputs = runner(**{input_name: square[None, :, :, None]})
        return {name: np.array(value) for name, value in outputs.items()}

    return run
