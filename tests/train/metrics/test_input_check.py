"""Thresholds, shares and AUROCs of the gate, counted by hand."""

import numpy as np
import pytest

from cxr_demo.models.input_check import OTHER, USABLE
from train.data.out_of_distribution.drawn_images import KINDS
from train.data.out_of_distribution.samples import ELSEWHERE, Samples
from train.data.out_of_distribution.unusual_views import UNUSUAL_VIEWS
from train.metrics import input_check as gate_metrics
from train.metrics.input_check import (
    choose_thresholds,
    grade_shares,
    measure_grades,
    separation_curves,
    target_classes,
)


def samples_and_found(*rows: tuple[str, bool, float, float]) -> tuple[Samples, dict]:
    """Samples of (kind, held out, P(USABLE), P(OTHER)), and these probabilities."""
    kinds, held_out, usable, other = (np.array(column) for column in zip(*rows, strict=True))
    nothing = np.zeros((len(kinds), 1, 1, 1), np.float16)
    return Samples(nothing, kinds, kinds, held_out), {USABLE: usable, OTHER: other}


SPOILT = [(kind, True, 0.3, 0.6) for kind in UNUSUAL_VIEWS]
SAMPLES, FOUND = samples_and_found(
    (USABLE, True, 0.9, 0.1),
    (USABLE, True, 0.7, 0.2),
    (USABLE, False, 0.0, 1.0),  # fitted to: counts nowhere
    *SPOILT,
    (next(iter(UNUSUAL_VIEWS)), False, 1.0, 1.0),  # fitted to, too
    ("photograph", False, 0.8, 0.15),
    ("noise", False, 0.1, 0.9),
    (ELSEWHERE, False, 0.75, 0.05),
)


def test_every_kind_has_its_class():
    kinds = np.array([USABLE, "inverted", "sideways", ELSEWHERE, "photograph", "noise", "bones"])
    expected = [USABLE, "inverted", "sideways", ELSEWHERE, OTHER, OTHER, OTHER]
    assert target_classes(kinds).tolist() == expected
    assert target_classes(np.array([*UNUSUAL_VIEWS])).tolist() == list(UNUSUAL_VIEWS)
    assert set(target_classes(np.array([*KINDS]))) == {OTHER}


def test_rates_by_hand():
    """Refusal comes first, and both thresholds are reached by being equal."""
    usable = np.array([0.9, 0.9, 0.5, 0.49, 0.1])
    other = np.array([0.05, 0.6, 0.4, 0.5, 0.59])
    assert grade_shares(usable, other, 0.5, 0.6) == {
        "n": 5,
        "usable": 0.4,
        "unusual": 0.4,
        "not_a_chest_radiograph": 0.2,
    }
    assert grade_shares(usable, other, 0.0, 0.0)["not_a_chest_radiograph"] == 1
    assert grade_shares(usable, other, 0.95, 0.95)["unusual"] == 1


def test_thresholds_are_quantiles_of_held_out_radiographs_alone(monkeypatch):
    monkeypatch.setattr(gate_metrics, "MAX_DOUBT_RATE", 0.5)
    min_usable, min_other = choose_thresholds(SAMPLES, FOUND)
    assert min_usable == pytest.approx(0.8)  # the middle of 0.7 and 0.9
    assert min_other == pytest.approx(0.6)  # of the spoilt ones, all alike


def test_spoilt_radiographs_have_an_accepted_rate_of_their_own(monkeypatch):
    monkeypatch.setattr(gate_metrics, "MAX_REFUSAL_RATE", 1.0)
    monkeypatch.setattr(gate_metrics, "MAX_UNUSUAL_REFUSAL_RATE", 0.0)
    plain = (USABLE, True, 0.9, 0.1), (USABLE, True, 0.1, 0.9)
    spoilt = ("inverted", True, 0.2, 0.6), ("inverted", True, 0.2, 0.4)
    assert choose_thresholds(*samples_and_found(*plain, *spoilt))[1] == pytest.approx(0.6)


def test_nothing_is_refused_that_is_likelier_a_radiograph():
    samples, found = samples_and_found((USABLE, True, 0.9, 0.1), ("inverted", True, 0.2, 0.3))
    assert choose_thresholds(samples, found)[1] == 0.5


def test_shares_and_aurocs_of_each_kind_by_hand():
    measured = measure_grades(SAMPLES, FOUND, (0.8, 0.6))
    assert list(measured["usable"].values()) == [2, 0.5, 0.5, 0]
    assert list(measured["other"].values()) == [2, 0.5, 0, 0.5]
    # Against usable 0.9 and 0.7, other pictures at 0.8 and 0.1: 3 of 4 pairs in order.
    assert measured["auc"]["usable_against_other"] == pytest.approx(3 / 4)
    # P(OTHER) 0.15 exceeds 0.1 alone, 0.9 exceeds all held-out ones.
    chests = 2 + len(UNUSUAL_VIEWS)
    assert measured["auc"]["chest_against_other"] == pytest.approx((1 + chests) / (2 * chests))
    assert list(measured["kinds"]) == [ELSEWHERE, "noise", "photograph", *UNUSUAL_VIEWS]
    assert measured["kinds"]["photograph"]["auc"] == pytest.approx(1 / 2)
    first = measured["kinds"][next(iter(UNUSUAL_VIEWS))]
    assert (first["auc"], first["n"], first["not_a_chest_radiograph"]) == (1, 1, 1)


def test_curves_enclose_the_aurocs():
    measured = measure_grades(SAMPLES, FOUND, (0.8, 0.6))["auc"]
    curves = separation_curves(SAMPLES, FOUND)
    areas = [np.trapezoid(true, false) for false, true in curves.values()]
    assert areas == pytest.approx(list(measured.values()))
