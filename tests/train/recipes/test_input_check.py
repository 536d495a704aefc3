"""Fitting to a few classes that lie far apart, and who is left out of what."""

from functools import partial

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

from cxr_demo.models.input_check import OTHER, USABLE, InputChecker
from train.data.out_of_distribution.drawn_images import KINDS
from train.data.out_of_distribution.package_sources import SOURCES
from train.data.out_of_distribution.samples import ELSEWHERE, Samples
from train.metrics.input_check import target_classes
from train.recipes import input_check as fit_gate
from train.recipes.input_check import (
    cross_validated_probabilities,
    fit,
    fit_pca,
    leave_one_kind_out,
    probability,
    project,
)

CHANNELS = 3
GROUND = {
    "usable": (0, 0),
    "inverted": (0, 5),
    "elsewhere": (2, 1),
    "photograph": (5, 0),
    "texture": (4, 6),
    "noise": (5, 1),
}
"""Where the kinds lie in the first two of 12 activations."""


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(fit_gate, "COMPONENTS", 4)
    monkeypatch.setattr(fit_gate, "PENALTY", 1.0)


def samples_of(*rows: tuple[str, int, int, bool]) -> Samples:
    """Samples of (kind, how many, in how many groups, held out)."""
    rng = np.random.default_rng(0)
    described, kinds, groups, held_out = [], [], [], []
    for kind, count, packages, out in rows:
        flat = rng.normal(0, 0.3, (count, 4 * CHANNELS))
        flat[:, :2] += GROUND[kind]
        described.append(flat)
        kinds += [kind] * count
        # Chests from elsewhere come from five of the packages that photographs come from.
        name = "photograph" if kind == ELSEWHERE else kind
        name += "-held-out" if out else "-"
        groups += [f"{name}{i % packages}" for i in range(count)]
        held_out += [out] * count
    whole = np.concatenate(described).astype(np.float16)
    return Samples(whole, np.array(kinds), np.array(groups), np.array(held_out))


SAMPLES = samples_of(
    ("usable", 40, 20, False),
    ("inverted", 15, 15, False),
    ("usable", 20, 10, True),
    ("inverted", 10, 10, True),
    ("photograph", 20, 10, False),
    ("texture", 12, 3, False),
    ("elsewhere", 20, 5, False),
    ("noise", 20, 20, False),
)


def fitting(samples: Samples) -> tuple[PCA, np.ndarray]:
    components = fit_pca(samples)
    return components, project(samples, components)


class Recorded:
    """Fits nothing, but keeps the rows; the gate of each call has its own P(USABLE)."""

    def __init__(self):
        self.rows = []

    def __call__(self, rows: np.ndarray) -> InputChecker:
        self.rows.append(rows)
        usable = 0.1 * len(self.rows)
        return InputChecker(
            (OTHER, USABLE),
            np.zeros((4 * CHANNELS, 2), np.float32),
            np.log([1 - usable, usable]).astype(np.float32),
            0.0,
            1.0,
        )


# --- components


def test_components_of_what_is_fitted_have_variance_1():
    components, seen = fitting(SAMPLES)
    assert seen.shape == (len(SAMPLES.kinds), 4)
    rows = ~SAMPLES.held_out & np.isin(SAMPLES.kinds, ["usable", "inverted", "noise"])
    np.testing.assert_allclose(seen[rows].mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(seen[rows].std(axis=0, ddof=1), 1, rtol=1e-2)
    assert components.n_components_ == 4


@pytest.mark.parametrize("kind", ["photograph", "texture", "elsewhere", "held out"])
def test_other_pictures_and_held_out_patients_have_no_part_in_the_components(kind):
    rows = SAMPLES.held_out if kind == "held out" else SAMPLES.kinds == kind
    moved = SAMPLES.described.copy()
    moved[rows] += 100
    found = fit_pca(Samples(moved, SAMPLES.kinds, SAMPLES.groups, SAMPLES.held_out))
    before = fit_pca(SAMPLES)
    np.testing.assert_array_equal(found.components_, before.components_)
    np.testing.assert_array_equal(found.mean_, before.mean_)


@pytest.mark.parametrize("kind", ["usable", "inverted", "noise"])
def test_radiographs_spoilt_ones_and_drawings_have(kind):
    moved = SAMPLES.described.copy()
    moved[(SAMPLES.kinds == kind) & ~SAMPLES.held_out] += 1
    found = fit_pca(Samples(moved, SAMPLES.kinds, SAMPLES.groups, SAMPLES.held_out))
    assert (found.mean_ != fit_pca(SAMPLES).mean_).any()


def test_drawings_are_told_from_other_pictures_by_their_kind():
    assert not set(KINDS) & {source.kind for source in SOURCES}


# --- a gate


def test_a_gate_says_of_activations_what_the_regression_says_of_components():
    components, seen = fitting(SAMPLES)
    rows = ~SAMPLES.held_out
    gate = fit(SAMPLES, components, seen, rows)
    regression = LogisticRegression(C=1.0, class_weight="balanced", max_iter=300)
    regression.fit(seen[rows], target_classes(SAMPLES.kinds[rows]))
    assert gate.classes == ("elsewhere", "inverted", "other", "usable")
    found = gate.probabilities(SAMPLES.described.astype(np.float32))
    np.testing.assert_allclose(found, regression.predict_proba(seen), atol=0.01)


def test_a_gate_tells_classes_apart_that_it_has_not_seen_these_rows_of():
    components, seen = fitting(SAMPLES)
    gate = fit(SAMPLES, components, seen, ~SAMPLES.held_out)
    named = np.array(gate.classes)[
        gate.probabilities(SAMPLES.described.astype(np.float32)).argmax(axis=1)
    ]
    assert (named == target_classes(SAMPLES.kinds))[SAMPLES.held_out].mean() == 1
    assert (named == target_classes(SAMPLES.kinds)).mean() > 0.95


def test_a_gate_has_no_thresholds_yet_and_weights_that_survive_16_bits():
    components, seen = fitting(SAMPLES)
    gate = fit(SAMPLES, components, seen, ~SAMPLES.held_out)
    assert (gate.min_usable, gate.min_other) == (0.0, 1.0)
    assert gate.weights.dtype == gate.bias.dtype == np.float32
    assert gate.weights.shape == (12, 4) and gate.bias.shape == (4,)
    np.testing.assert_array_equal(gate.weights, gate.weights.astype(np.float16))


def test_each_class_weighs_alike():
    """Where nothing tells them apart, 40 and 15 and 52 rows are as likely as one another."""
    components, seen = fitting(SAMPLES)
    rows = ~SAMPLES.held_out & (SAMPLES.kinds != ELSEWHERE)
    gate = fit(SAMPLES, components, np.zeros_like(seen), rows)
    found = gate.probabilities(SAMPLES.described[:1].astype(np.float32))
    np.testing.assert_allclose(found, [[1 / 3] * 3], atol=1e-3)


def test_a_gate_is_fitted_to_the_rows_given_alone():
    components, seen = fitting(SAMPLES)
    rows = ~SAMPLES.held_out
    moved = np.where(rows[:, None], seen, seen + 50)
    one, other = (fit(SAMPLES, components, part, rows) for part in (seen, moved))
    np.testing.assert_array_equal(one.weights, other.weights)


@pytest.mark.parametrize("name", [USABLE, OTHER, "inverted"])
def test_probabilities_come_in_the_order_of_the_samples(name):
    components, seen = fitting(SAMPLES)
    gate = fit(SAMPLES, components, seen, ~SAMPLES.held_out)
    whole = gate.probabilities(SAMPLES.described.astype(np.float32))
    found = probability(gate, SAMPLES, name)
    np.testing.assert_allclose(found, whole[:, gate.classes.index(name)], atol=1e-6)


# --- who is left out


def test_nobody_is_tried_by_a_gate_that_has_seen_its_group():
    fit_to = Recorded()
    found = cross_validated_probabilities(SAMPLES, fit_to)
    assert len(fit_to.rows) == 5
    # P(USABLE) tells which of the five gates was asked.
    asked = np.rint(found[USABLE] * 10).astype(int) - 1
    np.testing.assert_allclose(found[USABLE] + found[OTHER], 1, atol=1e-6)
    is_radiograph = np.isin(SAMPLES.kinds, ["usable", "inverted"])
    assert (asked[is_radiograph] == 0).all()
    for number, rows in enumerate(fit_to.rows):
        assert not rows[SAMPLES.held_out].any()
        assert rows[is_radiograph & ~SAMPLES.held_out].all()
        mine = ~is_radiograph & (asked == number)
        assert mine.any()
        assert not set(SAMPLES.groups[mine]) & set(SAMPLES.groups[rows])
        np.testing.assert_array_equal(rows[~is_radiograph], ~mine[~is_radiograph])


def test_packages_are_left_out_in_parts_of_the_same_size():
    """Ten of photographs and chests, three of textures, twenty drawings: 33 in five parts."""
    found = cross_validated_probabilities(SAMPLES, Recorded())
    asked = np.rint(found[USABLE] * 10).astype(int)
    movable = ~np.isin(SAMPLES.kinds, ["usable", "inverted"])
    sizes = [len(set(SAMPLES.groups[movable & (asked == n)])) for n in range(1, 6)]
    assert sorted(sizes) == [6, 6, 7, 7, 7]


def test_separable_classes_are_told_apart_by_gates_that_have_not_seen_them():
    components, seen = fitting(SAMPLES)
    found = cross_validated_probabilities(SAMPLES, partial(fit, SAMPLES, components, seen))
    other = target_classes(SAMPLES.kinds) == OTHER
    usable = SAMPLES.kinds == USABLE
    assert found[OTHER][other].min() > 0.5 > found[OTHER][~other].max()
    assert found[USABLE][usable].min() > 0.5 > found[USABLE][~usable].max()


def test_strangers_are_judged_by_a_gate_without_their_kind():
    fit_to = Recorded()
    found = leave_one_kind_out(SAMPLES, fit_to, (0.15, 0.75))
    assert list(found) == ["noise", "photograph", "texture"]
    for kind, rows in zip(found, fit_to.rows, strict=True):
        np.testing.assert_array_equal(rows, ~SAMPLES.held_out & (SAMPLES.kinds != kind))
    # Their gates say USABLE with 0.1, 0.2 and 0.3, OTHER with 0.9, 0.8 and 0.7.
    shares = [list(found[kind].values()) for kind in found]
    assert shares == [[20, 0, 0, 1], [20, 0, 0, 1], [12, 1, 0, 0]]
