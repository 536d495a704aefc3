"""Link the map's points with the page: click, lasso, star of the radiograph, rings, colours.

`MapLink` shows nothing itself. It finds the graph that `gr.Plot` has drawn, through
`window.Plotly`, which Gradio's plot component leaves there.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from cxr_demo.errors import UserError
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.server.gradio_setup import gr
from cxr_demo.ui.components.module import LANGUAGE, load_module
from cxr_demo.ui.map_figure import CONFIG, PROJECTIONS


class MapLink(gr.HTML):
    """The link of one `gr.Plot(map.plot(), elem_id=figure, elem_classes="reference-map")`, where
    `map` is a `map_figure.ReferenceMap`.

    The plot's value never changes: another one would lose zoom and selection. What changes is this
    component's value, Python → browser; keys that are left out stay as they are. (As props they
    would be kept in the session, and `gr.update(marked=None)` would change nothing.)

        {"projection": "umap" | "tsne",
         "query": the radiograph, see `map_query`: a star (hollow where its position is atypical),
             lines to its neighbours and rings around them; None for no radiograph,
         "marked": the references picked, see `map_marks`: a ring around one, colour for many and
             grey for the others, and their cards anywhere on the page pressed; None for none,
         "more": further points of a library too large to draw, see `ReferenceMap.points_in`}

    A `gr.Radio` goes to the other projection without a request:
    `radio.change(None, radio, link, js="(name) => ({projection: name})")`.

    Events, with what `gr.EventData` holds; anybody can forge it:

    - "pick": {"rows": [library row, …]}, one point clicked or all in the lasso; [] lets them go.
      `picked_rows(event._data, library)` checks it.
    - "look": {"projection", "box"}, a part of a map that does not draw all of the library is looked
      at closely. `looked_at(event._data)` checks it.

    Args:
        figure: `elem_id` of the plot.
    """

    def __init__(self, figure: str, value: dict | None = None, **options):
        super().__init__(
            value,
            label=LANGUAGE,
            html_template="",
            js_on_load=load_module("map_link", "pick", "look"),
            visible="hidden",
            figure=figure,
            config=CONFIG,
            **options,
        )


def map_query(
    library: ReferenceLibrary,
    neighbours: Sequence[Mapping],
    position: Mapping[str, Sequence[float]],
    atypical: bool,
) -> dict:
    """A radiograph on the map, for "query" of a `MapLink`.

    Args:
        library: the references.
        neighbours: as in `report.neighbourhood_json`: {"id", …}.
        position: (x, y) by projection.
        atypical: whether it is farther from its neighbours than others are.
    """
    marks = map_marks(library, [library.row_of[near["id"]] for near in neighbours])
    position = {name: list(position[name]) for name in PROJECTIONS}
    return {**marks, "position": position, "atypical": atypical}


def map_marks(library: ReferenceLibrary, rows: Sequence[int]) -> dict:
    """References on the map, for "marked": {"rows": [n], "umap": [x, y], "tsne": [x, y]}."""
    rows = np.asarray(rows, np.int64)
    places = {name: library.coordinates[name][rows].T.tolist() for name in PROJECTIONS}
    return {"rows": rows.tolist(), **places}


def picked_rows(sent: object, library: ReferenceLibrary) -> list[int]:
    """The library rows in what somebody sent as the event "pick", each once.

    Raises:
        UserError: if it is anything else.
    """
    rows = sent.get("rows") if isinstance(sent, dict) else None
    if not isinstance(rows, list) or len(rows) > len(library):
        raise UserError("call.malformed")
    if not all(type(row) is int and 0 <= row < len(library) for row in rows):
        raise UserError("call.malformed")
    return list(dict.fromkeys(rows))


def looked_at(sent: object) -> tuple[str, tuple[float, ...]]:
    """Projection and rectangle (left, bottom, right, top) in what somebody sent as "look".

    Raises:
        UserError: if it is anything else.
    """
    if not isinstance(sent, dict) or sent.get("projection") not in tuple(PROJECTIONS):
        raise UserError("call.malformed")
    box = sent.get("box")
    if not isinstance(box, list) or len(box) != 4:
        raise UserError("call.malformed")
    if not all(type(edge) in (int, float) and math.isfinite(edge) for edge in box):
        raise UserError("call.malformed")
    return sent["projection"], tuple(float(edge) for edge in box)
