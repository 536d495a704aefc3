"""Random views for training and fixed stresses for validation.

Data contract: uint8 (SIDE, SIDE) in, float32 (side, side) in [0, 1] out.

In this data set the shape of the original file gives the class away (train normals are about
1.21 wide for 1 high, pneumonia about 1.5), and squashing leaves the trace in the texture. Random
crops with a jittered aspect ratio hide it; the jitter is centred so that, on average, all
classes end at the same apparent aspect.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from train.data import Images

ASPECT = {"normal": 1.21, "pneumonia": 1.50}
"""Median width/height of the original training files, from the data set's public description."""


@dataclass(frozen=True)
class ViewRecipe:
    """How a random training view is drawn.

    Attributes:
        side: edge of the view in pixels.
        area: smallest and largest share of the image that a crop covers.
        log_ratio: half-width of the uniform jitter of log(crop width / crop height).
        balance_aspect: whether to centre that jitter class by class, see the module docstring.
        contrast: half-width of the brightness and contrast jitter.
    """

    side: int = 192
    area: tuple[float, float] = (0.08, 1.0)
    log_ratio: float = 0.357  # ratios 0.70 to 1.43
    balance_aspect: bool = True
    contrast: float = 0.3


def random_view(
    image: np.ndarray, is_normal: bool, recipe: ViewRecipe, rng: np.random.Generator
) -> np.ndarray:
    """Draw one view: random resized crop, flip, contrast, brightness.

    A crop wider than high, resized to a square, looks like a wider original. Normals therefore
    get wider crops and pneumonia narrower ones, by half the gap each.
    """
    centre = 0.0
    if recipe.balance_aspect:
        centre = 0.5 * np.log(ASPECT["pneumonia"] / ASPECT["normal"]) * (1 if is_normal else -1)
    ratio = np.exp(centre + rng.uniform(-recipe.log_ratio, recipe.log_ratio))
    # The largest crop of this ratio covers min(ratio, 1/ratio): it gives up area, not its ratio.
    area = min(rng.uniform(*recipe.area), ratio, 1 / ratio)
    height, width = image.shape
    crop_width = round(width * np.sqrt(area * ratio))
    crop_height = round(height * np.sqrt(area / ratio))
    left = rng.integers(width - crop_width + 1)
    top = rng.integers(height - crop_height + 1)
    view = _resize(image[top : top + crop_height, left : left + crop_width], recipe.side)
    if rng.random() < 0.5:
        view = view[:, ::-1]
    mean = view.mean()
    gain = 1 + rng.uniform(-recipe.contrast, recipe.contrast)
    brightness = 1 + rng.uniform(-recipe.contrast, recipe.contrast)
    return np.clip((view - mean) * gain + mean * brightness, 0, 1)


def as_if_wider(image: np.ndarray, factor: float) -> np.ndarray:
    """What the squashed copy of a file `factor` times wider for its height would look like.

    Nothing can be added at the sides, so the middle 1/factor of the height is kept instead (or,
    for a factor below 1, the middle part of the width) and resized to the square again.

    Args:
        image: uint8 (side, side).
        factor: above 0; 1 returns the image at its own scale.

    Returns:
        float32 (side, side) in [0, 1].
    """
    height, width = image.shape
    keep_height = round(height / max(factor, 1.0))
    keep_width = round(width * min(factor, 1.0))
    top, left = (height - keep_height) // 2, (width - keep_width) // 2
    return _resize(image[top : top + keep_height, left : left + keep_width], height)


def stress_aspect(images: Images, seed: int = 0) -> np.ndarray:
    """The validation images with normals as if from files 1.1 to 1.3 times wider.

    The official test's normals are wider than the training ones, and no fold of the training
    images shows what that does to a model; this does.

    Returns:
        float32 (N, SIDE, SIDE, 1) in [0, 1].
    """
    factors = np.random.default_rng(seed).uniform(1.1, 1.3, len(images))
    factors[images.labels > 0] = 1.0
    views = [as_if_wider(*pair) for pair in zip(images.pixels, factors, strict=True)]
    return np.stack(views)[..., None]


def _resize(image: np.ndarray, side: int) -> np.ndarray:
    """Resize uint8 to float32 (side, side) in [0, 1], averaging when it shrinks."""
    shrinks = image.shape[0] > side and image.shape[1] > side
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image.astype(np.float32), (side, side), interpolation=method) / 255
