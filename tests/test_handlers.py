"""Events of the page without a browser: what they call, show and leave behind."""

from types import SimpleNamespace

import gradio as gr
import pytest

from cxr_demo.artefacts import Artefacts
from cxr_demo.pictures import Pictures
from cxr_demo.ui.handlers import Handlers
from tests.conftest import chest_like, png


@pytest.fixture
def handlers(tiny_analyser, tiny_assets):
    pictures = Pictures(tiny_analyser.library, Artefacts(tiny_assets))
    return Handlers(tiny_analyser, pictures, [png(chest_like(i)) for i in range(4)])


CONTROLS = ("detector", 50, 0.6, 0.002)
"""Method, prevalence in percent, both thresholds."""


def changed(outcome: tuple) -> list[int]:
    """Which of the outputs are not left as they are."""
    return [i for i, value in enumerate(outcome) if value != gr.skip()]


def test_a_dropped_file_is_acknowledged_and_the_drop_zone_emptied(handlers):
    data, status, drop_zone = handlers.receive(b"content")
    assert data == b"content"
    assert "busy" in status and "Received" in status
    assert drop_zone is None


def test_a_good_file_fills_the_page(handlers):
    left, analysis, said = handlers.analyse(png(chest_like(500)), None)
    assert left is None
    shown = handlers.show(analysis, said, "umap", *CONTROLS)
    assert changed(shown) == list(range(10))
    assert "Done: 320 × 260 pixels, 8-bit" in shown[0]


def test_a_refusal_leaves_the_analysis_and_says_why(handlers):
    left, analysis, said = handlers.analyse(b"not an image", None)
    assert left is None and analysis == gr.skip()
    shown = handlers.show(None, said, "umap", *CONTROLS)
    assert changed(shown) == [0]
    assert "refused" in shown[0] and "PNG or JPEG" in shown[0]


def test_after_a_refusal_the_page_says_whose_results_it_still_shows(handlers):
    _, before, _ = handlers.analyse(png(chest_like(500)), None)
    _, _, (first, _) = handlers.analyse(b"", None)
    _, _, (later, _) = handlers.analyse(b"", before)
    assert "still the radiograph before" in later
    assert "still" not in first


def test_an_upload_that_is_gone_is_said_to_be(handlers):
    _, analysis, (sentence, tone) = handlers.analyse(None, None)
    assert analysis == gr.skip()
    assert tone == "refused" and "once more" in sentence


def test_a_programming_error_is_logged_and_not_shown(handlers, monkeypatch, caplog):
    def fail(_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(handlers._analyser, "analyse", fail)
    _, analysis, (sentence, tone) = handlers.analyse(png(chest_like(500)), None)
    assert analysis == gr.skip() and tone == "refused"
    assert "secret detail" not in sentence
    assert "ZeroDivisionError" in caplog.text


def test_the_threshold_never_runs_a_network(handlers, monkeypatch):
    _, analysis, _ = handlers.analyse(png(chest_like(500)), None)
    monkeypatch.setattr(handlers._analyser, "analyse", None)
    low, high = (handlers.rethreshold(analysis, "autoencoder", 50, 0.6, t) for t in (0.0, 1.0))
    assert "Unusual" in low[1] and "100.0%" in low[1]
    assert "Not flagged" in high[1] and "0.0%" in high[1]
    assert low[0] != high[0]
    assert "sensitivity 100.0%" in low[2] and "specificity 0.0%" in low[2]
    assert "sensitivity 0.0%" in high[2] and "specificity 100.0%" in high[2]


def test_before_the_first_radiograph_the_slider_changes_its_meaning_only(handlers):
    redrawn = handlers.rethreshold(None, *CONTROLS)
    assert changed(redrawn) == [2, 3, 4]
    assert "sensitivity 50.0%" in redrawn[2] and "specificity 100.0%" in redrawn[2]
    assert redrawn[3:] == ("specificity_95", "specificity_95")


def test_switching_the_method_shows_its_controls_and_its_map(handlers):
    _, analysis, _ = handlers.analyse(png(chest_like(500)), None)
    detector, autoencoder, *redrawn = handlers.switch_method(analysis, "autoencoder", 50, 0.6, 0.01)
    assert not detector["visible"] and autoencoder["visible"]
    assert redrawn == list(handlers.rethreshold(analysis, "autoencoder", 50, 0.6, 0.01))
    assert redrawn != list(handlers.rethreshold(analysis, "detector", 50, 0.6, 0.01))


def test_a_threshold_between_presets_lights_none(handlers):
    *_, detector, autoencoder = handlers.rethreshold(None, "detector", 50, 0.61, 0.001)
    assert (detector, autoencoder) == (None, "youden")


def test_a_preset_is_a_threshold(handlers):
    assert handlers.preset("detector", "specificity_95") == 0.6
    assert handlers.preset("autoencoder", "youden") == 0.001


@pytest.mark.parametrize("row", [-1, 60, "0", None, 1.5, True])
def test_a_row_the_browser_made_up_shows_nothing(handlers, row):
    assert handlers.show_reference(SimpleNamespace(row=row)) == gr.skip()


def test_pointing_shows_the_reference(handlers):
    own, other = (handlers.show_reference(SimpleNamespace(row=row)) for row in (0, 30))
    assert "patient00" in own and "mean of" not in own  # a shipped example: its own picture
    assert "patient15" in other and "mean of 20 similar training images" in other


@pytest.mark.parametrize("index", [-1, 4, "0", None, True])
def test_an_example_the_browser_made_up_does_nothing(handlers, index):
    assert changed(handlers.choose_example(SimpleNamespace(index=index))) == []


def test_an_example_is_analysed(handlers):
    data, status = handlers.choose_example(SimpleNamespace(index=2))
    _, analysis, said = handlers.analyse(data, None)
    assert "busy" in status
    assert analysis.same_picture == ("reference02",)
    assert "reference02" in said[0] and "1 more of its patient" in said[0]
