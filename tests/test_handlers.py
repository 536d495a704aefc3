"""Events of the page without a browser: what they call, show and leave behind."""

from types import SimpleNamespace

import gradio as gr
import pytest

from cxr_demo.ui.handlers import Handlers
from tests.conftest import chest_like, png


@pytest.fixture
def handlers(tiny_analyser):
    return Handlers(tiny_analyser, [png(chest_like(i)) for i in range(4)])


@pytest.fixture
def uploaded(tmp_path):
    """A file as Gradio hands it over: alone in a folder of its own."""
    folder = tmp_path / "abc123"
    folder.mkdir()
    file = folder / "x.png"
    file.write_bytes(png(chest_like(500)))
    return file


def changed(outcome: tuple) -> list[int]:
    """Which of the outputs are not left as they are."""
    return [i for i, value in enumerate(outcome) if value != gr.skip()]


def test_progress_comes_first_and_everything_last(handlers, uploaded):
    *progress, last = handlers.upload(str(uploaded), 0.002, "umap")
    assert [changed(step) for step in progress] == [[1], [1]]
    assert len(changed(last)) == 7


def test_the_upload_is_deleted_once_read(handlers, uploaded):
    next(handlers.upload(str(uploaded), 0.002, "umap"))
    assert not uploaded.parent.exists()


def test_a_refusal_changes_the_status_only(handlers, uploaded):
    uploaded.write_text("not an image")
    *_, last = handlers.upload(str(uploaded), 0.002, "umap")
    assert changed(last) == [1]
    assert "refused" in last[1] and "PNG or JPEG" in last[1]
    assert not uploaded.parent.exists()


def test_a_programming_error_is_logged_and_not_shown(handlers, uploaded, monkeypatch, caplog):
    def fail(_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(handlers._analyser, "analyse", fail)
    *_, last = handlers.upload(str(uploaded), 0.002, "umap")
    assert changed(last) == [1]
    assert "secret detail" not in last[1]
    assert "ZeroDivisionError" in caplog.text
    assert "x.png" not in caplog.text


def test_the_threshold_never_runs_a_network(handlers, uploaded, monkeypatch):
    *_, last = handlers.upload(str(uploaded), 0.002, "umap")
    analysis = last[0]
    monkeypatch.setattr(handlers, "_analyser", None)
    low, high = (handlers.rethreshold(t, analysis) for t in (0.0, 1.0))
    assert "Unusual" in low[1] and "100.0%" in low[1]
    assert "Not unusual" in high[1] and "0.0%" in high[1]
    assert low[0] != high[0]


def test_before_the_first_radiograph_the_slider_does_nothing(handlers):
    assert changed(handlers.rethreshold(0.01, None)) == []


@pytest.mark.parametrize("row", [-1, 60, "0", None, 1.5, True])
def test_a_row_the_browser_made_up_shows_nothing(handlers, row):
    assert handlers.show_reference(SimpleNamespace(row=row)) == gr.skip()


def test_pointing_shows_the_reference(handlers):
    own, other = (handlers.show_reference(SimpleNamespace(row=row)) for row in (0, 30))
    assert "patient00" in own and "mean of" not in own  # a shipped example: its own picture
    assert "patient15" in other and "mean of 20 similar training images" in other


@pytest.mark.parametrize("index", [-1, 4, "0", None, True])
def test_an_example_the_browser_made_up_does_nothing(handlers, index):
    assert list(handlers.choose_example(0.002, "umap", SimpleNamespace(index=index))) == []


def test_an_example_is_analysed(handlers):
    *_, last = handlers.choose_example(0.002, "tsne", SimpleNamespace(index=2))
    assert last[0].same_picture == ("reference02",)
