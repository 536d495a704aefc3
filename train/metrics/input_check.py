"""What the gate makes of samples: thresholds, shares of each grade, how far classes lie apart.

Data contract: `Samples` and, by class, the probabilities float (N,) that a gate gives them which
was not fitted to them → plain numbers.
"""

import numpy as np
from sklearn.metrics import roc_auc_score, roc_curve

from cxr_demo.models.input_check import OTHER, USABLE
from train.data.out_of_distribution.samples import ELSEWHERE, Samples
from train.data.out_of_distribution.unusual_views import UNUSUAL_VIEWS

MAX_REFUSAL_RATE, MAX_UNUSUAL_REFUSAL_RATE = 0.001, 0.01
"""Share of held-out radiographs, and of spoilt ones, whose refusal is accepted."""
MAX_DOUBT_RATE = 0.02
"""Share of held-out radiographs as they are whose marking as unusual is accepted."""
MIN_REFUSAL_PROBABILITY = 0.5
"""P(other) below which nothing is refused."""


def target_classes(kinds: np.ndarray) -> np.ndarray:
    """What the gate is to say of each kind."""
    return np.where(np.isin(kinds, [USABLE, *UNUSUAL_VIEWS, ELSEWHERE]), kinds, OTHER)


def choose_thresholds(samples: Samples, found: dict[str, np.ndarray]) -> tuple[float, float]:
    """The strictest thresholds that the accepted rates allow among held-out radiographs.

    Returns:
        (least P(USABLE) of what is not marked, least P(OTHER) of what is refused).
    """
    plain, spoilt = _held_out(samples)
    min_other = max(
        MIN_REFUSAL_PROBABILITY,
        float(np.quantile(found[OTHER][plain], 1 - MAX_REFUSAL_RATE)),
        float(np.quantile(found[OTHER][spoilt], 1 - MAX_UNUSUAL_REFUSAL_RATE)),
    )
    return float(np.quantile(found[USABLE][plain], MAX_DOUBT_RATE)), min_other


def measure_grades(
    samples: Samples, found: dict[str, np.ndarray], thresholds: tuple[float, float]
) -> dict[str, dict]:
    """AUROCs and shares of each grade.

    Returns:
        `auc` of usable radiographs, and of all held-out ones, against other pictures;
        `grade_shares` of `usable` and `other`; and by kind, in `kinds`, these shares with the AUROC
        against usable radiographs; spoilt ones are held-out ones.
    """
    plain, spoilt = _held_out(samples)
    is_other = target_classes(samples.kinds) == OTHER

    def shares(rows: np.ndarray) -> dict:
        return grade_shares(found[USABLE][rows], found[OTHER][rows], *thresholds)

    def auc_against_usable(rows: np.ndarray) -> float:
        both = plain | rows
        return float(roc_auc_score(rows[both], -found[USABLE][both]))

    rows_of = {
        str(kind): samples.kinds == kind
        for kind in np.unique(samples.kinds)
        if kind not in (USABLE, *UNUSUAL_VIEWS)
    } | {kind: spoilt & (samples.kinds == kind) for kind in UNUSUAL_VIEWS}
    chests_and_others = samples.held_out | is_other
    return {
        "auc": {
            "usable_against_other": auc_against_usable(is_other),
            "chest_against_other": float(
                roc_auc_score(is_other[chests_and_others], found[OTHER][chests_and_others])
            ),
        },
        "usable": shares(plain),
        "other": shares(is_other),
        "kinds": {
            kind: {"auc": auc_against_usable(rows), **shares(rows)}
            for kind, rows in rows_of.items()
        },
    }


def separation_curves(
    samples: Samples, found: dict[str, np.ndarray]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """ROC curves of the AUROCs over all kinds, for `train.metrics.plots.draw_roc`."""
    plain, _ = _held_out(samples)
    is_other = target_classes(samples.kinds) == OTHER
    usable, chests = plain | is_other, samples.held_out | is_other
    return {
        "usable against others": roc_curve(is_other[usable], -found[USABLE][usable])[:2],
        "chest against others": roc_curve(is_other[chests], found[OTHER][chests])[:2],
    }


def grade_shares(
    usable: np.ndarray, other: np.ndarray, min_usable: float, min_other: float
) -> dict:
    """Shares of each grade among images with these probabilities."""
    refused = other >= min_other
    accepted = ~refused & (usable >= min_usable)
    return {
        "n": len(usable),
        "usable": float(accepted.mean()),
        "unusual": float((~refused & ~accepted).mean()),
        "not_a_chest_radiograph": float(refused.mean()),
    }


def _held_out(samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """bool (N,) twice: held-out radiographs as they are, and spoilt ones."""
    as_they_are = samples.kinds == USABLE
    return samples.held_out & as_they_are, samples.held_out & ~as_they_are
