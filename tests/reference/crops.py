"""Drawn radiographs with enough detail to be told apart by their middles, and centre crops."""

import cv2
import numpy as np
from PIL import Image


def radiograph(seed: int, aspect: float) -> np.ndarray:
    """uint8 (height, width) of these proportions, with detail down to a fortieth of its height."""
    cells = np.random.default_rng(seed).normal(0.5, 0.15, (40, round(40 * aspect)))
    size = (round(400 * aspect), 400)
    smooth = cv2.resize(cells.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    return np.uint8(np.rint(np.clip(smooth, 0, 1) * 255))


def centre_crop(pixels: np.ndarray) -> np.ndarray:
    """uint8 (128, 128), as PneumoniaMNIST's authors say they made theirs."""
    height, width = pixels.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    window = Image.fromarray(pixels[top : top + side, left : left + side])
    return np.asarray(window.resize((128, 128), Image.Resampling.BICUBIC))
