"""Tell a film with one even tint, such as a blue base or sepia toning, from a picture in colour.

Data contract: RGB (height, width, 3), unsigned integers up to `white` → a boolean. Along an even
tint all colours lie on one curve from black through the tint to white: colour is a function of grey
level, has one hue, and rises and falls once. Overlays, colour maps and photographs break one of the
three. Colour is measured as chroma, (Cb, Cr) of ITU-R BT.601 as shares of white.
"""

import numpy as np

LUMINANCE = (0.299, 0.587, 0.114)
LEVELS = 32
MAX_SAMPLES = 400_000
"""Pixels that are looked at, evenly spread."""

FAR = 0.08
"""Distance of chroma from which on a pixel is in another colour than its level."""
MAX_RARE = 0.02
"""Share of the pixels that may lie in levels whose colour does not count."""
MAX_BEND = 0.06
"""Of a level's chroma, beside the hue of the strongest one or below the straight line between two
others: what only some levels have is a second colour."""


def has_even_tint(rgb: np.ndarray, white: int, max_far: float) -> bool:
    """Whether all of a picture has one tint, except a share of `max_far` of its pixels."""
    step = max(1, int(np.ceil(np.sqrt(rgb[..., 0].size / MAX_SAMPLES))))
    samples = rgb[::step, ::step].reshape(-1, 3).astype(np.float32) / white
    luminance = samples @ np.float32(LUMINANCE)
    blue = (samples[:, 2] - luminance) * np.float32(0.564)
    red = (samples[:, 0] - luminance) * np.float32(0.713)
    level = np.minimum((luminance * LEVELS).astype(int), LEVELS - 1)
    curve = np.zeros((LEVELS, 2), np.float32)
    for number in np.unique(level):
        there = level == number
        curve[number] = np.median(blue[there]), np.median(red[there])
    far = np.hypot(blue - curve[level, 0], red - curve[level, 1]) > FAR
    if far.mean() > max_far:
        return False
    counts = np.bincount(level, minlength=LEVELS)
    rarest = np.argsort(counts)
    counted = np.sort(rarest[np.cumsum(counts[rarest]) > MAX_RARE * len(level)])
    return _is_one_tint(counted, curve[counted])


def _is_one_tint(levels: np.ndarray, chroma: np.ndarray) -> bool:
    """Whether chroma (N, 2) keeps to one hue, and has no dent along the levels (N,)."""
    strength = np.hypot(*chroma.T)
    hue = chroma[strength.argmax()] / max(strength.max(), 1e-6)
    along, across = chroma @ hue, chroma @ (-hue[1], hue[0])
    if along.min() < -MAX_BEND or np.abs(across).max() > MAX_BEND:
        return False
    first, last = np.triu_indices(len(levels), 1)
    way = (levels[:, None] - levels[first]) / (levels[last] - levels[first])
    straight = along[first] + way * (along[last] - along[first])
    dents = np.where((way > 0) & (way < 1), straight - along[:, None], 0)
    return dents.max(initial=0) <= MAX_BEND
