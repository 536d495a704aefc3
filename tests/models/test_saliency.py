"""Saliency of small heads, against derivatives taken by hand and by small steps."""

import numpy as np
import pytest
from scipy.stats import norm

from cxr_demo.models.calibration import HEADS
from cxr_demo.models.saliency import Heads, gelu_slope, saliency

NAMES = {"normal": ("binary", 0), "pneumonia": ("binary", 1)} | {
    "bacterial": ("three_class", 1),
    "viral": ("three_class", 2),
}


def arrays(seed: int = 0, channels: int = 5, width: int = 4) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {
        "embedding_kernel": rng.normal(size=(channels, width)).astype(np.float32),
        "embedding_bias": rng.normal(size=width).astype(np.float32),
        "binary": rng.normal(size=(width, 2)).astype(np.float32),
        "three_class": rng.normal(size=(width, 3)).astype(np.float32),
    }


def feature_map(rows: int = 7, columns: int = 7, channels: int = 5) -> np.ndarray:
    rng = np.random.default_rng(9)
    return rng.gamma(1.0, size=(rows, columns, channels)).astype(np.float32)


def against_others(pooled: np.ndarray, layers: dict, name: str) -> float:
    """What the map explains: a logit less the mean of the head's other logits, in float64."""
    inner = pooled @ layers["embedding_kernel"].astype(float) + layers["embedding_bias"]
    head, index = NAMES[name]
    logits = (inner * norm.cdf(inner)) @ layers[head].astype(float)
    return logits[index] - np.delete(logits, index).mean()


def slopes(features: np.ndarray, layers: dict, name: str) -> np.ndarray:
    """Derivative of `against_others` by each pooled feature, by small steps."""
    pooled, step = features.mean(axis=(0, 1), dtype=float), 1e-5
    return np.array(
        [
            against_others(pooled + move, layers, name)
            - against_others(pooled - move, layers, name)
            for move in step * np.eye(len(pooled))
        ]
    ) / (2 * step)


def test_by_hand():
    heads = Heads(
        embedding_kernel=np.array([[1]], np.float32),
        embedding_bias=np.array([-1], np.float32),
        kernels={
            "binary": np.array([[0, 4]], np.float32),
            "three_class": np.array([[1, 4, 2]], np.float32),
        },
    )
    # Features 0 and 2 are 1 on average, the neuron is at 0, where the slope of GELU is 1/2.
    maps = saliency(np.array([[[0], [2]]], np.float32), heads)
    assert maps.keys() == {"normal", "pneumonia", "bacterial", "viral"}
    assert maps["pneumonia"].tolist() == [[0, 2]]  # (4 - 0) * 1/2 * 2 of two regions
    assert maps["normal"].tolist() == [[0, -2]]
    assert maps["bacterial"].tolist() == [[0, 1.25]]  # 4 against 1 and 2
    assert maps["viral"].tolist() == [[0, -0.25]]  # 2 against 1 and 4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_a_region_is_worth_its_features_times_the_slope(name, seed):
    layers, features = arrays(seed), feature_map()
    found = saliency(features, Heads.from_arrays(layers))[name]
    assert found.shape == (7, 7) and found.dtype == np.float32
    expected = features @ slopes(features, layers, name) / 49
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_all_regions_sum_to_slope_times_pooled_features(name):
    layers, features = arrays(), feature_map()
    found = saliency(features, Heads.from_arrays(layers))[name]
    whole = slopes(features, layers, name) @ features.mean(axis=(0, 1))
    assert found.sum() == pytest.approx(whole, rel=1e-4)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("region", [(0, 0), (2, 5), (6, 6)])
def test_a_region_says_what_the_logit_would_lose_with_it(name, region):
    """To first order: a thousandth of its features takes away a thousandth of its value."""
    layers, features = arrays(), feature_map()
    found = saliency(features, Heads.from_arrays(layers))[name][region]
    less = features.astype(float)
    less[region] *= 1 - 1e-3
    pooled = [f.mean(axis=(0, 1), dtype=float) for f in (features, less)]
    lost = np.subtract(*[against_others(p, layers, name) for p in pooled])
    assert lost / 1e-3 == pytest.approx(found, rel=1e-2, abs=1e-4)


@pytest.mark.parametrize("shape", [(7, 7), (2, 3), (1, 1)])
def test_a_map_has_the_rows_and_columns_of_the_features(shape):
    for found in saliency(feature_map(*shape), Heads.from_arrays(arrays())).values():
        assert found.shape == shape


def test_a_region_without_features_says_nothing_and_the_rest_move_with_theirs():
    features = feature_map()
    features[1, 4] = 0
    heads = Heads.from_arrays(arrays())
    maps = saliency(features, heads)
    turned = saliency(np.rot90(features), heads)
    for name, found in maps.items():
        assert found[1, 4] == 0
        np.testing.assert_allclose(turned[name], np.rot90(found), rtol=1e-4, atol=1e-5)


def test_what_speaks_for_pneumonia_speaks_against_normal():
    maps = saliency(feature_map(), Heads.from_arrays(arrays()))
    np.testing.assert_allclose(maps["pneumonia"], -maps["normal"], rtol=1e-5)


def test_what_all_classes_share_does_not_count():
    layers, features = arrays(), feature_map()
    plain = saliency(features, Heads.from_arrays(layers))
    for head in HEADS:
        layers[head] = layers[head] + np.float32(3)
    shifted = saliency(features, Heads.from_arrays(layers))
    for name, found in plain.items():
        np.testing.assert_allclose(shifted[name], found, atol=1e-4)


def test_a_randomised_head_gives_another_map():
    """The check of Adebayo et al. (2018): a map that does not depend on the model is no map."""
    layers, features = arrays(), feature_map()
    plain = saliency(features, Heads.from_arrays(layers))
    others = arrays(seed=1)
    for changed, moved in [
        ("embedding_kernel", set(NAMES)),
        ("embedding_bias", set(NAMES)),
        ("binary", {"normal", "pneumonia"}),
        ("three_class", {"bacterial", "viral"}),
    ]:
        maps = saliency(features, Heads.from_arrays(layers | {changed: others[changed]}))
        differ = {name for name in NAMES if np.abs(maps[name] - plain[name]).max() > 1e-3}
        assert differ == moved, changed


@pytest.mark.parametrize(
    ("x", "expected"), [(0, 1 / 2), (1, 0.841345 + 0.241971), (-1, 0.158655 - 0.241971), (9, 1)]
)
def test_slope_of_gelu_by_hand(x, expected):
    assert gelu_slope(np.array([x, 0.0]))[0] == pytest.approx(expected, abs=1e-6)


def test_slope_of_gelu_by_small_steps():
    x, step = np.linspace(-4, 4, 33), 1e-5
    ahead, behind = ((x + s) * norm.cdf(x + s) for s in (step, -step))
    np.testing.assert_allclose(gelu_slope(x), (ahead - behind) / (2 * step), atol=1e-8)


def test_heads_are_read_as_written():
    layers = arrays()
    heads = Heads.from_arrays(layers)
    np.testing.assert_array_equal(heads.embedding_kernel, layers["embedding_kernel"])
    np.testing.assert_array_equal(heads.embedding_bias, layers["embedding_bias"])
    assert list(heads.kernels) == list(HEADS)
    for head in HEADS:
        np.testing.assert_array_equal(heads.kernels[head], layers[head])
