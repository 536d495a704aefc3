"""The page as a person uses it: dropped files, clicks and keys in headless Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from cxr_demo.pictures import PACKED

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "assets" / "examples"
NORMAL = EXAMPLES / "NORMAL2-IM-1430-0001.jpeg"
PNEUMONIA = EXAMPLES / "person1950_bacteria_4881.jpeg"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HERE = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
START_S, ANSWER_MS = 120, 60_000

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def temporary(tmp_path_factory) -> Path:
    """Where the server under test keeps temporary files."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def address(temporary):
    """`python app.py` on a free loopback port, ended with the tests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**os.environ, "GRADIO_SERVER_PORT": str(port), "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            break
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                server.kill()
                pytest.fail(f"the server did not start: {server.stdout.read()}")
            time.sleep(0.5)
    yield url
    server.terminate()
    server.wait(20)


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium. Where CI is set it must be there; elsewhere its tests are skipped."""
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield running
        running.close()


def lost_race(response) -> bool:
    """Gradio's own: an upload finished before the stream of its progress was asked for."""
    return response.status == 404 and "/upload_progress" in response.url


@pytest.fixture
def page(browser, address):
    """The opened page; afterwards: no console error, no request to anywhere else."""
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    errors, foreign, raced = [], [], []
    opened.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("request", lambda r: None if r.url.startswith(HERE) else foreign.append(r.url))
    opened.on("response", lambda r: raced.append(r) if lost_race(r) else None)
    opened.goto(address)
    opened.wait_for_selector("#atlas .js-plotly-plot .scatterlayer, #atlas canvas")
    yield opened
    opened.close()
    if raced:
        errors = [e for e in errors if not e.startswith(("Failed to load resource", "Response"))]
    assert errors == []
    assert foreign == []


def drop(page, path: Path) -> None:
    """Drop a file on the drop zone, as from a file manager, and wait for the outcome."""
    transfer = page.evaluate_handle(
        """async ([name, bytes]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], name));
            return transfer;
        }""",
        [path.name, list(path.read_bytes())],
    )
    page.evaluate("document.querySelector('#status .status').classList.add('old')")
    page.dispatch_event("#drop button", "drop", {"dataTransfer": transfer})
    page.wait_for_selector("#status .done:not(.old), #status .refused:not(.old)", timeout=ANSWER_MS)


def shown(page) -> dict[str, str]:
    """What stands in each panel."""
    return {
        "probabilities": page.inner_text("#probabilities"),
        "neighbours": page.inner_text("#neighbours"),
        "heatmap": page.get_attribute("#heat figure img", "src"),
        "reconstruction": page.get_attribute("#images figure:nth-of-type(2) img", "src"),
        "verdict": page.inner_text("#verdict .verdict"),
        "query": page.evaluate(QUERY),
    }


# Where the map marks the query, as text; empty before the first radiograph.
QUERY = """() => {
    const data = document.querySelector('#atlas .js-plotly-plot').data;
    const mark = data.find((trace) => trace.name === 'this radiograph');
    return mark ? `${mark.x[0]} ${mark.y[0]}` : '';
}"""


def press_on_threshold(page, key: str, times: int = 1) -> None:
    """Move the threshold by keyboard and wait until the page has answered."""
    before = page.inner_text("#verdict .verdict")
    slider = page.locator("#threshold-detector input[type=range]")
    slider.focus()
    for _ in range(times):
        slider.press(key)
    page.wait_for_function(
        "before => document.querySelector('#verdict .verdict').innerText !== before", arg=before
    )


def test_the_disclaimer_is_on_the_page(page):
    line = page.inner_text(".disclaimer")
    for part in ("Research demo", "not for diagnosis", "aged 1–5", "one hospital"):
        assert part in line


def test_a_dropped_radiograph_fills_every_panel(page):
    drop(page, NORMAL)
    assert page.locator("#probabilities .bar").count() == 5
    shares = [float(b.rstrip("%")) for b in page.locator("#probabilities .bar b").all_inner_texts()]
    assert sum(shares[:2]) == pytest.approx(100, abs=0.2)
    assert sum(shares[2:]) == pytest.approx(100, abs=0.3)
    assert page.locator("#neighbours li").count() == 11
    assert "Vote and classifier" in page.inner_text("#neighbours")
    assert page.evaluate(
        "[...document.querySelectorAll('#panels img, #neighbours img')]"
        ".every(i => i.complete && i.naturalWidth > 0)"
    )
    assert page.locator("#panels figure").count() == 3
    assert "above the threshold" in page.inner_text("#verdict .verdict")
    assert shown(page)["query"] != ""


def test_its_own_picture_is_recognised_and_left_out(page):
    drop(page, NORMAL)
    assert NORMAL.stem in page.inner_text("#status")
    assert "NORMAL2-IM-1430" not in page.inner_text("#neighbours").split()


def test_the_threshold_changes_heatmap_and_verdict_without_a_model_run(page):
    drop(page, NORMAL)
    before, status = shown(page), page.inner_text("#status")
    queued = []
    page.on("request", lambda r: queued.append(r.url) if "queue/join" in r.url else None)
    press_on_threshold(page, "Home")
    lowest = shown(page)
    assert lowest["verdict"].startswith("Unusual")
    assert lowest["heatmap"] != before["heatmap"]
    press_on_threshold(page, "End")
    highest = shown(page)
    assert highest["heatmap"] != lowest["heatmap"]
    unchanged = ("probabilities", "neighbours", "reconstruction", "query")
    assert {name: highest[name] for name in unchanged} == {name: before[name] for name in unchanged}
    assert page.inner_text("#status") == status
    assert queued == [], "only the networks' events go through the queue"


def test_reset_and_typed_thresholds_reach_heatmap_and_verdict(page):
    drop(page, NORMAL)
    before = shown(page)
    press_on_threshold(page, "Home")
    page.click("#threshold-detector button")
    page.wait_for_function(
        "v => document.querySelector('#verdict .verdict').innerText === v", arg=before["verdict"]
    )
    assert shown(page)["heatmap"] == before["heatmap"]
    number = page.locator("#threshold-detector input[type=number]")
    number.fill("99")
    number.press("Tab")
    page.wait_for_function(
        "v => document.querySelector('#verdict .verdict').innerText !== v", arg=before["verdict"]
    )
    assert page.inner_text("#verdict .verdict").startswith("Not flagged")


def test_a_preset_moves_the_threshold_and_its_meaning(page):
    drop(page, NORMAL)
    before = page.inner_text("#meaning .meaning")
    page.click("#preset-detector label:has-text('99 %')")
    page.wait_for_function(
        "b => document.querySelector('#meaning .meaning').innerText !== b", arg=before
    )
    strict = page.inner_text("#meaning .meaning")
    assert "specificity 99" in strict
    threshold = page.input_value("#threshold-detector input[type=number]")
    assert f"threshold {float(threshold):.3f}" in page.inner_text("#verdict .verdict")
    page.locator("#prevalence input[type=range]").focus()
    page.keyboard.press("Home")
    page.wait_for_function(
        "b => document.querySelector('#meaning .meaning').innerText !== b", arg=strict
    )
    assert "If 1% of the children" in page.inner_text("#meaning .meaning")


def test_the_other_method_brings_its_map_its_unit_and_its_thresholds(page):
    drop(page, NORMAL)
    assert page.locator("#meaning .query").count() == 1
    page.click("#method label:has-text('Autoencoder')")
    page.wait_for_function(
        "document.querySelector('#heat figcaption').innerText.startsWith('Autoencoder')"
    )
    assert page.is_visible("#threshold-autoencoder") and not page.is_visible("#threshold-detector")
    assert "squared error" in page.inner_text("#heat .scale")
    before = page.inner_text("#verdict .verdict")
    page.click("#preset-autoencoder label:has-text('0.01')")
    page.wait_for_function(
        "b => document.querySelector('#verdict .verdict').innerText !== b", arg=before
    )
    assert "threshold 0.0100" in page.inner_text("#verdict .verdict")


def test_a_second_radiograph_replaces_everything(page):
    drop(page, NORMAL)
    first = shown(page)
    drop(page, PNEUMONIA)
    second = shown(page)
    assert [name for name in first if first[name] == second[name]] == []


def test_a_bad_file_is_refused_in_words_and_nothing_is_lost(page, tmp_path):
    drop(page, NORMAL)
    before = shown(page)
    bad = tmp_path / "notes.png"
    bad.write_text("not an image")
    drop(page, bad)
    sentence = page.inner_text("#status .refused")
    assert "not a PNG or JPEG image" in sentence
    assert "still the radiograph before" in sentence
    assert shown(page) == before


def test_an_example_is_one_click(page):
    page.click("#examples button >> nth=3")
    page.wait_for_selector("#status .done", timeout=ANSWER_MS)
    assert page.locator("#neighbours li").count() == 11


def test_the_map_switches_and_keeps_the_query(page):
    drop(page, NORMAL)
    on_umap = shown(page)["query"]
    page.click("#projection label:has-text('t-SNE')")
    page.wait_for_function(f"before => ({QUERY})() !== before", arg=on_umap)
    assert shown(page)["query"] != ""


def test_pointing_at_the_map_shows_that_reference(page):
    """Of every 20th point the loneliest is pointed at, so what is shown must be that reference."""
    spot = page.evaluate(
        """() => {
            const graph = document.querySelector('#atlas .js-plotly-plot');
            graph.scrollIntoView();
            const points = graph._fullData.flatMap((trace) => [...trace.x].map((x, i) => (
                {x, y: trace.y[i], patient: trace.text[i], label: trace.name.split(' ')[0]})));
            const gap = (a) => Math.min(...points.filter((b) => b !== a).map(
                (b) => Math.hypot(a.x - b.x, a.y - b.y)));
            const lonely = points.filter((_, i) => i % 20 === 0).map((point) => [gap(point), point])
                .reduce((a, b) => (b[0] > a[0] ? b : a))[1];
            const {xaxis, yaxis} = graph._fullLayout;
            const box = graph.querySelector('.nsewdrag').getBoundingClientRect();
            return {...lonely, x: box.x + xaxis.d2p(lonely.x), y: box.y + yaxis.d2p(lonely.y)};
        }"""
    )
    page.mouse.move(spot["x"] - 30, spot["y"] - 30)
    page.mouse.move(spot["x"], spot["y"], steps=5)
    page.wait_for_selector("#pointed .card img")
    card = page.inner_text("#pointed .card")
    assert spot["label"] in card and spot["patient"] in card
    assert "mean of" in card or PACKED.exists()


def test_no_upload_outlives_its_analysis(page, temporary):
    drop(page, PNEUMONIA)
    left = [path for path in temporary.rglob("*") if path.is_file()]
    assert left == []
