"""What each lever of the released classifier gives: short trainings beside each other.

    python -m train.experiments.ablation --data ../shared/data/chest_xray \\
        --trunk ../shared/models/vgg16_notop.weights.h5 [--only all_views block_3 …]

Small, so that all of it fits an evening of a laptop: every variant trains 5 epochs at 96 px on the
images of a third of the training patients, on one seed but where it says so, and is scored at 112
px on every second held-out image, plain and under each stress of `train.data.corruptions`, with the
vote of the nearest training images beside the heads. The official test is not read. Writes
`assets/metrics/ablation.json`; variants already done are not done again.
Time: 5 min a variant on 2 cores without bfloat16 matrix units (AMX).
Expected: see docs/released_classifier.md; views decide more than layers and rates.
"""

import json
from dataclasses import replace

import keras
import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from cxr_demo.artefacts import ASSETS
from cxr_demo.reference.neighbourhood import NEIGHBOURS
from train.arguments import parse
from train.data.augment import NO_TEXTURE, NOTHING_LENT, ViewRecipe
from train.data.corruptions import each_condition
from train.data.kermany import Images
from train.data.splits import SEED, grouped_folds, training_and_validation
from train.metrics.classification import score_logits
from train.models.training import recipe_as_json
from train.recipes.classifier import ClassifierRecipe, as_read, fit_classifier
from train.records.manifest import write_json

BASE = ClassifierRecipe(
    epochs=5, first_trainable_block=4, averaging=0.98, side=112, views=ViewRecipe(side=96)
)


def _views(**changes) -> ClassifierRecipe:
    return replace(BASE, views=replace(BASE.views, **changes))


VARIANTS = {
    "all_views": BASE,
    "another_seed": replace(BASE, seed=1),
    "not_aligned": replace(BASE, aligned=False),
    "no_surroundings": _views(surroundings=0),
    "nothing_lent": _views(**NOTHING_LENT),
    "no_texture": _views(**NO_TEXTURE),
    "narrow_crops": _views(area=(0.5, 1.1)),
    "no_ratio_jitter": _views(log_ratio=0.0),
    "no_contrast": _views(contrast=0.0),
    "no_flip": _views(flip=0.0),
    "block_3": replace(BASE, first_trainable_block=3),
    "not_balanced": replace(BASE, balanced=False),
    "contrastive": replace(BASE, loss_weights={**BASE.loss_weights, "embedding": 0.5}),
}
"""By name: `all_views` has all views of the released recipe; each other one differs from it in what
its name says."""

HEAD_OF = {"three_class_accuracy": "three_class", "bacterial_viral_auc": "three_class"}
"""Which head a score of `score_logits` comes from; the others come from `binary`."""


def score_variant(
    model: keras.Model, recipe: ClassifierRecipe, training: Images, held_out: Images
) -> dict[str, dict]:
    """Scores of the trained heads and of the vote, plain; of the heads, under every stress."""
    references = _predict(model, recipe, training.as_float())["embedding"]
    vote = KNeighborsClassifier(NEIGHBOURS, metric="cosine").fit(references, training.labels)
    scores = {}
    for name, squares in each_condition(held_out):
        outputs = _predict(model, recipe, squares[..., 0])
        scores[name] = _scores(outputs, recipe, held_out.labels)
        if name == "plain":
            predicted = vote.predict(outputs["embedding"])
            right = {
                "knn_accuracy": (predicted > 0) == held_out.is_pneumonia,
                "knn_three_class_accuracy": predicted == held_out.labels,
            }
            scores[name] |= {figure: round(float(r.mean()), 4) for figure, r in right.items()}
    return scores


def _predict(
    model: keras.Model, recipe: ClassifierRecipe, squares: np.ndarray
) -> dict[str, np.ndarray]:
    return model.predict(as_read(squares, recipe), batch_size=32, verbose=0)


def _scores(outputs: dict, recipe: ClassifierRecipe, labels: np.ndarray) -> dict[str, float]:
    scores = score_logits(outputs, labels)
    return {k: v for k, v in scores.items() if HEAD_OF.get(k, "binary") in recipe.loss_weights}


def main() -> None:
    only = {"nargs": "+", "choices": VARIANTS, "default": list(VARIANTS)}
    arguments = parse(__doc__, "data", "trunk", work=".work/ablation", only=only)
    training, held_out = training_and_validation(arguments.data)
    scored = held_out[::2]
    third = training[grouped_folds(training.labels, training.patients, 3, SEED) == 0]
    written = ASSETS / "metrics" / "ablation.json"
    table = json.loads(written.read_text()) if written.exists() else {}
    for name in arguments.only:
        recipe = VARIANTS[name]
        if name in table and table[name]["recipe"] == recipe_as_json(recipe):
            continue
        # Every epoch looks at a few held-out images only; the others are for the end.
        model = fit_classifier(
            recipe, third, held_out[1::20], arguments.trunk, arguments.work / name
        )
        scores = score_variant(model, recipe, third, scored)
        table[name] = {"recipe": recipe_as_json(recipe), "scores": scores}
        write_json(written, table)


if __name__ == "__main__":
    main()
