"""What one radiograph lends another, so that it says nothing of the class.

Data contract: float32 (side, side) in [0, 1], both in the frame of `cxr_demo.models.alignment`.
"""

from functools import cache

import cv2
import numpy as np

from cxr_demo.anomaly.zones import inside, rib_cage

RINGS = 24
"""Of frequencies, from none to the highest along an axis, whose power may be lent."""
SHAPES = 3
"""Of them, from the lowest, that are never lent: they are the chest itself."""


def borrow_surroundings(
    image: np.ndarray, other: np.ndarray, rng: np.random.Generator, bottom: float = 0.97
) -> np.ndarray:
    """The image within the rib cage, another outside it, fading into each other.

    The rib cage ends at `bottom`, a share of the frame's height. It is a little larger or smaller
    each time, aside, and more or less soft.
    """
    side = image.shape[0]
    cage = rib_cage(bottom, rng.uniform(0.9, 1.1), rng.uniform(-0.02, 0.02, 2))
    mask = inside(cage, side).astype(np.float32)
    mask = cv2.GaussianBlur(mask, (0, 0), side * rng.uniform(0.01, 0.04))
    return image * mask + other * (1 - mask)


def borrow_histogram(image: np.ndarray, other: np.ndarray, amount: float) -> np.ndarray:
    """Grey levels moved some of the way, in [0, 1], to the quantiles of another image."""
    steps = np.linspace(0, 1, 65)
    own, theirs = np.quantile(image, steps), np.quantile(other, steps)
    moved = np.interp(image, own, theirs).astype(np.float32)
    return image + np.float32(amount) * (moved - image)


def borrow_spectrum(image: np.ndarray, other: np.ndarray, amount: float) -> np.ndarray:
    """Frequencies some of the way, in [0, 1], as strong, ring by ring, as in another image.

    A ring gains or loses a factor of about 4 in amplitude at most. The result is clipped.
    """
    rings, counts = _rings(image.shape[0])
    transformed = np.fft.rfft2(image)
    own, theirs = (
        np.bincount(rings.ravel(), np.square(np.abs(t)).ravel()) / counts + 1e-6
        for t in (transformed, np.fft.rfft2(other))
    )
    gain = np.clip(theirs / own, 1 / 20, 20) ** (amount / 2)
    gain[:SHAPES] = 1
    changed = np.fft.irfft2(transformed * gain[rings], image.shape)
    return np.clip(changed, 0, 1).astype(np.float32)


@cache
def _rings(side: int) -> tuple[np.ndarray, np.ndarray]:
    """The ring that each coefficient of `rfft2` belongs to, and how many are in each ring."""
    y, x = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    rings = np.minimum(np.hypot(x, y) * 2 * RINGS, RINGS).astype(int)
    return rings, np.bincount(rings.ravel())
