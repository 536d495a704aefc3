"""How does the classifier that ships stand what must not matter? Held-out patients, every stress.

    python -m train.check_stress --data ../shared/data/chest_xray

Writes `assets/metrics/stress.json`. Scores the kept Keras weights; the official test is not read.
Time: 2 min.
"""

import argparse
import json
from pathlib import Path

import keras
import numpy as np

from cxr_demo.analysis import CLASSIFIER
from cxr_demo.artefacts import ASSETS, Artefacts
from train.data import Images, load_split
from train.fit import score_classifier, use_bfloat16_where_it_is_fast
from train.manifest import keep_json
from train.networks import build_classifier
from train.splits import training_and_validation
from train.stress import STRESSES, stressed


def stress_scores(model: keras.Model, held_out: Images) -> dict[str, dict]:
    """`score_classifier` on the plain images and under every stress."""
    plain = held_out.pixels[..., None] / np.float32(255)
    return {
        "plain": score_classifier(model, plain, held_out.labels),
        **{
            name: score_classifier(model, stressed(held_out, name), held_out.labels)
            for name in STRESSES
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ in it")
    arguments = parser.parse_args()
    use_bfloat16_where_it_is_fast()
    _, held_out = training_and_validation(load_split(arguments.data, "train"))
    model = build_classifier()
    model.load_weights(ASSETS / "classifier" / "classifier.weights.h5")
    result = {
        "classifier": Artefacts().short_hash(CLASSIFIER),
        "scores": stress_scores(model, held_out),
    }
    written = ASSETS / "metrics" / "stress.json"
    keep_json(written, result, f"python -m train.check_stress --data {arguments.data}")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
