"""Keras graphs and exports, at the smallest size that shows the behaviour."""

import keras
import numpy as np
import pytest

from cxr_demo.models.networks import Classifier
from train.models.export import export
from train.models.networks import (
    add_region_features,
    build_autoencoder,
    build_classifier,
    build_detector,
)
from train.models.weights import load_quantised, save_quantised


@pytest.fixture(scope="module")
def classifier():
    keras.utils.set_random_seed(1)
    return build_classifier(224)


def test_the_classifier_gives_two_heads_an_embedding_and_a_feature_map(classifier):
    shapes = {name: output.shape[1:] for name, output in classifier.output.items()}
    assert shapes == {
        "binary": (2,),
        "three_class": (3,),
        "embedding": (256,),
        "features": (7, 7, 512),
    }


def test_only_blocks_four_and_five_learn(classifier):
    trained = {layer.name[:6] for layer in classifier.get_layer("vgg16").layers if layer.trainable}
    assert trained == {"block4", "block5"}


def test_vgg_scaling_is_part_of_the_graph(classifier):
    """Grey 1.0 becomes 255 in every channel, less ImageNet's blue, green and red means."""
    inputs = classifier.get_layer("vgg_scale").output
    scaled = keras.Model(classifier.input, inputs)(np.ones((1, 224, 224, 1), np.float32))
    assert np.asarray(scaled)[0, 0, 0] == pytest.approx([151.061, 138.221, 131.32], abs=1e-3)


def test_kept_weights_and_export_agree_with_the_trained_model(classifier, tmp_path):
    classifier.save_weights(tmp_path / "full.weights.h5")
    save_quantised(tmp_path / "full.weights.h5", tmp_path / "kept.weights.h5")
    kept = build_classifier(224)
    load_quantised(kept, tmp_path / "kept.weights.h5")
    assert all(w.dtype == "float32" for w in kept.weights)
    for before, after in zip(classifier.get_weights(), kept.get_weights(), strict=True):
        np.testing.assert_allclose(after, before, rtol=0, atol=np.abs(before).max() / 250 + 1e-3)
    square = np.random.default_rng(0).random((224, 224), np.float32)
    served = Classifier(export(kept, quantised=True))(square)
    trained = classifier(square[None, ..., None], training=False)
    embedding = np.asarray(trained["features"])[0].mean(axis=(0, 1))
    assert served.embedding @ embedding / np.linalg.norm(embedding) > 0.99


def test_a_kernel_is_kept_in_8_bits_channel_by_channel_and_packing_again_changes_nothing(tmp_path):
    inputs = keras.Input((8, 8, 64), name="image")
    model = keras.Model(inputs, keras.layers.Conv2D(8, 3, name="conv")(inputs))
    kernel, bias = model.get_weights()
    kernel[..., 1] *= 1000
    kernel[..., 2] = 0
    model.set_weights([kernel, bias])
    model.save_weights(tmp_path / "full.weights.h5")
    save_quantised(tmp_path / "full.weights.h5", tmp_path / "kept.weights.h5")
    load_quantised(model, tmp_path / "kept.weights.h5")
    after = model.get_weights()[0]
    for channel in range(8):
        step = float(np.abs(kernel[..., channel]).max()) / 127
        assert after[..., channel] == pytest.approx(kernel[..., channel], abs=step / 2 + 1e-6)
    model.save_weights(tmp_path / "again.weights.h5")
    save_quantised(tmp_path / "again.weights.h5", tmp_path / "twice.weights.h5")
    load_quantised(model, tmp_path / "twice.weights.h5")
    assert model.get_weights()[0] == pytest.approx(after, rel=1e-6)


def test_the_autoencoder_squeezes_its_input_through_a_small_vector():
    model = build_autoencoder(side=32, latent=5, width=4)
    assert model.output.shape == (None, 32, 32, 1)
    assert model.get_layer("code").output.shape == (None, 5)
    joins = [layer for layer in model.layers if isinstance(layer, keras.layers.Concatenate)]
    assert joins == []


def test_the_detector_has_a_cell_for_8_pixels_and_leaves_the_first_blocks_alone():
    model = build_detector(64)
    assert model.output.shape == (None, 8, 8, 1)
    trained = {layer.name[:6] for layer in model.get_layer("vgg16").layers if layer.trainable}
    assert trained == {"block3", "block4"}
    assert model.count_params() < 4_500_000


def test_regions_are_activations_of_the_detector_s_trunk():
    detector = build_detector(160)
    model = add_region_features(detector)
    image = np.random.default_rng(0).random((1, 160, 160, 1), np.float32)
    outputs = model(image)
    assert outputs["regions"].shape == (1, 20, 20, 512)
    np.testing.assert_allclose(outputs["change"], detector(image), atol=1e-5)
    even = keras.Model(detector.input, detector.get_layer("even").output)(image)
    np.testing.assert_allclose(outputs["regions"], even, atol=1e-4)


def test_a_cell_of_the_detector_sees_the_other_lung():
    keras.utils.set_random_seed(1)
    model = build_detector(160)
    image = np.random.default_rng(0).random((1, 160, 160, 1), np.float32)
    changed = image.copy()
    changed[:, 70:90, 120:140] = 0
    cells = [np.asarray(model(picture))[0, ..., 0] for picture in (image, changed)]
    assert np.abs(cells[1] - cells[0])[10, 5] > 1e-6
