"""The page in headless Chromium, served to all of these tests by one server on tiny artefacts."""

import re
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.chromium import HERE, headless
from tests.conftest import chest_like, png

ROOT = Path(__file__).parent.parent.parent
ANSWER_MS = 200_000


def pytest_collection_modifyitems(items):
    """Browser tests come last: an event loop runs as long as their browser does."""

    def in_browser(item) -> bool:
        return Path(__file__).parent in item.path.parents

    for item in filter(in_browser, items):
        item.add_marker(pytest.mark.browser)
    items.sort(key=in_browser)


@pytest.fixture(scope="session")
def served(serve_tiny) -> tuple[str, Path]:
    """Address and folder of uploads; all tests are one client."""
    return serve_tiny()


@pytest.fixture(scope="session")
def address(served) -> str:
    return served[0]


@pytest.fixture(scope="session")
def uploads(served) -> Path:
    return served[1]


@pytest.fixture(scope="session")
def browser():
    with headless() as running:
        yield running


@pytest.fixture
def console_errors() -> list[str]:
    """What the console has complained about; a test that provokes an error clears it."""
    return []


@pytest.fixture
def open_page(browser, address, console_errors):
    """Open the page as often as wanted; afterwards: no console error, no request elsewhere."""
    opened, foreign, errors = [], [], console_errors

    def open_one(path: str = "/", **options):
        options = {"viewport": {"width": 1440, "height": 900}, "locale": "en", **options}
        context = browser.new_context(**options)
        page = context.new_page()
        page.set_default_timeout(ANSWER_MS)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(HERE) else foreign.append(r.url))
        page.goto(address + path)
        page.wait_for_selector("#examples img")
        page.wait_for_selector("#map .nsewdrag")
        page.wait_for_selector(".gradio-container[lang]")
        opened.append(context)
        return page

    yield open_one
    for context in opened:
        context.close()
    assert errors == []
    assert foreign == []


@pytest.fixture
def page(open_page):
    return open_page()


@pytest.fixture
def radiograph(tmp_path) -> Path:
    """One that is not in the library, under the name of a patient."""
    file = tmp_path / "Doe^Jane_1990-02-03.png"
    file.write_bytes(png(chest_like(1000)))
    return file


@pytest.fixture
def dark_radiograph(tmp_path) -> Path:
    """One that the tiny input check takes for badly exposed."""
    file = tmp_path / "dark.png"
    cv2.imwrite(str(file), (chest_like(7) * 0.1).astype(np.uint8))
    return file


def choose(page, *files: Path, tone: str = "done") -> None:
    """Choose files in the drop zone and wait for the outcome on the status line."""
    before = page.inner_text("#status")
    page.set_input_files("#drop-zone input[type=file]", [str(file) for file in files])
    until(page, "(before) => document.querySelector('#status').innerText !== before", before)
    page.wait_for_selector(f"#status .{tone}")


def take_example(page, number: int = 0) -> None:
    """Press a shipped example and wait for its reading."""
    before = page.inner_text("#status")
    page.locator("#examples button.thumbnail-item").nth(number).click()
    until(page, "(before) => document.querySelector('#status').innerText !== before", before)
    page.wait_for_selector("#status .done")


def until(page, condition: str, argument=None) -> None:
    """Wait until a condition holds in the browser."""
    deadline = time.monotonic() + ANSWER_MS / 1000
    while not page.evaluate(condition, argument):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(50)


def open_tab(page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def unfold(page, title: str) -> None:
    page.get_by_role("button", name=re.compile(f"^{re.escape(title)}")).first.click()
