"""Link the map's points with the page: click, lasso, star of the radiograph, rings, colours."""

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, FiniteFloat

from cxr_demo.errors import UserError
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.reference.neighbourhood import Neighbourhood
from cxr_demo.server.refusals import checked
from cxr_demo.ui.components.module import Scripted
from cxr_demo.ui.map_figure import PROJECTIONS


class MapLink(Scripted):
    """The link of one `gr.Plot(map.plot(), elem_id=figure, elem_classes="reference-map")`, where
    `map` is a `map_figure.ReferenceMap`. Shows nothing itself; it finds the graph that `gr.Plot`
    has drawn, through `window.Plotly`, which Gradio's plot component leaves there.

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

    Events; anybody can forge what `gr.EventData` holds:

    - "pick": `picked_rows(event._data, library)` says which point was clicked, or which lie in the
      lasso; none lets them go.
    - "press": the same of a card or a row with `data-row`, anywhere on the page; none where it was
      pressed already.
    - "look": a part of a map that does not draw all of the library is looked at closely;
      `checked(Look, event._data)` says which, for `ReferenceMap.points_in`.

    Args:
        figure: `elem_id` of the plot.
    """

    def __init__(self, figure: str, value: dict | None = None, **options):
        options |= {"html_template": "", "visible": "hidden", "figure": figure}
        super().__init__("map_link", ("pick", "press", "look"), value=value, **options)


class Pick(NamedTuple):
    rows: list[Annotated[int, Field(ge=0)]]


class Look(NamedTuple):
    """The payload of "look"; the box is left, bottom, right, top."""

    projection: Literal[tuple(PROJECTIONS)]
    box: Annotated[list[FiniteFloat], Field(min_length=4, max_length=4)]


def picked_rows(sent: object, library: ReferenceLibrary) -> list[int]:
    """The payload of "pick": library rows, each once, see `checked`."""
    rows = checked(Pick, sent).rows
    if len(rows) > len(library) or max(rows, default=0) >= len(library):
        raise UserError("call.malformed")
    return list(dict.fromkeys(rows))


def map_query(library: ReferenceLibrary, found: Neighbourhood, atypical: bool) -> dict:
    """A radiograph for "query" of a `MapLink`: its neighbours and its position; atypical is farther
    from its nearest than others are."""
    marks = map_marks(library, [near.row for near in found.neighbours])
    return {**marks, "position": found.position, "atypical": atypical}


def map_marks(library: ReferenceLibrary, rows: Sequence[int]) -> dict:
    """References for "marked" of a `MapLink`: {"rows": [n], "umap": [x, y], "tsne": [x, y]}."""
    places = {name: library.coordinates[name][list(rows)].T.tolist() for name in PROJECTIONS}
    return {"rows": list(rows), **places}
