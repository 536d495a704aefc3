"""What the autoencoder makes of a chest whose lungs it does not see, and how far the lungs differ.

Data contract: a frame float32 (side, side) in [0, 1] and a lung mask → input, error map and score.
The autoencoder has seen normal children only. An autoencoder that is shown a white lung paints a
white lung; this one, after "Context encoders" (Pathak et al., 2016), paints the normal lungs that
would go with what surrounds them. Tone is taken out first, or its error would be mostly that.
"""

import cv2
import numpy as np

from cxr_demo.anomaly.density import INNER_FRAME, stretch
from cxr_demo.anomaly.zones import at_side_of
from cxr_demo.models.preprocessing import resize_square

AUTOENCODER_SIDE = 128
HIDDEN = 0.5
"""Grey level that the autoencoder sees in place of the lungs."""

SMOOTHING = 1.5
"""Sigma in pixels of the error map: single noisy pixels are not findings."""


def autoencoder_image(frame: np.ndarray, side: int = AUTOENCODER_SIDE) -> np.ndarray:
    """What is to be rebuilt: float32 (side, side) in [0, 1], its tone taken out by `stretch`."""
    return resize_square(np.clip(stretch(frame, INNER_FRAME), 0, 1), side)


def hide_lungs(image: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """What the autoencoder sees of it; the mask bool, of any side."""
    return np.where(at_side_of(image, lungs), np.float32(HIDDEN), image)


def error_map(image: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Squared difference, smoothed by a Gaussian; its mean is the mean squared error.

    Both (side, side) in [0, 1]; returns float32 (side, side). The smoothing mirrors at the edges,
    which keeps the mean within a fraction of a percent.
    """
    squared = np.square(image - reconstruction, dtype=np.float32)
    return cv2.GaussianBlur(squared, (0, 0), SMOOTHING, borderType=cv2.BORDER_REFLECT)


def lung_error_map(image: np.ndarray, reconstruction: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """`error_map` in the lungs, 0 outside them; the mask bool, of any side."""
    return error_map(image, reconstruction) * at_side_of(image, lungs)


def error_score(values: np.ndarray) -> float:
    """Mean of an error map where there is one: in the lungs, since it is 0 outside them."""
    return float(values.sum() / max(np.count_nonzero(values), 1))
