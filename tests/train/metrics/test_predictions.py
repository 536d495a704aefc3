"""Predictions of a few images: made, stored, read and divided."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest

from cxr_demo.anomaly.maps import AnomalyMap
from cxr_demo.models.input_check import InputCheck
from cxr_demo.reading.reader import read_radiograph
from tests.conftest import chest_like, png
from train.metrics.predictions import Predictions, from_json, predict, to_json

FIELDS = [f.name for f in dataclasses.fields(Predictions)]


@pytest.fixture
def three() -> Predictions:
    return Predictions(
        ids=np.array(["IM-0001-0001", "person1_bacteria_1", "person2_virus_7"]),
        patients=np.array(["IM-0001", "person1_bacteria", "person2_virus"]),
        labels=np.array([0, 1, 2]),
        pneumonia=np.array([0.0, 0.987654, 1.0]),
        three_class=np.array([[1.0, 0.0, 0.0], [0.1, 0.7, 0.2], [0.000001, 0.333333, 0.666666]]),
        plausible=np.array([[True, False, False], [False, True, True], [False, False, True]]),
        vote=np.array([[0.909091, 0.090909, 0.0], [0.0, 1.0, 0.0], [0.272727, 0.0, 0.727273]]),
        voted=np.array([0, 1, 2]),
        change=np.array([0.1, 0.9, 0.5]),
        change_at_edge=np.array([0.25, 0.0, 1.0]),
        error=np.array([0.001234, 0.0, 0.1]),
        error_at_edge=np.array([0.4, 0.5, 0.6]),
        grade=np.array(["usable", "unusual", "usable"]),
    )


def assert_same(one: Predictions, other: Predictions):
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), strict=True)


def test_what_is_written_is_what_is_read(three):
    assert_same(from_json(to_json(three)), three)
    assert_same(from_json(to_json(three[[1]])), three[[1]])
    assert to_json(from_json(to_json(three))) == to_json(three)


def test_one_line_per_image(three):
    lines = to_json(three).splitlines()
    assert len(lines) == 5
    assert json.loads(lines[2].rstrip(",")) == {
        "ids": "person1_bacteria_1",
        "patients": "person1_bacteria",
        "labels": 1,
        "pneumonia": 0.987654,
        "three_class": [0.1, 0.7, 0.2],
        "plausible": [False, True, True],
        "vote": [0.0, 1.0, 0.0],
        "voted": 1,
        "change": 0.9,
        "change_at_edge": 0.0,
        "error": 0.0,
        "error_at_edge": 0.5,
        "grade": "unusual",
    }
    assert [row["labels"] for row in json.loads(to_json(three))] == [0, 1, 2]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (np.array([2, 0]), [2, 0]),
        (np.array([True, False, True]), [0, 2]),
        (np.array([1, 1, 1, 0]), [1, 1, 1, 0]),  # as drawn with repetitions
        (np.array([], int), []),
    ],
    ids=["array", "mask", "repetitions", "none"],
)
def test_a_subset_keeps_its_rows_together(three, rows, expected):
    subset = three[rows]
    assert len(subset) == len(expected)
    for name in FIELDS:
        values = getattr(three, name)
        np.testing.assert_array_equal(
            getattr(subset, name), [values[row] for row in expected] or values[:0]
        )


def said(pneumonia, three_class, plausible, vote, voted, error, grade="usable") -> SimpleNamespace:
    """As much of an `Analysis` as is kept."""
    names = ("normal", "bacterial", "viral")
    return SimpleNamespace(
        probabilities={
            "binary": {"normal": 1 - pneumonia, "pneumonia": pneumonia},
            "three_class": dict(zip(names, three_class, strict=True)),
        },
        input_check=InputCheck(grade, None),
        conformal_set=plausible,
        neighbourhood=SimpleNamespace(
            vote=dict(zip(names, vote, strict=True)), majority_class=voted
        ),
        anomaly=SimpleNamespace(
            maps={
                method: AnomalyMap(np.ones((4, 4), np.float32), score, 1.0)
                for method, score in (("detector", 10 * error), ("autoencoder", error))
            }
        ),
    )


class Scripted:
    """An analyser that says what it is told to, and keeps what it is given."""

    def __init__(self, *answers):
        self.answers, self.given = list(answers), []

    def examine(self, radiograph):
        self.given.append(radiograph)
        return self.answers[len(self.given) - 1]


@pytest.fixture
def paths(tmp_path):
    found = [tmp_path / name for name in ("person2_virus_7.png", "IM-0001-0001.jpeg")]
    for seed, path in enumerate(found):
        path.write_bytes(png(chest_like(seed)))
    return found


def test_what_was_said_is_kept_in_the_order_of_the_files(paths):
    analyser = Scripted(
        said(0.75, [0.25, 0.5, 0.25], ("bacterial", "normal"), [0, 0.5, 0.5], "viral", 0.004),
        said(0.125, [0.875, 0, 0.125], ("normal",), [1, 0, 0], "normal", 0.001, "unusual"),
    )
    assert_same(
        predict(analyser, paths, "test"),
        Predictions(
            ids=np.array(["person2_virus_7", "IM-0001-0001"]),
            patients=np.array(["person2_virus", "IM-0001"]),
            labels=np.array([2, 0]),
            pneumonia=np.array([0.75, 0.125]),
            three_class=np.array([[0.25, 0.5, 0.25], [0.875, 0, 0.125]]),
            plausible=np.array([[True, True, False], [True, False, False]]),
            vote=np.array([[0, 0.5, 0.5], [1, 0, 0]]),
            voted=np.array([2, 0]),
            change=np.array([0.04, 0.01]),
            change_at_edge=np.array([0.4375, 0.4375]),
            error=np.array([0.004, 0.001]),
            error_at_edge=np.array([0.4375, 0.4375]),
            grade=np.array(["usable", "unusual"]),
        ),
    )
    for radiograph, path in zip(analyser.given, paths, strict=True):
        np.testing.assert_array_equal(radiograph.pixels, read_radiograph(path.read_bytes()).pixels)


def test_numbers_are_rounded_as_they_are_stored(paths):
    third = 1 / 3
    answer = said(2 / 3, [third] * 3, ("normal",), [2 / 11, 3 / 11, 6 / 11], "viral", 0.00123456789)
    predictions = predict(Scripted(answer, answer), paths, "test")
    assert predictions.pneumonia.tolist() == [0.666667] * 2
    assert predictions.three_class[0].tolist() == [0.333333] * 3
    assert predictions.vote[0].tolist() == [0.181818, 0.272727, 0.545455]
    assert predictions.error.tolist() == [0.001235] * 2
    assert_same(from_json(to_json(predictions)), predictions)


def test_a_file_with_a_foreign_name_is_an_error(paths):
    foreign = paths[0].rename(paths[0].with_name("scan.png"))
    answer = said(0.5, [1, 0, 0], ("normal",), [1, 0, 0], "normal", 0.0)
    with pytest.raises(ValueError, match=r"scan\.png"):
        predict(Scripted(answer), [foreign], "test")
