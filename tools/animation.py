"""Record the reading that README opens with: `make screenshots`, or `python -m tools.animation`.

A radiograph is dropped on the page, the threshold is moved, and a point of the map is picked, by
the mouse, in the page as it is served; only the pointer is painted on, since a headless browser
shows none. Each picture is taken when the page stands still, and shown for as long as it should be,
so that the speed of this machine does not show. Writes `docs/screenshots/reading.webp`.
"""

import argparse
import base64
import io
import math
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from cxr_demo.artefacts import ASSETS
from tools.screenshots import ROOT, STAR, VERDICT, examples_in, ill, open_page, served

WINDOW = {"viewport": {"width": 1080, "height": 820}}
STEP_MS, QUALITY = 70, 62

POINTER = """([picture]) => {
  const pointer = document.createElement('div');
  pointer.id = 'pointer';
  pointer.style.cssText = 'position:fixed; left:0; top:0; z-index:9999; pointer-events:none';
  pointer.innerHTML = `<img alt="" style="position:absolute; left:9px; top:12px; height:68px;
    opacity:.9; border:1px solid #fff; border-radius:3px">
    <svg width="20" height="26" style="position:absolute">
    <path d="M1 1v20l5-5 4 9 4-2-4-8h7z" fill="#fff" stroke="#000"/></svg>`;
  pointer.firstChild.src = picture;
  document.body.append(pointer);
}"""
AT = "([x, y]) => { document.querySelector('#pointer').style.translate = `${x}px ${y}px`; }"
CARRY = """async ([kind, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], 'chest.jpeg'));
  const target = document.querySelector('#drop-zone');
  target.dispatchEvent(new DragEvent(kind, { dataTransfer, bubbles: true, cancelable: true }));
  if (kind === 'drop') document.querySelector('#pointer img').remove();
}"""
NEAR_STAR = """(apart) => {
  const graph = document.querySelector('#map .js-plotly-plot');
  const { xaxis, yaxis } = graph._fullLayout;
  const at = ({ x, y }, i) => [xaxis.l2p(x[i]), yaxis.l2p(y[i])];
  const star = at(graph.data.find((one) => one.name === 'query'), 0);
  const points = graph.data.slice(0, 3).flatMap((one) => [...one.x].map((_, i) => at(one, i)));
  const off = ([x, y]) => Math.abs(Math.hypot(x - star[0], y - star[1]) - apart);
  const [x, y] = points.reduce((best, one) => (off(one) < off(best) ? one : best));
  const { left, top } = graph.querySelector('.nsewdrag').getBoundingClientRect();
  return [left + x, top + y];
}"""
"""Where on the page the reference is drawn that lies so many pixels from the star."""


class Film:
    """Pictures of a page, each with the milliseconds for which it is shown.

    Args:
        page: what is filmed.
        radiograph: the file that the pointer carries at first.
    """

    def __init__(self, page: Page, radiograph: Path):
        self.page, self.at = page, (620, 420)
        self.shots: list[tuple[bytes, int]] = []
        self._content = base64.b64encode(radiograph.read_bytes()).decode()
        page.evaluate(POINTER, [f"data:image/jpeg;base64,{self._content}"])
        page.evaluate(AT, self.at)

    def shoot(self, milliseconds: int = STEP_MS) -> None:
        """Show the page as it is for a while."""
        self.shots.append((self.page.screenshot(), milliseconds))

    def move(self, x: float, y: float, steps: int) -> None:
        """The mouse goes to a place, fast at first and slower near it."""
        start = self.at
        for step in range(1, steps + 1):
            done = math.sin(step / steps * math.pi / 2)
            self.at = start[0] + done * (x - start[0]), start[1] + done * (y - start[1])
            self.page.mouse.move(*self.at)
            self.page.evaluate(AT, self.at)
            self.shoot()

    def carry(self, kind: str) -> None:
        """The file that is carried is dragged over the drop zone, or dropped on it."""
        self.page.evaluate(CARRY, [kind, self._content])

    def save(self, file: Path) -> None:
        """Write an animated WebP that repeats; pictures that are alike become one."""
        pictures = [Image.open(io.BytesIO(shot)).convert("RGB") for shot, _ in self.shots]
        first, *others = pictures
        first.save(
            file, save_all=True, append_images=others, loop=0, quality=QUALITY, method=6,
            duration=[milliseconds for _, milliseconds in self.shots],
        )  # fmt: skip


def record(browser: Browser, address: str, assets: Path, file: Path) -> Film:
    """Do a reading and film it.

    Args:
        browser: any; its language is set here.
        address: of the page, without a path.
        assets: what the page's server serves.
        file: the WebP to write.
    """
    radiograph = ill(examples_in(assets))
    page = open_page(browser, f"{address}/?__theme=dark", WINDOW)
    film = Film(page, radiograph)
    film.shoot(700)
    drop = page.locator("#drop-zone").bounding_box()
    film.move(drop["x"] + drop["width"] / 2, drop["y"] + drop["height"] / 2, 10)
    film.carry("dragover")
    film.shoot(500)
    film.carry("drop")
    page.wait_for_function(f"{VERDICT} && {STAR}")
    page.wait_for_timeout(1_500)
    film.shoot(1_400)

    track = page.locator("#threshold input[type=range]")
    low, high = (float(track.get_attribute(end)) for end in ("min", "max"))
    rail = track.bounding_box()

    def thumb(value: float) -> tuple[float, float]:
        across = (value - low) / (high - low) * (rail["width"] - 16) + 8
        return rail["x"] + across, rail["y"] + rail["height"] / 2

    default = float(track.input_value())
    film.move(*thumb(default), 8)
    page.mouse.down()
    film.move(*thumb(low + 0.15 * (high - low)), 12)
    film.shoot(400)
    film.move(*thumb(low + 0.75 * (high - low)), 16)
    film.shoot(400)
    film.move(*thumb(default), 8)
    page.mouse.up()
    film.shoot(400)

    film.move(*page.evaluate(NEAR_STAR, 26), 10)
    page.wait_for_timeout(500)
    film.shoot(700)
    page.mouse.click(*film.at)
    page.wait_for_function("document.querySelector('#viewer .caption').textContent")
    film.move(film.at[0] + 90, film.at[1] + 60, 6)
    page.wait_for_timeout(1_000)
    film.shoot(2_300)
    page.context.close()
    film.save(file)
    return film


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "screenshots")
    file = parser.parse_args().folder / "reading.webp"
    with served() as (browser, address):
        film = record(browser, address, ASSETS, file)
    seconds, size = sum(shown for _, shown in film.shots) / 1000, file.stat().st_size
    print(f"{file.name}: {len(film.shots)} pictures, {seconds:.1f} s, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
