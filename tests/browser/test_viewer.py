"""The viewer: what lies on the canvas, and every way to move, window, compare and probe it."""

import time

import pytest

from tests.browser.conftest import NORMAL, PNEUMONIA, answered, drop, read_example, until

# A checksum of every pixel of a canvas once it has been painted.
PIXELS = """(id = 'primary') => new Promise((done) => requestAnimationFrame(() =>
    requestAnimationFrame(() => {
        const canvas = document.getElementById(id);
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let sum = 2166136261;
        for (const pixel of new Uint32Array(data.buffer)) sum = Math.imul(sum ^ pixel, 16777619);
        done(String(sum));
    })))"""
READOUT = "#readout"


def pixels(page, canvas: str = "primary") -> str:
    return page.evaluate(PIXELS, canvas)


def zoom(page) -> float:
    return float(page.inner_text(READOUT).split("zoom ")[1].rstrip("×"))


def middle(page, canvas: str = "#primary") -> tuple[float, float]:
    box = page.locator(canvas).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, dx: float, dy: float, canvas: str = "#primary") -> None:
    x, y = middle(page, canvas)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()


@pytest.fixture
def read(page):
    """The page with a radiograph read and nothing over it."""
    read_example(page)
    page.uncheck("#overlay-on")
    page.uncheck("#contour")
    return page


def test_an_empty_viewer_says_what_to_do(page):
    assert "Drop a radiograph" in page.inner_text("#stage .nothing")
    read_example(page)
    assert not page.is_visible("#stage .nothing")


def test_the_canvas_shows_the_radiograph_in_its_own_proportions(read):
    """The radiograph is 1040 × 857; the pane's empty sides stay black."""
    lit = read.evaluate(
        """() => {
            const canvas = document.getElementById('primary');
            const context = canvas.getContext('2d');
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            let [left, right, top, bottom] = [1e9, 0, 1e9, 0];
            for (let y = 0; y < canvas.height; y += 1) for (let x = 0; x < canvas.width; x += 1) {
                if (data[4 * (y * canvas.width + x)] > 12) {
                    left = Math.min(left, x); right = Math.max(right, x);
                    top = Math.min(top, y); bottom = Math.max(bottom, y);
                }
            }
            return (right - left) / (bottom - top);
        }"""
    )
    width, height = (
        int(side.replace(",", ""))
        for side in read.inner_text("#status").split(": ")[1].split(" pixels")[0].split(" × ")
    )
    assert lit == pytest.approx(width / height, rel=0.03)


@pytest.mark.parametrize(
    ("key", "change"), [("+", 1.25), ("-", 0.8), ("=", 1.25)], ids=["plus", "minus", "equals"]
)
def test_keys_zoom(read, key, change):
    before = pixels(read)
    read.focus("#primary")
    read.keyboard.press(key)
    read.keyboard.press(key)
    assert zoom(read) == pytest.approx(change**2, abs=0.06)
    assert pixels(read) != before
    read.keyboard.press("Space")
    assert zoom(read) == 1.0
    assert pixels(read) == before


def test_the_wheel_zooms_where_it_points(read):
    x, y = middle(read)
    read.mouse.move(x - 60, y - 40)
    read.mouse.wheel(0, -400)
    until(read, "document.querySelector('#readout').textContent.includes('zoom 2.7')")


def test_dragging_windows_pans_and_zooms(read):
    before = pixels(read)
    drag(read, 100, 0)
    assert "width 125%" in read.inner_text(READOUT)
    drag(read, 0, 60)
    assert "Level 40%" in read.inner_text(READOUT)
    assert pixels(read) != before
    read.click("#reset")
    assert pixels(read) == before
    read.click("[data-tool=pan]")
    drag(read, 50, 30)
    moved = pixels(read)
    assert moved != before and zoom(read) == 1.0
    read.click("[data-tool=zoom]")
    drag(read, 0, -100)
    assert zoom(read) == pytest.approx(1.6, abs=0.1)


def test_keys_of_a_reading_room(read):
    read.focus("#primary")
    whole = pixels(read)
    read.keyboard.press("i")
    inverted = pixels(read)
    assert inverted != whole and read.get_attribute("#invert", "aria-pressed") == "true"
    read.keyboard.press("i")
    assert pixels(read) == whole
    shown = set()
    for preset in "12345":
        read.keyboard.press(preset)
        shown.add(read.inner_text(READOUT))
    assert len(shown) == 5
    read.keyboard.press("1")
    assert pixels(read) == whole
    for key, tool in {"z": "zoom", "p": "pan", "b": "probe", "w": "window"}.items():
        read.keyboard.press(key)
        assert read.get_attribute(f"[data-tool={tool}]", "aria-pressed") == "true"
    read.keyboard.press("ArrowRight")
    assert pixels(read) != whole


def test_inverted_grey_levels_add_up_to_white(read):
    """Level by level: a pixel and its inverse make 255."""
    corner = """async () => {
        await new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)));
        const canvas = document.getElementById('primary');
        const [x, y] = [Math.round(canvas.width / 2), Math.round(canvas.height / 2)];
        const { data } = canvas.getContext('2d').getImageData(x, y, 20, 1);
        return [...data].filter((_, i) => i % 4 === 0);
    }"""
    plain = read.evaluate(corner)
    read.click("#invert")
    assert [a + b for a, b in zip(plain, read.evaluate(corner), strict=True)] == pytest.approx(
        [255] * 20, abs=1
    )


def test_a_key_typed_into_a_field_stays_there(read):
    read.focus("#report-label")
    read.keyboard.type("inverted 12")
    assert read.get_attribute("#invert", "aria-pressed") == "false"
    assert read.input_value("#report-label") == "inverted 12"


def test_overlays_lie_on_the_same_canvas(page):
    read_example(page, PNEUMONIA)
    page.focus("#threshold")
    page.keyboard.press("Home")
    anomaly = pixels(page)
    page.select_option("#overlay", "saliency pneumonia")
    pneumonia = pixels(page)
    page.select_option("#overlay", "saliency normal")
    normal = pixels(page)
    page.focus("#primary")
    page.keyboard.press("o")
    off = pixels(page)
    page.keyboard.press("o")
    assert pixels(page) == normal
    assert len({anomaly, pneumonia, normal, off}) == 4
    page.locator("#opacity").fill("0")
    assert pixels(page) == off


def test_the_contour_follows_the_threshold(page):
    read_example(page, PNEUMONIA)
    page.uncheck("#overlay-on")
    page.locator("#threshold").fill("0.1")
    low = pixels(page)
    page.locator("#threshold").fill("0.9")
    high = pixels(page)
    assert low != high
    page.focus("#primary")
    page.keyboard.press("c")
    page.locator("#threshold").fill("0.1")
    bare = pixels(page)
    assert bare == high, "nothing reaches 0.9, so there is no contour to take away"


def test_the_colour_bar_is_absolute(page):
    read_example(page)
    first = page.inner_text("#colour-bar")
    read_example(page, PNEUMONIA)
    assert page.inner_text("#colour-bar") == first
    assert "1 estimated change" in first
    page.select_option("#method", "autoencoder")
    assert "0.04 squared error of grey levels" in page.inner_text("#colour-bar")
    page.select_option("#overlay", "saliency viral")
    assert "+0.5 logits per region" in page.inner_text("#colour-bar")


def test_side_by_side_stays_in_step(read):
    read.select_option("#compare", "side")
    read.wait_for_selector("#secondary", state="visible")
    first, second = pixels(read), pixels(read, "secondary")
    assert first != second
    read.click("[data-tool=pan]")
    drag(read, 40, 20, "#secondary")
    assert pixels(read) != first and pixels(read, "secondary") != second
    read.focus("#secondary")
    read.keyboard.press("Space")
    assert pixels(read) == first


def test_swipe_uncovers_the_other_image(read):
    whole = pixels(read)
    read.select_option("#compare", "swipe")
    read.wait_for_selector("#curtain", state="visible")
    half = pixels(read)
    read.focus("#curtain")
    read.keyboard.press("Home")
    none = pixels(read)
    assert len({whole, half, none}) == 3


def test_any_neighbour_can_be_compared_with(read):
    options = read.locator("#compare-with option").all_inner_texts()
    assert len(options) == 12 and options[1].startswith("Neighbour 1: ")
    read.select_option("#compare", "side")
    read.wait_for_selector("#secondary", state="visible")
    reconstruction = pixels(read, "secondary")
    row = read.get_attribute("#neighbours .card >> nth=1", "data-row")
    read.select_option("#compare-with", row)
    deadline = time.monotonic() + 10  # its picture may have to come
    while pixels(read, "secondary") == reconstruction:
        assert time.monotonic() < deadline


def test_two_fingers_zoom(open_page):
    page = open_page(has_touch=True, viewport={"width": 900, "height": 900})
    read_example(page)
    page.evaluate(
        """() => {
            const canvas = document.getElementById('primary');
            canvas.setPointerCapture = () => {};
            const { left, top, width, height } = canvas.getBoundingClientRect();
            const [x, y] = [left + width / 2, top + height / 2];
            const touch = (type, id, dx) => canvas.dispatchEvent(new PointerEvent(type, {
                pointerId: id, pointerType: 'touch', clientX: x + dx, clientY: y, buttons: 1,
                bubbles: true,
            }));
            touch('pointerdown', 1, -50); touch('pointerdown', 2, 50);
            touch('pointermove', 2, 150);
            touch('pointerup', 1, -50); touch('pointerup', 2, 150);
        }"""
    )
    assert zoom(page) == pytest.approx(2.0, abs=0.05)


def test_a_probe_moves_the_probabilities_and_can_be_taken_back(page):
    read_example(page, PNEUMONIA)
    said = page.inner_text("#probabilities")
    page.click("[data-tool=probe]")
    for _ in range(2):
        drag(page, 90, 90)
        answered(page)
    rows = page.locator("#probes tbody tr")
    assert rows.count() == 3
    assert rows.nth(0).inner_text().split("\t")[:2] == ["0", "nothing"]
    assert "(" in rows.nth(1).inner_text()
    assert page.inner_text("#probabilities") == said, "what was said of the whole stays"
    page.click("#probe-undo")
    assert rows.count() == 2
    page.select_option("#fill", "surroundings")
    assert rows.count() == 0
    drag(page, 120, 120)
    answered(page)
    assert "its surroundings" in rows.nth(1).inner_text()
    page.click("#probe-clear")
    assert "drag a box" in page.inner_text("#probes")


def test_a_probe_by_keyboard(page):
    read_example(page)
    page.focus("#primary")
    for key in ("b", "Enter", "ArrowRight", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    answered(page)
    # From 35 to 65 % each way, one step of 2 % to the right, one down with the lower edge alone.
    assert "37%–67% × 35%–67%" in page.locator("#probes tbody tr").nth(1).inner_text()


def test_a_click_is_not_a_probe(page):
    read_example(page)
    page.click("[data-tool=probe]")
    page.click("#primary")
    page.wait_for_timeout(200)
    assert page.locator("#probes tbody tr").count() == 0


def test_a_second_radiograph_takes_probes_and_zoom_away(page):
    read_example(page)
    page.click("[data-tool=probe]")
    drag(page, 90, 90)
    answered(page)
    page.keyboard.press("+")
    drop(page, PNEUMONIA)
    assert page.locator("#probes tbody tr").count() == 0
    assert zoom(page) == 1.0


def test_a_probe_says_what_the_service_says_without_that_part(page):
    """The page's figure against the service's own, asked for the same file and box."""
    from cxr_demo.analysis import Analyser
    from cxr_demo.artefacts import Artefacts
    from cxr_demo.reading.reader import read_radiograph

    read_example(page, NORMAL)
    page.focus("#primary")
    for key in ("b", "Enter", "Enter"):
        page.keyboard.press(key)
    answered(page)
    page.wait_for_selector("#probes tbody tr")
    shown = page.locator("#probes tbody tr").nth(1).locator("td").nth(2).inner_text()
    analysis = Analyser(Artefacts()).analyse(
        read_radiograph(NORMAL.read_bytes()), [(0.35, 0.35, 0.65, 0.65)], "blur"
    )
    expected = 100 * analysis.probabilities["binary"]["pneumonia"]
    assert float(shown.split("%")[0]) == pytest.approx(expected, abs=0.11)
