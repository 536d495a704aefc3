"""Fill README and the model cards from `assets/metrics`: no result is typed by hand.

    python -m train.document

What stands between `<!-- results:NAME -->` and `<!-- /results -->` is replaced by the block of
that name; the words around it are written by hand.
`tests/test_documents.py` fails when a document and the metrics drift apart.
"""

import json
import re
from pathlib import Path

from cxr_demo.artefacts import ASSETS

ROOT = ASSETS.parent
DOCUMENTS = (
    ROOT / "README.md",
    ASSETS / "classifier" / "CARD.md",
    ASSETS / "autoencoder" / "CARD.md",
    ASSETS / "library" / "CARD.md",
)

_BLOCK = re.compile(r"(<!-- results:(\w+) -->\n).*?(<!-- /results -->)", re.DOTALL)


def blocks(assets: Path = ASSETS) -> dict[str, str]:
    """All generated blocks by name, as Markdown."""
    evaluation = json.loads((assets / "metrics" / "evaluation.json").read_text())
    calibration = json.loads((assets / "classifier" / "calibration.json").read_text())
    threshold = json.loads((assets / "autoencoder" / "threshold.json").read_text())
    return {
        "overview": _overview(evaluation),
        "classifier": _classifier(evaluation, calibration),
        "autoencoder": _autoencoder(evaluation, threshold),
        "library": _library(evaluation),
    }


def filled(document: str, generated: dict[str, str]) -> str:
    """A document with each of its blocks replaced.

    Raises:
        KeyError: if the document names a block that does not exist.
    """
    return _BLOCK.sub(lambda m: m[1] + generated[m[2]] + m[3], document)


def _overview(e: dict) -> str:
    rows = [
        ("Normal / pneumonia, AUROC", f"{e['binary']['auc']:.3f}"),
        ("Normal / pneumonia, accuracy", f"{e['binary']['accuracy']:.1%}"),
        (
            "… sensitivity / specificity",
            f"{e['binary']['sensitivity']:.1%} / {e['binary']['specificity']:.1%}",
        ),
        ("Normal / bacterial / viral, accuracy", f"{e['three_class']['accuracy']:.1%}"),
        ("Vote of the nearest references, 2 classes", f"{e['knn_binary']['accuracy']:.1%}"),
        ("Vote of the nearest references, 3 classes", f"{e['knn_three_class']['accuracy']:.1%}"),
        ("Autoencoder (trained on normals only), AUROC", f"{e['autoencoder']['auc']:.3f}"),
    ]
    if "native_agreement" in e:
        native = e["native_agreement"]
        rows.append(
            (
                f"Native file and 224 × 224 copy within 0.10 ({native['n']} training images)",
                f"{native['share_within_0.10']:.1%}",
            )
        )
    return _table((f"official test split, n = {e['n']}", "result"), rows)


def _classifier(e: dict, calibration: dict) -> str:
    binary, three = e["binary"], e["three_class"]
    return (
        _table(
            ("official test split", "value"),
            [
                ("AUROC, pneumonia", f"{binary['auc']:.3f}"),
                ("accuracy at 0.5", f"{binary['accuracy']:.1%}"),
                ("sensitivity", f"{binary['sensitivity']:.1%}"),
                ("specificity", f"{binary['specificity']:.1%}"),
                ("expected calibration error", f"{binary['expected_calibration_error']:.3f}"),
                ("3-class accuracy", f"{three['accuracy']:.1%}"),
                ("3-class macro-F1", f"{three['macro_f1']:.3f}"),
                *((f"recall, {name}", f"{r:.1%}") for name, r in three["recall"].items()),
                ("bacterial against viral, AUROC", f"{three['bacterial_viral_auc']:.3f}"),
            ],
        )
        + f"\nOn {calibration['n_images']} images of held-out training patients, each half at the "
        "temperature of the other:\n\n"
        + _table(
            ("head", "temperature", "calibration error before", "after"),
            [_calibration_row(head, calibration[head]) for head in ("binary", "three_class")],
        )
        + "\nConfusion matrix on the test split, rows true, columns called:\n\n"
        + _confusion(three["confusion"], tuple(three["recall"]))
    )


def _autoencoder(e: dict, threshold: dict) -> str:
    measured = e["autoencoder"]
    return (
        _table(
            ("official test split", "value"),
            [
                ("AUROC, pneumonia against normal", f"{measured['auc']:.3f}"),
                ("sensitivity at the threshold", f"{measured['sensitivity']:.1%}"),
                ("specificity at the threshold", f"{measured['specificity']:.1%}"),
            ],
        )
        + f"\nDefault threshold {threshold['threshold']:.4f}: "
        f"{threshold['specificity']:.0%} of {threshold['n_normals']} held-out normals lie at or "
        "below it.\n"
    )


def _library(e: dict) -> str:
    three = e["knn_three_class"]
    return (
        f"Vote on the official test split: {e['knn_binary']['accuracy']:.1%} for two classes, "
        f"{three['accuracy']:.1%} for three.\n\n"
        + _confusion(three["confusion"], tuple(three["recall"]))
    )


def _calibration_row(head: str, fitted: dict) -> tuple[str, ...]:
    error = fitted["expected_calibration_error"]
    return head, f"{fitted['temperature']:.2f}", f"{error['before']:.3f}", f"{error['after']:.3f}"


def _confusion(counts: list[list[int]], names: tuple[str, ...]) -> str:
    return _table(
        ("true", *names), [(name, *map(str, row)) for name, row in zip(names, counts, strict=True)]
    )


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def main() -> None:
    generated = blocks()
    for path in DOCUMENTS:
        path.write_text(filled(path.read_text(), generated))
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
