"""Work out what documents state and no JSON file holds: aims met, ratios, means over stresses.

Pure: dictionaries as they stand in `assets` in, numbers and words out. Templates call these
functions and do no arithmetic but 1 - x and changes of unit.
"""

import re

from cxr_demo.anomaly.thresholds import ScoreDistribution
from cxr_demo.model_card import flat
from cxr_demo.reference.neighbourhood import NEIGHBOURS

_AIM = re.compile(r"([≥≤]) (\d+(?:\.\d+)?)(?: (.+))?")


def met(aim: str, *values: float) -> str:
    """Whether values reach what was aimed at: "yes", or "no" in bold.

    Args:
        aim: as the document states it, such as "≥ 0.92", "≤ 1 %" or "≤ 5 s, ≥ 3 times sooner": a
            direction, a bound that counts as reached itself, and perhaps a unit.
        values: one for each bound, in its unit; for "%" a share in [0, 1].

    Raises:
        ValueError: if the aim cannot be read, or has another number of bounds than of values.
    """
    reached = []
    for part, value in zip(aim.split(", "), values, strict=True):
        if not (stated := _AIM.fullmatch(part)):
            raise ValueError(f'{part!r} is no aim; write one like "≥ 0.92" or "≤ 5 s".')
        direction, number, unit = stated.groups()
        bound = float(number) / 100 if unit == "%" else float(number)
        reached.append(value >= bound if direction == "≥" else value <= bound)
    return "yes" if all(reached) else "**no**"


def with_intervals(evaluation: dict) -> dict[str, dict[str, float]]:
    """Figures of the official test by their path, such as "three_class.recall.viral".

    Returns:
        "value", and "low" and "high" of its 95 % interval.

    Raises:
        KeyError: if an interval belongs to no figure.
    """
    figures = flat(evaluation)
    return {
        path: {"value": figures[path], "low": low, "high": high}
        for path, (low, high) in evaluation["intervals"].items()
    }


def held_out_rates(screening: dict, threshold: float) -> tuple[float, float]:
    """(sensitivity, specificity) of a threshold on held-out patients, in [0, 1].

    Args:
        screening: `held_out_scores.json` of a method.
    """
    return ScoreDistribution.from_json(screening).sensitivity_specificity(threshold)


def over_stresses(scores: dict[str, dict]) -> dict[str, float | None]:
    """A variant's scores over all stresses; None for a head that was not trained.

    Args:
        scores: by condition, with "plain" among them, which is no stress.

    Returns:
        Means of "auc" and "three_class_accuracy", and "worst_auc", the least of all.
    """
    stressed = [found for condition, found in scores.items() if condition != "plain"]
    aucs, accuracies = (
        [found[figure] for found in stressed if figure in found]
        for figure in ("auc", "three_class_accuracy")
    )
    return {
        "auc": _mean(aucs),
        "three_class_accuracy": _mean(accuracies),
        "worst_auc": min(aucs, default=None),
    }


def retrieval_table(rows: list[dict]) -> list[dict]:
    """Ways to vote, under both conditions: all embeddings at NEIGHBOURS, the first at all k.

    Args:
        rows: of `retrieval.json`, one per embedding, condition, k and kind of votes.

    Returns:
        "embedding", "k", "votes", and balanced accuracies "two" and "three" by condition.
    """
    table: dict[tuple, dict] = {}
    for row in rows:
        if row["k"] == NEIGHBOURS or row["embedding"] == rows[0]["embedding"]:
            way = {name: row[name] for name in ("embedding", "k", "votes")}
            found = table.setdefault(tuple(way.values()), way)
            found[row["condition"]] = {
                classes: row[f"balanced_accuracy_{classes}"] for classes in ("two", "three")
            }
    return list(table.values())


def times_slower(bench: dict) -> dict[str, float]:
    """How many times as much time other ways take as ours does.

    Returns:
        For a whole analysis "obvious" and "tf_function"; of the obvious way also "first_page",
        "first_answer" and "folder".
    """
    latency, start = bench["latency_ms"], bench["cold_start_s"]
    rate = bench["batch_images_per_s"]
    return {
        **{way: latency[way]["p50"] / latency["ours"]["p50"] for way in ("obvious", "tf_function")},
        **{
            moment: start["obvious"][moment] / start["ours"][moment]
            for moment in ("first_page", "first_answer")
        },
        "folder": rate["ours"] / rate["obvious"],
    }


def parity_figures(parity: dict) -> dict[str, float]:
    """The exported classifier beside the kept weights.

    Returns:
        "share_near", the lower share of both heads, and "auc_gap", without its sign.
    """
    return {
        "share_near": min(parity[head]["share_near"] for head in ("binary", "three_class")),
        "auc_gap": abs(parity["auc"]["kept"] - parity["auc"]["served"]),
    }


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
