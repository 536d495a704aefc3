"""The exported networks, through LiteRT."""

import threading

import numpy as np
import pytest

from cxr_demo.models.networks import Autoencoder, Classifier, Detector


@pytest.fixture(scope="module")
def classifier(tiny_assets):
    return Classifier((tiny_assets / "classifier/classifier.tflite").read_bytes())


@pytest.fixture(scope="module")
def autoencoder(tiny_assets):
    return Autoencoder((tiny_assets / "autoencoder/autoencoder.tflite").read_bytes())


def image(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((224, 224), np.float32)


def test_one_pass_gives_all_outputs_and_a_unit_embedding(classifier):
    features = classifier(image(0))
    assert features.binary.shape == (2,)
    assert features.three_class.shape == (3,)
    assert features.feature_map.shape == (7, 7, 4)
    assert np.linalg.norm(features.embedding) == pytest.approx(1, abs=1e-6)


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


def test_the_detector_gives_logits_of_cells_and_means_of_regions(tiny_assets):
    """The tiny one's logits are the mean brightness of 8 x 8 pixels, a region's that of 32 x 32."""
    detector = Detector((tiny_assets / "detector/detector.tflite").read_bytes())
    square = np.zeros((160, 160), np.float32)
    square[:8, :8] = 1
    square[32:40, 64:80] = 1  # two of the sixteen cells of the region in the middle of the top row
    change = detector(square)
    assert change.logits.shape == (20, 20)
    assert change.logits[0, 0] == pytest.approx(1, abs=1e-3)
    assert change.logits[10, 10] == pytest.approx(0)
    expected = np.zeros((3, 3, 1))
    expected[0, 1] = 2 / 16
    assert change.regions == pytest.approx(expected, abs=1e-3)
