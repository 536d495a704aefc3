"""Fill README, cards and `docs/` from `assets/metrics`: no result is typed by hand.

    python -m train.documents.render

What stands between `<!-- results:NAME -->` and `<!-- /results -->` is replaced by the block of
that name; the words around it are written by hand.
`tests/train/documents/test_render.py` fails when a document and the metrics drift apart.
"""

import json
import re
from pathlib import Path

from cxr_demo.artefacts import ASSETS
from train.documents import (
    blocks,
    blocks_of_anomaly,
    blocks_of_bench,
    blocks_of_experiments,
    blocks_of_gate,
    blocks_of_levers,
)

ROOT = ASSETS.parent
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "docs" / "experiments.md",
    ROOT / "docs" / "released_classifier.md",
    ROOT / "docs" / "released_detector.md",
    ROOT / "docs" / "gate.md",
    ASSETS / "classifier" / "CARD.md",
    ASSETS / "detector" / "CARD.md",
    ASSETS / "autoencoder" / "CARD.md",
    ASSETS / "library" / "CARD.md",
)

_BLOCK = re.compile(r"(<!-- results:(\w+) -->\n).*?(<!-- /results -->)", re.DOTALL)


def all_blocks(assets: Path = ASSETS) -> dict[str, str]:
    """All generated blocks by name, as Markdown."""

    def content(name: str) -> dict:
        file = assets / name
        return json.loads(file.read_text()) if file.exists() else {}

    def of_the_classifier(name: str) -> dict:
        """Content that was measured on the classifier that ships; nothing if on another."""
        found = content(name)
        return found if found.get("classifier") == evaluation["model"]["classifier"] else {}

    def of_the_detector(name: str) -> dict:
        """Metrics that were measured on the detector that ships; nothing if on another."""
        found = content(f"metrics/{name}.json")
        return found if found.get("detector") == evaluation["model"]["detector"] else {}

    evaluation = content("metrics/evaluation.json")
    log = [json.loads(line) for line in (assets / "metrics/test_log.jsonl").open()]
    calibration = content("classifier/calibration.json")
    localisation = content("metrics/localisation.json")
    shipped = {method: evaluation["model"].get(method) for method in ("detector", "autoencoder")}
    if localisation.get("model") != shipped:
        localisation = {}
    experiments = {
        file.stem: json.loads(file.read_text())
        for file in (assets / "metrics" / "experiments").glob("*.json")
    }
    history, blocks_of = "Loss and accuracy by epoch", blocks_of_experiments
    written = {
        "binary_adam": (blocks_of.trained, history),
        "binary_lr_schedule": (blocks_of.trained, history),
        "binary_sgd_early_stopping": (blocks_of.trained, history),
        "three_class_adam": (blocks_of.trained, history),
        "knn_binary": (blocks_of.voted, None),
        "knn_three_class": (blocks_of.voted, None),
        "tsne": (blocks_of.mapped, "t-SNE, two and three classes"),
        "autoencoder": (blocks_of.reconstructed, "Loss by epoch"),
    }

    def experiment(name: str) -> str:
        block, drawn = written[name]
        text = block(experiments.get(name))
        return text + blocks_of.figure(name, drawn) if drawn and name in experiments else text

    return {
        "overview": blocks.overview(evaluation),
        "targets": blocks.targets(evaluation),
        "classifier": blocks.classifier(evaluation, calibration),
        "decisions": blocks.decisions(evaluation, calibration),
        "baselines": blocks.baselines(evaluation),
        "saliency": blocks.saliency(of_the_classifier("metrics/saliency.json")),
        "anomaly_targets": blocks_of_anomaly.targets(evaluation, localisation),
        "localisation": blocks_of_anomaly.localisation(localisation),
        "anomaly_table": blocks_of_anomaly.everything_tried(of_the_detector("anomaly_table")),
        "anomaly_readings": blocks_of_anomaly.readings(log),
        "detector_seeds": blocks_of_anomaly.seeds(content("metrics/detector_seeds.json")),
        **{
            method: blocks_of_anomaly.card(evaluation[method], content(f"{method}/screening.json"))
            for method in ("detector", "autoencoder")
        },
        "gate": blocks_of_gate.targets(of_the_detector("gate"), evaluation),
        "gate_kinds": blocks_of_gate.kinds(of_the_detector("gate")),
        "gate_never_seen": blocks_of_gate.never_seen(of_the_detector("gate")),
        "library": blocks.library(evaluation),
        "growth": blocks_of_bench.growth(content("metrics/growth.json")),
        "speed": blocks_of_bench.speed(
            content("metrics/bench.json"), of_the_classifier("metrics/parity.json")
        ),
        "ablation": blocks_of_levers.ablation(content("metrics/ablation.json")),
        "stresses": blocks_of_levers.stresses(content("metrics/texture_stresses.json")),
        "released_stress": blocks_of_levers.released_stress(
            content("metrics/stress_first_stage.json").get("scores", {}),
            of_the_classifier("metrics/stress.json").get("scores", {}),
        ),
        "test_time_views": blocks_of_levers.test_time_views(
            content("metrics/test_time_views.json"), evaluation["model"]["classifier"]
        ),
        "report": blocks_of_experiments.overview(experiments),
        **{f"report_{name}": experiment(name) for name in written},
    }


def filled(document: str, generated: dict[str, str]) -> str:
    """A document with each of its blocks replaced.

    Raises:
        KeyError: if the document names a block that does not exist.
    """
    return _BLOCK.sub(lambda m: m[1] + generated[m[2]] + m[3], document)


def main() -> None:
    generated = all_blocks()
    for path in DOCUMENTS:
        path.write_text(filled(path.read_text(), generated))
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
