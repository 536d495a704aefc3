"""The classifier that ships: VGG16 from block 3 up, two heads, views that hide the shortcuts.

    python -m train.experiments.released_classifier --data ../shared/data/chest_xray \\
        --trunk ../shared/models/vgg16_notop.weights.h5

Time: 3 to 4 min an epoch on 2 cores with bfloat16 matrix units (AMX), about 20 min without.
Expected on the held-out fold: see assets/metrics/classifier_history.json, last entry.
"""

import argparse
from pathlib import Path

from train.data import load_split
from train.fit import ClassifierRecipe, fit_classifier
from train.splits import training_and_validation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ in it")
    parser.add_argument("--trunk", type=Path, required=True, help="VGG16 include_top=False weights")
    parser.add_argument("--work", type=Path, default=Path(".work/classifier"))
    arguments = parser.parse_args()
    training, validation = training_and_validation(load_split(arguments.data, "train"))
    model = fit_classifier(
        ClassifierRecipe(), training, validation, arguments.trunk, arguments.work
    )
    model.save_weights(arguments.work / "classifier.weights.h5")


if __name__ == "__main__":
    main()
