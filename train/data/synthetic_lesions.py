"""Synthetic lesions of known outline to learn from, pasted into normal radiographs.

Data contract: float32 (side, side) grey levels in [0, 1] in; the same with a lesion, and its mask
float32 (side, side) in [0, 1], out.

What pneumonia does to a radiograph is to make air-filled lung as bright as soft tissue. So most of
the lesions to learn from pull what is darker than soft tissue towards it and leave ribs, heart and
diaphragm alone; some add to what is there. They lie where lungs roughly are, and are not cut off at
the outline of the lungs, though it is known in the frame of `cxr_demo.models.alignment`: a network
that sees them end there learns to look for that edge. Many are faint, and some are diffuse and on
both sides, as viral pneumonia is.
The mask is where a radiograph changed by something that can be seen, not where it was aimed at.

Shapes come from thresholded and graded noise and from the radiograph's own tissue; those to
evaluate with (`train.data.evaluation_lesions`) are others. That synthetic lesions can teach
detection of real ones was shown by Li et al. 2021 (CutPaste) and, in these very radiographs, by
Sato et al. 2022 (AnatPaste); shapes and mixing here are our own.
"""

from collections.abc import Callable

import cv2
import numpy as np

from train.data.lesion_painting import brighten, brighten_along, changed_mask, opacify
from train.data.random_fields import gaussian, random_lung_position, smooth_noise

BRIGHTER = 0.1, 0.4
"""Grey levels that a lesion which adds to what is there adds at most."""

LESIONS = {
    "consolidation": 0.27,
    "haze": 0.2,
    "diffuse": 0.1,
    "streaks": 0.13,
    "own tissue": 0.15,
    "line": 0.15,
}
"""Kinds to learn from, and how often each is drawn."""


def paste_for_training(
    image: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One to three random opacities, hazes, streaks, pieces of tissue or lines.

    Returns:
        (image, mask), see the module docstring.
    """
    changed = image
    for kind in rng.choice(list(LESIONS), rng.integers(1, 4), p=list(LESIONS.values())):
        changed = _LESIONS[kind](changed, rng)
    return changed, changed_mask(image, changed)


def _consolidation(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Thresholded noise around one place in a lung: patches with soft or sharp edges."""
    side = image.shape[0]
    noise = smooth_noise(side, rng.uniform(0.02, 0.09) * side, rng)
    near = gaussian(side, random_lung_position(rng), rng.uniform(0.05, 0.2, 2))
    field = noise + 3 * near - rng.uniform(1.5, 2.5)
    softness = rng.uniform(0.1, 1.0)
    return _paste(image, np.clip(field / softness, 0, 1) * rng.uniform(0.2, 1.0), rng)


def _haze(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A veil over a large part of one lung or of both, uneven on a large scale."""
    side = image.shape[0]
    places = [random_lung_position(rng)]
    if rng.random() < 0.5:
        places.append((1 - places[0][0], places[0][1]))
    spread = rng.uniform(0.1, 0.3, 2)
    near = np.max([gaussian(side, place, spread) for place in places], axis=0)
    uneven = np.clip(1 + 0.4 * smooth_noise(side, 0.08 * side, rng), 0, 2)
    return _paste(image, near * uneven * rng.uniform(0.2, 0.7), rng)


def _diffuse(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Both lungs denser all over, mottled, more so on one side or towards one end; mostly faint."""
    side = image.shape[0]
    y, x = (np.mgrid[:side, :side] + np.float32(0.5)) / side - 0.5
    slope = 1 + rng.uniform(-1.2, 1.2) * y + rng.uniform(-1.2, 1.2) * x
    coarse = 0.3 * smooth_noise(side, rng.uniform(0.05, 0.12) * side, rng)
    fine = 0.3 * smooth_noise(side, rng.uniform(0.008, 0.02) * side, rng)
    amount = np.clip(slope + coarse + fine, 0, 2) * rng.uniform(0.1, 0.6)
    return opacify(image, amount.astype(np.float32), rng)


def _streaks(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Thickened markings and small patches, densest beside the heart."""
    side = image.shape[0]
    fine = rng.uniform(0.004, 0.012) * side
    noise = np.clip(smooth_noise(side, fine, rng), 0, None)
    x = 0.5 + rng.choice([-1, 1], 2) * rng.uniform(0.1, 0.2, 2)
    spread = rng.uniform(0.1, 0.25, 2)
    near = np.max([gaussian(side, (place, 0.5), spread) for place in x], axis=0)
    return opacify(image, near * noise * rng.uniform(0.2, 0.6), rng)


def _own_tissue(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brighter tissue from elsewhere in the same radiograph, around one place in a lung."""
    side = image.shape[0]
    moved = np.float32([[1, 0, 0], [0, 1, 0]])
    moved[:, 2] = rng.uniform(-0.4, 0.4, 2) * side
    tissue = cv2.warpAffine(image, moved, (side, side), borderMode=cv2.BORDER_REFLECT_101)
    near = gaussian(side, random_lung_position(rng), rng.uniform(0.05, 0.2, 2))
    amount = np.clip(2 * near, 0, 1) * rng.uniform(0.3, 1.0)
    return brighten(image, amount * np.clip(tissue - image, 0, None))


def _line(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A bright polygon of three corners, smoothed."""
    side = image.shape[0]
    corners = rng.uniform(0.15, 0.85, (4, 2)) * side
    steps = np.linspace(0, 3, 40)
    curve = np.stack([np.interp(steps, range(4), corners[:, axis]) for axis in (0, 1)], axis=1)
    smooth = np.stack([cv2.blur(c[:, None], (1, 9))[:, 0] for c in curve.T], axis=1)
    return brighten_along(image, smooth, rng.uniform(1, 4), rng.uniform(0.1, 0.4))


def _paste(image: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A shadow of an amount from 0 to 1: what hides the air, or what adds to everything."""
    if rng.random() < 0.5:
        return opacify(image, amount, rng)
    return brighten(image, np.clip(amount, 0, 1) * np.float32(rng.uniform(*BRIGHTER)))


_LESIONS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "consolidation": _consolidation,
    "haze": _haze,
    "diffuse": _diffuse,
    "streaks": _streaks,
    "own tissue": _own_tissue,
    "line": _line,
}
