"""The autoencoder that ships: normals only, mean squared error, Adam, no skip connections.

It sees aligned chests without their lungs and paints them whole, see
`cxr_demo.anomaly.reconstruction`: shown the lungs it would copy an opacity as well as a vessel.

    python -m train.recipes.autoencoder --data ../shared/data/chest_xray [--epochs 1]

Time: 12 to 20 min on 2 cores for 80 epochs.
Expected: validation mean squared error in assets/metrics/autoencoder_history.json, last entry.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras
import numpy as np

from cxr_demo.anomaly.reconstruction import AUTOENCODER_SIDE, autoencoder_image, hide_lungs
from cxr_demo.artefacts import ALIGNMENT, Artefacts
from train.arguments import parse
from train.data.augment import NO_TEXTURE, NOTHING_LENT, ViewRecipe
from train.data.batches import Views
from train.data.frames import in_frame
from train.data.kermany import Images
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
        views: they move no farther than alignment errs; tone is taken out of them.
        seed: of weights, order and views.
    """

    epochs: int = 80
    batch: int = 32
    rate: float = 1e-3
    views: ViewRecipe = field(
        default_factory=lambda: ViewRecipe(
            side=AUTOENCODER_SIDE,
            area=(0.9, 1.1),
            log_ratio=0.06,
            rotation=2,
            contrast=0.15,
            flip=0,
            **NOTHING_LENT,
            **NO_TEXTURE,
        )
    )
    seed: int = 0


class HiddenLungs(Views):
    """Batches of (view without its lungs, whole view).

    Args:
        lungs: bool, a mask of any side.
    """

    def __init__(
        self, images: Images, recipe: ViewRecipe, batch: int, seed: int, lungs: np.ndarray
    ):
        super().__init__(images, recipe, batch, seed)
        self.lungs = lungs

    def __getitem__(self, index: int):
        views = self.views_of(self.rows_of(index))[..., 0]
        return pair_with_hidden(
            [autoencoder_image(view, self.view_recipe.side) for view in views], self.lungs
        )


def pair_with_hidden(whole: list[np.ndarray], lungs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(without lungs, whole), both float32 (N, side, side, 1), as the autoencoder serves."""
    hidden = np.stack([hide_lungs(image, lungs) for image in whole])
    return hidden[..., None], np.stack(whole)[..., None]


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
    normals, held_out = map(in_frame, normals_of(data))
    lungs = Artefacts().arrays(ALIGNMENT)["zones"] > 0
    plain = [autoencoder_image(frame, recipe.views.side) for frame in held_out.as_float()]
    inputs, whole = pair_with_hidden(plain, lungs)

    batches = HiddenLungs(normals, recipe.views, recipe.batch, recipe.seed, lungs)
    model = network()
    rate = keras.optimizers.schedules.CosineDecay(recipe.rate, len(batches) * recipe.epochs)
    model.compile(keras.optimizers.Adam(rate), loss=loss)

    def validate(model: keras.Model) -> dict:
        reconstructed = model.predict(inputs, verbose=0)[..., :1]
        return {"validation_normals_mse": float(np.square(reconstructed - whole).mean())}

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
