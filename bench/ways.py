"""One way of analysing radiographs, in a process of its own, timed: `python -m bench.ways NAME`.

    ours           the Analyser that serves
    tf_function    the same with its three networks as plain `tf.function`s of the Keras models
    obvious        Keras `predict`, see `bench.keras_baseline`

Prints one JSON line: milliseconds of each whole analysis of the shipped examples, from pixels to
everything that is said of them, and of the classifier's pass alone; with `--batch FOLDER` images
per second over the files of a folder, reading included, in batches of 32.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

from cxr_demo.analysis import Analyser  # before NumPy: it says how many threads that takes
from cxr_demo.anomaly.maps import AUTOENCODER_SIDE, DETECTOR_SIDE
from cxr_demo.artefacts import ASSETS, Artefacts
from cxr_demo.models.networks import ClassifierOutput, DetectorOutput
from cxr_demo.models.preprocessing import SIDE, to_network_input
from cxr_demo.reading.reader import read_radiograph

WARM_UP, ROUNDS, BATCH = 4, 3, 32


def ours(_: Path) -> tuple[Callable, Callable]:
    """What serves."""
    analyser = Analyser(Artefacts())
    return analyser.analyse, analyser._classifier


def tf_function(_: Path) -> tuple[Callable, Callable]:
    """The same, its networks run by TensorFlow as Keras made them."""
    import numpy as np
    import tensorflow as tf

    from train.models.networks import (
        add_region_features,
        build_autoencoder,
        build_classifier,
        build_detector,
    )
    from train.models.weights import load_quantised

    def compiled(name: str, model, side: int) -> Callable:
        load_quantised(model, ASSETS / name / f"{name}.weights.h5")
        run = tf.function(
            lambda images: model(images, training=False),
            input_signature=[tf.TensorSpec((1, side, side, 1), tf.float32)],
        )
        return lambda square: run(tf.constant(square[None, :, :, None]))

    classify = compiled("classifier", build_classifier(), SIDE)
    detect = compiled("detector", add_region_features(build_detector()), DETECTOR_SIDE)
    reconstruct = compiled("autoencoder", build_autoencoder(), AUTOENCODER_SIDE)

    def classifier(square) -> ClassifierOutput:
        found = {name: value.numpy()[0] for name, value in classify(square).items()}
        embedding = found["embedding"] / np.linalg.norm(found["embedding"])
        return ClassifierOutput(found["binary"], found["three_class"], embedding, found["features"])

    def detector(square) -> DetectorOutput:
        found = detect(square)
        return DetectorOutput(found["change"].numpy()[0, ..., 0], found["regions"].numpy()[0])

    analyser = Analyser(Artefacts())
    analyser._classifier, analyser._detector = classifier, detector
    analyser._autoencoder = lambda square: reconstruct(square).numpy()[0, ..., 0]
    return analyser.analyse, classifier


def obvious(folder: Path) -> tuple[Callable, Callable]:
    """Keras, and scikit-learn."""
    from bench.keras_baseline import KerasBaseline

    models = KerasBaseline(folder)
    predict = models._classifiers["binary"].predict
    return models.analyse, lambda square: predict(square[None, :, :, None], verbose=0)


def milliseconds(run: Callable, inputs: list) -> list[float]:
    """How long each of the inputs takes, some rounds of all, after a few to warm up."""
    for one in inputs[:WARM_UP]:
        run(one)
    taken = []
    for one in inputs * ROUNDS:
        began = time.perf_counter()
        run(one)
        taken.append(1000 * (time.perf_counter() - began))
    return taken


def images_per_second(keras_models: Path, folder: Path) -> float:
    """The obvious way over a folder: read 32, predict 32."""
    from bench.keras_baseline import KerasBaseline

    models = KerasBaseline(keras_models)
    files = sorted(folder.iterdir())
    models.analyse_all([read_radiograph(file.read_bytes()) for file in files[:BATCH]])
    began = time.perf_counter()
    for first in range(0, len(files), BATCH):
        some = [read_radiograph(file.read_bytes()) for file in files[first : first + BATCH]]
        models.analyse_all(some)
    return len(files) / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("way", choices=("ours", "tf_function", "obvious"))
    parser.add_argument(
        "models", type=Path, help="where `bench.keras_baseline prepare` has written"
    )
    parser.add_argument("--batch", type=Path, help="folder of images")
    chosen = parser.parse_args()
    if chosen.batch:
        print(json.dumps({"images_per_s": images_per_second(chosen.models, chosen.batch)}))
        return
    artefacts = Artefacts()
    names = [path for path in artefacts.paths if path.startswith("examples/")]
    examples = [read_radiograph(artefacts.read(name)) for name in names if "CARD" not in name]
    analyse, classify = globals()[chosen.way](chosen.models)
    squares = [to_network_input(example.pixels) for example in examples]
    print(
        json.dumps(
            {"analysis": milliseconds(analyse, examples), "pass": milliseconds(classify, squares)}
        )
    )


if __name__ == "__main__":
    main()
