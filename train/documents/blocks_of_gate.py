"""Results as Markdown: what the gate does → blocks of `docs/gate.md`.

Pure: dictionaries as they stand in `assets` in, Markdown out.
"""

from train.documents.blocks import NOT_RUN, met, table

GRADES = ("usable", "unusual", "not_a_chest_radiograph")
NAMES = ("usable", "unusual", "not a chest radiograph")


def targets(gate: dict, evaluation: dict) -> str:
    """What was aimed at and what was reached."""
    if not (gate and "gate" in evaluation):
        return NOT_RUN + "\n"
    refused, junk = evaluation["gate"]["not_a_chest_radiograph"], gate["other"]["usable"]
    return table(
        ("", "measured", "aim", "met"),
        [
            ("official test, refused", f"{refused:.1%}", "≤ 1 %", met(refused <= 0.01)),
            (
                "official test, marked as unusual",
                f"{evaluation['gate']['unusual']:.1%}",
                "reported",
                "",
            ),
            (
                f"other pictures taken for usable (n = {gate['other']['n']:,}), each by a gate "
                "that has not seen its package",
                f"{junk:.2%}",
                "≤ 2 %",
                met(junk <= 0.02),
            ),
            (
                "AUROC, usable radiographs against other pictures",
                f"{gate['auc']['usable_against_other']:.4f}",
                "reported",
                "",
            ),
            (
                "AUROC, radiographs in any state against other pictures",
                f"{gate['auc']['chest_against_other']:.4f}",
                "reported",
                "",
            ),
        ],
    )


def kinds(gate: dict) -> str:
    """What becomes of each kind of picture."""
    if not gate:
        return NOT_RUN + "\n"
    rows = {"held-out radiographs": {**gate["usable"], "auc": None}, **gate["kinds"]}
    return table(
        ("kind", "n", "AUROC against usable", *NAMES),
        [
            (
                name.replace("_", " "),
                f"{found['n']:,}",
                "" if found["auc"] is None else f"{found['auc']:.4f}",
                *(f"{found[grade]:.1%}" for grade in GRADES),
            )
            for name, found in rows.items()
        ],
    )


def never_seen(gate: dict) -> str:
    """What becomes of a kind of picture that the gate was fitted without."""
    if not gate:
        return NOT_RUN + "\n"
    return table(
        ("kind", "n", *NAMES),
        [
            (
                name.replace("_", " "),
                f"{found['n']:,}",
                *(f"{found[grade]:.1%}" for grade in GRADES),
            )
            for name, found in gate["kind_never_seen"].items()
        ],
    )
