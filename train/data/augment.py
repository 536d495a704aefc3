"""Random views for training: what must not matter is made to vary.

Data contract: uint8 (SIDE, SIDE) in, float32 (side, side) in [0, 1] out.

Three things about a file give the class away in this data set, and none of them is disease:

- its shape (train normals are about 1.21 wide for 1 high, pneumonia about 1.5), of which
  squashing leaves the trace in the texture. Random crops with a jittered aspect ratio hide it; the
  jitter is centred so that, on average, all classes end at the same apparent aspect;
- its sharpness and grain (the power spectrum alone tells the classes apart almost as well as a
  network, see `train.evaluate.shortcut_baselines.texture`). A network that learns it predicts
  pneumonia from a little noise and health from a little blur; random blur, sharpening, grain and
  JPEG steps take that away;
- its border: arms, table, markers, collimation (the outer eighth alone tells the classes apart as
  well, see `train.evaluate.shortcut_baselines.border`). Most views get the border of another image,
  of any class.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from cxr_demo.models.preprocessing import jpeg_copy

ASPECT = {"normal": 1.21, "pneumonia": 1.50}
"""Median width/height of the original training files, from the data set's public description."""


@dataclass(frozen=True)
class ViewRecipe:
    """How a random training view is drawn.

    Attributes:
        side: edge of the view in pixels.
        area: smallest and largest share of the image that a crop covers; above 1 the image is
            seen from farther away, mirrored or black beyond its edge.
        log_ratio: half-width of the uniform jitter of log(crop width / crop height).
        balance_aspect: whether to centre that jitter class by class, see the module docstring.
        contrast: half-width of the brightness and contrast jitter.
        gamma: half-width of the uniform jitter of log(gamma).
        blur: largest standard deviation of a Gaussian blur, in pixels of the view.
        sharpen: largest amount of an unsharp mask; a view is blurred, sharpened or neither.
        grain: largest standard deviation of added noise, finer or coarser from view to view.
        jpeg: lowest quality of a JPEG step; 100 leaves it out.
        flip: how often a view is mirrored left to right.
        border: largest width of a foreign border on each side, as a share of the side; 0 for none.
    """

    side: int = 192
    area: tuple[float, float] = (0.08, 1.3)
    log_ratio: float = 0.357  # ratios 0.70 to 1.43
    balance_aspect: bool = True
    contrast: float = 0.3
    gamma: float = 0.3
    blur: float = 1.5
    sharpen: float = 1.5
    grain: float = 0.06
    jpeg: int = 30
    flip: float = 0.5
    border: float = 0.16


NO_TEXTURE = {"gamma": 0, "blur": 0, "sharpen": 0, "grain": 0, "jpeg": 100}
"""Settings of a `ViewRecipe` that leave tone, sharpness and grain as they are."""

SOFT_EDGE = 8
"""Pixels over which a foreign border gives way to the image."""


def random_view(
    image: np.ndarray,
    other: np.ndarray,
    is_normal: bool,
    recipe: ViewRecipe,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw one view: foreign border, random resized crop, flip, greys, texture.

    Args:
        image: uint8 (SIDE, SIDE).
        other: uint8 (SIDE, SIDE), an image that may lend its border.
        is_normal: whether the image is; decides where its aspect jitter is centred.
        recipe: how.
        rng: decides.
    """
    image = add_random_border(image, other, recipe, rng)
    view = _random_frame(image, is_normal, recipe, rng)
    return _random_texture(_random_greys(view, recipe, rng), recipe, rng)


def random_view_and_mask(
    image: np.ndarray, mask: np.ndarray, recipe: ViewRecipe, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one view of an image and what it shows of a mask.

    Args:
        image: uint8 (SIDE, SIDE), its border as it shall be.
        mask: uint8 (SIDE, SIDE), 0 for none and 255 for all.
        recipe: how; aspect jitter as for a normal image.
        rng: decides.

    Returns:
        (view, mask), both float32 (side, side) in [0, 1].
    """
    framed = _random_frame(np.dstack([image, mask]), True, recipe, rng)
    view = _random_greys(framed[..., 0], recipe, rng)
    return _random_texture(view, recipe, rng), framed[..., 1]


def _random_frame(
    image: np.ndarray, is_normal: bool, recipe: ViewRecipe, rng: np.random.Generator
) -> np.ndarray:
    """Crop, resize and flip uint8 (height, width, …) to float32 (side, side, …) in [0, 1]."""
    view = _resize(_random_crop(image, is_normal, recipe, rng), recipe.side)
    return view[:, ::-1] if rng.random() < recipe.flip else view


def add_random_border(
    image: np.ndarray, other: np.ndarray, recipe: ViewRecipe, rng: np.random.Generator
) -> np.ndarray:
    """The border of another image around this one, in three of four cases if the recipe says so."""
    if not recipe.border or rng.random() >= 0.75:
        return image
    return replace_border(other, image, rng.uniform(0, recipe.border, 4))


def replace_border(other: np.ndarray, image: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The image with the outer parts of another, fading into each other.

    Args:
        other: uint8 (side, side), lends the border.
        image: uint8 (side, side), keeps the middle.
        widths: of the border at left, right, top and bottom, as shares of the side.

    Returns:
        uint8 (side, side).
    """
    side = image.shape[0]
    place = np.arange(side, dtype=np.float32)
    left, right, top, bottom = np.asarray(widths, np.float32) * side

    def inside(before: float, after: float) -> np.ndarray:
        near = np.minimum(place - before, side - 1 - after - place) / SOFT_EDGE + 0.5
        return np.clip(near, 0, 1)

    share = np.outer(inside(top, bottom), inside(left, right))
    return np.rint(share * image + (1 - share) * other).astype(np.uint8)


def _random_crop(
    image: np.ndarray, is_normal: bool, recipe: ViewRecipe, rng: np.random.Generator
) -> np.ndarray:
    """A crop of random area, shape and place, reaching beyond the image if larger than it.

    A crop wider than high, resized to a square, looks like a wider original. Normals therefore
    get wider crops and pneumonia narrower ones, by half the gap each.
    """
    centre = 0.0
    if recipe.balance_aspect:
        centre = 0.5 * np.log(ASPECT["pneumonia"] / ASPECT["normal"]) * (1 if is_normal else -1)
    ratio = np.exp(centre + rng.uniform(-recipe.log_ratio, recipe.log_ratio))
    area = rng.uniform(*recipe.area)
    if area <= 1:
        # The largest crop of this ratio covers min(ratio, 1/ratio): it gives up area, not ratio.
        area = min(area, ratio, 1 / ratio)
    height, width = image.shape[:2]
    crop_width = round(width * np.sqrt(area * ratio))
    crop_height = round(height * np.sqrt(area / ratio))
    beyond_x, beyond_y = max(crop_width - width, 0), max(crop_height - height, 0)
    if beyond_x or beyond_y:
        border = cv2.BORDER_REFLECT_101 if rng.random() < 0.5 else cv2.BORDER_CONSTANT
        image = cv2.copyMakeBorder(image, beyond_y, beyond_y, beyond_x, beyond_x, border)
    # Anywhere in the image; or, along an edge it reaches beyond, with all of the image in it.
    left = rng.integers(abs(width - crop_width) + 1)
    top = rng.integers(abs(height - crop_height) + 1)
    return image[top : top + crop_height, left : left + crop_width]


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


def _resize(image: np.ndarray, side: int) -> np.ndarray:
    """Resize uint8 to float32 (side, side, …) in [0, 1], averaging when it shrinks."""
    shrinks = image.shape[0] > side and image.shape[1] > side
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image.astype(np.float32), (side, side), interpolation=method) / 255
