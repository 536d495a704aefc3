"""The library's map as a Plotly figure."""

import json

import pytest

from cxr_demo.ui.map_figure import ReferenceMap
from tests.ui.grid_library import grid_library


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
    assert tuple(trace["marker"]["color"] for trace in traces) == ("#56b4e9", "#e69f00", "#e78ac3")
    assert len({trace["marker"]["symbol"] for trace in traces}) == 3


def test_points_carry_row_patient_and_their_place_on_both_maps(drawn):
    bacterial = drawn["data"][1]
    assert bacterial["text"][:3] == ["patient00", "patient02", "patient03"]
    assert bacterial["x"] == [1, 4, 1, 4, 1, 4, 1, 4]
    assert bacterial["y"] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert bacterial["customdata"][:3] == [[1, 1, 0, -1, 0], [4, 4, 0, -4, 0], [7, 1, 1, -1, -1]]


def test_the_browser_is_told_how_to_zoom_and_which_buttons_to_show(drawn):
    assert drawn["config"]["scrollZoom"] is True
    assert "lasso2d" not in drawn["config"]["modeBarButtonsToRemove"]


def rows(traces) -> list[int]:
    return sorted(point[0] for trace in traces for point in trace["customdata"])


def test_a_small_library_is_drawn_whole():
    small = ReferenceMap(grid_library(), max_points=24).figure()
    assert small.layout.meta["whole"] is True
    assert rows(small.data) == list(range(24))


def test_of_a_large_library_a_view_shows_what_it_has_room_for():
    large = ReferenceMap(grid_library(), max_points=6).figure()
    assert large.layout.meta["whole"] is False
    assert 6 <= len(rows(large.data)) <= 12, "six for each of the projections"


def test_a_close_look_brings_all_that_lies_there():
    large = ReferenceMap(grid_library(), max_points=6)
    found = large.points_in("umap", (0, 0, 2, 1))  # two rows of the grid, three columns
    assert rows(found) == [0, 1, 2, 6, 7, 8]
    assert found[0] == {
        "customdata": [[0, 0, 0, 0, 0], [6, 0, 1, 0, -1]],
        "text": ["patient00", "patient03"],
    }
    assert large.points_in("tsne", (0.5, 0.5, 2, 1))[0]["customdata"] == []
