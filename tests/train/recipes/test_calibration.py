"""Temperatures, with answers that can be written down."""

import numpy as np
import pytest

from cxr_demo.models.calibration import Calibration
from train.metrics.calibration import brier_score, expected_calibration_error
from train.recipes import calibration as calibrate

EVEN, THIRDS = (1 / 2, 1 / 2), (1 / 3, 1 / 3, 1 / 3)


def two_way(right: int, wrong: int, label: int, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, 2), the predicted class `gap` above the other, and labels (N,)."""
    predicted = np.array([label] * right + [1 - label] * wrong)
    return gap * np.eye(2)[predicted], np.full(right + wrong, label)


def joined(*parts):
    return (np.concatenate(arrays) for arrays in zip(*parts, strict=True))


@pytest.mark.parametrize("temperature", [0.25, 0.5, 1, 2, 5])
def test_a_known_temperature_is_recovered(temperature):
    # Right three times in four, so the best confidence is 3/4, a gap of ln 3.
    gap = temperature * np.log(3)
    logits, labels = joined(two_way(3, 1, 0, gap), two_way(3, 1, 1, gap))
    assert calibrate.fit_temperature(logits, labels, EVEN) == pytest.approx(temperature, rel=1e-3)


@pytest.mark.parametrize("times", [1, 10])
def test_every_class_weighs_the_same(times):
    # Class 0 is right in 1 of 2, class 1 always: 3/4 on average, however many there are of each.
    logits, labels = joined(two_way(1, 1, 0, 2 * np.log(3)), two_way(times, 0, 1, 2 * np.log(3)))
    assert calibrate.fit_temperature(logits, labels, EVEN) == pytest.approx(2, rel=1e-3)


def test_three_classes():
    # Right in 1 of 2, else evenly wrong: 2 : 1 : 1, a gap of ln 2.
    labels = np.repeat([0, 1, 2], 4)
    predicted = np.array([0, 0, 1, 2, 1, 1, 0, 2, 2, 2, 0, 1])
    logits = 3 * np.log(2) * np.eye(3)[predicted]
    assert calibrate.fit_temperature(logits, labels, THIRDS) == pytest.approx(3, rel=1e-3)


@pytest.mark.parametrize(
    ("right", "wrong", "low", "high"), [(4, 0, 0.05, 0.5), (0, 4, 19, 20)], ids=["sure", "misled"]
)
def test_a_temperature_stays_in_its_range(right, wrong, low, high):
    logits, labels = joined(two_way(right, wrong, 0, 5.0), two_way(right, wrong, 1, 5.0))
    assert low <= calibrate.fit_temperature(logits, labels, EVEN) <= high


def test_prior_weights_sum_to_the_prior_class_by_class():
    labels = np.array([0, 1, 1, 1, 2])
    weights = calibrate.prior_weights(labels, (0.5, 0.3, 0.2))
    assert weights == pytest.approx([0.5, 0.1, 0.1, 0.1, 0.2])


def test_a_prior_in_the_data_does_not_pass_for_overconfidence():
    """Logits that state the likelihood are right as they are, whatever prior is asked for."""
    # Two kinds of image; kind A is seen in 3/4 of class 0 and 1/4 of class 1, kind B the reverse.
    kinds = np.array([1] * 3 + [0] + [1] * 10 + [0] * 30)
    labels = np.array([0] * 4 + [1] * 40)
    logits = np.where(kinds[:, None] == 1, [np.log(3), 0], [0, np.log(3)])
    assert calibrate.fit_temperature(logits, labels, (0.9, 0.1)) == pytest.approx(1, rel=1e-3)


def test_timid_logits_that_are_always_right_are_sharpened():
    patients = np.repeat([f"p{i}" for i in range(8)], 4)
    labels = np.tile([0, 1], 16)
    fit, calibrated = calibrate.calibrate_head(1.0 * np.eye(2)[labels], labels, patients, EVEN)
    assert fit["temperature"] < 1
    assert fit["prior"] == EVEN
    for name in ("expected_calibration_error", "brier"):
        assert fit[name]["after"] < fit[name]["before"]
    assert (calibrated.argmax(axis=1) == labels).all()


@pytest.fixture
def noisy():
    """Logits (120, 2) that are too sure of themselves, labels, and 40 patients of three images."""
    rng = np.random.default_rng(0)
    labels, patients = np.repeat(np.tile([0, 1], 20), 3), np.repeat(np.arange(40), 3)
    return 4 * np.eye(2)[labels] + rng.normal(0, 4, (120, 2)), labels, patients


def test_each_half_of_the_patients_is_scored_at_the_temperature_of_the_other(noisy):
    logits, labels, patients = noisy
    _, calibrated = calibrate.calibrate_head(logits, labels, patients, EVEN)
    assert calibrated.shape == logits.shape
    np.testing.assert_allclose(calibrated.sum(axis=1), 1)
    # Calibrated log odds are the logits' difference divided by the temperature.
    used = (logits[:, 1] - logits[:, 0]) / np.log(calibrated[:, 1] / calibrated[:, 0])
    one, other = np.unique(used.round(6))
    first = np.isclose(used, one)
    assert 40 <= first.sum() <= 80
    assert not set(patients[first]) & set(patients[~first])
    for half, temperature in ((first, other), (~first, one)):
        fitted = calibrate.fit_temperature(logits[half], labels[half], EVEN)
        assert fitted == pytest.approx(temperature, rel=1e-4)


def test_before_and_after_by_the_same_measures_and_weights(noisy):
    logits, labels, patients = noisy
    prior = (0.2, 0.8)
    fit, calibrated = calibrate.calibrate_head(logits, labels, patients, prior)
    assert list(fit) == ["temperature", "prior", "expected_calibration_error", "brier"]
    assert fit["temperature"] == calibrate.fit_temperature(logits, labels, prior)
    before = Calibration(1, prior)(logits)
    weights = np.where(labels == 1, 0.8, 0.2)
    measures = {"expected_calibration_error": expected_calibration_error, "brier": brier_score}
    for name, measured in measures.items():
        assert fit[name] == pytest.approx(
            {
                "before": measured(before, labels, weights),
                "after": measured(calibrated, labels, weights),
            }
        )
