"""Link the points of the map with the rest of the page: click, lasso, star of the radiograph, rings.

`MapLink` shows nothing itself. It finds the graph that `gr.Plot` has drawn, through
`window.Plotly`, which Gradio's plot component leaves there.
"""

import math
from collections.abc import Iterable

import gradio as gr

from cxr_demo.errors import UserError
from cxr_demo.ui.components.module import LANGUAGE, load_module
from cxr_demo.ui.map_figure import CONFIG, PROJECTIONS


class MapLink(gr.HTML):
    """The link of one `gr.Plot(elem_id=figure)` whose value is `map_figure.ReferenceMap.plot()`.

    The plot's value never changes: another one would lose zoom and selection. Props, to be changed
    by `gr.update(name=…)`:

    - `query`: the radiograph, see `ReferenceMap.query`: a star (hollow where its position is
      atypical), lines to its neighbours and rings around them; None for no radiograph.
    - `marked`: the references picked, see `ReferenceMap.marks`; the others become grey, and cards of
      them anywhere on the page are shown as pressed; None for none.
    - `more`: further points of a library too large to draw, see `ReferenceMap.points_in`.

    Value: the projection, "umap" or "tsne", so that a `gr.Radio` sets it without a request:
    `radio.change(None, radio, link, js="(name) => name")`.

    Events, with what `gr.EventData` holds; anybody can forge it:

    - "pick": {"rows": [library row, …]}, one point clicked or all in the lasso; [] lets them go.
      `picked_rows(event._data, len(library))` checks it.
    - "look": {"projection", "box"}, a part of a map that does not draw all of the library is looked
      at closely. `looked_at(event._data)` checks it.

    Args:
        figure: `elem_id` of the plot.
        shown: whether the map draws all of the library (`len(map.shown) == map.total`); "look" is
            triggered only where it does not.
    """

    def __init__(self, figure: str, *, whole: bool = True, **options):
        super().__init__(
            value="umap",
            label=LANGUAGE,
            html_template="",
            js_on_load=load_module("map_link", "pick", "look"),
            figure=figure,
            whole=whole,
            config=CONFIG,
            query=None,
            marked=None,
            more=None,
            **options,
        )


def picked_rows(sent: object, total: int, most: int = 100_000) -> list[int]:
    """The library rows in what somebody sent as the event "pick".

    Args:
        sent: {"rows": [int, …]}.
        total: references in the library.
        most: rows at once.

    Raises:
        UserError: if it is anything else.
    """
    rows = sent.get("rows") if isinstance(sent, dict) else None
    if not isinstance(rows, list) or len(rows) > most:
        raise UserError("call.malformed")
    if not all(type(row) is int and 0 <= row < total for row in rows):
        raise UserError("call.malformed")
    return list(dict.fromkeys(rows))


def looked_at(sent: object) -> tuple[str, tuple[float, float, float, float]]:
    """Projection and rectangle (left, bottom, right, top) in what somebody sent as "look".

    Raises:
        UserError: if it is anything else.
    """
    projection, box = (sent.get(key) for key in ("projection", "box")) if isinstance(sent, dict) else (None, None)
    if projection not in PROJECTIONS or not isinstance(box, list) or len(box) != 4:
        raise UserError("call.malformed")
    if not _are_numbers(box):
        raise UserError("call.malformed")
    return projection, tuple(float(edge) for edge in box)


def _are_numbers(values: Iterable[object]) -> bool:
    return all(type(value) in (int, float) and math.isfinite(value) for value in values)
