"""How training went, as Plotly figures: a point an epoch, in one language. Pure."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cxr_demo.model_card import curves
from cxr_demo.wording.spans import sentence

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

INK, GRID = "#8290a0", "rgba(130,144,160,.25)"
"""Legible on dark and on light."""


def training_figure(chart: str, history: Sequence[Mapping], language: str) -> "Figure":
    """One of `model_card.CURVES`; the history is that of its network."""
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
            "colorway": ["#3f9ad6", "#d08a00", "#cf6bb0"],
            "xaxis": {"title": sentence("about.epoch")(language), "gridcolor": GRID},
            "yaxis": {"gridcolor": GRID, "zeroline": False},
        }
    )
    for name, values in curves(chart, history).items():
        figure.add_scatter(y=values, x0=1, name=sentence(f"about.line.{name}")(language))
    return figure
