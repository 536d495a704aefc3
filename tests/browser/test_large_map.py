"""A library with more references than the map has room for, and one without its pictures."""

import json

import numpy as np
import pytest

from cxr_demo.ui import briefing
from tests.browser.conftest import until
from tests.conftest import chest_like, png

ROOM = 12


@pytest.fixture(scope="module")
def address(serve_tiny):
    """60 references, of which a view of the map holds ROOM."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(briefing, "MOST_POINTS", ROOM)
        yield serve_tiny()[0]


def shown(page) -> set[str]:
    """Ids of the references drawn."""
    return set(
        page.evaluate(
            """async () => { const { state } = await import('/ui/shared/store.js');
            const { data } = document.getElementById('atlas');
            const rows = data.flatMap(({ customdata }) => [...customdata ?? []]);
            return rows.map((row) => state.atlas.ids[row]); }"""
        )
    )


def test_the_map_shows_more_where_it_is_looked_at_closely(mapped):
    overview = shown(mapped)
    assert ROOM <= len(overview) <= 2 * ROOM, "what either map shows as a whole"
    box = mapped.locator("#atlas .nsewdrag").bounding_box()
    mapped.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(4):
        mapped.mouse.wheel(0, -400)
    drawn = "document.getElementById('atlas').data.flatMap((t) => [...t.customdata ?? []])"
    until(mapped, f"{drawn}.length > {len(overview)}")
    assert overview < shown(mapped), "what was shown stays"


def test_neighbours_that_the_map_does_not_show_are_found_all_the_same(mapped, tmp_path):
    file = tmp_path / "chest.png"
    file.write_bytes(png(chest_like(1000)))
    mapped.set_input_files("#file", str(file))
    mapped.wait_for_selector("#neighbours .card")
    sources = mapped.locator("#neighbours .card img").evaluate_all(
        "images => Promise.all(images.map((i) => i.decode())).then(() => images.map((i) => i.src))"
    )
    names = mapped.locator("#neighbours .card").evaluate_all("cards => cards.map((c) => c.title)")
    numbers = [int(source.rsplit("/", 1)[1].partition("?")[0]) for source in sources]
    assert [f"reference{number:02}" for number in numbers] == names
    assert len(set(names)) == 11


def test_pictures_are_fetched_at_the_press_of_a_button(open_page, address):
    """The server's part is played here; `tests/ui/test_fetching.py` has the real one."""
    page = open_page()
    says = [
        {"state": "fetching", "stage": "download", "share": 0.5},
        {"state": "fetching", "stage": "match", "share": 0.25},
        {"state": "middles"},
    ]
    asked = []

    def answer(route):
        asked.append(route.request.method)
        route.fulfill(body=json.dumps(says.pop(0)), content_type="application/json")

    page.route("**/reference-pictures", answer)
    assert "mean of similar images" in page.inner_text("#pictures-offer")
    atlases = []
    page.on("request", lambda r: atlases.append(r.url) if r.url.endswith("atlas.json") else None)
    page.click("#pictures-fetch")
    until(page, "document.getElementById('pictures-offer').textContent.includes('50%')")
    until(page, "document.getElementById('pictures-offer').textContent.includes('25%')")
    until(page, "document.getElementById('pictures-offer').textContent.includes('PneumoniaMNIST')")
    assert page.locator("#pictures-offer button").count() == 0
    assert asked == ["POST", "GET", "GET"] and len(atlases) == 1


def test_fetched_pictures_are_shown_at_once(open_page, tmp_path):
    """On the cards that are there already, and beside the radiograph."""
    file = tmp_path / "chest.png"
    file.write_bytes(png(chest_like(1000)))
    page = open_page()
    page.set_input_files("#file", str(file))
    page.wait_for_selector("#neighbours .card")
    nearest = page.get_attribute("#neighbours .card", "data-row")
    page.select_option("#compare-with", nearest)
    page.select_option("#compare", "side")
    assert page.locator("#neighbours .card", has_text="mean of").count() == 11
    white = png(np.full((96, 96), 255, np.uint8))
    page.route("**/pictures/*?1", lambda route: route.fulfill(body=white, content_type="image/png"))

    def own_pictures(route):
        atlas = route.fetch().json()
        route.fulfill(json={**atlas, "averaged": [1] * len(atlas["ids"])})

    page.route("**/atlas.json", own_pictures)
    says = [{"state": "fetching", "stage": "match", "share": 0.5}, {"state": "middles"}]
    page.route("**/reference-pictures", lambda route: route.fulfill(json=says.pop(0)))
    page.click("#pictures-fetch")
    until(page, "document.getElementById('pictures-offer').textContent.includes('PneumoniaMNIST')")
    cards = page.locator("#neighbours .card")
    assert cards.count() == 11 and cards.filter(has_text="mean of").count() < 11
    assert cards.first.locator("img").get_attribute("src").endswith("?1")
    middle = """() => { const canvas = document.getElementById('secondary');
        const [x, y] = [canvas.width / 2, canvas.height / 2];
        return canvas.getContext('2d').getImageData(x, y, 1, 1).data[0]; }"""
    until(page, f"({middle})() === 255")


def test_where_fetching_fails_it_says_so_and_offers_it_again(open_page):
    page = open_page()
    failed = json.dumps({"state": "failed", "error": "The computer is offline."})
    page.route("**/reference-pictures", lambda r: r.fulfill(body=failed))
    page.click("#pictures-fetch")
    until(page, "document.getElementById('pictures-offer').textContent.includes('is offline')")
    assert page.is_enabled("#pictures-fetch")
