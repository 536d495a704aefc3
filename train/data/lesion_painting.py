"""What synthetic lesions do to a radiograph: opacify, brighten, and the mask of what can be seen.

Data contract: float32 (side, side) grey levels in [0, 1] in and out. Opacities leave out the air
beside the body and the edges of the image; lines, as of tubes and leads, lie anywhere.
"""

import cv2
import numpy as np

from train.data.random_fields import smooth_noise

VISIBLE = 0.03
"""A change of grey level that counts as changed; a JPEG step of quality 75 changes less."""

SOFT_TISSUE = (55, 80)
"""Percentiles of the grey levels of the middle of a chest between which soft tissue lies."""

FADING = (1.0, 6.0)
"""Standard deviation, in pixels, of the scale below which structures shine through an opacity."""

AIR = 0.02, 0.10
"""Grey levels of what lies beside the body: below the first nothing is pasted, from the second on
everything."""

CHEST = 0.08, 0.18
"""Distance from the edges, as shares of the side, below which nothing is pasted and from which on
everything."""


def opacify(image: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pull what is darker than soft tissue towards it, `amount` (0 to 1) of the way.

    Structures coarser than a random scale fade; finer ones, grain always among them, stay: an
    opacity hides vessels, or lies over the ribs, but never takes the noise out of a picture. A
    mottling of a few percent comes with it.
    """
    side = image.shape[0]
    middle = image[side // 4 : -side // 4, side // 4 : -side // 4]
    tissue = np.percentile(middle, rng.uniform(*SOFT_TISSUE))
    tissue = tissue * (1 + 0.05 * smooth_noise(side, rng.uniform(0.01, 0.05) * side, rng))
    coarse = cv2.GaussianBlur(image, (0, 0), np.exp(rng.uniform(*np.log(FADING))))
    pull = np.clip(amount, 0, 1) * _paste_weight(image) * np.clip(tissue - coarse, 0, None)
    return np.clip(image + pull, 0, 1).astype(np.float32)


def brighten(image: np.ndarray, brightness: np.ndarray) -> np.ndarray:
    """Grey levels on top of what is there, inside the chest."""
    return np.clip(image + brightness * _paste_weight(image), 0, 1).astype(np.float32)


def brighten_along(image: np.ndarray, curve: np.ndarray, width: float, bright: float) -> np.ndarray:
    """Brighten along a curve of (x, y) pixels."""
    line = np.zeros(image.shape, np.float32)
    points = np.rint(curve * 16).astype(np.int32)[:, None]
    cv2.polylines(line, [points], False, 1.0, max(round(width), 1), cv2.LINE_AA, shift=4)
    line = cv2.GaussianBlur(line, (0, 0), 0.7)
    return np.clip(image + line * np.float32(bright), 0, 1).astype(np.float32)


def changed_mask(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where a change can be seen, fading in over as much again."""
    change = cv2.GaussianBlur(np.abs(after - before), (0, 0), 1.0)
    return np.clip((change - VISIBLE / 2) / VISIBLE, 0, 1).astype(np.float32)


def _paste_weight(image: np.ndarray) -> np.ndarray:
    """1 in the body and away from the edges of the image, 0 in the air beside it."""
    side = image.shape[0]
    body = np.clip((image - AIR[0]) / (AIR[1] - AIR[0]), 0, 1)
    from_edge = 0.5 - np.abs((np.arange(side) + 0.5) / side - 0.5)
    near = np.clip((from_edge - CHEST[0]) / (CHEST[1] - CHEST[0]), 0, 1)
    return body * np.minimum.outer(near, near)
