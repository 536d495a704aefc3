"""From a radiograph to the networks' input. The one copy: training and serving both call it.

Data contract: float32 (height, width) in [0, 1] → float32 (SIDE, SIDE) in [0, 1]. The image is
squashed to a square, aspect ratio not kept, because the public 224 x 224 copies of the data set
are. The resampling is Pillow's antialiased bilinear, which of the usual ones comes closest to
those copies (mean absolute difference 2.1 of 255 on the images known at both sizes).
VGG16's own scaling (BGR, ImageNet means) is part of the network's graph, see `train.networks`.
"""

import numpy as np
from PIL import Image

SIDE = 224

VIEW_SIDE = 900
"""Longer edge, in pixels, of what is kept of a radiograph for looking at."""


def to_network_input(pixels: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Squash a radiograph to the networks' square.

    Args:
        pixels: float32 (height, width) in [0, 1].
        side: edge of the square in pixels.

    Returns:
        float32 (side, side) in [0, 1]; the values of an image that already has this size come
        back unchanged.
    """
    square = Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(square, dtype=np.float32), 0.0, 1.0)


def to_view(pixels: np.ndarray) -> np.ndarray:
    """What a page shows: float32 (height, width) in [0, 1] → uint8, in the same proportions.

    The longer edge is at most VIEW_SIDE; smaller images keep their size.
    """
    height, width = pixels.shape
    scale = min(1.0, VIEW_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    smaller = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)
    return np.rint(np.clip(np.asarray(smaller), 0, 1) * 255).astype(np.uint8)
