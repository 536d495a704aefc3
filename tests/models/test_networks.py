"""The exported networks, through LiteRT."""

import threading

import numpy as np
import pytest

from cxr_demo.models.networks import CLASSIFIER_SIDE, Autoencoder, Classifier, Detector


@pytest.fixture(scope="module")
def classifier(tiny_assets):
    return Classifier((tiny_assets / "classifier/classifier.tflite").read_bytes())


@pytest.fixture(scope="module")
def autoencoder(tiny_assets):
    return Autoencoder((tiny_assets / "autoencoder/autoencoder.tflite").read_bytes())


def image(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((CLASSIFIER_SIDE, CLASSIFIER_SIDE), np.float32)


def test_one_pass_gives_all_outputs_and_a_unit_embedding(classifier):
    features = classifier(image(0))
    assert features.binary.shape == (2,)
    assert features.three_class.shape == (3,)
    assert features.feature_map.shape == (6, 6, 8)
    mean = features.feature_map.mean(axis=(0, 1))
    assert features.embedding == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_results_survive_the_next_pass(classifier):
    """LiteRT reuses its buffers; what was handed out must not change under its owner."""
    first = classifier(image(1))
    kept = first.feature_map.copy()
    classifier(image(2))
    assert np.array_equal(first.feature_map, kept)


def test_threads_do_not_mix_their_images(classifier):
    expected = [classifier(image(seed)).binary for seed in range(8)]
    found = [None] * 8

    def work(seed: int) -> None:
        for _ in range(5):
            found[seed] = classifier(image(seed)).binary

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.allclose(found, expected, atol=1e-6)


def test_the_autoencoder_keeps_shape(autoencoder):
    """The tiny one averages 8 x 8 blocks, so a constant image comes back as it is."""
    reconstruction = autoencoder(np.full((128, 128), 0.3, np.float32))
    assert reconstruction.shape == (128, 128)
    assert reconstruction == pytest.approx(0.3, abs=1e-3)


def test_the_detector_gives_logits_and_activations_of_cells(tiny_assets):
    """Of the tiny one both are the mean brightness of 8 x 8 pixels."""
    detector = Detector((tiny_assets / "detector/detector.tflite").read_bytes())
    square = np.zeros((160, 160), np.float32)
    square[:8, :8] = 1
    square[32:40, 64:76] = 1  # a cell and half of the next
    change = detector(square)
    assert change.logits.shape == (20, 20)
    assert change.logits[0, 0] == pytest.approx(1, abs=1e-3)
    assert change.logits[10, 10] == pytest.approx(0)
    expected = np.zeros((20, 20, 1))
    expected[0, 0] = expected[4, 8] = 1
    expected[4, 9] = 1 / 2
    assert change.regions == pytest.approx(expected, abs=1e-3)
