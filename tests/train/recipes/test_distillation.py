"""What a student is taught, by hand, from teachers whose answers are known."""

import numpy as np
import pytest

from train.data.kermany import Images
from train.recipes.distillation import TAUGHT, VIEWS, mean_answer, taught_targets


class Teacher:
    """Says pneumonia by the brightness of the left half; logits, as a classifier."""

    def __init__(self, sharpness: float):
        self.sharpness = sharpness

    def predict(self, inputs, **_):
        left = inputs[:, :, : inputs.shape[2] // 2, 0].mean(axis=(1, 2))
        binary = np.stack([np.zeros_like(left), self.sharpness * left], axis=1)
        return {"binary": binary, "three_class": np.zeros((len(inputs), 3))}


def test_the_answer_is_the_mean_over_teachers_and_mirrored_views():
    """Left half white, right half black: every second view shows them the other way round."""
    frame = np.zeros((1, 224, 224), np.float32)
    frame[:, :, :112] = 1
    answers = mean_answer([Teacher(0.0), Teacher(np.log(3))], frame)
    # The first says 1/2 to all; the second 3/4 to a white left half, 1/2 to a black one.
    assert answers["binary"][0, 1] == pytest.approx((0.5 + (0.75 + 0.5) / 2) / 2, abs=5e-3)
    np.testing.assert_allclose(answers["three_class"], 1 / 3)
    np.testing.assert_allclose(answers["binary"].sum(axis=1), 1)


def test_views_are_the_whole_frame_and_its_middle_both_ways():
    frame = np.tile(np.linspace(0, 1, 224, dtype=np.float32), (224, 1))
    shown = [view(frame)[96, :, 0] for view in VIEWS]
    assert [row.shape for row in shown] == [(192,)] * 4
    widths = [abs(row[-1] - row[0]) for row in shown]
    assert widths == [pytest.approx(w, abs=0.01) for w in (1, 1, 0.92, 0.92)]
    assert [row[0] < row[-1] for row in shown] == [True, False, True, False]


def test_targets_are_mostly_what_teachers_say():
    images = Images(*[np.array(["a", "b"])] * 2, np.array([0, 2]), np.zeros((2, 4, 4), np.uint8))
    answers = {"binary": np.array([[0.9, 0.1], [0.5, 0.5]]), "three_class": np.full((2, 3), 1 / 3)}
    targets = taught_targets(answers, images)
    assert TAUGHT == 0.7
    np.testing.assert_allclose(targets["binary"], [[0.93, 0.07], [0.35, 0.65]])
    np.testing.assert_allclose(targets["three_class"][1], [0.7 / 3, 0.7 / 3, 0.7 / 3 + 0.3])
