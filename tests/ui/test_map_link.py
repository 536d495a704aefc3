"""The map's link: what it is told, what may come back, and what a person does with it.

In the browser a small app holds map, cards, table and bars, as the Read tab does, around a library
whose places are known.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from cxr_demo.errors import UserError
from cxr_demo.i18n import messages
from cxr_demo.reference.library import Neighbour
from cxr_demo.reference.neighbourhood import Neighbourhood, find_neighbourhood
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.refusals import checked
from cxr_demo.ui.components import map_link
from cxr_demo.ui.components.map_link import Look, map_marks, map_query, picked_rows
from cxr_demo.ui.map_figure import ReferenceMap
from cxr_demo.wording import neighbours, probabilities
from tests.accessibility import violations
from tests.ui.conftest import colour_at
from tests.ui.grid_library import grid_library, prototypes_of
from tests.wording.test_neighbours import CALLED, USUAL

LIBRARY = grid_library()
GRAPH = "document.querySelector('#map .js-plotly-plot')"


def test_a_radiograph_on_the_map_with_its_neighbours():
    nearest = tuple(Neighbour(**vars(LIBRARY.reference(row)), similarity=1.0) for row in (8, 3))
    place = {"umap": [2.5, 0.5], "tsne": [-2.5, -0.5]}
    query = map_query(LIBRARY, Neighbourhood(nearest, {}, "normal", place), True)
    assert query == {
        "rows": [8, 3],
        "umap": [[2, 3], [1, 0]],
        "tsne": [[-2, -3], [-1, 0]],
        "position": {"umap": [2.5, 0.5], "tsne": [-2.5, -0.5]},
        "atypical": True,
    }


def test_marks():
    assert map_marks(LIBRARY, [23]) == {"rows": [23], "umap": [[5], [3]], "tsne": [[-5], [-3]]}


def test_rows_picked():
    assert picked_rows({"rows": [5, 3, 5]}, LIBRARY) == [5, 3]
    assert picked_rows({"rows": []}, LIBRARY) == []


@pytest.mark.parametrize(
    "sent",
    [None, [], {}, {"rows": 3}, {"rows": ["3"]}, {"rows": [24]}, {"rows": [-1]}, {"rows": [True]},
     {"rows": [0.0]}, {"rows": [0] * 25}],
)  # fmt: skip
def test_forged_rows_are_refused(sent):
    with pytest.raises(UserError) as refusal:
        picked_rows(sent, LIBRARY)
    assert refusal.value.key == "call.malformed"


def test_a_close_look():
    sent = {"projection": "tsne", "box": [0, -1, 2.5, 1]}
    assert checked(Look, sent) == ("tsne", [0, -1, 2.5, 1])


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {"projection": "umap"},
        {"projection": "pca", "box": [0, 0, 1, 1]},
        {"projection": ["umap"], "box": [0, 0, 1, 1]},
        {"projection": "umap", "box": [0, 0, 1]},
        {"projection": "umap", "box": [0, 0, 1, "1"]},
        {"projection": "umap", "box": [0, 0, 1, float("inf")]},
    ],
)
def test_forged_looks_are_refused(sent):
    with pytest.raises(UserError) as refusal:
        checked(Look, sent)
    assert refusal.value.key == "call.malformed"


# --- in the browser ---


def blocks(library, thumbnails, seen: SimpleNamespace, max_points: int) -> gr.Blocks:
    """What the Read tab does with these components, and nothing else."""
    drawn = ReferenceMap(library, max_points)

    def read() -> list:
        found = find_neighbourhood(library, np.float32([1, 0]), 6)
        return [
            probabilities.probabilities_html(CALLED, ("bacterial",), "youden", 0.3, True),
            neighbours.neighbours_html(thumbnails, found, CALLED, USUAL),
            {"query": map_link.map_query(library, found, True), "marked": None},
        ]

    def pick(event: gr.EventData) -> list:
        rows = map_link.picked_rows(event._data, library)
        seen.picked.append(rows)
        marked = map_link.map_marks(library, rows) if rows else None
        return [{"marked": marked}, neighbours.picked_html(library, thumbnails, rows)]

    def look(event: gr.EventData):
        projection, box = checked(Look, event._data)
        seen.looked.append(projection)
        return {"more": drawn.points_in(projection, box)}

    def find(text: str) -> str:
        return neighbours.references_html(library, library.find(text))

    quiet = {"show_progress": "hidden"}
    with gr.Blocks() as demo:
        gr.HTML("<h1>Test</h1>")
        start = gr.Button("Read", elem_id="read")
        bars = gr.HTML(probabilities.nothing_html(), elem_id="bars")
        projection = gr.Radio(["umap", "tsne"], value="umap", label="Map", elem_id="projection")
        gr.Plot(drawn.plot(), show_label=False, elem_id="map", elem_classes="reference-map")
        link = map_link.MapLink("map")
        picked = gr.HTML(elem_id="picked")
        cards = gr.HTML(elem_id="neighbours")
        wanted = gr.Textbox(label="Find", elem_id="find")
        table = gr.HTML(elem_id="table")
        start.click(read, None, [bars, cards, link], **quiet)
        projection.change(None, projection, link, js="(name) => ({projection: name})")
        for event in (link.pick, link.press):
            event(pick, None, [link, picked], **quiet)
        link.look(look, None, link, **quiet)
        wanted.change(find, wanted, table, **quiet)
    return demo


@pytest.fixture(scope="module")
def small_app(serve, tmp_path_factory):
    """Starts a small app; returns its address and what its handlers were given."""

    def start(max_points: int):
        library, seen = grid_library(), SimpleNamespace(picked=[], looked=[])
        thumbnails = prototypes_of(library, tmp_path_factory.mktemp("pictures"))
        return serve(blocks(library, thumbnails, seen, max_points)), seen

    return start


@pytest.fixture(scope="module")
def whole(small_app):
    return small_app(max_points=100)


@pytest.fixture
def open_map(open_page):
    """Opens a page whose map is drawn."""

    def open_one(address: str, **options):
        page = open_page(address, **options)
        page.wait_for_selector("#map .nsewdrag", state="attached")
        page.wait_for_function(f"{GRAPH}.data.every((trace) => trace.unselected)")
        return page

    return open_one


@pytest.fixture
def page(open_map, whole):
    whole[1].picked.clear()
    return open_map(whole[0])


@pytest.fixture
def read(page):
    page.click("#read")
    page.wait_for_selector("#neighbours .card")
    page.wait_for_function(f"{GRAPH}.data.at(-1).name === 'query'")
    return page


def spot(page, row: int) -> tuple[float, float]:
    """Where the point of a reference is on the screen, on the map by UMAP, once nothing moves."""
    page.locator("#map").scroll_into_view_if_needed()
    place = f"""([x, y]) => {{
        const {{ xaxis, yaxis }} = {GRAPH}._fullLayout;
        const {{ left, top }} = {GRAPH}.getBoundingClientRect();
        return [left + xaxis._offset + xaxis.l2p(x), top + yaxis._offset + yaxis.l2p(y)];
    }}"""
    before = None
    while before != (at := page.evaluate(place, [row % 6, row // 6])):
        before = at
        page.wait_for_timeout(300)
    return at


def click_on(page, row: int) -> None:
    """Click on a point of the map once it has said what it is."""
    x, y = spot(page, row)
    page.mouse.move(x - 20, y - 20)
    page.mouse.move(x, y, steps=4)
    page.locator("#map .hovertext", has_text=f"patient{row // 2:02}").wait_for()
    page.mouse.click(x, y)


def traces(page, key: str) -> list:
    return page.evaluate(f"{GRAPH}.data.map((trace) => [...trace.{key} ?? []])")


def test_a_click_on_a_point_shows_that_reference(page, whole):
    click_on(page, 8)
    card = page.locator("#picked .card")
    card.wait_for()
    assert card.get_attribute("data-row") == "8"
    assert "patient04" in card.inner_text()
    assert whole[1].picked == [[8]]
    page.wait_for_function(f"{GRAPH}.data.at(-1).marker.size === 17")
    assert traces(page, "x")[-1] == [2] and traces(page, "y")[-1] == [1]


def test_a_lasso_shows_the_references_in_it_and_greys_the_others(page, whole):
    page.click("#map .modebar-btn[data-val=lasso]")
    (left, top), (right, bottom) = spot(page, 13), spot(page, 8)
    inset = 15
    corners = [
        (left - inset, top - inset), (right + inset, top - inset),
        (right + inset, bottom + inset), (left - inset, bottom + inset),
    ]  # fmt: skip
    page.mouse.move(*corners[-1])
    page.mouse.down()
    for corner in [*corners, corners[0]]:
        page.mouse.move(*corner, steps=12)
    page.mouse.up()
    page.wait_for_selector("#picked .cards.small .card")
    assert sorted(whole[1].picked[-1]) == [7, 8, 13, 14]
    assert "4 references in the lasso" in page.inner_text("#picked")
    page.wait_for_function(f"{GRAPH}.data[1].selectedpoints?.length")
    chosen = page.evaluate(
        f"{GRAPH}.data.map((t) => t.selectedpoints.map((i) => t.customdata[i])).flat()"
    )
    assert sorted(chosen) == [7, 8, 13, 14]


def test_a_radiograph_is_a_star_with_rings_and_the_graph_stays(page):
    page.evaluate(f"() => {{ {GRAPH}.mark = true; }}")
    page.evaluate(f"() => Plotly.relayout({GRAPH}, {{ 'xaxis.range': [0, 3] }})")
    page.click("#read")
    page.wait_for_function(f"{GRAPH}.data.at(-1).name === 'query'")
    x, y = traces(page, "x"), traces(page, "y")
    assert len(x) == 6, "references of three classes, lines, rings, star"
    assert (x[4], y[4]) == ([0, 1, 2, 3, 4, 5], [0] * 6)
    assert (x[5], y[5]) == ([2.5], [0]), "the median of its neighbours"
    assert page.evaluate(f"{GRAPH}.data.at(-1).marker.symbol") == "star-open", "it is atypical"
    assert page.evaluate(f"{GRAPH}.mark"), "the graph was not made anew"
    assert set(page.evaluate(f"{GRAPH}.data.map((trace) => trace.type)")) == {"scattergl"}, (
        "others would lie below the points"
    )
    assert page.evaluate(f"{GRAPH}._fullLayout.xaxis.range") == [0, 3]


def test_the_other_projection_needs_no_request(read):
    asked = []
    read.on("request", lambda request: asked.append(request.url))
    read.click("#projection label:has-text('tsne')")
    read.wait_for_function(f"{GRAPH}.data.at(-1).x[0] === -2.5")
    assert traces(read, "x")[0] == [-(row % 6) for row in range(0, 24, 3)]
    assert asked == []


def test_a_card_marks_its_point_and_lets_go_again(read, whole):
    card = read.locator("#neighbours .card").nth(2)
    card.click()
    read.wait_for_function(f"{GRAPH}.data.some((trace) => trace.marker?.size === 17)")
    assert card.get_attribute("aria-pressed") == "true"
    assert whole[1].picked[-1] == [2]
    card.click()
    read.wait_for_function(f"{GRAPH}.data.every((trace) => trace.marker?.size !== 17)")
    assert card.get_attribute("aria-pressed") == "false"
    assert read.locator("#picked .card").count() == 0


def test_a_point_clicked_presses_its_card(read):
    click_on(read, 3)
    read.wait_for_selector("#neighbours .card[data-row='3'][aria-pressed=true]")
    assert read.locator("#neighbours .card[aria-pressed=true]").count() == 1


def test_the_table_gives_keyboards_the_same(page, whole):
    page.fill("#find textarea, #find input", "patient09")
    page.wait_for_selector("#table button[data-row='19']")
    page.focus("#table button[data-row='19']")
    page.keyboard.press("Enter")
    page.wait_for_selector("#picked .card[data-row='19']")
    assert whole[1].picked == [[19]]
    page.wait_for_selector("#table button[data-row='19'][aria-pressed=true]")


def test_pictures_of_the_four_nearest_are_large_enough(read):
    sizes = read.locator("#neighbours .large img").evaluate_all(
        "images => images.map((i) => [i.clientWidth, i.clientHeight, i.naturalWidth])"
    )
    assert len(sizes) == 4
    assert all(width >= 120 and height >= 120 and own == 96 for width, height, own in sizes)


def test_colours_follow_the_theme(read):
    dark = read.evaluate(f"{GRAPH}.data[1].marker.color")
    assert dark == "#e69f00"
    read.evaluate("document.body.classList.remove('dark')")
    read.wait_for_function(f"{GRAPH}.data[1].marker.color !== '#e69f00'")
    assert read.evaluate(f"getComputedStyle({GRAPH}).backgroundColor") == "rgb(244, 246, 248)"


@pytest.mark.parametrize("language", ["de", "es"])
def test_the_reader_s_language(open_map, whole, language):
    page = open_map(whole[0], locale=language)
    page.click("#read")
    page.wait_for_selector("#neighbours .card")
    words = messages(language)
    assert page.evaluate(f"{GRAPH}.data[1].name") == f"{words['class.bacterial']} (8)"
    lasso = page.locator("#map .modebar-btn[data-val=lasso]")
    assert lasso.get_attribute("aria-label") == words["map.lasso.why"]
    assert words["atypical"] in page.inner_text("#bars")
    assert messages("en")["atypical"] not in page.inner_text("#bars")


def test_a_map_shows_more_where_it_is_looked_at_closely(open_map, small_app):
    address, seen = small_app(max_points=6)
    page = open_map(address)
    overview = {row for rows in traces(page, "customdata") for row in rows}
    assert len(overview) < 24
    page.evaluate(
        f"() => Plotly.relayout({GRAPH}, {{ 'xaxis.range': [-.5, 1.5], 'yaxis.range': [-1, 9] }})"
    )
    page.wait_for_function(f"{GRAPH}.data.flatMap((t) => t.customdata).length > {len(overview)}")
    drawn = {row for rows in traces(page, "customdata") for row in rows}
    assert overview | {0, 1, 6, 7, 12, 13, 18, 19} >= drawn > overview
    assert seen.looked[-1] == "umap"
    page.click("#read")
    page.wait_for_function(f"{GRAPH}.data.at(-1).name === 'query'")
    assert traces(page, "x")[4] == [0, 1, 2, 3, 4, 5], "rings of those not drawn, too"


NO_WEBGL = """(prototype => {
    const { getContext } = prototype;
    prototype.getContext = function (kind, ...options) {
        return kind.includes('webgl') ? null : getContext.call(this, kind, ...options);
    };
})(HTMLCanvasElement.prototype)"""


def test_without_webgl_points_are_svg_and_no_other_page_is_advised(open_map, whole):
    page = open_map(whole[0], script=NO_WEBGL)
    page.wait_for_function(f"{GRAPH}.data.every((trace) => trace.type === 'scatter')")
    page.wait_for_function("document.querySelectorAll('#map .point').length >= 24")
    assert "webgl" not in page.inner_text("#map").lower()
    page.click("#read")
    page.wait_for_function(f"{GRAPH}.data.at(-1).name === 'query'")
    click_on(page, 3)
    page.wait_for_selector("#neighbours .card[data-row='3'][aria-pressed=true]")
    assert set(page.evaluate(f"{GRAPH}.data.map((trace) => trace.type)")) == {"scatter"}


def test_fills_differ_in_forced_colours(open_map, whole):
    page = open_map(whole[0], forced_colors="active")
    page.click("#read")
    page.wait_for_selector("#neighbours .card")
    bar = page.locator("#bars .bar[data-class=pneumonia] .track")  # 90 % long
    assert colour_at(bar, 0.5, 0.5) != colour_at(bar, 0.97, 0.5)
    first, second = (page.locator(f"#neighbours .card >> nth={n}") for n in (0, 1))
    page.mouse.move(0, 0)
    assert colour_at(first, 0.99, 0.5) == colour_at(second, 0.99, 0.5)
    first.click()
    page.wait_for_selector("#neighbours .card[aria-pressed=true]")
    page.mouse.move(0, 0)
    assert colour_at(first, 0.99, 0.5) != colour_at(second, 0.99, 0.5)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_no_barrier_is_found(open_map, whole, theme):
    page = open_map(whole[0], theme=theme)
    page.click("#read")
    page.fill("#find textarea, #find input", "patient")
    page.wait_for_selector("#table button")
    page.click("#neighbours .card >> nth=0")
    page.wait_for_selector("#picked .card")
    assert violations(page) == []
