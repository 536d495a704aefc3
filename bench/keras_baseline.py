"""Serves the same networks the obvious way, with Keras, as a baseline to measure ours against.

    python -m bench.keras_baseline prepare MODELS        # writes four .keras files
    python -m bench.keras_baseline serve MODELS          # a Gradio page around them
    python -m bench.keras_baseline batch MODELS IMAGES   # prints images per second over a folder

Three `predict` calls for two classes, three classes and the features, scikit-learn's exact
neighbours, and a Keras autoencoder, all loaded when the program starts. It reads files with our
code and has no detector, gate, saliency or report, so it does less than what it is compared to.
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
from sklearn.neighbors import NearestNeighbors

from cxr_demo.anomaly.reconstruction import AUTOENCODER_SIDE
from cxr_demo.artefacts import ASSETS, LIBRARY
from cxr_demo.models.networks import CLASSIFIER_SIDE
from cxr_demo.models.preprocessing import resize_square, to_network_input
from cxr_demo.reading.reader import Radiograph, read_radiograph
from cxr_demo.reference.neighbourhood import NEIGHBOURS

CLASSIFIERS = ("binary", "three_class", "features")
BATCH = 32


class KerasBaseline:
    """The models that `prepare` has written into a folder, and the nearest references."""

    def __init__(self, models: Path):
        self._classifiers = {
            name: keras.models.load_model(models / f"{name}.keras") for name in CLASSIFIERS
        }
        self._autoencoder = keras.models.load_model(models / "autoencoder.keras")
        self._search = NearestNeighbors(n_neighbors=NEIGHBOURS, metric="cosine", algorithm="brute")
        with np.load(ASSETS / LIBRARY) as library:
            self._search.fit(library["embeddings"].astype(np.float32))
            self._labels = library["labels"]

    def analyse(self, radiographs: list[Radiograph]) -> dict[str, list]:
        """Probabilities, the neighbours' votes and reconstruction errors of a batch."""
        squares = np.stack([to_network_input(one.pixels) for one in radiographs])
        seen, small = (
            np.stack([resize_square(square, side) for square in squares])[..., None]
            for side in (CLASSIFIER_SIDE, AUTOENCODER_SIDE)
        )
        found = {
            name: model.predict(seen, batch_size=BATCH, verbose=0)
            for name, model in self._classifiers.items()
        }
        _, rows = self._search.kneighbors(found["features"].mean(axis=(1, 2)))
        again = self._autoencoder.predict(small, batch_size=BATCH, verbose=0)
        return {
            "binary": keras.ops.softmax(found["binary"]).numpy().tolist(),
            "three_class": keras.ops.softmax(found["three_class"]).numpy().tolist(),
            "vote": [np.bincount(labels, minlength=3).tolist() for labels in self._labels[rows]],
            "error": np.square(again - small)[..., 0].tolist(),
        }


def prepare(models: Path) -> None:
    """Write each network as a float32 `.keras` file of its own, from the kept weights."""
    from train.models.networks import build_autoencoder, build_classifier
    from train.models.weights import load_quantised

    models.mkdir(parents=True, exist_ok=True)
    classifier, autoencoder = build_classifier(), build_autoencoder()
    load_quantised(classifier, ASSETS / "classifier/classifier.weights.h5")
    load_quantised(autoencoder, ASSETS / "autoencoder/autoencoder.weights.h5")
    for name in CLASSIFIERS:
        keras.Model(classifier.input, classifier.output[name]).save(models / f"{name}.keras")
    autoencoder.save(models / "autoencoder.keras")


def serve(models: Path) -> None:
    """Serve a page, where GRADIO_SERVER_PORT says, until stopped."""
    import gradio as gr

    baseline = KerasBaseline(models)

    def analyse(image: str) -> dict:  # the name of the parameter is that of our own endpoint
        return baseline.analyse([read_radiograph(Path(image).read_bytes())])

    gr.Interface(analyse, gr.File(type="filepath"), gr.JSON(), api_name="analyse").launch()


def batch(models: Path, images: Path) -> None:
    """Print how many images per second are read and analysed, after a first batch to warm up."""
    baseline = KerasBaseline(models)
    files = sorted(images.iterdir())

    def analyse(some: list[Path]) -> None:
        baseline.analyse([read_radiograph(file.read_bytes()) for file in some])

    analyse(files[:BATCH])
    began = time.perf_counter()
    for first in range(0, len(files), BATCH):
        analyse(files[first : first + BATCH])
    print(len(files) / (time.perf_counter() - began))


if __name__ == "__main__":
    commands = {"prepare": prepare, "serve": serve, "batch": batch}
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=commands)
    parser.add_argument("folders", type=Path, nargs="+", help="MODELS, and IMAGES for batch")
    chosen = parser.parse_args()
    commands[chosen.command](*chosen.folders)
