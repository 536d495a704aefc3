"""Measures the page in Chromium: a file that is dropped, and the threshold that moves.

    python -m bench.page    # needs Chromium

Prints JSON: "drop_ms", {"p50", "p95"} from a drop until all panels show its reading; and
"threshold_repaint_ms", the same of a painting as the viewer itself times it, with how many
"requests" there were meanwhile.
"""

import base64
import json
import statistics

from playwright.sync_api import Page

from bench.inputs import EXAMPLES
from tools.screenshots import DESKTOP, open_page, served

DROPS, STEPS = 20, 100
PANELS = ("#viewer", "#probabilities", "#zones", "#neighbours", ".cxr-panel.verdict", "#status")
DROPPED = """
async ([encoded, panels, quiet]) => {
  const bytes = Uint8Array.from(atob(encoded), (sign) => sign.charCodeAt());
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], 'radiograph'));
  const graph = document.querySelector('#map .js-plotly-plot');
  const unchanged = new Set([...panels, 'map']);
  let last = null; // when a change was painted
  const changed = (panel) => {
    unchanged.delete(panel);
    requestAnimationFrame(() => setTimeout(() => { last = performance.now(); }));
  };
  const all = { subtree: true, childList: true, characterData: true, attributes: true };
  const observers = panels.map((panel) => {
    const observer = new MutationObserver(() => changed(panel));
    observer.observe(document.querySelector(panel), all);
    return observer;
  });
  const plotted = () => changed('map');
  graph.on('plotly_afterplot', plotted);
  const shown = () => !unchanged.size && document.querySelector('#status .done');
  const dropped = new DragEvent('drop', { bubbles: true, dataTransfer });
  const began = performance.now();
  document.querySelector('#drop-zone').dispatchEvent(dropped);
  while (!shown() || performance.now() - last < quiet) {
    await new Promise((done) => setTimeout(done, 20));
  }
  observers.forEach((observer) => observer.disconnect());
  graph.removeListener('plotly_afterplot', plotted);
  return last - began;
}
"""
QUIET_MS = 500
"""For how long nothing may change any more."""


def drop(page: Page) -> dict:
    """Drop examples on an open page, one after the other, each a new reading."""
    took = []
    for number in range(DROPS):
        content = EXAMPLES[number % len(EXAMPLES)].read_bytes()
        encoded = base64.b64encode(content).decode()
        took.append(page.evaluate(DROPPED, [encoded, PANELS, QUIET_MS]))
    return {"p50": statistics.median(took), "p95": statistics.quantiles(took, n=20)[-1]}


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
    with served() as (browser, address):
        page = open_page(browser, address, DESKTOP)
        print(json.dumps({"drop_ms": drop(page), "threshold_repaint_ms": repaint(page)}))
