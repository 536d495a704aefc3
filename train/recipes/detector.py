"""The detector that ships: VGG16's lower blocks learn to see where a normal has been changed.

    python -m train.recipes.detector --data ../shared/data/chest_xray \\
        --trunk ../shared/models/vgg16_notop.weights.h5 [--seed 0] [--epochs 1]

Normals only, aligned: every step shows as many radiographs as they are as with synthetic lesions of
known outline (`train.data.synthetic_lesions`). Both go through the same random views, so that
sharpness, grain, tone and surroundings say nothing; they move and scale far more than alignment
errs, which makes the most of few images. Images with pneumonia, and the trunk of the supervised
classifier, are not used. Watched after every epoch on held-out normals with lesions of the other
family.
Time: 1 min an epoch on 2 cores with bfloat16 matrix units, twice that without.
Expected: see docs/released_detector.md.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import keras
import numpy as np
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from cxr_demo.anomaly.maps import extent_score
from train.arguments import parse
from train.data.augment import ViewRecipe, borrow, random_view_and_mask
from train.data.batches import Views
from train.data.evaluation_lesions import EVALUATION_LESIONS, paste_lesions
from train.data.frames import in_frame
from train.data.kermany import Images, resize_all
from train.data.splits import normals_of
from train.data.synthetic_lesions import paste_for_training
from train.models.networks import build_detector
from train.models.training import (
    describe_run,
    rate_schedule,
    train_epochs,
    use_bfloat16_where_it_is_fast,
)


@dataclass(frozen=True)
class DetectorRecipe:
    """Everything that decides how the detector is trained.

    Attributes:
        epochs: passes over the normal images.
        batch: images per step, each as it is and with a lesion.
        peak_rate: AdamW learning rate after one epoch of warm-up, then decayed along a cosine.
        weight_decay: AdamW's.
        first_trainable_block: VGG16 blocks below stay as they came.
        views: how they are shown.
        seed: of weights, order, lesions and views.
    """

    epochs: int = 16
    batch: int = 16
    peak_rate: float = 1e-4
    weight_decay: float = 1e-3
    first_trainable_block: int = 3
    views: ViewRecipe = field(
        default_factory=lambda: ViewRecipe(side=128, area=(0.4, 1.3), rotation=4)
    )
    seed: int = 0


class LesionViews(Views):
    """Batches of (views, share of each cell that a lesion covers).

    The first half of a batch is as it was, the second half are other views of the same images
    with lesions; float32 (2 batch, side, side, 1) and (2 batch, side/8, side/8, 1).
    """

    def draw(self, rng: np.random.Generator) -> None:
        """Decide order, lenders, views and lesions."""
        n = len(self.images)
        self.order = rng.permutation(n)
        self.others = rng.integers(n, size=n)
        self.seeds = rng.integers(2**63, size=n)

    def __getitem__(self, index: int):
        rows = self.rows_of(index)
        drawn = [self._draw(row, lesion) for lesion in (False, True) for row in rows]
        views, masks = (np.stack(arrays)[..., None] for arrays in zip(*drawn, strict=True))
        return views, masks

    def _draw(self, row: int, lesion: bool) -> tuple[np.ndarray, np.ndarray]:
        """One view, float32 (side, side), and its cells, float32 (side/8, side/8)."""
        recipe, pixels = self.view_recipe, self.images.pixels
        rng = np.random.default_rng((self.seeds[row], lesion))
        image = borrow(pixels[row], pixels[self.others[row]], recipe, rng)
        mask = np.zeros(image.shape, np.float32)
        if lesion:
            image, mask = paste_for_training(image, rng)
        view, seen = random_view_and_mask(image, mask, recipe, rng)
        cells = (recipe.side // 8,) * 2
        return view.astype(np.float32), cv2.resize(seen, cells, interpolation=cv2.INTER_AREA)


def fit_detector(
    recipe: DetectorRecipe,
    normals: Images,
    held_out: Images,
    trunk: Path,
    work: Path,
) -> keras.Model:
    """Train or resume the detector; both sets of images are normals, in the frame."""
    use_bfloat16_where_it_is_fast()
    keras.utils.set_random_seed(recipe.seed)
    side = recipe.views.side
    plain = resize_all(held_out.as_float(), side)
    lesions = {
        kind: resize_all(paste_lesions(held_out.pixels, kind)[0], side)
        for kind in EVALUATION_LESIONS
    }

    batches = LesionViews(normals, recipe.views, recipe.batch, recipe.seed)
    model = build_detector(None, trunk, recipe.first_trainable_block)
    rate = rate_schedule(recipe.peak_rate, len(batches) * recipe.epochs, warmup=len(batches))
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay, clipnorm=1.0),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )

    def scores(model: keras.Model, squares: np.ndarray) -> np.ndarray:
        logits = model.predict(squares, batch_size=32, verbose=0)
        return np.array([extent_score(cells) for cells in expit(logits)])

    def validate(model: keras.Model) -> dict:
        normal = scores(model, plain)
        truth = np.repeat([0, 1], len(normal))
        return {
            "normal_score": float(normal.mean()),
            "auc": {
                kind: roc_auc_score(truth, np.concatenate([normal, scores(model, squares)]))
                for kind, squares in lesions.items()
            },
        }

    run = describe_run(recipe, normals)
    return train_epochs(model, batches, validate, recipe.epochs, work, run)


def main() -> None:
    seed = {"type": int, "default": 0}
    arguments = parse(__doc__, "data", "trunk", "epochs", work=".work/detector", seed=seed)
    normals, held_out = map(in_frame, normals_of(arguments.data))
    work = arguments.work / f"seed{arguments.seed}"
    recipe = DetectorRecipe(seed=arguments.seed)
    recipe = replace(recipe, epochs=arguments.epochs or recipe.epochs)
    model = fit_detector(recipe, normals, held_out, arguments.trunk, work)
    model.save_weights(work / "detector.weights.h5")


if __name__ == "__main__":
    main()
