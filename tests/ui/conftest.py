"""A small `gr.Blocks` in headless Chromium, for tests of one component."""

import base64
import socket
import time
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from cxr_demo.server.gradio_setup import gr
from tests.accessibility import settle
from tests.chromium import HERE, headless

PATIENCE_MS = 90_000
"""How long anything may take on two busy cores; what fails should fail for another reason."""


@pytest.fixture(scope="module")
def chromium():
    with headless() as running:
        yield running


@pytest.fixture(scope="module")
def serve():
    """Launch demos as the app does, each on a free loopback port."""
    from cxr_demo.i18n import LANGUAGES, messages
    from cxr_demo.ui.theme import CSS, reading_room

    launched = []

    def launch(demo: gr.Blocks) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        demo.launch(
            server_name="127.0.0.1",
            server_port=port,
            prevent_thread_lock=True,
            quiet=True,
            theme=reading_room(),
            css=CSS,
            i18n=gr.I18n(**{name: messages(name) for name in LANGUAGES}),
            ssr_mode=False,
        )
        launched.append(demo)
        return f"http://127.0.0.1:{port}"

    yield launch
    for demo in launched:
        demo.close()


@pytest.fixture
def console_errors() -> list[str]:
    """What the console has complained about; a test that provokes an error clears it."""
    return []


@pytest.fixture
def open_page(chromium, console_errors) -> Callable:
    """Open an address, as often as wanted, with a script that runs before the page's; afterwards: a
    clean console, no request elsewhere."""
    opened, foreign = [], []

    def open_one(address: str, theme: str = "dark", script: str = "", **options):
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "en", **options}
        context = chromium.new_context(**options)
        opened.append(context)
        context.add_init_script(script)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda m: console_errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: console_errors.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(HERE) else foreign.append(r.url))
        page.goto(f"{address}/?__theme={theme}")
        return page

    yield open_one
    for context in opened:
        context.close()
    assert console_errors == []
    assert foreign == []


def until(page, condition: str, argument=None) -> None:
    """Wait until a condition holds in the browser."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(condition, argument):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(30)


def png_uri(pixels: np.ndarray) -> str:
    """uint8 (H, W) or (H, W, 3) as a data URI."""
    return "data:image/png;base64," + base64.b64encode(cv2.imencode(".png", pixels)[1]).decode()


def colour_at(element, x: float, y: float) -> tuple[int, ...]:
    """What a person sees at a place of an element, given in shares of its sides."""
    settle(element.page)
    picture = cv2.imdecode(np.frombuffer(element.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    height, width = picture.shape[:2]
    return tuple(picture[int(y * height), int(x * width)].tolist())
