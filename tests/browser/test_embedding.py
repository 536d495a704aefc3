"""The page within another page, as `<gradio-app>`: in a browser, on loopback alone."""

import http.server
import threading
from functools import partial

import pytest

from tests.browser.conftest import ANSWER_MS

PAGE = """<!doctype html><html lang="en"><title>Another page</title><link rel="icon" href="data:,">
<script type="module" src="{0}/gradio.js"></script><gradio-app src="{0}"></gradio-app></html>"""


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def other_page(tmp_path):
    """The origin of a page that holds the element; its text is written once it is known."""
    handler = partial(Silent, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}", tmp_path / "index.html"
        server.shutdown()


@pytest.mark.parametrize("allowed", [True, False])
def test_another_page_shows_ours_where_that_is_allowed(serve_tiny, browser, other_page, allowed):
    origin, file = other_page
    address, _ = serve_tiny(embed_origins=(origin,) * allowed)
    file.write_text(PAGE.format(address))
    page = browser.new_page()
    page.set_default_timeout(3 * ANSWER_MS)  # two pages are loaded, one within the other
    errors = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    if not allowed:
        with page.expect_console_message(lambda message: "CORS" in message.text):
            page.goto(origin)
        assert not page.evaluate("customElements.get('gradio-app')")
    else:
        page.goto(origin)
        page.locator("#examples button.thumbnail-item").first.click()
        page.wait_for_selector("#status .done")
        page.wait_for_selector("#viewer canvas")
        page.wait_for_selector("#neighbours .card")
        assert errors == []
    page.close()
