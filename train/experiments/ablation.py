"""What each lever of the released classifier gives: short trainings beside each other.

    python -m train.experiments.ablation --data ../shared/data/chest_xray \\
        --trunk ../shared/models/vgg16_notop.weights.h5 [--only all_views block_2 …]

Every variant trains 5 epochs at 160 px on the same folds and seed and is scored on the held-out
patients, plain and under each stress of `train.stress`. The official test is not read. Writes
`assets/metrics/ablation.json`; variants already done are not done again.
Time: 8 to 15 min a variant on 2 cores with bfloat16 matrix units.
Expected: `all_views` stands the stresses best; `shape_only` loses its specificity to grain.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from cxr_demo.artefacts import ASSETS
from train.augment import NO_TEXTURE, ViewRecipe
from train.check_stress import stress_scores
from train.data import load_split
from train.fit import ClassifierRecipe, fit_classifier
from train.manifest import keep_json
from train.splits import training_and_validation

BASE = ClassifierRecipe(epochs=5, first_trainable_block=4, views=ViewRecipe(side=160))


def _views(**changes) -> ClassifierRecipe:
    return replace(BASE, views=replace(BASE.views, **changes))


VARIANTS = {
    "all_views": BASE,
    "shape_only": _views(area=(0.08, 1.0), border=0, **NO_TEXTURE),
    "no_border": _views(border=0),
    "no_texture": _views(**NO_TEXTURE),
    "no_distance": _views(area=(0.08, 1.0)),
    "narrow_crops": _views(area=(0.3, 1.3)),
    "no_ratio_jitter": _views(log_ratio=0.0),
    "no_aspect_balance": _views(balance_aspect=False),
    "no_contrast": _views(contrast=0.0),
    "block_5": replace(BASE, first_trainable_block=5),
    "block_3": replace(BASE, first_trainable_block=3),
    "block_2": replace(BASE, first_trainable_block=2),
    "no_label_smoothing": replace(BASE, label_smoothing=0.0),
    "twice_the_rate": replace(BASE, peak_rate=2e-4),
}
"""By name: `all_views` has all views of the released recipe; each other one differs from it in what
its name says."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ in it")
    parser.add_argument("--trunk", type=Path, required=True, help="VGG16 include_top=False weights")
    parser.add_argument("--work", type=Path, default=Path(".work/ablation"))
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    arguments = parser.parse_args()
    training, validation = training_and_validation(load_split(arguments.data, "train"))
    written = ASSETS / "metrics" / "ablation.json"
    table = json.loads(written.read_text()) if written.exists() else {}
    for name in arguments.only:
        if name in table and table[name]["recipe"] == repr(VARIANTS[name]):
            continue
        model = fit_classifier(
            VARIANTS[name], training, validation, arguments.trunk, arguments.work / name
        )
        table[name] = {"recipe": repr(VARIANTS[name]), "scores": stress_scores(model, validation)}
        keep_json(written, table, "python -m train.experiments.ablation")


if __name__ == "__main__":
    main()
