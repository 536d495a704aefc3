"""A Keras baseline to measure ours against: the obvious way to serve the same networks.

    python -m bench.keras_baseline prepare FOLDER        # four .keras files, from the kept weights
    python -m bench.keras_baseline serve FOLDER PORT     # a Gradio page around them

Three `predict` calls for two classes, three classes and the embedding, scikit-learn's exact
neighbours, and a Keras autoencoder, loaded when the program starts. It reads files by the same code
as ours and has no detector, gate, saliency or report, so it does less than what it is compared to.
"""

import argparse
import io
import sys
from pathlib import Path

import keras
import numpy as np
from sklearn.neighbors import NearestNeighbors

from cxr_demo.anomaly.maps import AUTOENCODER_SIDE
from cxr_demo.artefacts import ASSETS, LIBRARY, Artefacts
from cxr_demo.models.preprocessing import resize_square, to_network_input
from cxr_demo.reading.reader import Radiograph, read_radiograph
from cxr_demo.reference.neighbourhood import NEIGHBOURS

CLASSIFIERS = ("binary", "three_class", "embedding")


def prepare(folder: Path) -> None:
    """Write each network as a `.keras` file of its own, float32, as Keras keeps models."""
    from train.models.networks import build_autoencoder, build_classifier
    from train.models.weights import load_quantised

    folder.mkdir(parents=True, exist_ok=True)
    classifier, autoencoder = build_classifier(), build_autoencoder()
    load_quantised(classifier, ASSETS / "classifier/classifier.weights.h5")
    load_quantised(autoencoder, ASSETS / "autoencoder/autoencoder.weights.h5")
    for name in CLASSIFIERS:
        keras.Model(classifier.input, classifier.output[name]).save(folder / f"{name}.keras")
    autoencoder.save(folder / "autoencoder.keras")


class KerasBaseline:
    """What most would write.

    Args:
        folder: with what `prepare` has written.
    """

    def __init__(self, folder: Path):
        self._classifiers = {
            name: keras.models.load_model(folder / f"{name}.keras") for name in CLASSIFIERS
        }
        self._autoencoder = keras.models.load_model(folder / "autoencoder.keras")
        with np.load(io.BytesIO(Artefacts().read(LIBRARY)), allow_pickle=False) as library:
            self._search = NearestNeighbors(
                n_neighbors=NEIGHBOURS, metric="cosine", algorithm="brute"
            ).fit(library["embeddings"].astype(np.float32))
            self._labels = library["labels"]

    def analyse(self, radiograph: Radiograph) -> dict:
        """Probabilities, vote and reconstruction error of one radiograph."""
        return self.analyse_all([radiograph])[0]

    def analyse_all(self, radiographs: list[Radiograph]) -> list[dict]:
        """The same of a batch."""
        squares = np.stack([to_network_input(one.pixels) for one in radiographs])
        small = np.stack([resize_square(square, AUTOENCODER_SIDE) for square in squares])[..., None]
        found = {
            name: model.predict(squares[..., None], batch_size=32, verbose=0)
            for name, model in self._classifiers.items()
        }
        _, rows = self._search.kneighbors(found["embedding"])
        again = self._autoencoder.predict(small, batch_size=32, verbose=0)
        errors = np.square(again - small)[..., 0]
        return [
            {
                "binary": keras.ops.softmax(found["binary"][i]).numpy().tolist(),
                "three_class": keras.ops.softmax(found["three_class"][i]).numpy().tolist(),
                "vote": np.bincount(self._labels[rows[i]], minlength=3).tolist(),
                "error": errors[i].tolist(),
            }
            for i in range(len(radiographs))
        ]


def serve(folder: Path, port: int) -> None:
    """A page around it, until stopped."""
    import gradio as gr

    models = KerasBaseline(folder)

    def analyse(path: str) -> dict:
        return models.analyse(read_radiograph(Path(path).read_bytes()))

    page = gr.Interface(analyse, gr.File(type="filepath"), gr.JSON(), api_name="analyse")
    page.launch(server_port=port)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("prepare", "serve"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int, nargs="?")
    chosen = parser.parse_args()
    if chosen.what == "prepare":
        prepare(chosen.folder)
    else:
        serve(chosen.folder, chosen.port)


if __name__ == "__main__":
    sys.exit(main())
