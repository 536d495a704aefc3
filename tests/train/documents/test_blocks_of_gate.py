"""Markdown of the gate."""

import pytest

from train.documents.blocks_of_gate import kinds, never_seen, targets

NOT_RUN = "not run yet\n"
SHARES = {"usable": 0.97, "unusual": 0.0275, "not_a_chest_radiograph": 0.0025}
INPUT_CHECK = {
    "auc": {"usable_against_other": 0.99876, "chest_against_other": 0.98765},
    "usable": {"n": 1234, **SHARES},
    "other": {"n": 5678, "usable": 0.0123, "unusual": 0.2, "not_a_chest_radiograph": 0.7877},
    "kinds": {
        "ct_slice": {
            "n": 1000,
            "auc": 1.0,
            "usable": 0.0,
            "unusual": 0.0004,
            "not_a_chest_radiograph": 0.9996,
        },
        "upside_down": {"n": 7, "auc": 0.87654, **SHARES},
    },
    "kind_never_seen": {
        "other_body_part": {
            "n": 31,
            "usable": 0.25,
            "unusual": 0.5,
            "not_a_chest_radiograph": 0.25,
        },
        "blank": {"n": 2500, **SHARES},
    },
}
EVALUATION = {"gate": {"usable": 0.95, "unusual": 0.0416, "not_a_chest_radiograph": 0.008}}


def cells(text: str) -> list[list[str]]:
    """Rows of a table, without its head."""
    lines = text.splitlines()
    assert text.endswith("|\n")
    assert set(lines[1]) <= set("|- ")
    assert len({line.count("|") for line in lines}) == 1
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_aims_and_what_was_reached():
    refused, unusual, junk, usable_auc, chest_auc = cells(targets(INPUT_CHECK, EVALUATION))
    assert refused == ["official test, refused", "0.8%", "≤ 1 %", "yes"]
    assert unusual[1:] == ["4.2%", "reported", ""]
    assert "n = 5,678" in junk[0] and junk[1:] == ["1.23%", "≤ 2 %", "yes"]
    assert "usable" in usable_auc[0] and usable_auc[1:] == ["0.9988", "reported", ""]
    assert "any state" in chest_auc[0] and chest_auc[1:] == ["0.9877", "reported", ""]


@pytest.mark.parametrize(("refused", "met"), [(0.01, "yes"), (0.0101, "**no**"), (0.5, "**no**")])
def test_too_many_refused(refused, met):
    evaluation = {"gate": {**EVALUATION["gate"], "not_a_chest_radiograph": refused}}
    rows = cells(targets(INPUT_CHECK, evaluation))
    assert rows[0][3] == met and rows[2][3] == "yes"


@pytest.mark.parametrize(("taken", "met"), [(0.02, "yes"), (0.0201, "**no**")])
def test_too_many_taken_for_usable(taken, met):
    gate = {**INPUT_CHECK, "other": {**INPUT_CHECK["other"], "usable": taken}}
    rows = cells(targets(gate, EVALUATION))
    assert rows[2][3] == met and rows[0][3] == "yes"


def test_every_kind_with_held_out_radiographs_first():
    assert cells(kinds(INPUT_CHECK)) == [
        ["held-out radiographs", "1,234", "", "97.0%", "2.8%", "0.2%"],
        ["ct slice", "1,000", "1.0000", "0.0%", "0.0%", "100.0%"],
        ["upside down", "7", "0.8765", "97.0%", "2.8%", "0.2%"],
    ]


def test_kinds_never_seen():
    assert cells(never_seen(INPUT_CHECK)) == [
        ["other body part", "31", "25.0%", "50.0%", "25.0%"],
        ["blank", "2,500", "97.0%", "2.8%", "0.2%"],
    ]


@pytest.mark.parametrize("table", [kinds, never_seen])
def test_the_head_names_the_grades_in_their_order(table):
    head = table(INPUT_CHECK).splitlines()[0]
    assert head.endswith("| usable | unusual | not a chest radiograph |")


def test_what_was_not_measured_says_so():
    assert kinds({}) == never_seen({}) == targets({}, EVALUATION) == NOT_RUN
    assert targets(INPUT_CHECK, {}) == targets(INPUT_CHECK, {"binary": {}}) == NOT_RUN
