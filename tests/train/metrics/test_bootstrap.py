"""Intervals of draws whose distribution can be written down."""

import json

import numpy as np
import pytest

from train.metrics.bootstrap import clustered_intervals


def mean_of(values):
    values = np.array(values, float)
    return lambda rows: {"mean": values[rows].mean()}


@pytest.mark.parametrize(
    ("level", "expected"),
    [(0.95, [0, 1]), (0.6, [0, 1]), (0.4, [0.5, 0.5]), (0, [0.5, 0.5])],
)
def test_two_patients_by_hand(level, expected):
    # Of two draws from 0 and 1, the mean is 0 in 1 of 4, 1/2 in 2 of 4 and 1 in 1 of 4.
    intervals = clustered_intervals(np.array(["a", "b"]), mean_of([0, 1]), level=level)
    assert intervals == {"mean": expected}


def test_many_images_of_two_patients_say_no_more_than_two_images():
    patients = np.repeat(["a", "b"], 50)
    values = mean_of(np.repeat([0, 1], 50))
    assert clustered_intervals(patients, values)["mean"] == [0, 1]
    low, high = clustered_intervals(np.arange(100), values)["mean"]  # each image a patient
    assert 0.35 < low < 0.45 and 0.55 < high < 0.65  # 1/2 -+ 1.96 * 0.05


def test_a_patient_is_drawn_with_all_images_or_none():
    patients = np.array(["b", "a", "c", "a", "b", "a"])
    draws = []

    def statistic(rows):
        draws.append(np.bincount(rows, minlength=len(patients)))
        return {"n": len(rows)}

    clustered_intervals(patients, statistic, replicates=50)
    draws = np.array(draws)
    assert len(draws) == 50
    for same in (["a", [1, 3, 5]], ["b", [0, 4]]):
        assert (draws[:, same[1]] == draws[:, same[1][:1]]).all()
    # Three patients are drawn each time, with repetitions: not always the same three.
    assert (draws[:, [0, 1, 2]].sum(axis=1) == 3).all()
    assert draws[:, 0].min() == 0 and draws[:, 0].max() > 1


def test_one_patient_leaves_nothing_to_chance():
    intervals = clustered_intervals(np.array(["a", "a", "a"]), mean_of([1, 2, 6]), replicates=5)
    assert intervals == {"mean": [3, 3]}


def test_undefined_draws_are_left_out():
    def statistic(rows):
        """Undefined in the 3 of 4 draws that are not the first patient twice."""
        return {"first": 7.0 if rows.max() == 0 else float("nan"), "all": 1.0}

    intervals = clustered_intervals(np.array(["a", "b"]), statistic)
    assert intervals == {"first": [7, 7], "all": [1, 1]}


def test_the_seed_alone_decides():
    patients, values = np.arange(30), mean_of(np.random.default_rng(0).random(30))
    first, again, other = (
        clustered_intervals(patients, values, replicates=40, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_a_lower_level_lies_within_a_higher_one():
    patients, values = np.arange(30), mean_of(np.random.default_rng(0).random(30))
    (low, high), (inner_low, inner_high) = (
        clustered_intervals(patients, values, replicates=200, level=level)["mean"]
        for level in (0.95, 0.5)
    )
    assert low < inner_low < inner_high < high


def test_intervals_are_plain_numbers():
    intervals = clustered_intervals(np.array(["a", "b"]), mean_of([0, 1]), replicates=5)
    assert json.loads(json.dumps(intervals)) == intervals
