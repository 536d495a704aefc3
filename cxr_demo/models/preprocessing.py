"""From a radiograph to the networks' input. The one copy: training and serving both call it.

Data contract: float32 (height, width) in [0, 1] → float32 (SIDE, SIDE) in [0, 1].

The networks learned from the public 224 x 224 copies of the data set, so whatever comes in at
another size is made like one: squashed to a square, aspect ratio not kept, by Pillow's antialiased
bilinear resampling (of the usual ones the nearest to those copies), softened by half a pixel, and
through JPEG at quality 75, whose faint blocks the networks take notice of. Measured on the 120
training images at hand at both sizes: without the softening P(pneumonia) differs by more than 0.10
in 5 % of them, the sharper native file nearly always giving the larger one; with it in 1 %.
VGG16's own scaling is part of the network's graph, see `train.models.networks`.
"""

import cv2
import numpy as np
from PIL import Image

from cxr_demo.reading.types import VIEW_SIDE

SIDE = 224
BLUR_SIGMA = 0.5
"""Standard deviation of a Gaussian blur, in pixels of the square."""
JPEG_QUALITY = 75


def to_network_input(pixels: np.ndarray) -> np.ndarray:
    """Make a radiograph like the images the networks know.

    Args:
        pixels: float32 (height, width) in [0, 1].

    Returns:
        float32 (SIDE, SIDE) in [0, 1]; an image that already has this size comes back unchanged.
    """
    if pixels.shape == (SIDE, SIDE):
        return np.ascontiguousarray(pixels)
    return jpeg_copy(
        cv2.GaussianBlur(resize_square(pixels, SIDE), (0, 0), BLUR_SIGMA), JPEG_QUALITY
    )


def jpeg_copy(pixels: np.ndarray, quality: int) -> np.ndarray:
    """What a JPEG file of this quality keeps of float32 (height, width) in [0, 1]."""
    _, jpeg = cv2.imencode(".jpg", to_uint8(pixels), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255


def resize_square(pixels: np.ndarray, side: int) -> np.ndarray:
    """Resize float32 (height, width) in [0, 1] to (side, side), aspect ratio not kept."""
    square = Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR)
    return np.clip(np.asarray(square, dtype=np.float32), 0.0, 1.0)


def to_view(pixels: np.ndarray, pixel_aspect: float = 1.0) -> np.ndarray:
    """What a page shows of a radiograph, in its true proportions.

    Args:
        pixels: float32 (height, width) in [0, 1].
        pixel_aspect: height of a pixel over its width.

    Returns:
        float32 in [0, 1], its pixels as high as wide. The longer edge is at most VIEW_SIDE; a
        smaller image is enlarged only along the longer sides of its pixels, to make them square.
    """
    height = pixels.shape[0] * max(pixel_aspect, 1)
    width = pixels.shape[1] / min(pixel_aspect, 1)
    scale = min(1.0, VIEW_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    view = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)
    return np.clip(np.asarray(view, dtype=np.float32), 0.0, 1.0)


def to_uint8(pixels: np.ndarray) -> np.ndarray:
    """float in [0, 1], clipped to it → the nearest of 256 grey levels, uint8 of the same shape."""
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
