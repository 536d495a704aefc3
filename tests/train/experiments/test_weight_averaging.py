"""The mean of weights, by hand."""

import numpy as np

from train.experiments.weight_averaging import mean_weights


def test_the_mean_goes_array_by_array():
    first = [np.array([1.0, 3.0], np.float32), np.array([[2.0]], np.float32)]
    second = [np.array([3.0, 5.0], np.float32), np.array([[0.0]], np.float32)]
    averaged = mean_weights([first, second])
    assert [a.tolist() for a in averaged] == [[2, 4], [[1]]]
    assert first[0].tolist() == [1, 3]
