"""Times one way of analysing radiographs, in a process of its own.

    python -m bench.ways ours           # the Analyser that the server runs
    python -m bench.ways tf_function    # the same, with its Keras networks in plain `tf.function`s
    python -m bench.ways obvious        # `bench.keras_baseline`, after `prepare .work/bench`

Prints a JSON list: milliseconds of each analysis of a shipped example, from pixels to result.
"""

import argparse
import json
import time
from collections.abc import Callable

from bench.inputs import EXAMPLES
from bench.served import KERAS_MODELS
from cxr_demo.analysis import Analyser
from cxr_demo.anomaly.maps import DETECTOR_SIDE
from cxr_demo.anomaly.reconstruction import AUTOENCODER_SIDE
from cxr_demo.artefacts import ASSETS, Artefacts
from cxr_demo.models.networks import ClassifierOutput, DetectorOutput
from cxr_demo.reading.reader import read_radiograph

WARM_UP, ROUNDS = 4, 3


def ours() -> Callable:
    return Analyser(Artefacts()).analyse


def tf_function() -> Callable:
    import tensorflow as tf

    from train.models import networks
    from train.models.weights import load_quantised

    def compiled(name: str, model, side: int) -> Callable:
        load_quantised(model, ASSETS / name / f"{name}.weights.h5")
        run = tf.function(
            lambda images: model(images, training=False),
            input_signature=[tf.TensorSpec((1, side, side, 1), tf.float32)],
        )
        return lambda square: run(tf.constant(square[None, :, :, None]))

    detector_model = networks.add_region_features(networks.build_detector())
    classify = compiled("classifier", networks.build_classifier(), networks.CLASSIFIER_SIDE)
    detect = compiled("detector", detector_model, DETECTOR_SIDE)
    reconstruct = compiled("autoencoder", networks.build_autoencoder(), AUTOENCODER_SIDE)

    def classifier(square) -> ClassifierOutput:
        found = {name: value.numpy()[0] for name, value in classify(square).items()}
        return ClassifierOutput(found["binary"], found["three_class"], found["features"])

    def detector(square) -> DetectorOutput:
        found = detect(square)
        return DetectorOutput(found["change"].numpy()[0, ..., 0], found["regions"].numpy()[0])

    analyser = Analyser(Artefacts())
    analyser._classifier, analyser._detector = classifier, detector
    analyser._autoencoder = lambda square: reconstruct(square).numpy()[0, ..., 0]
    return analyser.analyse


def obvious() -> Callable:
    from bench.keras_baseline import KerasBaseline

    baseline = KerasBaseline(KERAS_MODELS)
    return lambda radiograph: baseline.analyse([radiograph])


WAYS = {way.__name__: way for way in (ours, tf_function, obvious)}


def milliseconds(run: Callable, inputs: list) -> list[float]:
    """Times of ROUNDS runs on every input, after a few to warm up."""
    for one in inputs[:WARM_UP]:
        run(one)
    taken = []
    for one in inputs * ROUNDS:
        began = time.perf_counter()
        run(one)
        taken.append(1000 * (time.perf_counter() - began))
    return taken


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("way", choices=WAYS)
    analyse = WAYS[parser.parse_args().way]()
    radiographs = [read_radiograph(file.read_bytes()) for file in EXAMPLES]
    print(json.dumps(milliseconds(analyse, radiographs)))
