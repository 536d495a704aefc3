"""Radiographs as they should not be: turned, mirrored, inverted, cropped, distant, blurred, dim,
photographed.

Data contract: uint8 (SIDE, SIDE) in, float32 (SIDE, SIDE) in [0, 1] out, drawn by a generator.
"""

from collections.abc import Callable

import cv2
import numpy as np

from cxr_demo.models.preprocessing import SIDE
from train.data.augment import NOTHING_LENT, ViewRecipe, random_view
from train.data.out_of_distribution.photographed_views import photographed

ORDINARY = ViewRecipe(side=SIDE, area=(0.6, 1.2), rotation=0, contrast=0.25, flip=0, **NOTHING_LENT)
"""What passes for an ordinary export of an ordinary radiograph."""


def _cropped(view: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A twentieth to a quarter of the picture from anywhere in it, or one half."""
    if rng.random() < 0.5:
        kept = round(SIDE * rng.uniform(0.4, 0.55))
        half = np.rot90(np.rot90(view, turns := rng.integers(4))[:kept], -turns)
        return cv2.resize(half, (SIDE, SIDE))
    area, ratio = rng.uniform(0.05, 0.25), np.exp(rng.uniform(-0.3, 0.3))
    height, width = (round(SIDE * np.sqrt(area * r)) for r in (1 / ratio, ratio))
    top, left = (int(rng.integers(0, SIDE - length + 1)) for length in (height, width))
    return cv2.resize(view[top : top + height, left : left + width], (SIDE, SIDE))


def _tilted(view: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turned by a quarter, or by 25 to 65 degrees with black in the corners."""
    if rng.random() < 0.5:
        return np.rot90(view, rng.choice([1, 3]))
    angle = rng.choice([-1, 1]) * rng.uniform(25, 65)
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), angle, rng.uniform(0.75, 1.1))
    return cv2.warpAffine(view, turn, (SIDE, SIDE))


def _distant(view: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """At 40 to 80 % of its size, somewhere on an even ground."""
    height, width = (round(SIDE * share) for share in rng.uniform(0.4, 0.8, 2))
    ground = np.full((SIDE, SIDE), rng.choice([0, 0, rng.random()]), np.float32)
    top, left = int(rng.integers(0, SIDE - height)), int(rng.integers(0, SIDE - width))
    ground[top : top + height, left : left + width] = cv2.resize(
        view, (width, height), interpolation=cv2.INTER_AREA
    )
    return ground


def _exposed(view: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Half to nine tenths of the picture burnt out to white or sunk to black, or all of it dim."""
    share, form = rng.uniform(0.5, 0.9), rng.integers(3)
    if form == 0:
        return np.clip(view / max(np.quantile(view, 1 - share), 1e-3), 0, 1)
    if form == 1:
        return view * np.float32(rng.uniform(0.05, 0.25))
    black = np.quantile(view, share)
    return np.clip((view - black) / max(1 - black, 1e-3), 0, 1)


UNUSUAL_VIEWS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "upside_down": lambda view, rng: view[::-1, :: rng.choice([-1, 1])],
    "sideways": _tilted,
    "mirrored": lambda view, rng: view[:, ::-1],
    "inverted": lambda view, rng: 1 - view,
    "cropped": _cropped,
    "distant": _distant,
    "blurred": lambda view, rng: cv2.GaussianBlur(view, (0, 0), rng.uniform(5, 12)),
    "exposure": _exposed,
    "photo": photographed,
}
"""By the reason that the gate is to give."""


def ordinary_view(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An ordinary export of it."""
    return random_view(image, image, ORDINARY, rng)


def unusual_view(image: np.ndarray, reason: str, rng: np.random.Generator) -> np.ndarray:
    """The same with one thing wrong."""
    return np.ascontiguousarray(UNUSUAL_VIEWS[reason](ordinary_view(image, rng), rng), np.float32)
