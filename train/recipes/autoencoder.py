"""The autoencoder that ships: normals only, mean squared error, Adam, no skip connections.

    python -m train.recipes.autoencoder --data ../shared/data/chest_xray [--epochs 1]

Time: 12 to 20 min on 2 cores for 80 epochs.
Expected: validation mean squared error in assets/metrics/autoencoder_history.json, last entry.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np

from cxr_demo.anomaly.maps import AUTOENCODER_SIDE
from train.arguments import parse
from train.data.augment import NO_TEXTURE, NOTHING_LENT, ViewRecipe
from train.data.batches import Views
from train.data.kermany import resize_all
from train.data.splits import normals_of
from train.models.networks import build_autoencoder
from train.models.training import describe_run, train_epochs, use_bfloat16_where_it_is_fast


@dataclass(frozen=True)
class AutoencoderRecipe:
    """Everything that decides how the autoencoder is trained.

    Attributes:
        epochs: passes over the normal images.
        batch: images per step.
        rate: Adam's learning rate, decayed to zero along a cosine.
        views: mild crops; the aspect jitter keeps wide test normals from looking strange.
        seed: of weights, order and views.
    """

    epochs: int = 80
    batch: int = 32
    rate: float = 1e-3
    views: ViewRecipe = field(
        default_factory=lambda: ViewRecipe(
            side=AUTOENCODER_SIDE,
            area=(0.7, 1.0),
            log_ratio=0.2,
            rotation=0,
            contrast=0.15,
            **NOTHING_LENT,
            **NO_TEXTURE,
        )
    )
    seed: int = 0


class NormalViews(Views):
    """Batches of (view, the same view)."""

    def __getitem__(self, index: int):
        views = self.views_of(self.rows_of(index))
        return views, views


def fit_autoencoder(
    recipe: AutoencoderRecipe,
    network: Callable[[], keras.Model],
    loss: str | keras.losses.Loss,
    data: Path,
    work: Path,
) -> keras.Model:
    """Train or resume an autoencoder on the normals of the training patients.

    Args:
        recipe: how.
        network: makes it; the first channel of its output is the reconstruction.
        loss: between an image and the output.
        data: folder with train/ in it.
        work: folder for checkpoint and history.
    """
    use_bfloat16_where_it_is_fast()
    keras.utils.set_random_seed(recipe.seed)
    normals, held_out = normals_of(data)
    inputs = resize_all(held_out.as_float(), recipe.views.side)

    batches = NormalViews(normals, recipe.views, recipe.batch, recipe.seed)
    model = network()
    rate = keras.optimizers.schedules.CosineDecay(recipe.rate, len(batches) * recipe.epochs)
    model.compile(keras.optimizers.Adam(rate), loss=loss)

    def validate(model: keras.Model) -> dict:
        reconstructed = model.predict(inputs, verbose=0)[..., :1]
        return {"validation_normals_mse": float(np.square(reconstructed - inputs).mean())}

    run = describe_run(recipe, normals)
    return train_epochs(model, batches, validate, recipe.epochs, work, run)


def main() -> None:
    arguments = parse(__doc__, "data", "epochs", work=".work/autoencoder")
    recipe = AutoencoderRecipe()
    model = fit_autoencoder(
        replace(recipe, epochs=arguments.epochs or recipe.epochs),
        build_autoencoder,
        "mean_squared_error",
        arguments.data,
        arguments.work,
    )
    model.save_weights(arguments.work / "autoencoder.weights.h5")


if __name__ == "__main__":
    main()
