"""The library's map as a Plotly figure."""

import json
from base64 import b64decode

import numpy as np
import pytest

from cxr_demo.ui.map_figure import COLOURS, ReferenceMap
from tests.ui.grid_library import grid_library


def numbers(sent: dict) -> np.ndarray:
    """An array as Plotly's Python writes it into JSON."""
    values = np.frombuffer(b64decode(sent["bdata"]), sent["dtype"])
    return values.reshape([int(side) for side in sent.get("shape", str(len(values))).split(",")])


@pytest.fixture
def drawn() -> dict:
    """What `gr.Plot` sends to the browser."""
    sent = ReferenceMap(grid_library()).plot()
    assert sent.type == "plotly"
    return json.loads(sent.plot)


def test_each_class_is_a_trace_with_its_own_colour_and_symbol(drawn):
    traces = drawn["data"]
    assert [trace["name"] for trace in traces] == ["normal", "bacterial", "viral"]
    assert {trace["type"] for trace in traces} == {"scattergl"}
    assert [trace["marker"]["color"] for trace in traces] == list(COLOURS.values())
    assert len({trace["marker"]["symbol"] for trace in traces}) == 3


def test_points_carry_row_patient_and_their_place_on_both_maps(drawn):
    bacterial = drawn["data"][1]
    assert bacterial["customdata"] == [1, 4, 7, 10, 13, 16, 19, 22]
    assert bacterial["text"][:3] == ["patient00", "patient02", "patient03"]
    assert numbers(bacterial["x"]).tolist() == [1, 4, 1, 4, 1, 4, 1, 4]
    assert numbers(bacterial["y"]).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    places = numbers(bacterial["meta"]["tsne"])
    assert places.dtype == np.float32
    assert places[:, 1].tolist() == [-4, 0]
    assert numbers(bacterial["meta"]["umap"]).tolist() == (-places).tolist()


def test_the_browser_is_told_how_to_zoom_and_which_buttons_to_show(drawn):
    assert drawn["config"]["scrollZoom"] is True
    assert "lasso2d" not in drawn["config"]["modeBarButtonsToRemove"]


def test_a_small_library_is_drawn_whole():
    small = ReferenceMap(grid_library(), max_points=24)
    assert small.figure().layout.meta["whole"] is True
    assert small.shown.tolist() == list(range(24))


def test_of_a_large_library_a_view_shows_what_it_has_room_for():
    large = ReferenceMap(grid_library(), max_points=6)
    assert large.figure().layout.meta["whole"] is False
    assert 6 <= len(large.shown) <= 12, "six for each of the projections"
    traces = large.figure().data
    assert sorted(row for trace in traces for row in trace.customdata) == large.shown.tolist()


def test_a_close_look_brings_all_that_lies_there():
    large = ReferenceMap(grid_library(), max_points=6)
    found = large.points_in("umap", (0, 0, 2, 1))  # two rows of the grid, three columns
    assert sorted(row for points in found.values() for row in points["rows"]) == [0, 1, 2, 6, 7, 8]
    normal = found["normal"]
    assert normal == {
        "rows": [0, 6],
        "patients": ["patient00", "patient03"],
        "umap": [[0, 0], [0, 1]],
        "tsne": [[0, 0], [0, -1]],
    }
    assert large.points_in("tsne", (0.5, 0.5, 2, 1))["normal"]["rows"] == []
