"""Pictures of the page: each is taken on tiny artefacts, and shows what it is named for."""

import cv2
import pytest

from tools import screenshots


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
