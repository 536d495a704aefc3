"""Results as Markdown: the report's experiments and the ablation → blocks of `docs/`.

Pure: dictionaries as they stand in `assets/metrics` in, Markdown out. An experiment that has not
been run says so.
"""

from train.blocks import confusion, table

REPORT = {
    "binary_adam": "62.5 %, everything called pneumonia",
    "binary_lr_schedule": "62.5 %",
    "binary_sgd_early_stopping": "86.70 %; matrix 87/147/128/262, which is 55.9 %",
    "three_class_adam": "83.97 %; matrix sums to 36 %",
    "knn_binary": "96.84 % on a random split",
    "knn_three_class": "81.03 % on a random split",
    "tsne": "figures",
    "autoencoder": "one image above the threshold",
}
"""What the report printed, by recipe."""

NOT_RUN = "not run yet"


def overview(results: dict[str, dict]) -> str:
    """All experiments: the report's figure and ours.

    Args:
        results: content of `assets/metrics/experiments/*.json`, by recipe.
    """
    rows = [
        (f"[`{name}`](#{name})", printed, _ours(name, results.get(name)))
        for name, printed in REPORT.items()
    ]
    return table(("recipe", "the report printed", "measured here, official test"), rows)


def trained(result: dict | None) -> str:
    """One trained classifier: settings, scores, matrix, and the matrix in shuffled order."""
    if result is None:
        return NOT_RUN + "\n"
    settings, test = result["settings"], result["test"]
    names = tuple(test["recall"])
    shuffled = test["if_shuffled"]
    return (
        f"{settings['epochs_run']} epochs at {settings['side']} px, "
        f"{result['seconds'] / 60:.0f} min. Accuracy: {result['validation']['accuracy']:.1%} on "
        f"held-out patients, **{test['accuracy']:.1%}** on the official test. Of the first dense "
        f"layer's units {result['share_of_dead_units']:.0%} are 0 for every held-out image.\n\n"
        + confusion(test["confusion"], names)
        + f"\nThe same predictions compared with labels in shuffled order would have said "
        f"{shuffled['accuracy']:.1%}: {_inline(shuffled['confusion'])}.\n"
    )


def figure(name: str, words: str) -> str:
    """The drawing that a recipe left, for a page in `docs/`."""
    return f"\n![{words}](../assets/metrics/experiments/{name}.png)\n"


def voted(result: dict | None) -> str:
    """One kNN experiment under both splits."""
    if result is None:
        return NOT_RUN + "\n"
    rows = [
        (
            f"{which}, {split}",
            f"{scores['accuracy']:.1%}",
            f"{scores['patients_on_both_sides']:.0%}",
        )
        for which, splits in (
            ("all training images", result["all"]),
            ("images the network was not trained on", result["not trained on"]),
        )
        for split, scores in splits.items()
    ]
    rows.append(
        (
            "references: training images; tested: official test",
            _percent(result),
            f"{result['test']['patients_on_both_sides']:.0%}",
        )
    )
    return table(
        (f"k = {result['neighbours']}", "accuracy", "tested beside an image of the same patient"),
        rows,
    )


def mapped(result: dict | None) -> str:
    """The t-SNE map."""
    if result is None:
        return NOT_RUN + "\n"
    purity = result["neighbourhood_purity"]
    return (
        f"{result['n']:,} training images. Of a point's ten nearest on the map, "
        f"{purity['2']:.1%} share its class of two, {purity['3']:.1%} its class of three.\n"
    )


def reconstructed(result: dict | None) -> str:
    """The report's autoencoder."""
    if result is None:
        return NOT_RUN + "\n"
    test = result["test"]
    return (
        f"{result['settings']['epochs_run']} epochs, {result['seconds'] / 60:.0f} min. Official "
        f"test: AUROC **{test['auc']:.3f}**; above {test['threshold']:g} lie "
        f"{test['sensitivity']:.1%} of the pneumonias and {1 - test['specificity']:.1%} of the "
        "normals.\n"
    )


LEVERS = {
    "all_views": "all views of the released recipe",
    "shape_only": "without gamma, sharpness, grain, JPEG, distance and foreign borders",
    "no_border": "without foreign borders",
    "no_texture": "without gamma, sharpness, grain and JPEG",
    "no_distance": "without views from farther away",
    "narrow_crops": "crops from 30 % of the area instead of 8 %",
    "no_ratio_jitter": "without jitter of the aspect ratio",
    "no_aspect_balance": "jitter not centred by class",
    "no_contrast": "without brightness and contrast jitter",
    "block_5": "block 5 alone trained",
    "block_3": "block 3 trained too",
    "block_2": "blocks 2 and 3 trained too",
    "no_label_smoothing": "without label smoothing",
    "twice_the_rate": "twice the learning rate",
}


def ablation(results: dict[str, dict]) -> str:
    """What each lever gives, plain and as the mean over the stresses."""
    rows = []
    for name, words in LEVERS.items():
        if name not in results:
            rows.append((words, NOT_RUN, *[""] * 8))
            continue
        scores = dict(results[name]["scores"])
        plain = scores.pop("plain")
        rows.append(
            (
                words,
                *(f"{plain[key]:.3f}" for key in ("auc", "specificity", "three_class_accuracy")),
                *(
                    f"{sum(s[key] for s in scores.values()) / len(scores):.3f}"
                    for key in ("auc", "specificity", "sensitivity", "three_class_accuracy")
                ),
                f"{min(s['specificity'] for s in scores.values()):.3f}",
                f"{min(s['sensitivity'] for s in scores.values()):.3f}",
            )
        )
    return table(
        (
            "5 epochs, 160 px; blocks 4–5 but where said",
            "AUROC, plain",
            "specificity",
            "3-class accuracy",
            "AUROC, stressed",
            "specificity",
            "sensitivity",
            "3-class accuracy",
            "worst specificity",
            "worst sensitivity",
        ),
        rows,
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


def released_stress(scores: dict[str, dict]) -> str:
    """The classifier that ships, stress by stress."""
    if not scores:
        return NOT_RUN + "\n"
    keys = ("auc", "sensitivity", "specificity", "three_class_accuracy")
    return table(
        ("held-out patients", "AUROC", "sensitivity", "specificity", "3-class accuracy"),
        [(name, *(f"{s[key]:.3f}" for key in keys)) for name, s in scores.items()],
    )


def test_time_views(results: dict[str, dict[str, dict]]) -> str:
    """Averages over several views of an image, plain and stressed."""
    if not results:
        return NOT_RUN + "\n"
    keys = ("auc", "accuracy", "three_class_accuracy")
    return table(
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


def _ours(name: str, result: dict | None) -> str:
    if result is None:
        return NOT_RUN
    if name == "tsne":
        return "figures"
    if name == "autoencoder":
        return f"AUROC {result['test']['auc']:.3f}"
    return _percent(result)


def _percent(result: dict) -> str:
    return f"{result['test']['accuracy']:.1%}"


def _inline(counts: list[list[int]]) -> str:
    return " / ".join(str(count) for row in counts for count in row)
