"""Would the mean of the last epochs' weights serve better than the last? Held-out patients.

    python -m train.experiments.weight_averaging --data ../shared/data/chest_xray \\
        [--work .work/classifier/borders] [--keep 4]

Scores the last epoch and the mean of the last 2 to 6 (Izmailov et al., 2018, "Averaging weights
leads to wider optima and better generalization"; VGG16 has no normalisation statistics to renew),
plain and stressed. The official test is not read. Writes `assets/metrics/weight_averaging.json`;
with --keep also replaces the weights of that stage by the mean of that many, for
`train.recipes.classifier`, run again, to take over.
Time: 3 min on 2 cores.
Expected: little, as the learning rate ends at 0.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from cxr_demo.artefacts import ASSETS
from train.data.corruptions import mixed_corruptions
from train.data.kermany import load_split
from train.data.splits import training_and_validation
from train.models.networks import build_classifier
from train.models.training import (
    SNAPSHOTS,
    score_classifier,
    snapshot,
    use_bfloat16_where_it_is_fast,
)
from train.records.manifest import write_json


def mean_weights(snapshots: list[list[np.ndarray]]) -> list[np.ndarray]:
    """Array by array, the mean over several lists of weights."""
    return [np.mean(arrays, axis=0, dtype=np.float64) for arrays in zip(*snapshots, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ in it")
    parser.add_argument("--work", type=Path, default=Path(".work/classifier/borders"))
    parser.add_argument("--keep", type=int, choices=range(2, SNAPSHOTS + 1))
    arguments = parser.parse_args()
    use_bfloat16_where_it_is_fast()
    _, held_out = training_and_validation(load_split(arguments.data, "train"))
    plain, stressed = held_out.pixels[..., None] / np.float32(255), mixed_corruptions(held_out)
    epochs = len(json.loads((arguments.work / "history.json").read_text()))
    model = build_classifier()

    def weights_of(epoch: int) -> list[np.ndarray]:
        model.load_weights(snapshot(arguments.work, epoch))
        return model.get_weights()

    last = [weights_of(epoch) for epoch in range(epochs, epochs - SNAPSHOTS, -1)]
    table = {}
    for count in range(1, SNAPSHOTS + 1):
        model.set_weights(mean_weights(last[:count]))
        table[str(count)] = {
            "plain": score_classifier(model, plain, held_out.labels),
            "stressed": score_classifier(model, stressed, held_out.labels),
        }
        if count == arguments.keep:
            model.save_weights(arguments.work / "classifier.weights.h5")
    run = json.loads((arguments.work / "run.json").read_text())
    result = {"commit": run["commit"], "recipe": run["recipe"], "scores": table}
    written = ASSETS / "metrics" / "weight_averaging.json"
    write_json(written, result, "python -m train.experiments.weight_averaging")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
