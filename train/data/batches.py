"""Batches for Keras: random views, drawn anew for every epoch from a generator of its own.

Data contract: `Images` in; per step float32 (batch, side, side, 1) in [0, 1] and what is to be
learnt for it.
"""

from collections.abc import Mapping

import keras
import numpy as np

from train.data.augment import ViewRecipe, random_view
from train.data.kermany import Images


class Views(keras.utils.PyDataset):
    """Random views in random order; subclasses say what they are to be learnt for.

    Args:
        images: what is viewed.
        recipe: how.
        batch: images per step; the last step may have fewer.
        seed: with the epoch, decides order and views.
    """

    def __init__(self, images: Images, recipe: ViewRecipe, batch: int, seed: int):
        super().__init__(workers=1)
        self.images, self.view_recipe, self.batch, self.seed = images, recipe, batch, seed
        self.draw_epoch(0)

    def draw_epoch(self, epoch: int) -> None:
        """Decide order and views of an epoch, counted from 0, whichever came before."""
        self.draw(np.random.default_rng((self.seed, epoch)))

    def draw(self, rng: np.random.Generator) -> None:
        """Decide order, views and lenders."""
        images = self.images
        self.order = rng.permutation(len(images))
        self.seeds = rng.integers(2**63, size=len(images))
        # Who may lend: every class as often, so that what is lent says nothing of it.
        present = np.unique(images.labels)
        by_class = [rng.choice(np.flatnonzero(images.labels == c), len(images)) for c in present]
        self.others = np.choose(rng.integers(len(present), size=len(images)), by_class)

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch)

    def rows_of(self, index: int) -> np.ndarray:
        """Rows of the images in one batch."""
        return self.order[index * self.batch : (index + 1) * self.batch]

    def views_of(self, rows: np.ndarray) -> np.ndarray:
        """One view of each row, float32 (rows, side, side, 1)."""
        views = [
            random_view(
                self.images.pixels[row],
                self.images.pixels[self.others[row]],
                self.view_recipe,
                np.random.default_rng(self.seeds[row]),
            )
            for row in rows
        ]
        return np.stack(views)[..., None].astype(np.float32)


class ClassifierViews(Views):
    """Batches of (views, targets per output, weights per output).

    Balanced weights make the heads' scores assume all classes equally common; what a real ward's
    mixture makes of them is for calibration to say.

    Args:
        outputs: those of `build_classifier` that are trained; embeddings by the three classes.
        balanced: whether all classes weigh alike, however common.
        taught: by output, float (N, classes), what is to be learnt in place of the labels.
    """

    def __init__(
        self,
        images: Images,
        recipe: ViewRecipe,
        batch: int,
        seed: int,
        outputs: tuple[str, ...] = ("binary", "three_class"),
        balanced: bool = True,
        taught: Mapping[str, np.ndarray] | None = None,
    ):
        super().__init__(images, recipe, batch, seed)
        classes = {
            output: images.is_pneumonia.astype(int) if output == "binary" else images.labels
            for output in outputs
        }
        self.targets = taught or {
            name: np.eye(values.max() + 1)[values] for name, values in classes.items()
        }
        self.weights = {
            name: (len(values) / (len(np.bincount(values)) * np.bincount(values)))[values]
            if balanced
            else np.ones(len(values))
            for name, values in classes.items()
        }

    def __getitem__(self, index: int):
        rows = self.rows_of(index)
        return (
            self.views_of(rows),
            {name: values[rows] for name, values in self.targets.items()},
            {name: values[rows] for name, values in self.weights.items()},
        )
