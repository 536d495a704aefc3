"""Occlusion sensitivity: hide parts of a radiograph from the networks.

Data contract: float32 (side, side) in [0, 1] from `preprocessing` → the same. Boxes are (left, top,
right, bottom) as shares of width and height in [0, 1], so they fit the file at any size.

Occlusion measures what saliency only estimates: the networks' outputs without a region (Zeiler and
Fergus 2014, "Visualizing and Understanding Convolutional Networks"). No filling is neutral: a blur
keeps the region's brightness, its surroundings remove that too.
"""

import cv2
import numpy as np

from cxr_demo.errors import UserError

FILLS = ("blur", "surroundings")
MAX_BOXES = 16
BLUR = 1 / 16
"""Standard deviation of the blur, as a share of the side: it removes all as narrow as a rib."""

Box = tuple[float, float, float, float]


def occlude(square: np.ndarray, boxes: list[Box], fill: str) -> np.ndarray:
    """Hide the boxes.

    Args:
        square: float32 (side, side) in [0, 1].
        boxes: at most MAX_BOXES; none leaves the image as it is.
        fill: "blur", or "surroundings", which continues what lies around the box into it
            (Bertalmio et al. 2001, "Navier-Stokes, fluid dynamics, and image and video
            inpainting").

    Raises:
        UserError: if a box is invalid, there are too many, or the fill is not one of FILLS.
    """
    if fill not in FILLS:
        raise UserError("refused.fill", fill=str(fill)[:40])
    if not boxes:
        return square
    if len(boxes) > MAX_BOXES:
        raise UserError("refused.boxes", boxes=len(boxes), most=MAX_BOXES)
    side = square.shape[0]
    hidden = np.zeros(square.shape, np.uint8)
    for box in boxes:
        _check(box)
        # Every pixel that the box touches, at least one each way.
        left, top, right, bottom = (edge * side for edge in box)
        hidden[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))] = 1
    if fill == "blur":
        smooth = cv2.GaussianBlur(square, (0, 0), BLUR * side, borderType=cv2.BORDER_REFLECT)
        smooth = np.clip(smooth, 0, 1)  # sums of float32 weights may end a hair above 1
    elif hidden.all():
        smooth = square.mean()  # there are no surroundings
    else:
        levels = np.rint(square * 255).astype(np.uint8)
        smooth = cv2.inpaint(levels, hidden, 3, cv2.INPAINT_NS).astype(np.float32) / 255
    return np.where(hidden == 1, smooth, square)


def _check(box: Box) -> None:
    numbers = isinstance(box, list | tuple) and all(type(edge) in (int, float) for edge in box)
    if numbers and len(box) == 4:
        left, top, right, bottom = box
        if 0 <= left < right <= 1 and 0 <= top < bottom <= 1:
            return
    raise UserError("refused.box", box=str(box)[:80])
