"""Report, experiment 4: three classes, Adam at its default rate, every layer of VGG16 free.

    python -m train.experiments.report.three_class_adam --data ../shared/data/chest_xray \\
        --trunk ../shared/models/vgg16_notop.weights.h5 [--side 112]

Time: as `binary_adam`.
Expected: everything predicted as bacterial, the commonest class: 38.8 % on the test. Seen in 3
epochs at 64 px: 61.9 %, hardly any image predicted as viral. The report printed "83.97 %" beside a
matrix that sums to 36 %; these predictions in shuffled order give 35.4 %.
"""

import keras

from train.experiments.report.training import ReportRecipe, report_arguments, train_as_reported


def main() -> None:
    arguments = report_arguments(__doc__)
    recipe = ReportRecipe(
        "three_class_adam", 3, lambda: keras.optimizers.Adam(1e-3), side=arguments.side
    )
    train_as_reported(recipe, arguments)


if __name__ == "__main__":
    main()
