"""An autoencoder that knows where it will be wrong: error in units of what it expects.

    python -m train.experiments.variance_autoencoder --data ../shared/data/chest_xray

Normals only, 64 px, a code of 16 numbers, no skips; after Mao et al., 2020. Not released; one row
of the table that `train.experiments.anomaly_methods` makes.
Time: 6 min on 2 cores for 80 epochs.
Expected: see docs/released_detector.md.
"""

from dataclasses import replace

from train.arguments import parse
from train.models.losses import NegativeLogLikelihood
from train.models.networks import build_variance_autoencoder
from train.recipes.autoencoder import AutoencoderRecipe, fit_autoencoder

SIDE = 64
WORK = ".work/variance_autoencoder"
WEIGHTS = "variance_autoencoder.weights.h5"


def main() -> None:
    arguments = parse(__doc__, "data", work=WORK)
    recipe = AutoencoderRecipe(views=replace(AutoencoderRecipe().views, side=SIDE))
    model = fit_autoencoder(
        recipe,
        lambda: build_variance_autoencoder(SIDE),
        NegativeLogLikelihood(),
        arguments.data,
        arguments.work,
    )
    model.save_weights(arguments.work / WEIGHTS)


if __name__ == "__main__":
    main()
