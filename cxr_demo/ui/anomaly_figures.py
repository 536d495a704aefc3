"""The anomaly sheet as HTML: heatmap, verdict, and what a threshold means. Pure, like `figures`."""

import cv2
import numpy as np

from cxr_demo.analysis import Analysis
from cxr_demo.anomaly import is_unusual, share_above
from cxr_demo.preprocess import squash, to_levels
from cxr_demo.screening import Screening, predictive_values
from cxr_demo.ui import text
from cxr_demo.ui.figures import COLOURS, panel, picture_uri

BINS = 40
"""Bars of a histogram."""


def heat_panel(analysis: Analysis, method: str, threshold: float) -> str:
    """The map of one method at a threshold, over the radiograph, with its absolute scale."""
    heat = heatmap(
        analysis.anomaly.maps[method].values,
        threshold,
        text.METHODS[method].hottest,
        analysis.anomaly.image,
    )
    caption = f"{text.METHODS[method].name}, above the threshold"
    return panel(caption, heat, analysis) + _colour_bar(method, threshold)


def verdict(analysis: Analysis, method: str, threshold: float) -> str:
    """The verdict at a threshold, from the stored map alone."""
    found = analysis.anomaly.maps[method]
    unusual = is_unusual(found.score, threshold)
    sentence = text.verdict(
        method, found.score, threshold, share_above(found.values, threshold), unusual
    )
    return f'<p class="verdict {"unusual" if unusual else "usual"}">{sentence}</p>'


def meaning(
    screening: Screening, method: str, threshold: float, prevalence: float, score: float | None
) -> str:
    """Scores of held-out patients with the threshold and this radiograph among them, in words too.

    Args:
        screening: the scores.
        method: whose.
        threshold: where the line stands.
        prevalence: of pneumonia, in [0, 1].
        score: this radiograph's, if there is one.
    """
    rates = screening.rates(threshold)
    sentence = text.meaning(
        *rates,
        *predictive_values(*rates, prevalence),
        prevalence,
        (len(screening.normal), len(screening.pneumonia)),
    )
    return histogram(screening, method, threshold, score) + f'<p class="meaning">{sentence}</p>'


def histogram(screening: Screening, method: str, threshold: float, score: float | None) -> str:
    """Normals above the axis, pneumonias below it, as shares of their number on one scale; an SVG.

    Scores beyond the colour scale are drawn at its end.
    """
    end = text.METHODS[method].hottest
    edges = np.linspace(0, end, BINS + 1)
    normal, pneumonia = (
        np.histogram(np.clip(scores, 0, end), edges)[0] / len(scores)
        for scores in (screening.normal, screening.pneumonia)
    )
    tallest = max(normal.max(), pneumonia.max())
    width = 100 / BINS
    bars = [
        f'<rect x="{width * column:.2f}" y="{30 - height if name == "normal" else 30:.2f}" '
        f'width="{width - 0.3:.2f}" height="{height:.2f}" fill="{COLOURS[name]}"/>'
        for name, shares in (("normal", normal), ("pneumonia", pneumonia))
        for column, height in enumerate(28 * np.sqrt(shares / tallest))
        if height > 0
    ]
    marked = {"threshold": threshold} if score is None else {"threshold": threshold, "query": score}
    lines = "".join(
        f'<line class="{name}" x1="{x}" x2="{x}" y1="0" y2="60"/>'
        for name, x in ((name, _along(value, end)) for name, value in marked.items())
    )
    return (
        '<figure class="histogram"><svg viewBox="0 0 100 60" preserveAspectRatio="none" '
        f'role="img" aria-label="{text.HISTOGRAM}">{"".join(bars)}{lines}</svg>'
        f"<figcaption>{text.HISTOGRAM}</figcaption></figure>"
    )


def heatmap(values: np.ndarray, threshold: float, hottest: float, image: np.ndarray) -> np.ndarray:
    """A map in absolute colours where it lies above the threshold, the dimmed radiograph elsewhere.

    Args:
        values: float32 (side, side).
        threshold: in their unit.
        hottest: what the brightest colour stands for.
        image: float32 (height, width) in [0, 1], the radiograph.

    Returns:
        uint8 (height, width, 3), blue-green-red.
    """
    fine = squash(values / np.float32(hottest), image.shape[0])
    colour = cv2.applyColorMap(to_levels(fine), cv2.COLORMAP_INFERNO)
    grey = np.repeat(to_levels(image / 2)[..., None], 3, axis=2)
    return np.where((fine * hottest > threshold)[..., None], colour, grey)


def _colour_bar(method: str, threshold: float) -> str:
    """The absolute scale of the heatmap with the threshold marked on it."""
    ramp = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[None], cv2.COLORMAP_INFERNO)
    hottest, unit = text.METHODS[method].hottest, text.METHODS[method].unit
    return (
        f'<div class="scale"><span>0</span><span class="ramp"><img alt="" '
        f'src="{picture_uri(ramp)}"><i style="left: {_along(threshold, hottest)}%"></i></span>'
        f"<span>{hottest:g} {unit}</span></div>"
    )


def _along(value: float, end: float) -> str:
    """Where a value lies between 0 and an end, in percent."""
    return f"{100 * min(max(value / end, 0.0), 1.0):.1f}"
