"""Synthetic lesions of known outline, pasted into normal radiographs.

Data contract: float32 (side, side) grey levels in [0, 1] in; the same with a lesion, and its mask
float32 (side, side) in [0, 1], out.

What pneumonia does to a radiograph is to make air-filled lung as bright as soft tissue. So most of
the lesions to learn from pull what is darker than soft tissue towards it and leave ribs, heart and
diaphragm alone; some add to what is there. They lie where lungs roughly are, and are not cut off at
the outline of the lungs, though it is known in the frame of `cxr_demo.models.alignment`: a network
that sees them end there learns to look for that edge. Many are faint, and some are diffuse and on
both sides, as viral pneumonia is.
The mask is where a radiograph changed by something that can be seen, not where it was aimed at.

Two families of shapes: `paste_for_training`, from thresholded and graded noise and from the
radiograph's own tissue; and `EVALUATION_LESIONS`, ellipses and Gaussians. They share places, the
adding, the mask and the drawing of lines. That synthetic lesions can teach detection of real ones
was shown by Li et al. 2021 (CutPaste) and, in these very radiographs, by Sato et al. 2022
(AnatPaste); shapes and mixing here are our own.
"""

from collections.abc import Callable

import cv2
import numpy as np

from train.data.random_fields import ellipse_distance, gaussian, random_lung_position, smooth_noise

VISIBLE = 0.03
"""A change of grey level that counts as changed; a JPEG step of quality 75 changes less."""

SOFT_TISSUE = (55, 80)
"""Percentiles of the grey levels of the middle of a chest between which soft tissue lies."""

FADING = (1.0, 6.0)
"""Standard deviation, in pixels, of the scale below which structures shine through an opacity."""

AIR = 0.02, 0.10
"""Grey levels of what lies beside the body: below the first nothing is pasted, from the second on
everything."""

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

CHEST = 0.08, 0.18
"""Distance from the edges, as shares of the side, below which nothing is pasted and from which on
everything."""


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
    return changed, _mask(image, changed)


def soft_opacity(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A Gaussian cloud of a tenth to a fifth of the side."""
    side = image.shape[0]
    distance = ellipse_distance(side, rng, (0.1, 0.2))
    return _brighten(image, np.exp(-np.square(distance) / 2) * rng.uniform(0.1, 0.3))


def consolidation_like_blob(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A dense ellipse of 6 to 15 % of the side with an edge of a few pixels."""
    side = image.shape[0]
    distance = ellipse_distance(side, rng, (0.06, 0.15))
    return _brighten(image, np.clip((1.1 - distance) / 0.2, 0, 1) * rng.uniform(0.1, 0.3))


def device_like_line(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A bright curve across the chest, as of a tube or a lead."""
    side = image.shape[0]
    start, middle, end = rng.uniform((0.25, 0.1), (0.75, 0.75), (3, 2)) * side
    along = np.linspace(0, 1, 50)[:, None]
    curve = (1 - along) ** 2 * start + 2 * along * (1 - along) * middle + along**2 * end
    return _brighten_along(image, curve, rng.uniform(1.5, 4), rng.uniform(0.15, 0.4))


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
        mask = _mask(image, changed) > 0.5
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
    return _opacify(image, amount.astype(np.float32), rng)


def _streaks(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Thickened markings and small patches, densest beside the heart."""
    side = image.shape[0]
    fine = rng.uniform(0.004, 0.012) * side
    noise = np.clip(smooth_noise(side, fine, rng), 0, None)
    x = 0.5 + rng.choice([-1, 1], 2) * rng.uniform(0.1, 0.2, 2)
    spread = rng.uniform(0.1, 0.25, 2)
    near = np.max([gaussian(side, (place, 0.5), spread) for place in x], axis=0)
    return _opacify(image, near * noise * rng.uniform(0.2, 0.6), rng)


def _own_tissue(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Brighter tissue from elsewhere in the same radiograph, around one place in a lung."""
    side = image.shape[0]
    moved = np.float32([[1, 0, 0], [0, 1, 0]])
    moved[:, 2] = rng.uniform(-0.4, 0.4, 2) * side
    tissue = cv2.warpAffine(image, moved, (side, side), borderMode=cv2.BORDER_REFLECT_101)
    near = gaussian(side, random_lung_position(rng), rng.uniform(0.05, 0.2, 2))
    amount = np.clip(2 * near, 0, 1) * rng.uniform(0.3, 1.0)
    return _brighten(image, amount * np.clip(tissue - image, 0, None))


def _line(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A bright polygon of three corners, smoothed."""
    side = image.shape[0]
    corners = rng.uniform(0.15, 0.85, (4, 2)) * side
    steps = np.linspace(0, 3, 40)
    curve = np.stack([np.interp(steps, range(4), corners[:, axis]) for axis in (0, 1)], axis=1)
    smooth = np.stack([cv2.blur(c[:, None], (1, 9))[:, 0] for c in curve.T], axis=1)
    return _brighten_along(image, smooth, rng.uniform(1, 4), rng.uniform(0.1, 0.4))


def _paste(image: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A shadow of an amount from 0 to 1: what hides the air, or what adds to everything."""
    if rng.random() < 0.5:
        return _opacify(image, amount, rng)
    return _brighten(image, np.clip(amount, 0, 1) * np.float32(rng.uniform(*BRIGHTER)))


def _opacify(image: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> np.ndarray:
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


def _brighten(image: np.ndarray, brightness: np.ndarray) -> np.ndarray:
    """Grey levels on top of what is there, inside the chest."""
    return np.clip(image + brightness * _paste_weight(image), 0, 1).astype(np.float32)


def _paste_weight(image: np.ndarray) -> np.ndarray:
    """1 in the body and away from the edges of the image, 0 in the air beside it."""
    side = image.shape[0]
    body = np.clip((image - AIR[0]) / (AIR[1] - AIR[0]), 0, 1)
    from_edge = 0.5 - np.abs((np.arange(side) + 0.5) / side - 0.5)
    near = np.clip((from_edge - CHEST[0]) / (CHEST[1] - CHEST[0]), 0, 1)
    return body * np.minimum.outer(near, near)


def _brighten_along(
    image: np.ndarray, curve: np.ndarray, width: float, bright: float
) -> np.ndarray:
    """Brighten along a curve of (x, y) pixels."""
    line = np.zeros(image.shape, np.float32)
    points = np.rint(curve * 16).astype(np.int32)[:, None]
    cv2.polylines(line, [points], False, 1.0, max(round(width), 1), cv2.LINE_AA, shift=4)
    line = cv2.GaussianBlur(line, (0, 0), 0.7)
    return np.clip(image + line * np.float32(bright), 0, 1).astype(np.float32)


def _mask(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Where a change can be seen, fading in over as much again."""
    change = cv2.GaussianBlur(np.abs(after - before), (0, 0), 1.0)
    return np.clip((change - VISIBLE / 2) / VISIBLE, 0, 1).astype(np.float32)


_LESIONS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "consolidation": _consolidation,
    "haze": _haze,
    "diffuse": _diffuse,
    "streaks": _streaks,
    "own tissue": _own_tissue,
    "line": _line,
}
