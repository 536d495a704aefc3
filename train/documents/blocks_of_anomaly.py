"""Results as Markdown: what detector and autoencoder do → blocks of their cards and of `docs/`.

Pure: dictionaries as they stand in `assets` in, Markdown out.
"""

import numpy as np

from cxr_demo.anomaly.thresholds import ScoreDistribution
from train.documents.blocks import NOT_RUN, met, table, with_interval

PRESETS = {
    "specificity_95": "95 % of held-out normals (the default)",
    "specificity_90": "90 % of held-out normals",
    "specificity_99": "99 % of held-out normals",
    "youden": "Youden",
    "report": "the report's 0.01",
}


def targets(e: dict, found: dict) -> str:
    """What was aimed at and what was reached."""
    auc = e["detector"]["auc"]
    pixel = found["detector"]["lesions"]["all"]["pixel_auc"] if found else None
    return table(
        ("", "measured", "aim", "met", "published best"),
        [
            (
                "image AUROC, official test",
                with_interval(e, "detector.auc"),
                "≥ 0.92",
                met(auc >= 0.92),
                "0.911 (SimSID), 0.876 (SQUID)",
            ),
            (
                "the same, plain autoencoder",
                f"{e['autoencoder']['auc']:.3f}",
                "reported",
                "",
                "0.60–0.64",
            ),
            (
                "pixel AUROC, synthetic lesions in held-out normals",
                "" if pixel is None else f"{pixel:.3f}",
                "≥ 0.90",
                "" if pixel is None else met(pixel >= 0.90),
                "—",
            ),
        ],
    )


def card(measured: dict, screening: dict) -> str:
    """The figures of one method's card: its thresholds, on held-out patients and on the test."""
    if not (measured and screening):
        return NOT_RUN + "\n"
    held_out = ScoreDistribution(
        np.array(screening["normal"]), np.array(screening["pneumonia"]), screening["presets"]
    )
    rows = [
        (
            PRESETS[name],
            f"{at['threshold']:.4g}",
            " / ".join(f"{rate:.1%}" for rate in held_out.sensitivity_specificity(at["threshold"])),
            f"{at['sensitivity']:.1%} / {at['specificity']:.1%}",
        )
        for name, at in measured["presets"].items()
    ]
    return (
        f"AUROC on the official test split, pneumonia against normal: {measured['auc']:.3f}. Of "
        f"the map of a normal test image, {measured['edge_share_of_normals']:.0%} lies in the "
        "outer 12.5 % of the image on average; of an even map, 44 % would.\n\n"
        + table(
            (
                "threshold that spares",
                "score above",
                "held-out patients, sensitivity / specificity",
                "official test",
            ),
            rows,
        )
    )


def localisation(found: dict) -> str:
    """Both methods on pasted lesions, and what stresses do to held-out normals."""
    if not found:
        return NOT_RUN + "\n"
    methods = ("detector", "autoencoder")
    lesions = [
        (
            kind,
            *(
                f"{found[method]['lesions'][kind][figure]:.3f}"
                for figure in ("pixel_auc", "pointing_game", "image_auc")
                for method in methods
            ),
        )
        for kind in found["detector"]["lesions"]
    ]
    specificity = [
        (name, *(f"{found[method]['specificity'][name]:.1%}" for method in methods))
        for name in found["detector"]["specificity"]
    ]
    return (
        table(
            (
                f"lesions in {found['n_normals']} held-out normals",
                *(
                    f"{figure}, {method}"
                    for figure in ("pixel AUROC", "pointing game", "image AUROC")
                    for method in methods
                ),
            ),
            lesions,
        )
        + f"\nOf the lesions' own area {found['edge_share_of_lesions']:.0%} lies in the outer "
        "12.5 % of the image. Image AUROC over all lesions, by the share of the map that has to "
        "exceed a threshold:\n\n"
        + table(
            ("share of the image", *found["detector"]["extents"]),
            [
                (method, *(f"{auc:.3f}" for auc in found[method]["extents"].values()))
                for method in methods
            ],
        )
        + "\n"
        + table(("held-out normals below the default threshold", *methods), specificity)
    )


def everything_tried(found: dict) -> str:
    """All methods, the best on the official test first."""
    if not found:
        return NOT_RUN + "\n"
    methods = sorted(found["methods"].items(), key=lambda item: -item[1]["test_auc"])
    figures = ("test_auc", "lesions_auc", "stress_specificity")
    return table(
        (
            "fitted on normals alone",
            "AUROC, official test",
            "AUROC, lesions in held-out normals",
            "stressed held-out normals spared",
        ),
        [(name, *(f"{scores[figure]:.3f}" for figure in figures)) for name, scores in methods],
    )


def readings(log: list[dict]) -> str:
    """Every reading of the official test that scored a detector."""
    return table(
        ("date", "why", "AUROC"),
        [
            (reading["date"], reading["note"] or "—", f"{reading['detector']['auc']:.3f}")
            for reading in log
            if "detector" in reading
        ],
    )


def seeds(found: dict) -> str:
    """The detector seed by seed."""
    if not found:
        return NOT_RUN + "\n"
    figures = {
        "auc": "AUROC, official test",
        "pixel_auc": "pixel AUROC, lesions",
        "pointing_game": "pointing game",
        "image_auc": "image AUROC, lesions",
    }
    rows = [
        (f"seed {seed}", *(f"{scores[figure]:.3f}" for figure in figures))
        for seed, scores in found["seeds"].items()
    ]
    mean = tuple(
        f"{found[figure]['mean']:.3f} ± {found[figure]['standard_deviation']:.3f}"
        for figure in figures
    )
    return table(("", *figures.values()), [*rows, ("mean ± standard deviation", *mean)])
