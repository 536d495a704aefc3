"""Affine maps between a frame and the square it is seen in, and what a frame shows.

Data contract: a map is a matrix float (2, 3) from points to points, (x, y) in [0, 1] from the left
upper corner, so that it holds at any size.
"""

import cv2
import numpy as np

IDENTITY = np.eye(2, 3)
INVERSE = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
"""How OpenCV is to warp: its matrix takes pixels of the result to pixels of the source."""


def warp(
    square: np.ndarray, matrix: np.ndarray, side: int, border: int = cv2.BORDER_CONSTANT
) -> np.ndarray:
    """What a frame shows of a square: float32 (side, side) in [0, 1].

    Args:
        square: float32 (SIDE, SIDE) in [0, 1].
        matrix: (2, 3), takes points of the frame to points of the square.
        side: edge of the result in pixels.
        border: how OpenCV fills what lies outside the square; the default is black.
    """
    scale = square.shape[0] / side
    shrinks = scale * np.sqrt(abs(np.linalg.det(matrix[:, :2])))
    if shrinks > 1.15:  # a pixel stands for several: average first, since bilinear reads four
        square = cv2.GaussianBlur(square, (0, 0), 0.35 * shrinks)
    pixels = np.column_stack(
        [matrix[:, :2] * scale, matrix @ (0.5 / side, 0.5 / side, 1) * square.shape[0] - 0.5]
    )
    return cv2.warpAffine(square, pixels, (side, side), flags=INVERSE, borderMode=border)


def to_pixels(matrix: np.ndarray, side: int) -> np.ndarray:
    """The matrix that takes pixels of a (side, side) frame to pixels of a (side, side) square, for
    one that takes points to points; pixel i has its centre at (i + 1/2) / side."""
    linear = matrix[:, :2].astype(np.float64)
    return np.column_stack([linear, matrix[:, 2] * side + linear @ (0.5, 0.5) - 0.5])


def from_pixels(matrix: np.ndarray, side: int) -> np.ndarray:
    """The inverse of `to_pixels`."""
    linear = matrix[:, :2].astype(np.float64)
    return np.column_stack([linear, (matrix[:, 2] + 0.5 - linear @ (0.5, 0.5)) / side])


def compose(outer: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The matrix (2, 3) that does what `inner` does, then what `outer` does."""
    last = [[0.0, 0.0, 1.0]]
    return (np.vstack([outer, last]) @ np.vstack([inner, last]))[:2]
