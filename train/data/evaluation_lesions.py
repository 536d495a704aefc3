"""Synthetic lesions to evaluate with: ellipses, Gaussians and lines of known outline.

Data contract: float32 (side, side) grey levels in [0, 1] in; the same with a lesion, and its mask
float32 (side, side), 0 or 1, out.

No detector learns from them: those to learn from, `train.data.synthetic_lesions`, are of other
shapes. Both families share places, the adding, the mask and the drawing of lines.
"""

from collections.abc import Callable

import numpy as np

from train.data.lesion_painting import brighten, brighten_along, changed_mask
from train.data.random_fields import ellipse_distance


def soft_opacity(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A Gaussian cloud of a tenth to a fifth of the side."""
    side = image.shape[0]
    distance = ellipse_distance(side, rng, (0.1, 0.2))
    return brighten(image, np.exp(-np.square(distance) / 2) * rng.uniform(0.1, 0.3))


def consolidation_like_blob(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A dense ellipse of 6 to 15 % of the side with an edge of a few pixels."""
    side = image.shape[0]
    distance = ellipse_distance(side, rng, (0.06, 0.15))
    return brighten(image, np.clip((1.1 - distance) / 0.2, 0, 1) * rng.uniform(0.1, 0.3))


def device_like_line(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A bright curve across the chest, as of a tube or a lead."""
    side = image.shape[0]
    start, middle, end = rng.uniform((0.25, 0.1), (0.75, 0.75), (3, 2)) * side
    along = np.linspace(0, 1, 50)[:, None]
    curve = (1 - along) ** 2 * start + 2 * along * (1 - along) * middle + along**2 * end
    return brighten_along(image, curve, rng.uniform(1.5, 4), rng.uniform(0.15, 0.4))


EVALUATION_LESIONS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "soft opacity": soft_opacity,
    "consolidation-like blob": consolidation_like_blob,
    "device-like line": device_like_line,
}


def paste_for_evaluation(
    image: np.ndarray, kind: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One lesion of `EVALUATION_LESIONS` that changes at least 0.2 % of the image.

    Returns:
        (image, mask), the mask 0 or 1.

    Raises:
        ValueError: if a hundred lesions in a row could not be seen, as in a blank image.
    """
    for _ in range(100):
        changed = EVALUATION_LESIONS[kind](image, rng)
        mask = changed_mask(image, changed) > 0.5
        if mask.mean() > 0.002:
            return changed, mask.astype(np.float32)
    raise ValueError(f"no {kind} can be seen in this image; is it a chest radiograph?")


def paste_lesions(images: np.ndarray, kind: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Every image with one lesion of the evaluation family.

    Args:
        images: uint8 (N, side, side).
        kind: of `EVALUATION_LESIONS`.
        seed: the same seed gives the same lesions.

    Returns:
        (images, masks), both float32 (N, side, side) in [0, 1].
    """
    rng = np.random.default_rng(seed)
    pasted = [paste_for_evaluation(image / np.float32(255), kind, rng) for image in images]
    changed, masks = zip(*pasted, strict=True)
    return np.stack(changed), np.stack(masks)
