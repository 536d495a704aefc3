"""`Analysis` → JSON that the page can draw and the API returns. Pure: no Gradio, no files.

Pictures travel as PNG data URIs, so that no part of a radiograph is written to disk. Maps travel as
the base64 of their float32 values, bit for bit, so that what is counted in the browser is what is
counted here.
"""

import base64
from collections.abc import Callable, Sequence

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

MAX_NEIGHBOURS = 100
"""Of one search."""

HOTTEST = {"detector": 6.0, "autoencoder": 0.04}
"""What the brightest colour of a heatmap stands for, the same for every patient."""

BINS = 40
"""Of a histogram."""


def analysis_answer(analysis: Analysis, include: list[str]) -> dict:
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
    height, width = analysis.radiograph.shape
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
            "bit_depth": analysis.radiograph.bit_depth,
            "burned_in": analysis.radiograph.burned_in,
            "tinted": analysis.radiograph.tinted,
        },
        **{name: PARTS[name](analysis) for name in include},
    }


def called(probabilities: dict[str, dict[str, float]]) -> str:
    """The class that the classifier calls: normal, or the likelier of the two pneumonias."""
    if probabilities["binary"]["pneumonia"] <= 0.5:
        return "normal"
    return max(("bacterial", "viral"), key=probabilities["three_class"].get)


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


def bars(values: Sequence[float], high: float, axis: float, tallest: float) -> str:
    """A histogram as an SVG path, for the viewer's verdict.

    Args:
        values: at least one.
        high: at the path's right end, 100; its left end stands for 0.
        axis: y of the bars' feet.
        tallest: height of the tallest bar, the others by the square root of their counts; those of
            a negative height hang from the axis.
    """
    places = np.clip(np.floor(np.asarray(values) / high * BINS), 0, BINS - 1).astype(int)
    counts = np.bincount(places, minlength=BINS)
    heights = tallest * np.sqrt(counts / counts.max())
    wide = 100 / BINS
    return "".join(
        f"M{wide * i:g} {axis:g}v{-height:.2f}h2.2v{height:.2f}z"
        for i, height in enumerate(heights)
        if height
    )


def picture_uri(pixels: np.ndarray) -> str:
    """uint8 (H, W) or (H, W, 3) blue-green-red → a PNG file as data URI."""
    encoded = cv2.imencode(".png", pixels)[1].tobytes()
    return "data:image/png;base64," + base64.b64encode(encoded).decode()


def viewer_value(analysis: Analysis, number: int, veil: str | None = None) -> dict:
    """What the viewer draws, see `components.viewer`.

    Args:
        analysis: of one radiograph.
        number: tells one reading of the page from the one before.
        veil: "veiled" or "gated" where nothing of the models is to be seen yet.
    """
    matrix = frame_matrix(analysis)

    def layer(values: np.ndarray, **more: float | str) -> dict:
        return {"values": packed(values), "matrix": matrix, **more}

    maps = {f"saliency {name}": layer(values) for name, values in analysis.saliency.items()}
    if analysis.difference is not None:
        maps["difference"] = layer(analysis.difference)
    for name, found in analysis.anomaly.maps.items():
        drawn = bars(found.values.ravel(), HOTTEST[name], 80, 18)
        maps[name] = layer(found.values, score=found.score, bars=drawn)
    reconstruction = picture_uri(to_uint8(analysis.anomaly.reconstruction))
    return {
        "id": number,
        "size": list(analysis.radiograph.shape),
        "view": _view(analysis),
        "window": window_of(analysis.view),
        "maps": maps,
        "reconstruction": {"png": reconstruction, "matrix": matrix},
        "veil": veil,
    }


def window_of(view: np.ndarray) -> dict[str, float]:
    """The window from the 1st to the 99th percentile.

    Args:
        view: float32 (H, W) in [0, 1].

    Returns:
        "level" and "width", as shares of the full range, to one of 256 levels.
    """
    counts = np.bincount(to_uint8(view).ravel(), minlength=256).cumsum()
    low, high = np.searchsorted(counts, [0.01 * view.size, 0.99 * view.size]) / 255
    return {"level": (low + high) / 2, "width": max(high - low, 0.02)}


def frame_matrix(analysis: Analysis) -> list[float]:
    """Row by row the 2 x 3 matrix from the unit square of the maps to that of the radiograph."""
    return analysis.alignment.matrix.ravel().tolist()


def _view(analysis: Analysis) -> dict:
    """The radiograph for looking at, as {"bits", "png"}.

    Browsers keep 8 bits of a channel: deeper radiographs have their high byte in red and their low
    byte in green, so that window and level reach all their grey levels.
    """
    if analysis.radiograph.bit_depth <= 8:
        return {"bits": 8, "png": picture_uri(to_uint8(analysis.view))}
    deep = np.rint(analysis.view * 65535).astype(np.uint16)
    low, high = (deep & 255).astype(np.uint8), (deep >> 8).astype(np.uint8)
    return {"bits": 16, "png": picture_uri(np.dstack([np.zeros_like(low), low, high]))}
