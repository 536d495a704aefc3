"""Measures how long the page paints when the threshold moves, and that it asks the server nothing.

    python -m bench.repaint    # needs Chromium

Prints JSON: "p50" and "p95" milliseconds of a painting, as the viewer itself times it, and
"requests", how many there were meanwhile.
"""

import json
import os
import shutil
import statistics
import sys

from playwright.sync_api import Page, sync_playwright

from bench.served import ROOT
from deploy.local_server import local_server

STEPS = 100
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def repaint(page: Page) -> dict:
    """Move the threshold of an example's reading on an open page, one step at a time."""
    page.locator("#examples button.thumbnail-item").first.click()
    page.wait_for_selector("#status .done", timeout=60_000)
    canvas = page.locator("#viewer canvas[data-paint-ms]").first
    page.locator("#threshold input[type=range]").focus()
    requests, took = [], []
    page.on("request", lambda request: requests.append(request.url))
    for _ in range(STEPS):
        page.keyboard.press("ArrowLeft")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        took.append(float(canvas.get_attribute("data-paint-ms")))
    p95 = statistics.quantiles(took, n=20)[-1]
    return {"p50": statistics.median(took), "p95": p95, "requests": len(requests)}


if __name__ == "__main__":
    if CHROMIUM is None:
        sys.exit("There is no Chromium here, in which the page could be measured; install it.")
    options = ["--no-sandbox", "--disable-background-networking"]
    with (
        local_server([sys.executable, "app.py"], ROOT, os.environ) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=options) as browser,
    ):
        server.wait_for("/health")
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(str(server.http.base_url))
        page.wait_for_selector("#examples img", timeout=60_000)
        print(json.dumps(repaint(page)))
