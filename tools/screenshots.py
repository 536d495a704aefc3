"""Take the pictures of the page that README shows: `make screenshots`, or with names for some.

Starts `python app.py` and a headless Chromium, does what a person does, and writes
`docs/screenshots/NAME.png`.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
from playwright.sync_api import Page, sync_playwright

from deploy.local_server import local_server

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "screenshots"
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SETTLES_MS = 2_500
WAITS_MS = 120_000


def read_example(page: Page, number: int) -> None:
    page.locator("#examples button.thumbnail-item").nth(number).click()
    page.wait_for_selector("#status .done")
    page.wait_for_function("document.querySelector('#map .js-plotly-plot').data.length > 3")


def reading(page: Page) -> None:
    read_example(page, 6)


def neighbours(page: Page) -> None:
    read_example(page, 6)
    page.get_by_label("t-SNE").check()
    page.locator("#neighbours .card").nth(3).click()


def probe(page: Page) -> None:
    read_example(page, 6)
    page.locator("#viewer canvas").first.focus()
    for key in ("b", "Enter", *["ArrowDown"] * 5, "Enter"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Probes").click()
    page.wait_for_selector(".cxr-panel.probes tbody tr:nth-child(2)")


def read_first(page: Page) -> None:
    page.get_by_label("Read first").check()
    page.locator("#examples button.thumbnail-item").nth(3).click()
    page.wait_for_selector("#ask")


def unusual(page: Page) -> None:
    example = min((ROOT / "assets" / "examples").glob("NORMAL*.jpeg"))
    with tempfile.TemporaryDirectory() as folder:
        inverted = Path(folder) / "inverted.png"
        cv2.imwrite(str(inverted), 255 - cv2.imread(str(example), cv2.IMREAD_GRAYSCALE))
        page.set_input_files("#drop-zone input[type=file]", str(inverted))
        page.wait_for_selector("#gate")


def batch(page: Page) -> None:
    page.get_by_role("tab", name="Batch").click()
    examples = sorted((ROOT / "assets" / "examples").glob("*.jpeg"))[::3]
    page.set_input_files(
        "input[data-testid=file-upload]", [*map(str, examples), str(ROOT / "LICENSE")]
    )
    page.get_by_role("button", name="Analyse").click()
    page.wait_for_selector("text=Finished:")


def about(page: Page) -> None:
    page.get_by_role("tab", name="About").click()
    page.wait_for_selector(".card table")


PICTURES: dict[str, tuple[Callable[[Page], None], dict, str]] = {
    "reading": (reading, DESKTOP, "dark"),
    "light": (reading, DESKTOP, "light"),
    "neighbours": (neighbours, DESKTOP, "dark"),
    "probe": (probe, DESKTOP, "dark"),
    "read-first": (read_first, DESKTOP, "dark"),
    "unusual": (unusual, DESKTOP, "dark"),
    "batch": (batch, DESKTOP, "dark"),
    "about": (about, DESKTOP, "dark"),
    "phone": (reading, PHONE, "dark"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(PICTURES)}; all by default")
    names = parser.parse_args().names or list(PICTURES)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("There is no chromium on this machine. Please install it.")
    with local_server([sys.executable, "app.py"], ROOT, dict(os.environ)) as server:
        server.wait_for("/health")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            for name in names:
                act, options, theme = PICTURES[name]
                page = browser.new_context(locale="en", **options).new_page()
                page.set_default_timeout(WAITS_MS)
                page.goto(f"{server.http.base_url}/?__theme={theme}")
                page.wait_for_selector("#map .nsewdrag")
                act(page)
                page.wait_for_timeout(SETTLES_MS)
                page.screenshot(path=FOLDER / f"{name}.png")
                page.context.close()
                print(name, flush=True)


if __name__ == "__main__":
    main()
