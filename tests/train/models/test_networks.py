"""Keras graphs, exports and the training loop, at the smallest size that shows the behaviour."""

import json

import keras
import numpy as np
import pytest

from cxr_demo.models.networks import Classifier
from train.data.augment import ViewRecipe
from train.data.batches import ClassifierViews
from train.data.kermany import Images
from train.models.export import export
from train.models.networks import (
    add_region_features,
    build_autoencoder,
    build_classifier,
    build_detector,
    build_variance_autoencoder,
)
from train.models.training import (
    SNAPSHOTS,
    ClassifierRecipe,
    check_same_run,
    describe_run,
    snapshot,
    train_epochs,
)
from train.models.weights import load_quantised, save_quantised


@pytest.fixture(scope="module")
def classifier():
    keras.utils.set_random_seed(1)
    return build_classifier(224)


def images(n: int = 12) -> Images:
    rng = np.random.default_rng(0)
    return Images(
        ids=np.array([f"i{i}" for i in range(n)]),
        patients=np.array([f"p{i}" for i in range(n)]),
        labels=np.array([0, 1, 1, 2] * (n // 4)),
        pixels=rng.integers(0, 256, (n, 224, 224), np.uint8),
    )


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
    embedding = np.asarray(trained["embedding"])[0]
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


def test_regions_are_means_over_the_middle_of_the_detector_s_trunk():
    detector = build_detector(160)
    model = add_region_features(detector)
    image = np.random.default_rng(0).random((1, 160, 160, 1), np.float32)
    outputs = model(image)
    assert outputs["regions"].shape == (1, 3, 3, 512)
    np.testing.assert_allclose(outputs["change"], detector(image), atol=1e-5)
    even = keras.Model(detector.input, detector.get_layer("even").output)(image)
    expected = np.asarray(even)[0, 8:12, 12:16].mean(axis=(0, 1))
    np.testing.assert_allclose(outputs["regions"][0, 1, 2], expected, atol=1e-4)


def test_a_cell_of_the_detector_sees_the_other_lung():
    keras.utils.set_random_seed(1)
    model = build_detector(160)
    image = np.random.default_rng(0).random((1, 160, 160, 1), np.float32)
    changed = image.copy()
    changed[:, 70:90, 120:140] = 0
    cells = [np.asarray(model(picture))[0, ..., 0] for picture in (image, changed)]
    assert np.abs(cells[1] - cells[0])[10, 5] > 1e-6


def test_class_weights_balance_each_head():
    data = images()
    views = ClassifierViews(data, ViewRecipe(), 12, np.random.default_rng(0))
    _, targets, weights = views[0]
    for head in ("binary", "three_class"):
        totals = (targets[head] * weights[head][:, None]).sum(axis=0)
        assert totals == pytest.approx(np.full(len(totals), 12 / len(totals)))


def test_unbalanced_every_image_weighs_alike_and_only_what_is_trained_has_targets():
    recipe, rng = ViewRecipe(), np.random.default_rng(0)
    views = ClassifierViews(images(), recipe, 4, rng, ("three_class", "embedding"), balanced=False)
    _, targets, weights = views[0]
    assert set(targets) == set(weights) == {"three_class", "embedding"}
    assert np.array_equal(targets["embedding"], targets["three_class"])
    assert all((values == 1).all() for values in weights.values())


def test_views_depend_on_the_epochs_seed_alone():
    first, again, other = (
        ClassifierViews(images(), ViewRecipe(), 4, np.random.default_rng(seed))[1][0]
        for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_borders_are_lent_by_every_class_alike():
    data = images(1200)
    views = ClassifierViews(data, ViewRecipe(), 4, np.random.default_rng(0))
    lent = np.bincount(data.labels[views.others])
    assert lent == pytest.approx(np.full(3, 400), abs=60)  # standard deviation 16


def test_an_interrupted_training_goes_on_where_it_stopped(tmp_path):
    """Two epochs, then four, must end exactly where four in one go end."""

    class Batches(keras.utils.PyDataset):
        def __init__(self, epoch):
            super().__init__()
            self.x = np.random.default_rng(epoch).normal(size=(2, 4, 3)).astype(np.float32)

        def __len__(self):
            return 2

        def __getitem__(self, index):
            return self.x[index], self.x[index].sum(axis=1, keepdims=True)

    def build():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.1), loss="mse")
        return model

    def train(epochs, work):
        return train_epochs(
            build, Batches, lambda _: {}, epochs, work, {"recipe": "a"}
        ).get_weights()

    train(2, tmp_path / "broken")
    resumed, straight = train(4, tmp_path / "broken"), train(4, tmp_path / "straight")
    for a, b in zip(resumed, straight, strict=True):
        assert a == pytest.approx(b, abs=1e-6)
    history = json.loads((tmp_path / "broken/history.json").read_text())
    assert [entry["epoch"] for entry in history] == [1, 2, 3, 4]


def test_the_last_epochs_are_kept_one_by_one(tmp_path):
    def build():
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(0.1), loss="mse")
        return model

    class Batches(keras.utils.PyDataset):
        def __init__(self, epoch):
            super().__init__()

        def __len__(self):
            return 1

        def __getitem__(self, index):
            return np.ones((4, 3), np.float32), np.zeros((4, 1), np.float32)

    model = train_epochs(build, Batches, lambda _: {}, SNAPSHOTS + 2, tmp_path, {"recipe": "a"})
    kept = sorted(file.name for file in tmp_path.glob("epoch*"))
    assert kept == [snapshot(tmp_path, epoch).name for epoch in range(3, SNAPSHOTS + 3)]
    last = build()
    last.load_weights(snapshot(tmp_path, SNAPSHOTS + 2))
    for kept_array, array in zip(last.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept_array, array)


def test_another_training_is_not_taken_for_this_one(tmp_path):
    check_same_run(tmp_path, {"recipe": "a", "images": "1"})
    check_same_run(tmp_path, {"recipe": "a", "images": "1"})
    with pytest.raises(SystemExit, match="another recipe or other images"):
        check_same_run(tmp_path, {"recipe": "b", "images": "1"})


def test_a_run_is_known_by_its_recipe_and_its_pixels():
    first, same = images(), images()
    assert describe_run(ClassifierRecipe(), first) == describe_run(ClassifierRecipe(), same)
    assert describe_run(ClassifierRecipe(), first) != describe_run(ClassifierRecipe(seed=1), first)
    same.pixels[0, 0, 0] ^= 1
    assert describe_run(ClassifierRecipe(), first) != describe_run(ClassifierRecipe(), same)


def test_the_variance_autoencoder_gives_a_mean_and_a_log_variance_per_pixel():
    model = build_variance_autoencoder(side=32, latent=5, width=4)
    assert model.output_shape == (None, 32, 32, 2)
    assert model.get_layer("code").output.shape == (None, 5)
