"""Report, experiment 2: as `binary_adam`, with a learning-rate schedule.

    python -m train.experiments.report.binary_lr_schedule --data ../shared/data/chest_xray \\
        --trunk ../shared/models/vgg16_notop.weights.h5 [--side 112]

The schedule falls exponentially, by a tenth every epoch, from Adam's default rate.
Time: as `binary_adam`.
Expected: 62.5 % on the test, everything predicted as pneumonia, as the report printed: a schedule
that starts at the rate that ruins the network comes too late. Seen in 3 epochs at 64 px: the first
epoch ends so, the next two recover; 86.1 %.
"""

import keras

from train.experiments.report.training import ReportRecipe, report_arguments, train_as_reported


def decayed_rate(epoch: int) -> float:
    """Learning rate of an epoch counted from 0."""
    return 1e-3 * 0.9**epoch


def main() -> None:
    arguments = report_arguments(__doc__)
    recipe = ReportRecipe(
        "binary_lr_schedule",
        2,
        lambda: keras.optimizers.Adam(1e-3),
        lambda checkpoint: [keras.callbacks.LearningRateScheduler(decayed_rate)],
        side=arguments.side,
    )
    train_as_reported(recipe, arguments)


if __name__ == "__main__":
    main()
