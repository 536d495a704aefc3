"""How does the classifier that ships stand what must not matter? Held-out patients, every stress.

    python -m train.evaluate.corruptions --data ../shared/data/chest_xray \\
        [--first-stage .work/classifier/views/classifier.weights.h5]

Writes `assets/metrics/stress.json`, from the kept Keras weights; or, from those of the first stage
of training, `stress_first_stage.json`, to be compared with. The official test is not read.
Time: 2 min on 2 cores with bfloat16 matrix units (AMX), 10 without.
"""

import json
from pathlib import Path

import keras

from cxr_demo.artefacts import ASSETS, CLASSIFIER, Artefacts
from train.arguments import parse
from train.data.corruptions import each_condition
from train.data.kermany import Images
from train.data.splits import training_and_validation
from train.models.networks import build_classifier
from train.models.training import score_classifier, use_bfloat16_where_it_is_fast
from train.models.weights import load_quantised
from train.records.manifest import write_json


def corruption_scores(model: keras.Model, held_out: Images) -> dict[str, dict]:
    """`score_classifier` on the plain images and under every stress."""
    return {
        name: score_classifier(model, squares, held_out.labels)
        for name, squares in each_condition(held_out)
    }


def main() -> None:
    first_stage = {"type": Path, "help": "weights of the first stage instead"}
    arguments = parse(__doc__, "data", first_stage=first_stage)
    use_bfloat16_where_it_is_fast()
    _, held_out = training_and_validation(arguments.data)
    model = build_classifier()
    if arguments.first_stage:
        model.load_weights(arguments.first_stage)
        result = {"scores": corruption_scores(model, held_out)}
        write_json(ASSETS / "metrics" / "stress_first_stage.json", result)
    else:
        load_quantised(model, ASSETS / "classifier" / "classifier.weights.h5")
        result = {
            "classifier": Artefacts().short_hash(CLASSIFIER),
            "scores": corruption_scores(model, held_out),
        }
        write_json(ASSETS / "metrics" / "stress.json", result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
