"""Smooth fields over a chest, of which `train.data.synthetic_lesions` makes shadows.

Data contract: float (side, side), at random places that lie, in most chests, in a lung; places and
widths in shares of the side unless pixels are said.
"""

import cv2
import numpy as np


def random_lung_position(rng: np.random.Generator) -> tuple[float, float]:
    """(x, y) as shares of the side, left or right of the spine."""
    return 0.5 + rng.choice([-1, 1]) * rng.uniform(0.1, 0.3), rng.uniform(0.25, 0.75)


def ellipse_distance(
    side: int, rng: np.random.Generator, radius: tuple[float, float]
) -> np.ndarray:
    """Distance from a place in a lung, in units of two random radii (shares of the side)."""
    x, y = np.array(random_lung_position(rng)) * side
    across, down = rng.uniform(*radius, 2) * side
    columns = (np.arange(side, dtype=np.float32) - x) / across
    rows = (np.arange(side, dtype=np.float32) - y) / down
    return np.hypot(rows[:, None], columns[None, :])


def gaussian(side: int, place: tuple[float, float], spread: np.ndarray) -> np.ndarray:
    """A hill of height 1 at (x, y), deviations across and down in shares of the side."""
    grid = (np.arange(side, dtype=np.float32) + 0.5) / side
    across, down = (
        np.exp(-np.square((grid - p) / s) / 2) for p, s in zip(place, spread, strict=True)
    )
    return np.outer(down, across)


def smooth_noise(side: int, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise of mean 0 and standard deviation 1; `scale` is its Gaussian's, in pixels."""
    coarse = max(int(scale // 2), 1)
    small = -(-side // coarse)
    noise = cv2.GaussianBlur(
        rng.standard_normal((small, small), np.float32), (0, 0), scale / coarse
    )
    noise = cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    return (noise - noise.mean()) / noise.std()
