"""`Analysis` → JSON that a page can draw and an API can return. Pure: no Gradio, no files.

Pictures travel as PNG data URIs, so that no part of a radiograph is written to disk. Maps travel as
the base64 of their float32 values, bit for bit, so that what is counted in the browser is what is
counted here.
"""

import base64
from collections.abc import Callable

import cv2
import numpy as np

from cxr_demo.analysis import Analysis
from cxr_demo.errors import UserError
from cxr_demo.models.preprocessing import to_uint8
from cxr_demo.report import analysis_json

PARTS: dict[str, Callable[[Analysis], object]] = {
    "embedding": lambda analysis: analysis.embedding.tolist(),
    "maps": lambda analysis: {
        name: packed(found.values) for name, found in analysis.anomaly.maps.items()
    },
    "saliency": lambda analysis: {
        name: packed(values) for name, values in analysis.saliency.items()
    },
    "view": lambda analysis: _view(analysis),
    "square": lambda analysis: picture_uri(to_uint8(analysis.square)),
    "reconstruction": lambda analysis: picture_uri(to_uint8(analysis.anomaly.reconstruction)),
}
"""What `analyse` returns on request only."""

MOST_NEIGHBOURS = 100
"""Of one search."""


def reading(analysis: Analysis, include: list[str]) -> dict:
    """What was found, with the parts asked for.

    Args:
        analysis: of one radiograph.
        include: names among PARTS.

    Raises:
        UserError: if there is no such part.
    """
    for name in include:
        if name not in PARTS:
            raise UserError("refused.part", part=str(name)[:40], parts=", ".join(PARTS))
    height, width = analysis.size
    return {
        "status": "ok",
        "error": None,
        **(found := analysis_json(analysis)),
        "gate": {**found["gate"], "key": analysis.input_check.reason},
        "plausible": list(analysis.conformal_set),
        "atypical": analysis.atypical,
        "same_picture": list(analysis.same_picture),
        "same_patients": list(analysis.same_patients),
        "left_out": analysis.left_out,
        "image": {
            "width": width,
            "height": height,
            "bit_depth": analysis.bit_depth,
            "burned_in": analysis.burned_in,
        },
        **{name: PARTS[name](analysis) for name in include},
    }


def packed(values: np.ndarray) -> dict:
    """An array as {"shape", "float32"}: base64 of its little-endian values, row by row."""
    return {
        "shape": list(values.shape),
        "float32": base64.b64encode(values.astype("<f4").tobytes()).decode(),
    }


def unpacked(sent: object, most: int = 2**20) -> np.ndarray:
    """The square map in what somebody sent back as `packed` wrote it.

    Raises:
        UserError: if it is not one: another form, not square, not finite, or more than `most`
            values.
    """
    try:
        rows, columns = sent["shape"]
        if not (type(rows) is type(columns) is int and 0 < rows == columns <= int(most**0.5)):
            raise ValueError("not a square")
        values = np.frombuffer(base64.b64decode(sent["float32"], validate=True), "<f4")
        values = values.reshape(rows, columns)
    except (TypeError, KeyError, ValueError):
        raise UserError("refused.map") from None
    if not np.isfinite(values).all():
        raise UserError("refused.map")
    return values


def png(pixels: np.ndarray) -> bytes:
    """uint8 (H, W) or (H, W, 3) blue-green-red → a PNG file."""
    return cv2.imencode(".png", pixels)[1].tobytes()


def picture_uri(pixels: np.ndarray) -> str:
    """The same as data URI."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode()


def _view(analysis: Analysis) -> dict:
    """The radiograph for looking at, as {"bits", "png"}.

    Browsers keep 8 bits of a channel: deeper radiographs have their high byte in red and their low
    byte in green, so that window and level reach all their grey levels.
    """
    if analysis.bit_depth <= 8:
        return {"bits": 8, "png": picture_uri(to_uint8(analysis.view))}
    deep = np.rint(analysis.view * 65535).astype(np.uint16)
    low, high = (deep & 255).astype(np.uint8), (deep >> 8).astype(np.uint8)
    return {"bits": 16, "png": picture_uri(np.dstack([np.zeros_like(low), low, high]))}
