"""Scores of the unusual, on points whose distances are known."""

import numpy as np
import pytest

from train.experiments.feature_scores import (
    FEATURE_SCORES,
    pooled_neighbours,
    regional_gaussians,
    structural_dissimilarity,
)


def usual(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 3, 3, 4)).astype(np.float32)


@pytest.mark.parametrize("fit", FEATURE_SCORES.values(), ids=FEATURE_SCORES.keys())
def test_what_is_far_from_all_training_images_scores_higher(fit):
    score = fit(usual(500, 0) + 10)
    seen = usual(50, 1) + 10
    strange = seen + np.array([0, 8, -8, 8])
    assert score(strange).shape == (50,)
    assert score(strange).min() > np.median(score(seen))


def test_one_strange_region_is_enough_for_the_gaussians_of_regions():
    score = regional_gaussians(usual(500, 0))
    seen = usual(1, 1)
    strange = seen.copy()
    strange[0, 2, 1] = 6
    # Four channels six standard deviations off: a squared distance of about 144.
    assert score(strange)[0] == pytest.approx(np.log(144), abs=0.3)
    assert score(seen)[0] < np.log(30)


def test_a_training_image_repeated_five_times_has_itself_for_neighbours():
    training = np.repeat(usual(20, 0), 5, axis=0)
    assert pooled_neighbours(training)(training[:1]) == pytest.approx([0], abs=1e-6)


def test_structure_of_an_image_is_like_itself_and_unlike_noise():
    rng = np.random.default_rng(0)
    image, other = rng.random((2, 64, 64), dtype=np.float32)
    assert structural_dissimilarity(image, image) == pytest.approx(0, abs=1e-6)
    assert structural_dissimilarity(image, other) > 0.7
    # Even greys have no structure: what is left is the luminance, (2ab + c)/(a² + b² + c).
    dark, bright = np.full((2, 32, 32), [[[0.2]], [[0.6]]], np.float32)
    expected = 1 - (2 * 0.12 + 1e-4) / (0.04 + 0.36 + 1e-4)
    assert structural_dissimilarity(dark, bright) == pytest.approx(expected, rel=1e-3)
