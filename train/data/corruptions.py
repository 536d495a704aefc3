"""Fixed stresses for validation: held-out images as another machine or hand would give them.

Data contract: float32 (side, side) in [0, 1] in and out.

No fold of the training images shows what the official test, or a reader's own file, does to a
model: its normals come from files of another shape. So a model is chosen by how it stands what
must not matter: shape, distance, sharpness, grain, tone, compression, border.
"""

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from cxr_demo.models.preprocessing import jpeg_copy, to_uint8
from train.data.augment import gaussian_blur
from train.data.kermany import Images

SOFT_EDGE = 8
"""Pixels over which a foreign border gives way to the image."""


def as_if_wider(image: np.ndarray, factor: float) -> np.ndarray:
    """What the squashed copy of a file `factor` times wider for its height would look like.

    The image is squeezed to 1/factor of the width and mirrored beyond its sides; a factor below 1
    squeezes the height instead.
    """
    side = image.shape[0]
    beyond_x = round(side * (max(factor, 1) - 1) / 2)
    beyond_y = round(side * (max(1 / factor, 1) - 1) / 2)
    return _with_surroundings(image, beyond_y, beyond_x)


def as_if_farther(image: np.ndarray, factor: float) -> np.ndarray:
    """The image at 1/factor of its size, mirrored beyond its edges."""
    beyond = round(image.shape[0] * (factor - 1) / 2)
    return _with_surroundings(image, beyond, beyond)


def local_contrast(image: np.ndarray) -> np.ndarray:
    """Contrast-limited adaptive histogram equalisation, as viewers and vendors apply it."""
    return cv2.createCLAHE(2.0, (8, 8)).apply(to_uint8(image)).astype(np.float32) / 255


def grainy(image: np.ndarray, deviation: float, rng: np.random.Generator) -> np.ndarray:
    """White noise of a given standard deviation."""
    noise = rng.standard_normal(image.shape, np.float32) * np.float32(deviation)
    return np.clip(image + noise, 0, 1)


def foreign_border(image: np.ndarray, other: np.ndarray, width: float) -> np.ndarray:
    """The outer part of another image around this one; `width` is a share of the side."""
    levels = map(to_uint8, (other, image))
    return replace_border(*levels, np.full(4, width)).astype(np.float32) / 255


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


CORRUPTIONS: dict[str, Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]] = {
    "file 1.1 to 1.3 times wider": lambda image, _, rng: as_if_wider(image, rng.uniform(1.1, 1.3)),
    "file 1.1 to 1.3 times higher": lambda image, _, rng: as_if_wider(
        image, 1 / rng.uniform(1.1, 1.3)
    ),
    "seen from 1.3 times as far": lambda image, *_: as_if_farther(image, 1.3),
    "blur of 1 pixel": lambda image, *_: gaussian_blur(image, 1.0),
    "grain of 3 %": lambda image, _, rng: grainy(image, 0.03, rng),
    "local contrast": lambda image, *_: local_contrast(image),
    "gamma 0.7": lambda image, *_: image ** np.float32(0.7),
    "gamma 1.4": lambda image, *_: image ** np.float32(1.4),
    "JPEG of quality 25": lambda image, *_: jpeg_copy(image, 25),
    "border of the other class, a sixteenth": lambda image, other, _: foreign_border(
        image, other, 1 / 16
    ),
    "border of the other class, an eighth": lambda image, other, _: foreign_border(
        image, other, 1 / 8
    ),
}
"""By name, from an image, one of the other class (normal, pneumonia) and a generator."""


def corrupted(images: Images, name: str, seed: int = 0) -> np.ndarray:
    """All images under one stress.

    Returns:
        float32 (N, SIDE, SIDE, 1) in [0, 1].
    """
    return _corrupt_each(images, [CORRUPTIONS[name]] * len(images), np.random.default_rng(seed))


def each_condition(images: Images) -> Iterator[tuple[str, np.ndarray]]:
    """All images as they are, under the name "plain", then under every stress by its name.

    Yields:
        (name, float32 (N, SIDE, SIDE, 1) in [0, 1]).
    """
    yield "plain", images.as_float()[..., None]
    for name in CORRUPTIONS:
        yield name, corrupted(images, name)


def mixed_corruptions(images: Images, seed: int = 0) -> np.ndarray:
    """Every image under one stress, each of them equally often: a cheap score for every epoch.

    Returns:
        float32 (N, SIDE, SIDE, 1) in [0, 1].
    """
    rng = np.random.default_rng(seed)
    changes = list(CORRUPTIONS.values())
    turns = rng.permutation(len(images)) % len(changes)
    return _corrupt_each(images, [changes[turn] for turn in turns], rng)


def _corrupt_each(images: Images, changes: list[Callable], rng: np.random.Generator) -> np.ndarray:
    """Each image under its own change, beside a random image of the other class."""
    pneumonia = images.is_pneumonia
    others = np.where(
        pneumonia,
        *(rng.choice(_rows(pneumonia == side), len(images)) for side in (False, True)),
    )
    squares = images.as_float()
    return np.stack(
        [
            change(square, squares[other], rng)
            for change, square, other in zip(changes, squares, others, strict=True)
        ]
    )[..., None]


def _rows(chosen: np.ndarray) -> np.ndarray:
    """Rows that are chosen; all of them where none is."""
    return np.flatnonzero(chosen) if chosen.any() else np.arange(len(chosen))


def _with_surroundings(image: np.ndarray, beyond_y: int, beyond_x: int) -> np.ndarray:
    """Mirror beyond the edges, then resize to the original size."""
    height, width = image.shape
    larger = cv2.copyMakeBorder(
        image, beyond_y, beyond_y, beyond_x, beyond_x, cv2.BORDER_REFLECT_101
    )
    return cv2.resize(larger, (width, height), interpolation=cv2.INTER_AREA)
