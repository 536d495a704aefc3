"""Keras graphs: the VGG16 trunk with heads or a map, the report's classifier, the autoencoder.

Every graph takes grey float32 (batch, side, side, 1) in [0, 1], as `cxr_demo.models.preprocessing`
makes it; what a network needs beyond that is a layer of its own graph, so that an export carries
it.
"""

from pathlib import Path

import keras
import numpy as np
from keras import layers

from cxr_demo.anomaly.maps import DETECTOR_SIDE
from cxr_demo.anomaly.reconstruction import AUTOENCODER_SIDE
from cxr_demo.models.networks import CLASSIFIER_SIDE
from cxr_demo.models.preprocessing import SIDE

EMBEDDING_SIZE = 256
CONTEXT, CONTEXT_WIDTH = (1, 2, 4, 8), 128
"""Dilations, in cells of 8 pixels, and channels of the detector's context."""
IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)


def build_classifier(
    side: int | None = CLASSIFIER_SIDE,
    trunk_weights: Path | None = None,
    first_trainable_block: int = 4,
    dropout: float = 0.3,
) -> keras.Model:
    """One VGG16 trunk, one embedding, two heads: everything from one forward pass.

    Args:
        side: edge of the input; None leaves it open (multiples of 32).
        trunk_weights: `include_top=False` weights for the trunk; None starts at random.
        first_trainable_block: VGG16 blocks below this one stay frozen; 6 freezes all.
        dropout: rate between the embedding and the heads.

    Returns:
        A model with the outputs `binary` (batch, 2) and `three_class` (batch, 3), both logits,
        `embedding` (batch, 256), what the heads read, and `features` (batch, side/32, side/32,
        512), whose mean is what serves as embedding (`cxr_demo.models.networks`).
    """
    image = keras.Input((side, side, 1), name="image")
    trunk = _trunk(side, trunk_weights)
    _freeze_below(trunk, first_trainable_block)
    features = trunk(_on_vgg_scale(image))
    pooled = layers.GlobalAveragePooling2D(name="pool")(features)
    embedding = layers.Dense(EMBEDDING_SIZE, activation="gelu", name="embedding")(pooled)
    dropped = layers.Dropout(dropout, name="dropout")(embedding)
    outputs = {
        "binary": layers.Dense(2, dtype="float32", name="binary")(dropped),
        "three_class": layers.Dense(3, dtype="float32", name="three_class")(dropped),
        "embedding": embedding,
        "features": features,
    }
    return keras.Model(image, outputs, name="classifier")


def build_detector(
    side: int | None = DETECTOR_SIDE,
    trunk_weights: Path | None = None,
    first_trainable_block: int = 3,
) -> keras.Model:
    """How much of each cell of a radiograph looks changed: VGG16 up to its block 4, then context.

    Dilated convolutions (Yu and Koltun, 2016) let every cell see the other lung without giving up
    resolution; they stand in for the rest of VGG16 at a tenth of its weights.

    Args:
        side: edge of the input; None leaves it open (multiples of 8).
        trunk_weights: `include_top=False` weights for the trunk; None starts at random.
        first_trainable_block: VGG16 blocks below this one stay frozen.

    Returns:
        A model from (batch, side, side, 1) to `change` (batch, side/8, side/8, 1), logits.
    """
    image = keras.Input((side, side, 1), name="image")
    trunk = _trunk(side, trunk_weights)
    _freeze_below(trunk, first_trainable_block)
    lower = keras.Model(trunk.input, trunk.get_layer("block4_conv1").output, name="vgg16")
    # VGG16's activations reach hundreds: without this step the first logits do too.
    x = layers.LayerNormalization(name="even")(lower(_on_vgg_scale(image)))
    x = layers.Conv2D(CONTEXT_WIDTH, 1, activation="gelu", name="narrow")(x)
    for dilation in CONTEXT:
        wider = layers.Conv2D(
            CONTEXT_WIDTH, 3, padding="same", dilation_rate=dilation, activation="gelu",
            name=f"context{dilation}",
        )(x)  # fmt: skip
        x = layers.Add(name=f"with_context{dilation}")([x, wider])
    change = layers.Conv2D(1, 1, dtype="float32", name="change")(x)
    return keras.Model(image, change, name="detector")


def add_region_features(detector: keras.Model) -> keras.Model:
    """The detector as it serves: its map, and what PaDiM and the input check need.

    Returns:
        A model from (batch, side, side, 1) to `change`, as before, and `regions`
        (batch, side/8, side/8, 512): activations of the trunk, channels evened out.
    """
    regions = detector.get_layer("even").output
    return keras.Model(detector.input, {"change": detector.output, "regions": regions})


def build_report_classifier(
    classes: int, side: int = SIDE, trunk_weights: Path | None = None
) -> keras.Model:
    """The report's classifier: every VGG16 layer free, Flatten, two dense layers with dropout.

    The trunk is fed greys in [0, 1], as in the Keras tutorials of its time. VGG16's own scale, 255
    times as large, makes SGD at the report's rate diverge within 20 steps (seen at 64 px).

    Args:
        classes: 2 or 3.
        side: edge of the input.
        trunk_weights: as for `build_classifier`.

    Returns:
        A model from (batch, side, side, 1) to probabilities (batch, classes); its layer `dense2`
        is the penultimate one.
    """
    image = keras.Input((side, side, 1), name="image")
    trunk = _trunk(side, trunk_weights)
    x = layers.Flatten(name="flatten")(trunk(_in_three_channels(image)))
    x = layers.Dropout(0.5)(layers.Dense(256, activation="relu", name="dense1")(x))
    x = layers.Dropout(0.5)(layers.Dense(128, activation="relu", name="dense2")(x))
    output = layers.Dense(classes, activation="softmax", dtype="float32", name="classes")(x)
    return keras.Model(image, output, name="report_classifier")


def _freeze_below(trunk: keras.Model, first_trainable_block: int) -> None:
    """Leave the blocks below one as they came; 6 freezes all."""
    for layer in trunk.layers:
        layer.trainable = layer.name.startswith("block") and (
            int(layer.name[5]) >= first_trainable_block
        )


def _on_vgg_scale(image: keras.KerasTensor) -> keras.KerasTensor:
    """Grey in [0, 1] as VGG16 learned colours: three channels to 255, less ImageNet's mean."""
    return layers.Rescaling(255.0, [-mean for mean in IMAGENET_MEAN_BGR], name="vgg_scale")(
        _in_three_channels(image)
    )


def _in_three_channels(image: keras.KerasTensor) -> keras.KerasTensor:
    """Grey (batch, side, side, 1) as blue, green and red, the order VGG16 learned in."""
    return layers.Concatenate(name="grey_to_bgr")([image] * 3)


def _trunk(side: int | None, weights: Path | None) -> keras.Model:
    """VGG16's convolutions for images of a given side."""
    trunk = keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(side, side, 3), name="vgg16"
    )
    if weights is not None:
        trunk.load_weights(weights)
    return trunk


def build_autoencoder(
    side: int = AUTOENCODER_SIDE, latent: int = 64, width: int = 16
) -> keras.Model:
    """The report's convolutional autoencoder: no skip connections, so it cannot copy its input.

    Args:
        side: edge of the input, a multiple of 16.
        latent: size of the bottleneck vector.
        width: channels after the first convolution, doubled at each of the four halvings.

    Returns:
        A model from (batch, side, side, 1) to its reconstruction, same shape, in [0, 1].
    """
    image = keras.Input((side, side, 1), name="image")
    x = image
    for level in range(4):
        x = layers.Conv2D(width * 2**level, 3, strides=2, padding="same", name=f"down{level}")(x)
        x = layers.BatchNormalization(name=f"down{level}_norm")(x)
        x = layers.LeakyReLU(0.1, name=f"down{level}_act")(x)
    shape = x.shape[1:]
    code = layers.Dense(latent, name="code")(layers.Flatten(name="flatten")(x))
    x = layers.Reshape(shape, name="unflatten")(
        layers.Dense(int(np.prod(shape)), activation="relu", name="decode")(code)
    )
    for level in reversed(range(4)):
        x = layers.UpSampling2D(interpolation="bilinear", name=f"up{level}_scale")(x)
        x = layers.Conv2D(max(width * 2**level // 2, 16), 3, padding="same", name=f"up{level}")(x)
        x = layers.BatchNormalization(name=f"up{level}_norm")(x)
        x = layers.LeakyReLU(0.1, name=f"up{level}_act")(x)
    output = layers.Conv2D(1, 3, padding="same", activation="sigmoid", name="reconstruction")(x)
    return keras.Model(image, output, name="autoencoder")
