"""Results as Markdown: the report's experiments → blocks of `docs/`.

Pure: dictionaries as they stand in `assets/metrics` in, Markdown out. An experiment that has not
been run says so.
"""

from train.documents.blocks import NOT_RUN, confusion, table

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
