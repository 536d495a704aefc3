"""The classifier that ships: VGG16 from block 3 up, two heads, views that hide the shortcuts.

    python -m train.recipes.classifier --data ../shared/data/chest_xray \\
        --trunk ../shared/models/vgg16_notop.weights.h5 [--epochs 1]

Two stages. The first learns from crops of all sizes, shapes and textures. The second goes on from
there with another image's border on most views, because the first was found to read the border; it
is shorter, smaller and leaves block 3 as the first left it. --epochs shortens both.
Time on 2 cores with bfloat16 matrix units (AMX): 18 epochs of 3 to 4 min, then 8 of 2; without them
(AVX-512) four times that.
Expected on the held-out fold: see assets/metrics/classifier_history.json, last entry.
"""

import json
import shutil
from dataclasses import replace

from train.arguments import parse
from train.data.augment import ViewRecipe
from train.data.kermany import load_split
from train.data.splits import training_and_validation
from train.models.training import ClassifierRecipe, fit_classifier

VIEWS = ClassifierRecipe(views=ViewRecipe(border=0))
BORDERS = replace(
    VIEWS,
    epochs=8,
    peak_rate=5e-5,
    warmup_epochs=0.5,
    first_trainable_block=4,
    views=ViewRecipe(side=160),
)
STAGES = {"views": VIEWS, "borders": BORDERS}
WEIGHTS = "classifier.weights.h5"


def main() -> None:
    arguments = parse(__doc__, "data", "trunk", "epochs", work=".work/classifier")
    training, validation = training_and_validation(load_split(arguments.data, "train"))
    start, history = None, []
    for stage, recipe in STAGES.items():
        folder = arguments.work / stage
        recipe = replace(recipe, epochs=arguments.epochs or recipe.epochs)
        model = fit_classifier(recipe, training, validation, arguments.trunk, folder, start=start)
        start = folder / WEIGHTS
        if not start.exists():
            model.save_weights(start)
        epochs = json.loads((folder / "history.json").read_text())
        history += [{"stage": stage, **epoch} for epoch in epochs]
    for name in (WEIGHTS, "run.json"):
        shutil.copyfile(folder / name, arguments.work / name)
    (arguments.work / "history.json").write_text(json.dumps(history, indent=1))


if __name__ == "__main__":
    main()
