"""Votes of neighbours and the class that wins them."""

import pytest

from cxr_demo.reference.library import Neighbour
from cxr_demo.reference.neighbourhood import agreement, majority_class, vote

ALIKE = {"normal": 1.0, "bacterial": 1.0, "viral": 1.0}


def neighbour(label: str) -> Neighbour:
    return Neighbour(row=0, id="a", label=label, patient="p", similarity=1.0)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["viral"], {"normal": 0, "bacterial": 0, "viral": 1}),
        (
            ["normal", "viral", "bacterial", "normal"],
            {"normal": 1 / 2, "bacterial": 1 / 4, "viral": 1 / 4},
        ),
        (
            ["bacterial"] * 6 + ["viral"] * 5,
            {"normal": 0, "bacterial": 6 / 11, "viral": 5 / 11},
        ),
    ],
)
def test_vote_shares(labels, expected):
    shares = vote(tuple(neighbour(label) for label in labels), ALIKE)
    assert shares == pytest.approx(expected)
    assert list(shares) == ["normal", "bacterial", "viral"]


def test_a_class_that_is_common_in_the_library_counts_less():
    """1 + 1 normal and 3 · ½ bacterial of 3.5."""
    neighbours = tuple(neighbour(label) for label in ["bacterial"] * 3 + ["normal"] * 2)
    shares = vote(neighbours, {**ALIKE, "bacterial": 0.5})
    assert shares == pytest.approx({"normal": 4 / 7, "bacterial": 3 / 7, "viral": 0})
    assert majority_class(neighbours, shares) == "normal"


@pytest.mark.parametrize(
    ("labels", "similarities", "expected"),
    [
        ("nnb", (0.5, 0.5, 0.9), "normal"),  # most votes win, whatever the similarity
        ("nnbb", (0.9, 0.5, 0.8, 0.7), "bacterial"),  # 1.4 against 1.5
        ("nvbbv", (0.9, 0.9, 0.8, 0.8, 0.8), "viral"),  # 1.7 against 1.6
    ],
)
def test_the_elected_class(labels, similarities, expected):
    names = {"n": "normal", "b": "bacterial", "v": "viral"}
    neighbours = tuple(
        Neighbour(0, "", names[label], "", similarity)
        for label, similarity in zip(labels, similarities, strict=True)
    )
    assert majority_class(neighbours, vote(neighbours, ALIKE)) == expected


@pytest.mark.parametrize(
    ("pneumonia", "three", "normal", "majority", "expected"),
    [
        (0.9, (0.1, 0.8, 0.1), 1 / 3, "bacterial", "full"),
        (0.9, (0.1, 0.1, 0.8), 1 / 3, "bacterial", "cause"),
        (0.9, (0.1, 0.8, 0.1), 2 / 3, "normal", "none"),
        (0.1, (0.8, 0.1, 0.1), 2 / 3, "normal", "full"),
        (0.1, (0.8, 0.1, 0.1), 1 / 3, "viral", "none"),
        (0.5, (0.8, 0.1, 0.1), 1 / 2, "normal", "full"),  # at one half, normal is called
    ],
)
def test_agreement_of_vote_and_classifier(pneumonia, three, normal, majority, expected):
    probabilities = {
        "binary": {"normal": 1 - pneumonia, "pneumonia": pneumonia},
        "three_class": dict(zip(("normal", "bacterial", "viral"), three, strict=True)),
    }
    assert agreement(probabilities, {"normal": normal}, majority) == expected
