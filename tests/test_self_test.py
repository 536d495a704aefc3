"""What of an example is not as it was stored."""

import pytest

from cxr_demo.self_test import differences

STORED = {
    "pneumonia": 0.5,
    "three_class": {"normal": 0.5, "bacterial": 0.25, "viral": 0.25},
    "score": 0.5,
    "autoencoder": 0.01,
    "neighbours": ["a", "b"],
}
TOLERANCE = {"probability": 0.02, "score": 0.04, "autoencoder": 0.0001}


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ({}, []),
        ({"pneumonia": 0.519}, []),
        ({"pneumonia": 0.521}, ["pneumonia"]),
        ({"pneumonia": 0.479}, ["pneumonia"]),
        ({"score": 0.53}, []),
        ({"score": 0.55}, ["score"]),
        ({"autoencoder": 0.0102}, ["autoencoder"]),
        ({"three_class": {"normal": 0.5, "bacterial": 0.22, "viral": 0.28}}, ["three_class"]),
        ({"three_class": {"normal": 0.5, "bacterial": 0.24, "viral": 0.26}}, []),
        ({"neighbours": ["b", "c"]}, []),
        ({"pneumonia": 0.9, "score": 0.1}, ["pneumonia", "score"]),
    ],
    ids=str,
)
def test_what_differs_from_what_was_stored(changed, differs):
    assert differences(STORED, {**STORED, **changed}, TOLERANCE) == differs
