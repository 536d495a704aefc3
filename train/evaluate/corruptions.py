"""How does the classifier that ships stand what must not matter? Held-out patients, every stress.

    python -m train.evaluate.corruptions --data ../shared/data/chest_xray

Every stressed image is aligned anew, as it would be served. Writes `assets/metrics/stress.json`,
from the kept Keras weights. The official test is not read.
Time: 4 min on 2 cores with bfloat16 matrix units (AMX), 12 without.
"""

import json

import keras

from cxr_demo.artefacts import ASSETS, CLASSIFIER, Artefacts
from cxr_demo.models.networks import CLASSIFIER_SIDE
from train.arguments import parse
from train.data.corruptions import each_condition
from train.data.frames import frames_of
from train.data.kermany import Images
from train.data.splits import training_and_validation
from train.models.networks import build_classifier
from train.models.training import score_classifier, use_bfloat16_where_it_is_fast
from train.models.weights import load_quantised
from train.records.manifest import write_json


def corruption_scores(model: keras.Model, held_out: Images) -> dict[str, dict]:
    """`score_classifier` on the plain images and under every stress."""
    return {
        name: score_classifier(
            model,
            frames_of(squares[..., 0], side=CLASSIFIER_SIDE)[..., None],
            held_out.labels,
        )
        for name, squares in each_condition(held_out)
    }


def main() -> None:
    arguments = parse(__doc__, "data")
    use_bfloat16_where_it_is_fast()
    _, held_out = training_and_validation(arguments.data)
    model = build_classifier()
    load_quantised(model, ASSETS / "classifier" / "classifier.weights.h5")
    result = {
        "classifier": Artefacts().short_hash(CLASSIFIER),
        "scores": corruption_scores(model, held_out),
    }
    write_json(ASSETS / "metrics" / "stress.json", result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
