"""The library's map as a Plotly figure: every reference a point, classes by colour and symbol.

Data contract: a `ReferenceLibrary` → `plotly.graph_objects.Figure` with one `scattergl` trace a
class, in the order of THREE_CLASS. A point's `customdata` is [library row, x and y by UMAP, x and y
by t-SNE], so that the browser goes from one map to the other by itself; its `text` is its patient
key. The layout's `meta` says whether the library is drawn whole. Nothing in the figure is of any
radiograph: star, rings and the theme's colours are drawn by `components/map_link.js`, because a new
figure would lose zoom and selection.

A library of more than MAX_POINTS is sampled (see `reference.map_sampling`); what else a part of the
map holds comes by `ReferenceMap.points_in` when that is looked at closely.
"""

import numpy as np
import plotly.graph_objects as go
from plotly.io.json import to_json_plotly

from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.reference.map_sampling import MapSample
from cxr_demo.server.gradio_setup import gr
from cxr_demo.ui.theme import OURS

PROJECTIONS = {"umap": "UMAP", "tsne": "t-SNE"}

MAX_POINTS = 8_000
"""Of one view of a map: what a browser without a GPU still redraws in about a second."""

SYMBOLS = ("circle", "diamond", "square")

CONFIG = {
    "displayModeBar": True,
    "displaylogo": False,
    "responsive": True,
    "scrollZoom": True,
    "modeBarButtonsToRemove": ["zoom2d", "select2d", "autoScale2d", "toImage"],
}
"""Plotly's settings in the browser: wheel and fingers zoom, buttons for pan, lasso, zoom, reset."""


class ReferenceMap:
    """The library as a map draws it.

    Args:
        library: the references.
        max_points: how many one view of it has room for.
    """

    def __init__(self, library: ReferenceLibrary, max_points: int = MAX_POINTS):
        self._library = library
        self._sample = MapSample(library.coordinates, library.labels, max_points)
        places = [library.coordinates[name] for name in PROJECTIONS]
        self._places = np.hstack(places).astype(float).round(3)

    def figure(self) -> go.Figure:
        """The whole map by UMAP, of a large library all that either map has room for."""
        shown = self._sample.overview()
        figure = go.Figure(
            layout={
                "template": "none",
                "meta": {"whole": len(shown) == len(self._library)},
                "margin": {"l": 0, "r": 0, "t": 24, "b": 24},
                "paper_bgcolor": "rgba(0,0,0,0)",
                "plot_bgcolor": "rgba(0,0,0,0)",
                "xaxis": {"visible": False},
                "yaxis": {"visible": False},
                "hovermode": "closest",
                "dragmode": "pan",
                "legend": {"orientation": "h", "x": 0, "y": 0, "yanchor": "top"},
            }
        )
        classes = zip(THREE_CLASS, SYMBOLS, self._by_class(shown), strict=True)
        for name, symbol, points in classes:
            figure.add_scattergl(
                **points,
                name=name,
                mode="markers",
                x=[point[1] for point in points["customdata"]],
                y=[point[2] for point in points["customdata"]],
                hovertemplate=f"{name}<br>%{{text}}<extra></extra>",
                marker={"color": OURS[name][1], "symbol": symbol, "size": 5, "opacity": 0.7},
            )
        return figure

    def plot(self) -> gr.components.plot.PlotData:
        """The figure with CONFIG, as `gr.Plot` takes it; to be made once and kept."""
        drawing = {**self.figure().to_dict(), "config": CONFIG}
        return gr.components.plot.PlotData(type="plotly", plot=to_json_plotly(drawing))

    def points_in(self, projection: str, box: tuple[float, float, float, float]) -> list[dict]:
        """What a rectangle (left, bottom, right, top) of a projection holds, for `MapLink`'s
        `more`: for each class {"customdata", "text"} as in the figure."""
        return self._by_class(self._sample.rows_in(projection, box))

    def _by_class(self, rows: np.ndarray) -> list[dict]:
        library = self._library
        classes = [rows[library.labels[rows] == label] for label in range(len(THREE_CLASS))]
        return [
            {
                "customdata": np.column_stack([own, self._places[own]]).tolist(),
                "text": library.patients[own].tolist(),
            }
            for own in classes
        ]
