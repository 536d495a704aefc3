"""Random views for training: what must not matter is made to vary.

Data contract: uint8 (SIDE, SIDE) in, float32 (side, side) in [0, 1] out.

Three things about a file give the class away in this data set, and none of them is disease:

- where the chest lies in it, and how wide the file was before it was squashed. Alignment takes
  most of that away (`cxr_demo.models.alignment`); crops, jittered ratios and small rotations by
  more than alignment errs take the rest;
- its sharpness, grain and tone (the power spectrum alone tells the classes apart almost as well as
  a network, see `train.evaluate.shortcut_baselines.texture`). A network that learns it predicts
  pneumonia from a little noise and health from a little blur; random blur, sharpening, grain, JPEG
  steps and the spectrum or histogram of another image take that away;
- what surrounds the chest: arms, table, markers, collimation (the outer eighth alone tells the
  classes apart as well, see `train.evaluate.shortcut_baselines.border`; one unit's marker means
  "viral"). Many views get the surroundings of another image. See `train.data.lending`.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from cxr_demo.models.affine import warp
from cxr_demo.models.preprocessing import jpeg_copy
from train.data.lending import borrow_histogram, borrow_spectrum, borrow_surroundings


@dataclass(frozen=True)
class ViewRecipe:
    """How a random training view is drawn.

    Attributes:
        side: edge of the view in pixels.
        area: smallest and largest share of the image that a crop covers; above 1 the image is
            seen from farther away, mirrored or black beyond its edge.
        log_ratio: half-width of the uniform jitter of log(crop width / crop height).
        rotation: largest angle in degrees, either way.
        contrast: half-width of the brightness and contrast jitter.
        gamma: half-width of the uniform jitter of log(gamma).
        blur: largest standard deviation of a Gaussian blur, in pixels of the view.
        sharpen: largest amount of an unsharp mask; a view is blurred, sharpened or neither.
        grain: largest standard deviation of added noise, finer or coarser from view to view.
        jpeg: lowest quality of a JPEG step; 100 leaves it out.
        flip: how often a view is mirrored left to right.
        surroundings, spectrum, histogram: how often they are those of another image.
    """

    side: int = 160
    area: tuple[float, float] = (0.25, 1.1)
    log_ratio: float = 0.3
    rotation: float = 8.0
    contrast: float = 0.3
    gamma: float = 0.3
    blur: float = 1.5
    sharpen: float = 1.5
    grain: float = 0.06
    jpeg: int = 30
    flip: float = 0.5
    surroundings: float = 0.45
    spectrum: float = 0.25
    histogram: float = 0.25


NO_TEXTURE = {"gamma": 0, "blur": 0, "sharpen": 0, "grain": 0, "jpeg": 100}
"""Settings of a `ViewRecipe` that leave tone, sharpness and grain as they are."""

NOTHING_LENT = {"surroundings": 0, "spectrum": 0, "histogram": 0}
"""Settings that leave other images out."""


def random_view(
    image: np.ndarray, other: np.ndarray, recipe: ViewRecipe, rng: np.random.Generator
) -> np.ndarray:
    """Draw one view: what another image lends, crop, rotation, flip, greys, texture.

    Args:
        image: uint8 (SIDE, SIDE).
        other: uint8 (SIDE, SIDE), an image in the same frame that may lend.
        recipe: how.
        rng: decides.
    """
    view = _random_frame(borrow(image, other, recipe, rng), recipe, rng)
    return _random_texture(_random_greys(view, recipe, rng), recipe, rng)


def random_view_and_mask(
    image: np.ndarray, mask: np.ndarray, recipe: ViewRecipe, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one view of an image and what it shows of a mask.

    Args:
        image: float32 (SIDE, SIDE) in [0, 1], borrowed from others as it shall be.
        mask: float32 (SIDE, SIDE) in [0, 1].
        recipe: how.
        rng: decides.

    Returns:
        (view, mask), both float32 (side, side) in [0, 1].
    """
    framed = _random_frame(np.dstack([image, mask]), recipe, rng)
    view = _random_greys(framed[..., 0], recipe, rng)
    return _random_texture(view, recipe, rng), framed[..., 1]


def borrow(
    image: np.ndarray, other: np.ndarray, recipe: ViewRecipe, rng: np.random.Generator
) -> np.ndarray:
    """An image with what the recipe lets another lend it, each by its own chance.

    uint8 (SIDE, SIDE), both in the same frame → float32 (SIDE, SIDE) in [0, 1].
    """
    view, lender = (np.float32(pixels) / 255 for pixels in (image, other))
    if rng.random() < recipe.histogram:
        view = borrow_histogram(view, lender, rng.uniform(0.3, 1))
    if rng.random() < recipe.spectrum:
        view = borrow_spectrum(view, lender, rng.uniform(0.3, 1))
    if rng.random() < recipe.surroundings:
        view = borrow_surroundings(view, lender, rng)
    return view


def _random_frame(image: np.ndarray, recipe: ViewRecipe, rng: np.random.Generator) -> np.ndarray:
    """Crop, turn, resize and flip float32 (SIDE, SIDE, …) in [0, 1] to (side, side, …)."""
    beyond = cv2.BORDER_REFLECT_101 if rng.random() < 0.5 else cv2.BORDER_CONSTANT
    view = np.clip(warp(image, _random_crop(recipe, rng), recipe.side, beyond), 0, 1)
    return view[:, ::-1] if rng.random() < recipe.flip else view


def _random_crop(recipe: ViewRecipe, rng: np.random.Generator) -> np.ndarray:
    """A crop of random area, shape, angle and place, reaching beyond the image if larger than it.

    Returns:
        float64 (2, 3), takes points of the crop to points of the image.
    """
    ratio = np.exp(rng.uniform(-recipe.log_ratio, recipe.log_ratio))
    area = rng.uniform(*recipe.area)
    if area <= 1:
        # The largest crop of this ratio covers min(ratio, 1/ratio): it gives up area, not ratio.
        area = min(area, ratio, 1 / ratio)
    size = np.sqrt([area * ratio, area / ratio])
    # Anywhere in the image; or, along an edge it reaches beyond, with all of the image in it.
    middle = 0.5 + rng.uniform(-0.5, 0.5, 2) * np.abs(1 - size)
    angle = np.deg2rad(rng.uniform(-recipe.rotation, recipe.rotation))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn * size
    return np.column_stack([linear, middle - linear @ (0.5, 0.5)])


def _random_greys(view: np.ndarray, recipe: ViewRecipe, rng: np.random.Generator) -> np.ndarray:
    """Random gamma, contrast about the mean, and brightness."""
    view = view ** np.float32(np.exp(rng.uniform(-recipe.gamma, recipe.gamma)))
    mean = view.mean()
    gain = 1 + rng.uniform(-recipe.contrast, recipe.contrast)
    brightness = 1 + rng.uniform(-recipe.contrast, recipe.contrast)
    return np.clip((view - mean) * gain + mean * brightness, 0, 1)


def _random_texture(view: np.ndarray, recipe: ViewRecipe, rng: np.random.Generator) -> np.ndarray:
    """Blurred or sharpened, grainy, compressed: each of the three in half of the views."""
    if rng.random() < 0.5:
        if rng.random() < 0.5:
            view = gaussian_blur(view, rng.uniform(0, recipe.blur))
        else:
            view = view + rng.uniform(0, recipe.sharpen) * (view - gaussian_blur(view, 1.0))
    if rng.random() < 0.5:
        noise = gaussian_blur(rng.standard_normal(view.shape, np.float32), rng.uniform(0, 1))
        view = view + noise * np.float32(rng.uniform(0, recipe.grain) / noise.std())
    view = np.clip(view, 0, 1).astype(np.float32)
    if rng.random() < 0.5 and recipe.jpeg < 100:
        quality = int(rng.integers(recipe.jpeg, 100))
        view = jpeg_copy(view, quality)
    return view


def gaussian_blur(view: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur; a standard deviation too small to matter leaves the view as it is."""
    return view if sigma < 0.1 else cv2.GaussianBlur(view, (0, 0), sigma)
