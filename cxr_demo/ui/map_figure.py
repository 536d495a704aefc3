"""The library's map as a Plotly figure: every reference a point, classes by colour and symbol.

Data contract: a `ReferenceLibrary` → `plotly.graph_objects.Figure` with one `scattergl` trace a
class, in the order of THREE_CLASS. A point's `customdata` is its library row, its `text` its
patient key. A trace's `meta` holds its places on both maps, float32 (2, n) each, so that the
browser goes from one to the other by itself; the layout's says whether the library is drawn whole.
Nothing in the figure is of any radiograph: star, rings and the theme's colours are drawn by
`components/map_link.py`, because a new figure would lose zoom and selection.

A library of more than MAX_POINTS is sampled (see `reference.map_sampling`); what else a part of the
map holds comes by `ReferenceMap.points_in` when that is looked at closely.
"""

import math

import numpy as np
import plotly.graph_objects as go
from plotly.io.json import to_json_plotly

from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.reference.map_sampling import sample_rows, sampling_order
from cxr_demo.server.gradio_setup import gr

PROJECTIONS = {"umap": "UMAP", "tsne": "t-SNE"}

MAX_POINTS = 8_000
"""Of one view of a map: what a browser without a GPU still redraws in about a second."""

COLOURS = {"normal": "#56b4e9", "bacterial": "#e69f00", "viral": "#e78ac3"}
"""On dark ground, told apart by the colour-blind (Okabe and Ito, 2008); the style has those on
light."""

SYMBOLS = {"normal": "circle", "bacterial": "diamond", "viral": "square"}

CONFIG = {
    "displayModeBar": True,
    "displaylogo": False,
    "responsive": True,
    "scrollZoom": True,
    "modeBarButtonsToRemove": ["zoom2d", "select2d", "autoScale2d", "toImage"],
}
"""Plotly's settings in the browser: wheel and fingers zoom, buttons for pan, lasso, zoom, reset."""

_EVERYWHERE = (-math.inf, -math.inf, math.inf, math.inf)


class ReferenceMap:
    """The library as a map draws it.

    Args:
        library: the references.
        max_points: how many one view of it has room for.

    Attributes:
        shown: library rows that the figure shows: what either projection has room for.
        whole: whether these are all.
    """

    def __init__(self, library: ReferenceLibrary, max_points: int = MAX_POINTS):
        self._library = library
        self._max_points = max_points
        self._orders = {
            name: sampling_order(library.coordinates[name], library.labels) for name in PROJECTIONS
        }
        whole = [self._rows_in(name, _EVERYWHERE) for name in PROJECTIONS]
        self.shown = np.unique(np.concatenate(whole))
        self.whole = len(self.shown) == len(library)

    def figure(self) -> go.Figure:
        """The whole map by UMAP."""
        return go.Figure(
            [_trace(name, points) for name, points in self._by_class(self.shown).items()],
            go.Layout(
                template="none",
                meta={"whole": self.whole},
                margin={"l": 0, "r": 0, "t": 24, "b": 24},
                paper_bgcolor="rgba(0,0,0,0)",
                plot_bgcolor="rgba(0,0,0,0)",
                xaxis={"visible": False},
                yaxis={"visible": False},
                hovermode="closest",
                dragmode="pan",
                legend={"orientation": "h", "x": 0, "y": 0, "yanchor": "top"},
            ),
        )

    def plot(self) -> gr.components.plot.PlotData:
        """The figure with CONFIG, as `gr.Plot` takes it; to be made once and kept."""
        drawing = {**self.figure().to_dict(), "config": CONFIG}
        return gr.components.plot.PlotData(type="plotly", plot=to_json_plotly(drawing))

    def points_in(self, projection: str, box: tuple[float, float, float, float]) -> dict:
        """What a rectangle (left, bottom, right, top) of a projection holds, for `MapLink`'s
        `more`: {class: {"rows": [n], "patients": [n], "umap": [x, y], "tsne": [x, y]}}."""
        rows = self._rows_in(projection, box)
        return {
            name: {key: values.tolist() for key, values in points.items()}
            for name, points in self._by_class(np.sort(rows)).items()
        }

    def _rows_in(self, projection: str, box: tuple[float, float, float, float]) -> np.ndarray:
        spots = self._library.coordinates[projection]
        return sample_rows(spots, self._orders[projection], box, self._max_points)

    def _by_class(self, rows: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
        library, found = self._library, {}
        for label, name in enumerate(THREE_CLASS):
            own = rows[library.labels[rows] == label]
            found[name] = {
                "rows": own,
                "patients": library.patients[own],
                **{projection: self._places(projection, own) for projection in PROJECTIONS},
            }
        return found

    def _places(self, projection: str, rows: np.ndarray) -> np.ndarray:
        """float32 (2, n): x and y."""
        return self._library.coordinates[projection][rows].T.astype(np.float32)


def _trace(name: str, points: dict[str, np.ndarray]) -> go.Scattergl:
    x, y = points["umap"]
    return go.Scattergl(
        name=name,
        mode="markers",
        x=x,
        y=y,
        customdata=points["rows"].tolist(),
        text=points["patients"],
        hovertemplate=f"{name}<br>%{{text}}<extra></extra>",
        marker={"color": COLOURS[name], "symbol": SYMBOLS[name], "size": 5, "opacity": 0.7},
        meta={projection: points[projection] for projection in PROJECTIONS},
    )
