"""How training went, as Plotly figures: a point an epoch, in one language. Pure.

Data contract: histories are the artefacts `metrics/{network}_history.json`, a list of epochs.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cxr_demo.ui.wording import sentence

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

CHARTS = {
    "classifier.loss": {
        "total": "loss", "binary": "binary_loss", "three_class": "three_class_loss",
    },
    "classifier.auc": {"plain": "validation.auc", "stressed": "validation_stressed.auc"},
    "classifier.accuracy": {
        "binary": "validation.accuracy", "three_class": "validation.three_class_accuracy",
    },
    "detector.loss": {"total": "loss"},
    "detector.auc": {
        "opacity": "auc.soft opacity", "blob": "auc.consolidation-like blob",
        "line": "auc.device-like line",
    },
    "autoencoder.loss": {"training": "loss", "held_out": "validation_normals_mse"},
}  # fmt: skip
"""By network and chart, its lines: wording, and path in an epoch of the network's history."""
INK, GRID = "#8290a0", "rgba(130,144,160,.25)"
"""Legible on dark and on light."""
COLOURS = ("#3f9ad6", "#d08a00", "#cf6bb0")


def training_figure(chart: str, history: Sequence[Mapping], language: str) -> "Figure":
    """One of CHARTS."""
    import plotly.graph_objects as go  # 0.4 s

    figure = go.Figure(
        layout={
            "title": {"text": sentence(f"about.training.{chart}")(language), "font": {"size": 13}},
            "template": "none",
            "height": 270,
            "margin": {"l": 44, "r": 8, "t": 36, "b": 96},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": INK, "size": 12},
            "legend": {"orientation": "h", "y": -0.4},
            "showlegend": True,
            "colorway": COLOURS,
            "xaxis": {"title": sentence("about.epoch")(language), "gridcolor": GRID},
            "yaxis": {"gridcolor": GRID, "zeroline": False},
        }
    )
    for line, path in CHARTS[chart].items():
        first, _, second = path.partition(".")
        values = [epoch[first][second] if second else epoch[first] for epoch in history]
        figure.add_scatter(y=values, x0=1, name=sentence(f"about.line.{line}")(language))
    return figure
