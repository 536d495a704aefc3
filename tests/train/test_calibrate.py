"""Temperature and calibration error, with answers that can be written down."""

import numpy as np
import pytest

from train import calibrate

EVEN, THIRDS = (1 / 2, 1 / 2), (1 / 3, 1 / 3, 1 / 3)


def two_way(right: int, wrong: int, label: int, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, 2), the called class `gap` above the other, and labels (N,)."""
    called = np.array([label] * right + [1 - label] * wrong)
    return gap * np.eye(2)[called], np.full(right + wrong, label)


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
    called = np.array([0, 0, 1, 2, 1, 1, 0, 2, 2, 2, 0, 1])
    logits = 3 * np.log(2) * np.eye(3)[called]
    assert calibrate.fit_temperature(logits, labels, THIRDS) == pytest.approx(3, rel=1e-3)


@pytest.mark.parametrize(
    ("right", "wrong", "low", "high"), [(4, 0, 0.05, 0.5), (0, 4, 19, 20)], ids=["sure", "misled"]
)
def test_a_temperature_stays_in_its_range(right, wrong, low, high):
    logits, labels = joined(two_way(right, wrong, 0, 5.0), two_way(right, wrong, 1, 5.0))
    assert low <= calibrate.fit_temperature(logits, labels, EVEN) <= high


def binary(*first) -> np.ndarray:
    first = np.array(first, np.float64)
    return np.stack([first, 1 - first], axis=1)


@pytest.mark.parametrize(
    ("first", "labels", "bins", "expected"),
    [
        ([1, 1, 0], [0, 0, 1], 10, 0),
        ([1, 1], [1, 1], 10, 1),
        ([1, 0.95], [0, 1], 10, 0.475),  # 1 belongs to the last bin: 0.975 against 1/2
        ([0.75] * 4, [0, 0, 0, 1], 10, 0),
        # 0.875 against 1/2 in one half, 0.75 against 1 in the other
        ([0.875, 0.875, 0.75, 0.75], [0, 1, 0, 0], 10, 0.3125),
        # in one bin, 0.8125 against 3/4
        ([0.875, 0.875, 0.75, 0.75], [0, 1, 0, 0], 1, 0.0625),
        # bins weigh by their images: 3/4 of 0.125, and 1/4 of 0.75
        ([0.875, 0.875, 0.875, 0.25], [0, 0, 0, 0], 10, 0.28125),
    ],
)
def test_calibration_error_by_hand(first, labels, bins, expected):
    error = calibrate.expected_calibration_error(binary(*first), np.array(labels), bins=bins)
    assert error == pytest.approx(expected)
    assert type(error) is float


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ([0.9375, 0.8125], 0.4375),  # in two bins: (0.0625 + 0.8125) / 2
        ([0.9375, 0.90625], 0.421875),  # in one: 0.921875 against 1/2
    ],
)
def test_there_are_ten_bins_unless_told(first, expected):
    error = calibrate.expected_calibration_error(binary(*first), np.array([0, 1]))
    assert error == pytest.approx(expected)


def test_calibration_error_of_three_classes_looks_at_the_class_called():
    probabilities = np.array([[0.125, 0.25, 0.625], [0.625, 0.25, 0.125]])
    assert calibrate.expected_calibration_error(probabilities, np.array([2, 1])) == pytest.approx(
        0.125  # 0.625 against 1/2
    )


def test_weights_count_images_as_if_there_were_more_of_them():
    # 0.75 sure, right and wrong: the right one counts three times, so accuracy is 3/4 too.
    probabilities, labels = binary(0.75, 0.75), np.array([0, 1])
    plain = calibrate.expected_calibration_error(probabilities, labels)
    weighted = calibrate.expected_calibration_error(probabilities, labels, np.array([3.0, 1.0]))
    assert (plain, weighted) == pytest.approx((0.25, 0))


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
    logits = 1.0 * np.eye(2)[labels]
    head = calibrate.calibrate_head(logits, labels, patients, EVEN)
    assert head["temperature"] < 1
    assert (
        head["expected_calibration_error"]["after"] < head["expected_calibration_error"]["before"]
    )
