"""Pictures of the page: each is taken on tiny artefacts, and shows what it is named for."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageSequence

from tools import animation, screenshots


@pytest.mark.parametrize("name", screenshots.PICTURES)
def test_a_picture_is_taken(name, browser, address, tiny_assets, tmp_path, monkeypatch):
    # The tiny input check knows badly exposed radiographs, not inverted ones.
    monkeypatch.setattr(screenshots, "inverted", lambda pixels: pixels // 10)
    monkeypatch.setattr(screenshots, "SETTLES_MS", 0)
    screenshots.take(browser, address, name, tiny_assets, tmp_path)
    picture = cv2.imread(str(tmp_path / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
    window = screenshots.PICTURES[name][1]["viewport"]
    assert picture.shape == (window["height"], window["width"])
    assert (picture.mean() > 128) == (name == "light") and picture.std() > 10


def frames(file: Path) -> list[tuple[np.ndarray, float]]:
    """Pictures of an animation, and the seconds for which each is shown."""
    with Image.open(file) as film:
        return [
            (np.asarray(frame.convert("L"), float), frame.info["duration"] / 1000)
            for frame in ImageSequence.Iterator(film)
        ]


def test_a_reading_is_filmed(browser, address, tiny_assets, tmp_path):
    animation.record(browser, address, tiny_assets, tmp_path / "reading.webp")
    pictures, seconds = zip(*frames(tmp_path / "reading.webp"), strict=True)
    window = animation.WINDOW["viewport"]
    assert {picture.shape for picture in pictures} == {(window["height"], window["width"])}
    assert 8 <= sum(seconds) <= 12
    viewer = [picture[300:600, 20:360] for picture in pictures]
    assert viewer[0].std() < 20 < viewer[-1].std(), "empty at first, then a radiograph"


def test_the_film_that_readme_shows_is_short_and_light():
    file = screenshots.ROOT / "docs/screenshots/reading.webp"
    assert file.stat().st_size <= 2_000_000
    assert 8 <= sum(seconds for _, seconds in frames(file)) <= 12
