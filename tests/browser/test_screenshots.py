"""Takes the pictures that README shows: `make screenshots` writes them into docs/screenshots.

Without that they go to a temporary folder and only have to work.
"""

import os

import cv2
import pytest

from tests.browser.conftest import NORMAL, PNEUMONIA, ROOT, answered, drop, read_example, until

SIZES = {"reading": (1280, 800), "light": (1280, 800), "phone": (390, 844)}


@pytest.fixture
def shoot(tmp_path):
    """Save what the page shows under a name and check that something is on it."""
    folder = ROOT / "docs/screenshots" if os.environ.get("CXR_SCREENSHOTS") else tmp_path
    folder.mkdir(parents=True, exist_ok=True)

    def save(page, name: str) -> None:
        page.wait_for_timeout(700)  # animations and the map's last frame
        file = folder / f"{name}.png"
        page.screenshot(path=file)
        picture = cv2.imread(str(file))
        width, height = SIZES.get(name, (1280, 800))
        assert picture.shape == (height, width, 3) and picture.std() > 10

    return save


def ready(page, path=PNEUMONIA) -> None:
    read_example(page, path)
    page.wait_for_selector("#neighbours .card")
    until(page, "document.getElementById('atlas').data?.at(-1).name === 'query'")
    page.evaluate("document.activeElement.blur()")


@pytest.fixture
def small(open_page):
    return open_page(with_map=True, viewport={"width": 1280, "height": 800})


def test_a_reading_in_the_dark(small, shoot):
    ready(small, ROOT / "assets/examples/person1946_bacteria_4874.jpeg")
    shoot(small, "reading")


def test_a_reading_in_the_light(small, shoot):
    small.click("#theme")
    ready(small, NORMAL)
    small.select_option("#overlay", "saliency normal")
    shoot(small, "light")


def test_a_probe_and_a_comparison(small, shoot):
    ready(small)
    small.select_option("#compare", "side")
    small.wait_for_selector("#secondary", state="visible")
    small.focus("#primary")
    for key in ("b", "Enter", *["ArrowDown"] * 5, "Enter"):
        small.keyboard.press(key)
    answered(small)
    shoot(small, "probe")


def test_neighbours_and_map(small, shoot):
    ready(small)
    small.select_option("#projection", "tsne")
    small.click("#neighbours .card >> nth=3")
    shoot(small, "neighbours")


def test_reading_first(small, shoot):
    small.check("#read-first")
    read_example(small)
    shoot(small, "read-first")


def test_a_batch(small, shoot, tmp_path):
    bad = tmp_path / "notes.txt"
    bad.write_text("no radiograph")
    small.click("#tab-batch")
    drop(small, NORMAL, PNEUMONIA, bad, on="#batch-drop", wait=False)
    small.wait_for_selector("#panel-batch tbody tr:nth-child(3)")
    small.wait_for_timeout(2500)
    shoot(small, "batch")


def test_the_about_tab(small, shoot):
    small.click("#tab-about")
    small.wait_for_selector("#self-test")
    shoot(small, "about")


def test_a_phone(open_page, shoot):
    page = open_page(
        with_map=True, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    ready(page)
    shoot(page, "phone")


def test_an_unusual_radiograph(small, shoot, tmp_path):
    file = tmp_path / "inverted.png"
    cv2.imwrite(str(file), 255 - cv2.imread(str(NORMAL), cv2.IMREAD_GRAYSCALE))
    drop(small, file)
    small.wait_for_selector("#override")
    shoot(small, "unusual")
