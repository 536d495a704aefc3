"""What `make bench` measures of the page."""

from bench import page as bench
from tests.conftest import chest_like, png


def test_a_drop_is_measured_until_every_panel_shows_it(page, monkeypatch, tmp_path):
    files = [tmp_path / f"{seed}.png" for seed in (1000, 1001)]
    for seed, file in enumerate(files, 1000):
        file.write_bytes(png(chest_like(seed)))
    monkeypatch.setattr(bench, "EXAMPLES", files)
    monkeypatch.setattr(bench, "DROPS", 3)
    page.evaluate("window.readings = new Set()")
    page.evaluate(
        """() => document.querySelector('#map .js-plotly-plot').on('plotly_afterplot', () =>
            window.readings.add(window.cxrViewers.viewer.reading?.id))"""
    )
    found = bench.drop(page)
    assert 0 < found["p50"] <= found["p95"]
    assert page.locator("#neighbours .card").count() == 11
    assert page.evaluate("window.readings.size") >= 3


def test_the_threshold_moves_and_nothing_is_asked(page, monkeypatch):
    monkeypatch.setattr(bench, "STEPS", 5)
    slider = page.locator("#threshold input[type=range]")
    before = slider.input_value()
    found = bench.repaint(page)
    assert found["requests"] == 0 and 0 < found["p50"] <= found["p95"]
    assert float(slider.input_value()) < float(before)
