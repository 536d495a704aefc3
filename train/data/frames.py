"""Images as the networks see them: in the one frame of `cxr_demo.models.alignment`.

Data contract: `Images` whose pixels are squares → `Images` whose pixels are frames, uint8 (N, SIDE,
SIDE) as well, so that everything that takes the one takes the other.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import cv2
import numpy as np
from tqdm import tqdm

from cxr_demo.artefacts import ALIGNMENT, Artefacts
from cxr_demo.models.affine import warp
from cxr_demo.models.alignment import Aligner
from cxr_demo.models.preprocessing import SIDE, to_uint8
from train.data.kermany import Images


def in_frame(images: Images, aligner: Aligner | None = None) -> Images:
    """The same images aligned, each as it would be served.

    Args:
        images: squares.
        aligner: None takes the one that ships.
    """
    pixels = frames_of(images.as_float(), aligner)
    return replace(images, pixels=to_uint8(pixels))


def frames_of(squares: np.ndarray, aligner: Aligner | None = None, side: int = SIDE) -> np.ndarray:
    """float32 (N, SIDE, SIDE) in [0, 1] → their frames float32 (N, side, side)."""
    return frames_through(squares, matrices_of(squares, aligner), side)


def matrices_of(squares: np.ndarray, aligner: Aligner | None = None) -> np.ndarray:
    """float32 (N, SIDE, SIDE) in [0, 1] → where their frames lie, float64 (N, 2, 3)."""
    align = aligner or Aligner.from_arrays(Artefacts().arrays(ALIGNMENT))
    # OpenCV lets go of the interpreter; its own threads gain nothing on pictures this small.
    cv2.setNumThreads(1)
    with ThreadPoolExecutor() as pool:
        found = tqdm(pool.map(align, squares), "align", len(squares), disable=None)
        return np.stack([one.matrix for one in found])


def frames_through(squares: np.ndarray, matrices: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Squares seen through matrices that are known: float32 (N, side, side)."""
    return np.stack([warp(s, m, side) for s, m in zip(squares, matrices, strict=True)])
