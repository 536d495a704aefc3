"""Report, experiment 1: two classes, Adam at its default rate, every layer of VGG16 free.

    python -m train.experiments.report.binary_adam --data ../shared/data/chest_xray \\
        --trunk ../shared/models/vgg16_notop.weights.h5 [--side 112]

Time: 10 epochs of 4 to 5 min on 2 cores with bfloat16 matrix units at 224 px, 1 to 2 min at 112.
Expected: 62.5 % on the test, everything predicted as pneumonia, as the report printed.
"""

import keras

from train.experiments.report.training import ReportRecipe, report_arguments, train_as_reported


def main() -> None:
    arguments = report_arguments(__doc__)
    recipe = ReportRecipe(
        "binary_adam", 2, lambda: keras.optimizers.Adam(1e-3), side=arguments.side
    )
    train_as_reported(recipe, arguments)


if __name__ == "__main__":
    main()
