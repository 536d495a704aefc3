"""Would several views of one image at serving time pay? The released classifier, held-out patients.

    python -m train.experiments.test_time_views --data ../shared/data/chest_xray

Logits are averaged over the views. The official test is not read. Writes
`assets/metrics/test_time_views.json`.
Time: 3 min on 2 cores.
Expected: see docs/released_classifier.md; every view costs another pass at serving time.
"""

import json
from collections.abc import Callable

import numpy as np

from cxr_demo.artefacts import ASSETS, CLASSIFIER, Artefacts
from cxr_demo.models.calibration import HEADS
from cxr_demo.models.networks import CLASSIFIER_SIDE
from train.arguments import parse
from train.data.corruptions import as_if_wider, mixed_corruptions
from train.data.frames import frames_of
from train.data.splits import training_and_validation
from train.metrics.classification import score_logits
from train.models.networks import build_classifier
from train.models.training import use_bfloat16_where_it_is_fast
from train.models.weights import load_quantised
from train.records.manifest import write_json

VIEWS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it is": lambda image: image,
    "mirrored": lambda image: image[:, ::-1],
    "wider": lambda image: as_if_wider(image, 1.15),
    "higher": lambda image: as_if_wider(image, 1 / 1.15),
}
SETS = {
    "one view": ("as it is",),
    "and its mirror image": ("as it is", "mirrored"),
    "and two stretches": ("as it is", "wider", "higher"),
    "all four": tuple(VIEWS),
}


def main() -> None:
    arguments = parse(__doc__, "data")
    use_bfloat16_where_it_is_fast()
    _, held_out = training_and_validation(arguments.data)
    model = build_classifier()
    load_quantised(model, ASSETS / "classifier" / "classifier.weights.h5")
    table: dict[str, dict] = {name: {} for name in SETS}
    result = {"classifier": Artefacts().short_hash(CLASSIFIER), "scores": table}
    for condition, squares in (
        ("plain", held_out.as_float()),
        ("stressed", mixed_corruptions(held_out)[..., 0]),
    ):
        frames = frames_of(squares, side=CLASSIFIER_SIDE)
        outputs = {
            name: model.predict(
                np.stack([view(frame) for frame in frames])[..., None],
                batch_size=32,
                verbose=0,
            )
            for name, view in VIEWS.items()
        }
        for name, views in SETS.items():
            averaged = {
                head: np.mean([outputs[view][head] for view in views], axis=0) for head in HEADS
            }
            table[name][condition] = score_logits(averaged, held_out.labels)
    write_json(ASSETS / "metrics" / "test_time_views.json", result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
