"""`python app.py` and headless Chromium, and what a person does on the page."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "assets" / "examples"
NORMAL = EXAMPLES / "NORMAL2-IM-1430-0001.jpeg"
PNEUMONIA = EXAMPLES / "person1950_bacteria_4881.jpeg"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HERE = ("http://127.0.0.1:", "data:", "blob:")
# Without a GPU Plotly's map takes seconds of every test; only those that look at it have it drawn.
NO_MAP = """window.Plotly = {
    react: async (graph) => Object.assign(graph, { data: [], on() {} }), relayout() {},
};"""
START_S, ANSWER_MS = 120, 60_000


def pytest_collection_modifyitems(items):
    """Browser tests come last: an event loop runs as long as their browser does."""

    def in_browser(item) -> bool:
        return Path(__file__).parent in item.path.parents

    for item in filter(in_browser, items):
        item.add_marker(pytest.mark.browser)
    items.sort(key=in_browser)


@pytest.fixture(scope="session")
def temporary(tmp_path_factory) -> Path:
    """Where the server under test keeps temporary files."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="session")
def address(temporary):
    """`python app.py` on a free loopback port, ended with the tests."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (temporary.parent / "server.log").open("w+")
    server = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={
            **os.environ,
            "GRADIO_SERVER_PORT": str(port),
            "TMPDIR": str(temporary),
            # All tests are one client, and some give up what they have sent.
            "CXR_PER_MINUTE": "100000",
            "CXR_SHARE": "1000",
        },
        stdout=log,
        stderr=subprocess.STDOUT,
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
                log.seek(0)
                pytest.fail(f"the server did not start: {log.read()}")
            time.sleep(0.5)
    yield url
    server.terminate()
    server.wait(20)
    log.seek(0)
    # Starlette logs uploads that a closed page broke off; nothing of ours may fail.
    assert str(ROOT / "cxr_demo") not in log.read()


@pytest.fixture(scope="session")
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


@pytest.fixture
def console_errors() -> list[str]:
    """What the console has complained about; a test that provokes an error clears it."""
    return []


@pytest.fixture(scope="session")
def desk(browser):
    """A desktop's browser window; pages share its cache, so that scripts are read once."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context
    context.close()


@pytest.fixture
def open_page(browser, desk, address, console_errors):
    """Open the page as often as wanted; afterwards: no console error, no request elsewhere."""
    opened, foreign, errors = [], [], console_errors

    def open_one(path: str = "/?lang=en", with_map: bool = False, **options):
        context = browser.new_context(**options) if options else desk
        page = context.new_page()
        if not with_map:
            page.add_init_script(NO_MAP)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(HERE) else foreign.append(r.url))
        page.goto(address + path)
        page.wait_for_selector("body[data-ready]")
        opened.append(context if options else page)
        return page

    yield open_one
    for one in opened:
        one.close()
    assert errors == []
    assert foreign == []


@pytest.fixture
def page(open_page):
    """The opened page, its map left blank."""
    return open_page()


@pytest.fixture
def mapped(open_page):
    """The opened page with its map drawn."""
    page = open_page(with_map=True)
    page.wait_for_selector("#atlas .nsewdrag")
    page.wait_for_timeout(300)
    return page


def drop(page, *paths: Path, on: str = "#drop", wait: bool = True) -> None:
    """Drop files, as from a file manager, and wait for the outcome on the status line."""
    transfer = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, content] of files) {
                const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
                transfer.items.add(new File([bytes], name));
            }
            return transfer;
        }""",
        [[path.name, b64encode(path.read_bytes()).decode()] for path in paths],
    )
    page.dispatch_event(on, "drop", {"dataTransfer": transfer})
    if wait:
        answered(page)


def until(page, condition: str, argument=None) -> None:
    """Wait until a condition holds; Playwright's own way the page's policy forbids."""
    deadline = time.monotonic() + ANSWER_MS / 1000
    while not page.evaluate(condition, argument):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(50)


def answered(page) -> None:
    """Wait until the status line says how the file fared."""
    page.wait_for_selector("#status[data-tone=done], #status[data-tone=refused]", timeout=ANSWER_MS)


def read_example(page, path: Path = NORMAL) -> None:
    """Drop a shipped example and wait for its reading."""
    drop(page, path)
    assert page.get_attribute("#status", "data-tone") == "done", page.inner_text("#status")
