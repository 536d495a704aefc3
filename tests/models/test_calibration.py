"""Logits to calibrated probabilities, by hand: softmax of (ln a, ln b, …) is (a, b, …) / sum."""

import numpy as np
import pytest

from cxr_demo.models.calibration import (
    BINARY,
    THREE_CLASS,
    Calibration,
    conformal_set,
    per_hundred,
    probabilities,
    softmax,
)
from cxr_demo.models.networks import ClassifierOutput

LN = np.log


def features(binary, three_class) -> ClassifierOutput:
    return ClassifierOutput(
        binary=np.array(binary, np.float32),
        three_class=np.array(three_class, np.float32),
        feature_map=np.zeros((7, 7, 512), np.float32),
    )


EVEN = (0.5, 0.5)
THIRDS = (1 / 3, 1 / 3, 1 / 3)
PLAIN = {"binary": Calibration(1.3, EVEN), "three_class": Calibration(0.7, THIRDS)}


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        ([0, 0], [1 / 2, 1 / 2]),
        ([LN(1), LN(2), LN(5)], [1 / 8, 2 / 8, 5 / 8]),
        ([LN(3) + 50, 50], [3 / 4, 1 / 4]),
        ([2000, 0], [1, 0]),
        ([-2000, 0], [0, 1]),
    ],
)
def test_softmax_by_hand(logits, expected):
    np.testing.assert_allclose(softmax(np.array(logits)), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("logits", "temperature", "prior", "expected"),
    [
        ([LN(9), LN(1)], 2, EVEN, [3 / 4, 1 / 4]),  # a temperature of 2 takes the root: 3 : 1
        ([LN(3), LN(1)], 0.5, EVEN, [9 / 10, 1 / 10]),  # and one of 1/2 squares: 9 : 1
        ([0, 0], 1, (0.2, 0.8), [0.2, 0.8]),  # no evidence leaves the prior
        ([0, 0, 0], 3, (0.5, 0.25, 0.25), [0.5, 0.25, 0.25]),
        ([LN(9), LN(1)], 2, (0.25, 0.75), [1 / 2, 1 / 2]),  # 3 : 1 times 1 : 3
    ],
)
def test_calibration_by_hand(logits, temperature, prior, expected):
    np.testing.assert_allclose(Calibration(temperature, prior)(np.array(logits)), expected)


def test_softmax_works_row_by_row():
    rows = softmax(np.array([[LN(3), 0], [0, LN(4)]]))
    np.testing.assert_allclose(rows, [[3 / 4, 1 / 4], [1 / 5, 4 / 5]])


def test_softmax_of_float32_sums_to_1_in_float64():
    row = softmax(np.array([0.1, 0.2, 7.3], np.float32))
    assert row.dtype == np.float64
    assert row.sum() == pytest.approx(1, abs=1e-15)


def test_softmax_leaves_its_input_alone():
    logits = np.array([1.0, 2.0])
    softmax(logits)
    assert logits.tolist() == [1, 2]


def test_each_head_gets_its_own_temperature():
    calibrated = probabilities(
        features([LN(9), 0], [LN(4), LN(16), LN(25)]),
        {"binary": Calibration(2, EVEN), "three_class": Calibration(0.5, THIRDS)},
    )
    # 9 : 1 becomes 3 : 1, and 4 : 16 : 25 becomes 16 : 256 : 625, of 897 in all.
    assert calibrated["binary"] == pytest.approx({"normal": 3 / 4, "pneumonia": 1 / 4})
    assert calibrated["three_class"] == pytest.approx(
        {"normal": 16 / 897, "bacterial": 256 / 897, "viral": 625 / 897}
    )


def test_heads_and_classes_come_in_the_documented_order():
    calibrated = probabilities(features([0, 5], [5, 0, 1]), PLAIN)
    assert list(calibrated) == ["binary", "three_class"]
    assert tuple(calibrated["binary"]) == BINARY == ("normal", "pneumonia")
    assert tuple(calibrated["three_class"]) == THREE_CLASS == ("normal", "bacterial", "viral")


def test_probabilities_are_plain_numbers_that_sum_to_1():
    for head in probabilities(features([3, -8], [90, 1, 2]), PLAIN).values():
        assert all(type(value) is float for value in head.values())
        assert sum(head.values()) == pytest.approx(1, abs=1e-12)


def test_a_head_with_the_wrong_number_of_logits_is_an_error():
    with pytest.raises(ValueError, match=r"shape|argument"):
        probabilities(features([0, 1, 2], [0, 1, 2]), PLAIN)


LEAST = {"normal": 0.5, "bacterial": 0.25, "viral": 0.125}


@pytest.mark.parametrize(
    ("three_class", "expected"),
    [
        ([0.9, 0.06, 0.04], ("normal",)),
        ([0.2, 0.2, 0.6], ("viral",)),
        ([0.5, 0.3, 0.2], ("normal", "bacterial", "viral")),
        ([0.1, 0.4, 0.5], ("viral", "bacterial")),
        ([0.4, 0.55, 0.05], ("bacterial",)),  # more normal than viral, but normals reach 0.5
        ([0.48, 0.1, 0.42], ("normal", "viral")),  # the likeliest stays, whatever it reaches
        ([0.42, 0.1, 0.48], ("viral",)),
    ],
)
def test_plausible_classes_by_hand(three_class, expected):
    assert conformal_set(dict(zip(THREE_CLASS, three_class, strict=True)), LEAST) == expected


def test_a_class_that_just_reaches_its_least_probability_is_plausible():
    at = {"normal": 0.625, "bacterial": 0.25, "viral": 0.125}
    assert conformal_set(at, LEAST) == ("normal", "bacterial", "viral")
    below = {"normal": 0.626, "bacterial": 0.2499, "viral": 0.1241}
    assert conformal_set(below, LEAST) == ("normal",)


def test_where_nothing_can_be_ruled_out_all_are_plausible():
    none = dict.fromkeys(THREE_CLASS, 0.0)
    assert conformal_set({"normal": 0, "bacterial": 1, "viral": 0}, none)[0] == "bacterial"
    assert set(conformal_set({"normal": 0, "bacterial": 1, "viral": 0}, none)) == set(THREE_CLASS)


def test_where_no_class_reaches_its_own_nothing_is_ruled_out():
    out_of_reach = dict.fromkeys(THREE_CLASS, 0.9)
    unlike_all = {"normal": 0.3, "bacterial": 0.25, "viral": 0.45}
    assert conformal_set(unlike_all, out_of_reach) == ("viral", "normal", "bacterial")


@pytest.mark.parametrize(
    ("prevalence", "counts"),
    [
        # 100 children: found = ill x 0.9, alarms = healthy x 0.2, halves up.
        (0.5, {"ill": 50, "found": 45, "missed": 5, "healthy": 50, "alarms": 10, "spared": 40}),
        (0.05, {"ill": 5, "found": 5, "missed": 0, "healthy": 95, "alarms": 19, "spared": 76}),
        (0.01, {"ill": 1, "found": 1, "missed": 0, "healthy": 99, "alarms": 20, "spared": 79}),
        (0.99, {"ill": 99, "found": 89, "missed": 10, "healthy": 1, "alarms": 0, "spared": 1}),
    ],
)
def test_whole_children_of_a_hundred(prevalence, counts):
    assert per_hundred({"sensitivity": 0.9, "specificity": 0.8}, prevalence) == counts
