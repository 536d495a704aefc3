"""An autoencoder that knows where it will be wrong: error in units of what it expects.

    python -m train.experiments.variance_autoencoder --data ../shared/data/chest_xray

Normals only, 64 px, a code of 16 numbers, no skips; after Mao et al., 2020. Not released; one row
of the table that `train.experiments.anomaly_methods` makes.
Time: 6 min on 2 cores for 80 epochs.
Expected: see docs/released_detector.md.
"""

import argparse
from dataclasses import replace
from pathlib import Path

from train.models.losses import NegativeLogLikelihood
from train.models.networks import build_variance_autoencoder
from train.recipes.autoencoder import AutoencoderRecipe, fit_autoencoder

SIDE = 64
WORK = Path(".work/variance_autoencoder")
WEIGHTS = "variance_autoencoder.weights.h5"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ in it")
    parser.add_argument("--work", type=Path, default=WORK)
    arguments = parser.parse_args()
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
