"""What `make bench` measures of the page."""

from bench import repaint


def test_the_benchmark_moves_the_threshold_and_nothing_is_asked(page, monkeypatch):
    monkeypatch.setattr(repaint, "STEPS", 5)
    slider = page.locator("#threshold input[type=range]")
    before = slider.input_value()
    found = repaint.repaint(page)
    assert found["requests"] == 0 and 0 < found["p50"] <= found["p95"]
    assert float(slider.input_value()) < float(before)
