"""Take the pictures of the page for docs/tour.md: `make screenshots`, or with names for some.

Starts `python app.py` on the artefacts there are (CXR_ASSETS) and a headless Chromium, does what a
person does, and writes `docs/screenshots/NAME.png`.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from cxr_demo.artefacts import ASSETS
from cxr_demo.errors import CXRError
from cxr_demo.reading.reader import SUFFIXES
from deploy.local_server import local_server

ROOT = Path(__file__).parent.parent
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
WHOLE = {"viewport": {"width": 1440, "height": 1500}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
SETTLES_MS = 2_500
WAITS_MS = 120_000
VERDICT = "document.querySelector('.cxr-panel.verdict .said')?.dataset.share"
STAR = "document.querySelector('#map .js-plotly-plot').data.some((one) => one.name === 'query')"


def take_example(page: Page, number: int) -> None:
    page.locator("#examples button.thumbnail-item").nth(number).click()
    page.wait_for_selector("#status .done")


def ill(examples: Sequence[Path]) -> Path:
    """An ill child's: by name, half of the examples are normals and come first."""
    return examples[len(examples) // 2]


def reading(page: Page, examples: Sequence[Path]) -> None:
    """One of an ill child, with all that is found."""
    page.set_input_files("#drop-zone input[type=file]", str(ill(examples)))
    page.wait_for_function(f"{VERDICT} && {STAR}")


def neighbours(page: Page, examples: Sequence[Path]) -> None:
    """One is held beside the radiograph and ringed on the other map."""
    reading(page, examples)
    page.locator("#projection label", has_text="t-SNE").click()
    page.locator("#neighbours .card").nth(3).click()
    page.wait_for_function("document.querySelector('#viewer .caption').textContent")


def zones(page: Page, examples: Sequence[Path]) -> None:
    """The difference from normal children over the radiograph, the lungs' zones beside it."""
    reading(page, examples)
    page.locator("#look .controls input").first.click()
    page.get_by_role("option", name="Against normal").click()
    page.locator("#zones").scroll_into_view_if_needed()
    page.mouse.move(0, 0)


def probe(page: Page, examples: Sequence[Path]) -> None:
    """A part is hidden from the networks."""
    reading(page, examples)
    page.locator("#viewer canvas").first.focus()
    for key in ("b", "Enter", *["ArrowDown"] * 5, "Enter"):
        page.keyboard.press(key)
    page.locator("#probe-accordion button").first.click()
    page.wait_for_selector(".cxr-panel.probes tbody tr:nth-child(2)")
    page.locator(".cxr-panel.probes table").scroll_into_view_if_needed()  # its rows are made anew


def read_first(page: Page, _: Sequence[Path]) -> None:
    """Nothing of the models until an impression is marked."""
    page.locator("#read-first label").click()
    take_example(page, 0)
    page.wait_for_selector("#ask")


def unusual(page: Page, examples: Sequence[Path]) -> None:
    """What the input check holds back."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "radiograph.png")
        cv2.imwrite(str(file), inverted(cv2.imread(str(examples[0]), cv2.IMREAD_GRAYSCALE)))
        page.set_input_files("#drop-zone input[type=file]", str(file))
        page.wait_for_selector("#gate")


def inverted(pixels: np.ndarray) -> np.ndarray:
    return 255 - pixels


def batch(page: Page, examples: Sequence[Path]) -> None:
    """Every third example, and a file that is none."""
    page.get_by_role("tab", name="Batch").click()
    files = [*map(str, examples[::3]), str(ROOT / "LICENSE")]
    page.set_input_files("[role=tabpanel]:visible input[type=file]", files)
    page.get_by_role("button", name="Analyse").click()
    page.wait_for_selector("text=Finished:")


def about(page: Page, _: Sequence[Path]) -> None:
    page.get_by_role("tab", name="About").click()
    page.wait_for_selector(".card table")


PICTURES: dict[str, tuple[Callable[[Page, Sequence[Path]], None], dict, str]] = {
    "reading": (reading, DESKTOP, "dark"),
    "light": (reading, DESKTOP, "light"),
    "neighbours": (neighbours, DESKTOP, "dark"),
    "zones": (zones, WHOLE, "dark"),
    "probe": (probe, WHOLE, "dark"),
    "read-first": (read_first, DESKTOP, "dark"),
    "unusual": (unusual, DESKTOP, "dark"),
    "batch": (batch, DESKTOP, "dark"),
    "about": (about, DESKTOP, "dark"),
    "phone": (reading, PHONE, "dark"),
}
"""By name: what is done, with which window, in which theme."""


def take(browser: Browser, address: str, name: str, assets: Path, folder: Path) -> None:
    """Take one picture.

    Args:
        browser: any; its language is set here.
        address: of the page, without a path.
        name: one of PICTURES.
        assets: what the page's server serves.
        folder: where NAME.png is written.
    """
    act, options, theme = PICTURES[name]
    examples = examples_in(assets)
    page = open_page(browser, f"{address}/?__theme={theme}", options)
    act(page, examples)
    page.wait_for_timeout(SETTLES_MS)
    page.screenshot(path=folder / f"{name}.png")
    page.context.close()


def examples_in(assets: Path) -> list[Path]:
    """The files of the shipped examples, by name."""
    return sorted(p for p in (assets / "examples").iterdir() if p.suffix in SUFFIXES)


def open_page(browser: Browser, address: str, options: dict) -> Page:
    """The page in English, in a window of its own, once examples and map are drawn."""
    page = browser.new_context(locale="en", **options).new_page()
    page.set_default_timeout(WAITS_MS)
    page.goto(address)
    page.wait_for_selector("#examples img")
    page.wait_for_selector("#map .nsewdrag", state="attached")
    return page


@contextmanager
def served() -> Iterator[tuple[Browser, str]]:
    """A headless Chromium, and the address of `python app.py` on the artefacts there are.

    Raises:
        SystemExit: if there is no Chromium, or the server does not work.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("There is no chromium on this machine. Please install it.")
    try:
        with local_server([sys.executable, "app.py"], ROOT, os.environ) as server:
            server.wait_for("/health")
            with sync_playwright() as playwright:
                yield (
                    playwright.chromium.launch(
                        executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
                    ),
                    str(server.http.base_url),
                )
    except CXRError as error:
        sys.exit(str(error))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(PICTURES)}; all by default")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "screenshots")
    arguments = parser.parse_args()
    names = arguments.names or list(PICTURES)
    if unknown := set(names) - set(PICTURES):
        parser.error(f"there is no picture {', '.join(unknown)}; there are {', '.join(PICTURES)}")
    with served() as (browser, address):
        for name in names:
            take(browser, address, name, ASSETS, arguments.folder)
            print(name, flush=True)


if __name__ == "__main__":
    main()
