"""The Read tab around the viewer: files in, probabilities, threshold, neighbours and map, reading
first, reports, languages."""

import json
import re
import zipfile

import numpy as np
import pytest

from cxr_demo.i18n import messages
from tests.browser.conftest import (
    NORMAL,
    PNEUMONIA,
    ROOT,
    answered,
    drop,
    read_example,
    until,
)
from tests.conftest import png

EVALUATION = json.loads((ROOT / "assets/metrics/evaluation.json").read_text())
POINTS = json.loads((ROOT / "assets/classifier/calibration.json").read_text())["operating_points"]


@pytest.fixture
def read(page):
    """The page with a radiograph read."""
    read_example(page)
    page.wait_for_selector("#neighbours .card")
    return page


def shown(page) -> dict[str, str]:
    """What stands in each panel."""
    return {
        "probabilities": page.inner_text("#probabilities"),
        "neighbours": page.inner_text("#neighbours"),
        "verdict": page.inner_text("#verdict"),
        "label": page.get_attribute("#primary", "aria-label"),
    }


# --- files in -----------------------------------------------------------------------------------


def test_the_disclaimer_is_on_the_page(page):
    line = page.inner_text(".disclaimer")
    for part in ("Research demo", "not for diagnosis", "aged 1–5", "one hospital"):
        assert part in line


def test_before_the_first_radiograph_every_panel_says_so(page):
    for panel in ("#probabilities", "#verdict", "#neighbours"):
        assert page.inner_text(panel) == "Appears once a radiograph is in."
    assert "drop one anywhere" in page.inner_text("#status")
    assert page.is_disabled("#report-html") and page.is_disabled("#report-json")


def test_a_dropped_radiograph_fills_every_panel(read):
    shares = [float(b.rstrip("%")) for b in read.locator("#probabilities b").all_inner_texts()]
    assert sum(shares[:2]) == pytest.approx(100, abs=0.2)
    assert sum(shares[2:]) == pytest.approx(100, abs=0.3)
    assert read.locator("#neighbours .card").count() == 11
    assert "above the threshold" in read.inner_text("#verdict")
    assert NORMAL.stem in read.inner_text("#status")
    assert "NORMAL2-IM-1430" not in read.inner_text("#neighbours").split()


def test_a_file_dropped_beside_the_drop_zone_is_read_too(page):
    drop(page, PNEUMONIA, on="#map-sheet")
    assert page.get_attribute("#status", "data-tone") == "done"


def test_a_file_chosen_by_keyboard_is_read(page):
    choosers = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    page.focus("#file")
    for _ in range(20):  # keys that come before the first picture of the page are dropped
        page.keyboard.press(" ")
        page.wait_for_timeout(500)
        if choosers:
            break
    choosers[0].set_files(NORMAL)
    answered(page)
    assert page.get_attribute("#status", "data-tone") == "done"


def test_an_example_is_one_click(page):
    page.click("#examples button >> nth=3")
    answered(page)
    page.wait_for_selector("#neighbours .card")


def test_several_files_become_a_batch(page):
    drop(page, NORMAL, PNEUMONIA, wait=False)
    page.wait_for_selector("#tab-batch[aria-selected=true]")


def test_an_archive_becomes_a_batch(page, tmp_path):
    archive = tmp_path / "many.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.write(NORMAL, "one.jpeg")
    drop(page, archive, wait=False)
    page.wait_for_selector("#tab-batch[aria-selected=true]")
    page.wait_for_selector("#panel-batch tbody tr img")


def test_a_second_radiograph_replaces_everything(read):
    first = shown(read)
    read_example(read, PNEUMONIA)
    until(
        read,
        "before => document.querySelector('#neighbours').innerText !== before",
        first["neighbours"],
    )
    second = shown(read)
    assert [name for name in first if first[name] == second[name]] == []


def test_a_bad_file_is_refused_in_words_and_nothing_is_lost(read, tmp_path):
    before = shown(read)
    bad = tmp_path / "notes.png"
    bad.write_text("not an image")
    drop(read, bad)
    sentence = read.inner_text("#status")
    assert "not a PNG, JPEG or DICOM image" in sentence
    assert "still the radiograph before" in sentence
    assert shown(read) == before


def test_twelve_bits_reach_the_window(page, tmp_path):
    """A 12-bit file with a patch in its middle whose left half is level 2000 and right half 2001 of
    4095: a narrow window around them tells them apart, which 8 bits could not."""
    import cv2
    import numpy as np

    image = cv2.resize(cv2.imread(str(NORMAL), cv2.IMREAD_GRAYSCALE), (512, 512))
    pixels = image.astype(np.uint16) * 16
    pixels[226:286, 226:256], pixels[226:286, 256:286] = 2000, 2001
    pixels[0, 0], pixels[0, 1] = 0, 4095
    file = tmp_path / "deep.png"
    file.write_bytes(png(pixels))
    drop(page, file)
    assert "12-bit" in page.inner_text("#status")
    page.uncheck("#overlay-on")
    page.uncheck("#contour")
    left, right = page.evaluate(
        """async () => {
            const { set } = await import('/ui/shared/store.js');
            set({ window: { level: 2000.5 / 4095, width: 2 / 4095 } });
            await new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)));
            const canvas = document.getElementById('primary');
            const at = (x) => canvas.getContext('2d').getImageData(
                canvas.width / 2 + x, canvas.height / 2, 1, 1).data[0];
            return [at(-12), at(12)];
        }"""
    )
    assert right - left > 60


def test_no_upload_outlives_its_analysis(page, temporary):
    """Files of tests before it that gave up are swept by age; none of its own may stay."""

    def uploads() -> set:
        return {path for path in temporary.rglob("*") if path.is_file()}

    before = uploads()
    read_example(page)
    assert uploads() <= before


# --- probabilities ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", POINTS)
def test_an_operating_point_says_what_it_means_for_a_hundred_children(read, name):
    read.select_option("#point", name)
    read.locator("#prevalence").fill("20")
    sensitivity, specificity = (POINTS[name][key] for key in ("sensitivity", "specificity"))
    found, alarms = round(20 * sensitivity), round(80 * (1 - specificity))
    words = read.inner_text("#point-meaning")
    counted = [read.locator(f"#hundred .{kind}").count() for kind in ("found", "alarms")]
    assert counted == [found, alarms] and read.locator("#hundred i").count() == 100
    assert f"Of 100 children 20 have pneumonia: {found} are found, {20 - found} missed" in words
    assert f"Of the 80 others {alarms} are called falsely, {80 - alarms} spared" in words


def test_the_operating_point_decides_the_call(read):
    p = float(read.locator("#probabilities b").nth(1).inner_text().rstrip("%")) / 100
    for name, point in POINTS.items():
        read.select_option("#point", name)
        called = read.inner_text("#called").startswith("Called pneumonia")
        assert called == (p > point["threshold"])


def test_the_not_sure_set_and_the_caution_are_in_words(read):
    said = read.inner_text("#probabilities")
    assert re.search(r"(Sure enough|Not sure): ", said)
    assert "cannot reliably tell viral from bacterial" in said and "PMC5922330" in said


# --- threshold ----------------------------------------------------------------------------------


def test_the_threshold_repaints_within_a_frame_and_asks_nobody(read):
    asked = []
    read.on("request", lambda request: asked.append(request.url))
    times = []
    for step in range(1, 41):
        read.locator("#threshold").fill(str(step / 50))
        read.evaluate("new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")
        times.append(float(read.get_attribute("#primary", "data-paint-ms")))
    assert sorted(times)[len(times) // 2] < 16, times
    assert asked == []


def test_the_ends_of_the_threshold(read):
    read.focus("#threshold")
    read.keyboard.press("Home")
    assert read.inner_text("#verdict").startswith("Unusual")
    assert "sensitivity 100.0%" in read.inner_text("#threshold-meaning")
    read.keyboard.press("End")
    assert read.inner_text("#verdict").startswith("Not flagged")
    assert "nobody is flagged" in read.inner_text("#threshold-meaning")


def test_a_typed_threshold_stays_in_range(read):
    number = read.locator("#threshold-number")
    for typed, kept in (("99", "1"), ("-3", "0"), ("0.25", "0.25"), ("", "0.25")):
        number.fill(typed)
        number.press("Tab")
        assert number.input_value() == kept


@pytest.mark.parametrize("method", ["detector", "autoencoder"])
def test_presets_state_their_own_rates(read, method):
    read.select_option("#method", method)
    stored = json.loads((ROOT / f"assets/{method}/screening.json").read_text())
    for name, threshold in stored["presets"].items():
        read.select_option("#threshold-preset", name)
        assert float(read.input_value("#threshold-number")) == threshold
        sensitivity = sum(s > threshold for s in stored["pneumonia"]) / len(stored["pneumonia"])
        specificity = sum(s <= threshold for s in stored["normal"]) / len(stored["normal"])
        words = read.inner_text("#threshold-meaning")
        assert f"sensitivity {100 * sensitivity:.1f}%" in words
        assert f"specificity {100 * specificity:.1f}%" in words
    assert read.locator("#histogram .query").get_attribute("visibility") == "visible"


@pytest.mark.parametrize("method", ["detector", "autoencoder"])
def test_page_api_and_report_give_the_same_share_above_the_threshold(read, address, method):
    from gradio_client import Client, handle_file

    client = Client(address, verbose=False)
    answer = client.predict(handle_file(NORMAL), ["maps"], [], "blur", api_name="/analyse")
    read.select_option("#method", method)
    hottest = float(read.get_attribute("#threshold", "max"))
    for share in (0.05, 0.1, 0.2, 0.35):
        number = read.locator("#threshold-number")
        number.fill(str(share * hottest))
        number.press("Tab")
        threshold = float(number.input_value())
        found = client.predict(
            answer["maps"][method], threshold, method, 0.5, api_name="/rethreshold"
        )
        on_page = float(read.get_attribute("#verdict", "data-share"))
        assert on_page == found["share_above"]
        with read.expect_download() as download:
            read.click("#report-json")
        report = json.loads(download.value.path().read_text())
        assert report["anomaly"]["share_above"] == found["share_above"]
        assert report["anomaly"]["score"] == found["score"]
        assert report["anomaly"]["unusual"] == found["unusual"]


# --- neighbours and map -------------------------------------------------------------------------


SELECTED = """document.getElementById('atlas').data.filter((t) => t.selectedpoints).flatMap(
    (t) => t.selectedpoints.map((i) => t.customdata[i])).sort((a, b) => a - b)"""
"""Library rows that the map does not grey out."""


def selected(page) -> list[int]:
    return page.evaluate(SELECTED)


def wait_until_selected(page, rows: list[int]) -> None:
    """The map is drawn some time after a click, later on a busy machine."""
    page.wait_for_function(f"rows => JSON.stringify({SELECTED}) === JSON.stringify(rows)", arg=rows)


def spot(page, row: int) -> dict[str, float]:
    """Where a library row lies on the screen."""
    return page.evaluate(
        """(row) => {
            const graph = document.getElementById('atlas');
            const trace = graph.data.find((t) => t.customdata?.includes(row));
            const i = trace.customdata.indexOf(row);
            const { xaxis, yaxis } = graph._fullLayout;
            const box = graph.querySelector('.nsewdrag').getBoundingClientRect();
            return { x: box.x + xaxis.d2p(trace.x[i]), y: box.y + yaxis.d2p(trace.y[i]) };
        }""",
        row,
    )


def loneliest(page) -> int:
    """The row farthest from its nearest on the map, so that a click can only mean it."""
    return page.evaluate(
        """async () => {
            const { state } = await import('/ui/shared/store.js');
            const [x, y] = state.atlas.maps.umap;
            const rows = [...x.keys()];
            const gap = (a) => Math.min(...rows.map((b) =>
                b === a ? 1e9 : Math.hypot(x[a] - x[b], y[a] - y[b])));
            return rows.filter((row) => row % 20 === 0)
                .reduce((best, row) => (gap(row) > gap(best) ? row : best));
        }"""
    )


def name_of(page, row: int) -> tuple[str, str]:
    return page.evaluate(
        """async (row) => {
            const { state } = await import('/ui/shared/store.js');
            return [state.atlas.patients[row], state.start.classes[state.atlas.labels[row]]];
        }""",
        row,
    )


def test_a_click_on_a_point_shows_that_reference(mapped):
    row = loneliest(mapped)
    at = spot(mapped, row)
    mapped.mouse.move(at["x"] - 20, at["y"] - 20)
    mapped.mouse.move(at["x"], at["y"], steps=4)
    patient, label = name_of(mapped, row)
    hover = mapped.locator("#atlas .hoverlayer .hovertext").filter(has_text=patient)
    hover.wait_for()  # a busy browser tells of what was passed on the way, first
    assert label.capitalize() in hover.text_content()
    mapped.mouse.click(at["x"], at["y"])
    mapped.wait_for_selector("#pointed .card")
    assert patient in mapped.inner_text("#pointed .card")
    assert mapped.get_attribute("#pointed .card", "data-row") == str(row)
    wait_until_selected(mapped, [row])
    assert mapped.locator("#pointed .card img").evaluate("i => i.decode().then(() => true)")


def inside(polygon, point):
    """Whether a point lies in a polygon: an odd number of its sides cross the ray to the right."""
    x, y = point
    sides = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    crossed = [(x0, y0, x1, y1) for (x0, y0), (x1, y1) in sides if (y0 > y) != (y1 > y)]
    return sum(x < x0 + (y - y0) * (x1 - x0) / (y1 - y0) for x0, y0, x1, y1 in crossed) % 2 == 1


def test_a_lasso_shows_the_references_in_it(mapped):
    row = loneliest(mapped)
    at = spot(mapped, row)
    mapped.click("#lasso")
    mapped.evaluate(
        """() => document.getElementById('atlas').on('plotly_selected',
            (event) => { window.drawn = event?.lassoPoints ?? window.drawn; })"""
    )
    # A busy browser joins movements and cuts corners: an octagon keeps its middle all the same, and
    # what was drawn in fact is asked of the map.
    corners = [(14 * np.cos(turn), 14 * np.sin(turn)) for turn in np.linspace(0, 2 * np.pi, 9)]
    mapped.mouse.move(at["x"] + 14, at["y"])
    mapped.mouse.down()
    for dx, dy in corners:
        mapped.mouse.move(at["x"] + dx, at["y"] + dy, steps=3)
        mapped.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => drawn()))")
    mapped.mouse.up()
    mapped.wait_for_selector("#pointed.strip .card")
    drawn = mapped.evaluate("() => window.drawn")
    polygon = list(zip(drawn["x"], drawn["y"], strict=True))
    places = mapped.evaluate(
        """async () => { const { state } = await import('/ui/shared/store.js');
            const [x, y] = state.atlas.maps.umap;
            return [...x].map((across, row) => [across, y[row]]); }"""
    )
    found = set(selected(mapped))
    assert row in found
    assert found == {r for r, place in enumerate(places) if inside(polygon, place)}
    assert f"{len(found)} references in the lasso" in mapped.inner_text("#pointed")
    shown = mapped.locator("#pointed .card").evaluate_all("cards => cards.map(c => +c.dataset.row)")
    assert set(shown) <= found and len(shown) == min(len(found), 24)


@pytest.fixture
def read_on_map(mapped):
    """The page with its map and a radiograph read."""
    read_example(mapped)
    until(mapped, "document.getElementById('atlas').data?.at(-1).name === 'query'")
    return mapped


def test_a_card_marks_its_point_and_lets_go_again(read_on_map):
    read = read_on_map
    card = read.locator("#neighbours .card").nth(2)
    row = int(card.get_attribute("data-row"))
    card.click()
    wait_until_selected(read, [row])
    assert card.get_attribute("aria-pressed") == "true"
    card.click()
    wait_until_selected(read, [])


def test_points_not_picked_are_grey(read_on_map):
    read = read_on_map
    read.click("#neighbours .card >> nth=0")
    grey, others = read.evaluate(
        """() => [getComputedStyle(document.documentElement).getPropertyValue('--other').trim(),
            document.getElementById('atlas').data.filter((t) => t.customdata)
                .map((t) => t.unselected.marker.color)]"""
    )
    assert others == [grey] * 3


def test_another_search_runs_no_network(read):
    asked = []
    read.on("request", lambda request: asked.append(request.url))
    read.fill("#k", "5")
    read.press("#k", "Tab")
    until(read, "document.querySelectorAll('#neighbours .card').length === 5")
    read.uncheck("#classes input[value=normal]")
    until(read, "!document.querySelector('#neighbours .card[data-class=normal]')")
    assert "no vote" in read.inner_text("#vote")
    read.check("#classes input[value=normal]")
    read.uncheck("#exclude")
    until(read, "document.querySelector('#neighbours .card').innerText.includes('NORMAL2-IM-1430')")
    assert "1.000" in read.inner_text("#neighbours .card >> nth=0")
    assert all("analyse" not in url for url in asked)
    assert any("call/neighbours" in url for url in asked)


def test_the_last_class_cannot_be_let_go(read):
    for name in ("normal", "bacterial", "viral"):
        read.click(f"#classes input[value={name}]")
    assert read.locator("#classes input:checked").count() == 1


def test_rank_similarity_and_words(read):
    card = read.inner_text("#neighbours .card >> nth=0")
    assert card.startswith("1. ")
    similarity = float(re.search(r"\d\.\d{3}", card).group())
    typical = json.loads((ROOT / "assets/library/typicality.json").read_text())
    words = (
        "very near" if similarity >= typical["upper_quartile"]
        else "as near as usual" if similarity >= typical["lower_quartile"]
        else "rather far" if similarity >= typical["lowest"]
        else "farther than 99 %"
    )  # fmt: skip
    assert words in card


@pytest.mark.parametrize(
    ("pneumonia", "three", "vote", "expected"),
    [
        (0.9, (0.1, 0.8, 0.1), "bbn", "full"),
        (0.9, (0.1, 0.1, 0.8), "bbn", "cause"),
        (0.9, (0.1, 0.8, 0.1), "nnb", "none"),
        (0.1, (0.8, 0.1, 0.1), "nnv", "full"),
        (0.1, (0.8, 0.1, 0.1), "bvn", "none"),
        (0.5, (0.8, 0.1, 0.1), "nnb", "full"),  # at one half, normal is called
    ],
)
def test_agreement_of_vote_and_classifier(page, pneumonia, three, vote, expected):
    names = {"n": "normal", "b": "bacterial", "v": "viral"}
    neighbours = [{"label": names[letter], "similarity": 0.9} for letter in vote]
    shares = {name: vote.count(letter) / 3 for letter, name in names.items()}
    probabilities = {
        "binary": {"normal": 1 - pneumonia, "pneumonia": pneumonia},
        "three_class": dict(zip(names.values(), three, strict=True)),
    }
    found = page.evaluate(
        """async ([p, around]) => (await import('/ui/read/neighbours.js')).agreement(p, around)""",
        [probabilities, {"neighbours": neighbours, "vote": shares}],
    )
    assert found == expected


def test_an_atypical_position_is_said(mapped, tmp_path):
    """A radiograph lying on its side is like none of the library."""
    import cv2
    import numpy as np

    file = tmp_path / "turned.png"
    file.write_bytes(png(np.rot90(cv2.imread(str(NORMAL), cv2.IMREAD_GRAYSCALE))))
    drop(mapped, file)
    mapped.click("#override")
    mapped.wait_for_selector("#neighbours .card")
    assert "Atypical position" in mapped.inner_text("#atypical")
    until(mapped, "document.getElementById('atlas').data.at(-1).marker.symbol === 'star-open'")


def test_the_map_switches_and_keeps_the_query(read_on_map):
    read = read_on_map
    query = "document.getElementById('atlas').data.at(-1).x[0]"
    before = read.evaluate(query)
    read.select_option("#projection", "tsne")
    until(read, f"before => {query} !== before", before)


def test_the_table_gives_keyboards_the_same(read_on_map):
    read = read_on_map
    read.focus("#map-table")
    read.keyboard.press("Enter")
    rows = read.locator("#found tbody tr")
    assert rows.count() == 11
    read.focus("#find")
    patient, _ = name_of(read, 100)
    read.keyboard.type(patient)
    read.wait_for_selector("#found button[data-row='100']")
    read.focus("#found button[data-row='100']")
    read.keyboard.press("Enter")
    shows = "patient => document.querySelector('#pointed').innerText.includes(patient)"
    read.wait_for_function(shows, arg=patient)
    wait_until_selected(read, [100])
    read.click("#compare-pointed")
    read.wait_for_selector("#secondary", state="visible")


# --- read first ---------------------------------------------------------------------------------


def test_reading_first_hides_everything_until_an_impression_is_marked(mapped):
    page = mapped
    page.check("#read-first")
    drop(page, PNEUMONIA)
    said = page.inner_text("body")
    assert "%" not in page.inner_text("#probabilities")
    assert page.locator("#neighbours .card").count() == 0
    assert page.inner_text("#verdict") == "Hidden until you have marked your own impression."
    assert "person1950" not in said and "bacteria_" not in said
    assert page.is_disabled("#overlay") and page.is_disabled("#report-html")
    assert page.locator("#histogram .query").get_attribute("visibility") == "hidden"
    assert page.evaluate("document.getElementById('atlas').data.length") == 3, "references alone"
    page.click("#reveal")
    assert page.is_visible("#impression-form"), "nothing is revealed without an impression"
    page.check("input[name=impression][value=bacterial]")
    page.check("input[name=confidence][value=high]")
    page.click("#reveal")
    page.wait_for_selector("#neighbours .card")
    cells = page.locator("#log tbody tr td").all_inner_texts()
    assert cells[1:4] == ["Bacterial", "High", "Viral"]
    assert cells[5:] == ["no", "Bacterial"]
    assert "agree on 0 of 1" in page.inner_text("#log-sum")
    drop(page, NORMAL)
    assert page.inner_text("#verdict").startswith("Hidden")
    page.check("input[name=impression][value=unsure]")
    page.check("input[name=confidence][value=low]")
    page.click("#reveal")
    assert "agree on 0 of 1 readings in which you decided (2 in all)" in page.inner_text("#log-sum")
    page.click("#log-clear")
    assert "Nothing yet" in page.inner_text("#log-sum")


def test_the_log_goes_with_the_page(page):
    page.check("#read-first")
    drop(page, NORMAL)
    page.check("input[name=impression][value=normal]")
    page.check("input[name=confidence][value=medium]")
    page.click("#reveal")
    page.wait_for_selector("#log tbody tr")
    stored = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert stored[:2] == [0, 0] and "impression" not in stored[2]
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.locator("#log tbody tr").count() == 0


# --- report -------------------------------------------------------------------------------------


def report(page, kind: str):
    with page.expect_download() as download:
        page.click(f"#report-{kind}")
    return download.value


def test_the_report_holds_what_the_page_says(read, tmp_path, open_page):
    read.fill("#report-label", "Case <7>")
    said = report(read, "html")
    content = said.path().read_text()
    assert re.fullmatch(r"reading-\d{8}T\d{6}\.html", said.suggested_filename)
    assert "Case &lt;7&gt;" in content
    for part in ("#verdict", "#called", "#point-meaning", "#vote", ".disclaimer"):
        assert read.inner_text(part).strip() in content
    assert content.count('src="data:image/jpeg') == 3
    assert not re.search(r"(src|href)=\"(?!data:)", content)
    assert "<script" not in content
    for digest in json.loads(report(read, "json").path().read_text())["model"].values():
        assert digest in content
    file = tmp_path / "report.html"
    file.write_text(content)
    printed = read.context.new_page()
    printed.goto(file.as_uri())
    pdf = printed.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


def test_the_report_names_no_file(page, tmp_path):
    file = tmp_path / "Doe^Jane.png"
    file.write_bytes(NORMAL.read_bytes())
    drop(page, file)
    page.wait_for_selector("#neighbours .card")
    for kind in ("html", "json"):
        assert "Doe^Jane" not in report(page, kind).path().read_text()


def test_the_json_report_is_what_the_page_shows(read):
    said = json.loads(report(read, "json").path().read_text())
    assert said["label"] is None and said["disclaimer"] == read.inner_text(".disclaimer")
    shares = read.locator("#probabilities b").all_inner_texts()
    told = [p for head in said["probabilities"].values() for p in head.values()]
    assert [f"{100 * p:.1f}%" for p in told] == shares
    assert [n["id"] for n in said["neighbours"]] == [
        read.get_attribute(f"#neighbours .card >> nth={i}", "title") for i in range(11)
    ]


# --- looks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["de", "es"])
def test_every_language_reaches_every_panel(read, language):
    english = shown(read)
    read.select_option("#language", language)
    read.wait_for_selector(f"html[lang={language}]")
    spoken = shown(read)
    assert [name for name in english if english[name] == spoken[name]] == []
    words = messages(language)
    assert read.inner_text("h1") == words["title"]
    assert read.inner_text(".disclaimer") == words["disclaimer"]


def test_a_refusal_is_said_in_the_language_chosen(page, tmp_path):
    page.select_option("#language", "de")
    page.wait_for_selector("html[lang=de]")
    bad = tmp_path / "x.png"
    bad.write_bytes(b"")
    drop(page, bad)
    assert page.inner_text("#status") == messages("de")["refused.empty"]


def test_dark_by_default_and_light_on_request(page):
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(11, 14, 17)"
    page.click("#theme")
    assert page.evaluate(ground) == "rgb(233, 237, 240)"
    page.click("#theme")
    assert page.evaluate(ground) == "rgb(11, 14, 17)"


def test_the_panels_fit_a_small_screen_without_scrolling(open_page):
    page = open_page(viewport={"width": 1280, "height": 800})
    read_example(page)
    for sheet in ("viewer", "probabilities", "anomaly", "neighbours", "map"):
        box = page.locator(f"#{sheet}-sheet").bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 800
        assert box["x"] >= 0 and box["x"] + box["width"] <= 1280


def test_a_phone_needs_no_sideways_scrolling(open_page):
    page = open_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    read_example(page)
    page.wait_for_selector("#neighbours .card")
    for tab in ("read", "batch", "about"):
        page.click(f"#tab-{tab}")
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click("#tab-read")
    assert page.locator("#primary").bounding_box()["width"] > 300


def test_skeletons_while_the_networks_run(page):
    drop(page, NORMAL, wait=False)
    page.wait_for_selector("#probabilities .skeleton")
    answered(page)
    assert page.locator(".skeleton").count() == 0


def test_a_full_queue_is_said(page, console_errors):
    page.route("**/gradio_api/call/analyse", lambda route: route.fulfill(status=503, body="full"))
    drop(page, NORMAL)
    assert "Too many radiographs" in page.inner_text("#status")
    assert all("503" in error for error in console_errors)
    console_errors.clear()


def test_a_lost_connection_is_said(page, console_errors):
    page.route("**/gradio_api/upload", lambda route: route.abort())
    drop(page, NORMAL)
    assert "connection to the demo was lost" in page.inner_text("#status")
    assert all("ERR_FAILED" in error for error in console_errors)
    console_errors.clear()
