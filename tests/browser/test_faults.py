"""What the page says when the server cannot or may not answer, and what it does not let run."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from cxr_demo.errors import UserError
from cxr_demo.i18n import translate
from cxr_demo.ui.clients import STATUS
from tests.browser.conftest import ANSWER_MS, NORMAL, ROOT, START_S, drop, read_example

VALUES = {"call.often": {"seconds": 7}, "call.share": {"most": 8}}


@pytest.fixture
def server(tmp_path):
    """Starts `python app.py` with a login, on the same port each time; ended with the test."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"GRADIO_SERVER_PORT": str(port), "TMPDIR": str(tmp_path), "CXR_LOGIN": "ann:secret"}
    started = []

    def start() -> tuple[str, subprocess.Popen]:
        process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env={**os.environ, **settings},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        deadline = time.monotonic() + START_S
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30).close()
                return f"http://127.0.0.1:{port}", process
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.5)

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_server_that_is_killed_is_told_of_and_comes_back(browser, server):
    """In the middle of a request; the page stays as it is and goes on with the next server."""
    address, process = server()
    login = {"username": "ann", "password": "secret"}
    context = browser.new_context(http_credentials=login)
    page = context.new_page()
    page.goto(f"{address}/?lang=en")
    page.wait_for_selector("body[data-ready]")
    read_example(page)
    with page.expect_request("**/gradio_api/call/analyse"):
        drop(page, NORMAL, wait=False)
    process.kill()
    page.wait_for_selector("#status[data-tone=refused]", timeout=ANSWER_MS)
    said = page.inner_text("#status")
    assert said == f"{translate('call.lost')} {translate('status.still')}"
    assert page.inner_text("#called")
    server()
    read_example(page)
    context.close()


@pytest.mark.parametrize("key", STATUS)
def test_what_the_door_says_is_said_in_words(page, console_errors, key):
    refused = UserError(key, **VALUES.get(key, {}))
    said = {"refusal": {"key": refused.key, "values": refused.values}}
    page.route(
        "**/gradio_api/upload",
        lambda route: route.fulfill(status=STATUS[key], body=json.dumps(said)),
    )
    drop(page, NORMAL)
    assert page.inner_text("#status") == str(refused)
    assert page.get_attribute("#status", "data-tone") == "refused"
    console_errors.clear()


def test_a_limit_that_is_met_is_waited_for_in_a_batch(page, console_errors):
    """As a full queue is."""
    met = []

    def busy_once(route) -> None:
        if met:
            return route.continue_()
        met.append(True)
        said = {"refusal": {"key": "call.often", "values": {"seconds": 1}}}
        headers = {"Retry-After": "1"}
        return route.fulfill(status=429, headers=headers, body=json.dumps(said))

    page.route("**/gradio_api/upload", busy_once)
    page.click("#tab-batch")
    drop(page, NORMAL, on="#panel-batch", wait=False)
    page.wait_for_selector("#batch-table td[data-status=done]", timeout=ANSWER_MS)
    assert met
    console_errors.clear()


PUT_IN = """document.body.append(Object.assign(document.createElement('{tag}'), {{{how}}}))"""


@pytest.mark.parametrize(
    "attempt",
    [
        """document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.ran = 1">')""",
        PUT_IN.format(tag="script", how="text: 'window.ran = 1'"),
        PUT_IN.format(tag="script", how="src: 'data:text/javascript,window.ran = 1'"),
        PUT_IN.format(tag="script", how="src: 'http://127.0.0.1:1/x.js'"),
        PUT_IN.format(tag="iframe", how="src: 'http://127.0.0.1:1/'"),
        "setTimeout('window.ran = 1')",
        "fetch('http://127.0.0.1:1/').catch(() => null)",
        "new Image().src = 'http://127.0.0.1:1/x.png'",
    ],
)
def test_script_that_gets_in_neither_runs_nor_calls_home(page, console_errors, attempt):
    page.evaluate(
        """() => {
            window.broken = [];
            addEventListener('securitypolicyviolation', () => window.broken.push(1));
        }"""
    )
    page.evaluate(f"() => {{ {attempt}; }}")
    page.wait_for_timeout(300)
    assert page.evaluate("() => [window.ran ?? null, window.broken.length]") == [None, 1]
    console_errors.clear()


def test_no_other_page_frames_this_one(page, address, console_errors):
    page.goto("about:blank")
    page.set_content(f'<iframe src="{address}/?lang=en"></iframe>')
    page.wait_for_timeout(1500)
    assert [frame.url for frame in page.frames] == ["about:blank", "chrome-error://chromewebdata/"]
    console_errors.clear()
