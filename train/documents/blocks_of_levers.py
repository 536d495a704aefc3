"""Results as Markdown: the ablation and the stresses → blocks of `docs/`.

Pure: dictionaries as they stand in `assets/metrics` in, Markdown out. What has
not been run says so.
"""

from train.documents.blocks import NOT_RUN, table

LEVERS = {
    "all_views": "all views of the released recipe",
    "another_seed": "the same with another seed",
    "shape_only": "without gamma, sharpness, grain, JPEG, distance and foreign borders",
    "no_border": "without foreign borders",
    "narrow_crops": "crops from 30 % of the area instead of 8 %",
    "no_ratio_jitter": "without jitter of the aspect ratio",
    "no_contrast": "without brightness and contrast jitter",
    "no_flip": "without mirrored views",
    "block_3": "block 3 trained too",
    "twice_as_long": "10 epochs",
    "not_balanced": "classes weighed as common as they are",
    "binary_alone": "the two-class head alone",
    "three_class_alone": "the three-class head alone",
    "contrastive": "with a supervised contrastive loss on the embedding",
}


def ablation(results: dict[str, dict]) -> str:
    """What each lever gives: plain, as the mean over the stresses, and under the worst of them.

    Sensitivity and specificity are left out: so short a training leaves scores uncalibrated, and
    at 0.5 they differ more between two seeds than between levers.
    """
    plain_columns = {
        "auc": "AUROC, plain",
        "bacterial_viral_auc": "bacterial against viral",
        "three_class_accuracy": "3-class accuracy",
        "knn_accuracy": "vote, 2 classes",
        "knn_three_class_accuracy": "3 classes",
    }

    def row(name: str) -> tuple[str, ...]:
        scores = dict(results[name]["scores"])
        plain = scores.pop("plain")
        aucs = [s["auc"] for s in scores.values() if "auc" in s]
        three = [s["three_class_accuracy"] for s in scores.values() if "three_class_accuracy" in s]
        return (
            *(_decimals(plain.get(key)) for key in plain_columns),
            *(_decimals(sum(values) / len(values) if values else None) for values in (aucs, three)),
            _decimals(min(aucs, default=None)),
        )

    columns = (
        *plain_columns.values(), "AUROC, stressed", "3-class accuracy", "AUROC, worst stress"
    )  # fmt: skip
    empty = (NOT_RUN, *[""] * (len(columns) - 1))
    return table(
        ("blocks 4–5, 5 epochs, but where said", *columns),
        [(words, *(row(name) if name in results else empty)) for name, words in LEVERS.items()],
    )


def stresses(results: dict[str, dict]) -> str:
    """Stress by stress, views of shape alone beside those that vary sharpness and grain too."""
    if not {"shape_only", "no_border"} <= set(results):
        return NOT_RUN + "\n"
    before, after = (results[name]["scores"] for name in ("shape_only", "no_border"))
    return table(
        (
            "held-out patients",
            "shape alone varied: sensitivity / specificity",
            "sharpness, grain, tone, distance too",
        ),
        [
            (name, *(f"{s['sensitivity']:.3f} / {s['specificity']:.3f}" for s in pair))
            for name, pair in ((name, (before[name], after[name])) for name in before)
        ],
    )


def released_stress(first: dict[str, dict], released: dict[str, dict]) -> str:
    """The classifier stress by stress, after the first stage of its training and as it ships."""
    if not released:
        return NOT_RUN + "\n"
    keys = ("auc", "sensitivity", "specificity", "three_class_accuracy")
    return table(
        (
            "held-out patients",
            "AUROC after the first stage",
            "AUROC",
            "sensitivity",
            "specificity",
            "3-class accuracy",
        ),
        [
            (
                name,
                _decimals(first.get(name, {}).get("auc")),
                *(_decimals(scores[key]) for key in keys),
            )
            for name, scores in released.items()
        ],
    )


def test_time_views(found: dict, shipped: str) -> str:
    """Averages over several views of an image, plain and stressed, and of which classifier."""
    if not found:
        return NOT_RUN + "\n"
    results = found["scores"]
    whose = "the one that ships" if found["classifier"] == shipped else "an earlier one"
    keys = ("auc", "accuracy", "three_class_accuracy")
    return f"Measured on {whose} ({found['classifier']}).\n\n" + table(
        (
            "held-out patients",
            *(f"{key}, plain" for key in ("AUROC", "accuracy", "3-class accuracy")),
            *(f"{key}, stressed" for key in ("AUROC", "accuracy", "3-class accuracy")),
        ),
        [
            (name, *(f"{scores[c][key]:.3f}" for c in ("plain", "stressed") for key in keys))
            for name, scores in results.items()
        ],
    )


def _decimals(value: float | None) -> str:
    """Three decimals; a dash for what was not trained."""
    return "–" if value is None else f"{value:.3f}"
