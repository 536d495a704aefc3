"""Radiographs as a phone sees them: a film on a light box or a picture on a monitor, from a hand.

Data contract: float32 (SIDE, SIDE) in [0, 1] in and out, drawn by a generator. What colour a
photograph has is gone by the time the models see it, and is left out here.
"""

import cv2
import numpy as np

from cxr_demo.models.preprocessing import SIDE, jpeg_copy

_DOWN, _ACROSS = np.mgrid[:SIDE, :SIDE].astype(np.float32) / np.float32(SIDE)
_CORNERS = np.float32([[0, 0], [1, 0], [1, 1], [0, 1]])


def photographed(view: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The picture askew before a ground, in uneven light, with stripes and reflections."""
    shown = _tone(view, rng)
    if rng.random() < 0.7:
        shown = shown * (1 + _moire(rng))
    photo = _before_ground(shown, rng) * _light(rng)
    for _ in range(rng.integers(3)):
        photo = photo + _reflection(rng)
    photo = cv2.GaussianBlur(np.clip(photo, 0, 1), (0, 0), rng.uniform(0.3, 1.3))
    photo = photo + rng.standard_normal(photo.shape, np.float32) * rng.uniform(0.003, 0.03)
    return jpeg_copy(photo, int(rng.integers(40, 95)))


def _tone(view: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Black that is not quite black, white that is not quite white, and another gamma."""
    black, white = rng.uniform(0, 0.2), rng.uniform(0.7, 1)
    return black + (white - black) * view ** np.exp(rng.uniform(-0.5, 0.5))


def _moire(rng: np.random.Generator) -> np.ndarray:
    """One or two sets of stripes, slightly bent: the beat of two grids, with mean 0."""
    stripes = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(rng.integers(1, 3)):
        angle, count = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(6), np.log(90)))
        along = _ACROSS * np.cos(angle) + _DOWN * np.sin(angle)
        bend = rng.uniform(-0.15, 0.15) * (_ACROSS - 0.5) * (_DOWN - 0.5)
        wave = np.sin(2 * np.pi * (count * (along + bend) + rng.random()))
        stripes += np.float32(rng.uniform(0.02, 0.12)) * wave
    return stripes


def _before_ground(shown: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Seen askew, at 60 to 105 % of its size, before a frame, a room or a light box."""
    size, turn = rng.uniform(0.6, 1.05, 2), np.deg2rad(rng.normal(0, 4))
    around = (_CORNERS - 0.5) * size + rng.uniform(-0.06, 0.06, (4, 2))
    turned = around @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    spare = np.maximum(0.5 - size / 2, 0.02)
    seen = np.float32((turned + 0.5 + rng.uniform(-spare, spare)) * SIDE)
    askew = cv2.getPerspectiveTransform(_CORNERS * SIDE, seen)
    inside = cv2.warpPerspective(np.ones_like(shown), askew, (SIDE, SIDE))
    frame = cv2.dilate(inside, np.ones((2 * rng.integers(1, 9) + 1,) * 2, np.uint8))
    ground = _room(rng) * (1 - frame) + np.float32(rng.uniform(0, 0.15)) * frame
    return cv2.warpPerspective(shown, askew, (SIDE, SIDE)) * inside + ground * (1 - inside)


def _room(rng: np.random.Generator) -> np.ndarray:
    """Dark, or of soft shapes, or as bright as a light box."""
    level = rng.choice([rng.uniform(0, 0.12), rng.uniform(0.1, 0.7), rng.uniform(0.8, 1)])
    rough = cv2.resize(rng.standard_normal((5, 5), np.float32), (SIDE, SIDE))
    return np.clip(level * (1 + np.float32(rng.uniform(0, 0.4)) * rough), 0, 1)


def _light(rng: np.random.Generator) -> np.ndarray:
    """Brighter on one side, darker in the corners."""
    angle = rng.uniform(0, 2 * np.pi)
    side = (_ACROSS - 0.5) * np.cos(angle) + (_DOWN - 0.5) * np.sin(angle)
    corner = (_ACROSS - 0.5) ** 2 + (_DOWN - 0.5) ** 2
    return np.clip(1 + rng.uniform(0, 0.7) * side - rng.uniform(0, 0.8) * corner, 0, 1.4)


def _reflection(rng: np.random.Generator) -> np.ndarray:
    """A lamp or a window: a soft spot or streak of light."""
    across, down = _ACROSS - rng.random(), _DOWN - rng.random()
    angle, (wide, high) = rng.uniform(0, np.pi), rng.uniform(0.02, 0.2, 2)
    along = (across * np.cos(angle) + down * np.sin(angle)) / wide
    beside = (down * np.cos(angle) - across * np.sin(angle)) / high
    return rng.uniform(0.15, 0.8) * np.exp(-(along**2 + beside**2) / 2).astype(np.float32)
