"""Events of the page: event → service → presenter. No arithmetic and no HTML of its own."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import numpy as np

from cxr_demo.analysis import Analyser, Analysis
from cxr_demo.errors import CXRError
from cxr_demo.pictures import shrink
from cxr_demo.preprocess import to_network_input
from cxr_demo.radiograph import read_radiograph
from cxr_demo.ui import figures, text

log = logging.getLogger(__name__)


class Handlers:
    """What the page does when something is dropped, moved, switched or pointed at.

    Args:
        analyser: the loaded service.
        examples: content of the shipped examples, in the order shown.
    """

    def __init__(self, analyser: Analyser, examples: list[bytes]):
        self._analyser = analyser
        self._examples = examples

    def upload(self, path: str | None, threshold: float, projection: str) -> Iterator[tuple]:
        """Analyse a dropped file; the file is deleted as soon as it is read."""
        if path is None:
            return
        file = Path(path)
        try:
            data = file.read_bytes()
        finally:
            shutil.rmtree(file.parent, ignore_errors=True)
        yield from self._analyse(data, threshold, projection)

    def choose_example(
        self, threshold: float, projection: str, event: gr.EventData
    ) -> Iterator[tuple]:
        """Analyse a shipped example; which one comes from the browser."""
        index = getattr(event, "index", None)
        if type(index) is int and 0 <= index < len(self._examples):
            yield from self._analyse(self._examples[index], threshold, projection)

    def thumbnail(self, index: int) -> np.ndarray:
        """A small picture of one example, uint8 (96, 96)."""
        return shrink(to_network_input(read_radiograph(self._examples[index]).pixels))

    def _analyse(self, data: bytes, threshold: float, projection: str) -> Iterator[tuple]:
        """Yields (analysis, status, probabilities, neighbours, map, panels, verdict).

        On refusal only the status changes: what was on the page stays.
        """
        nothing_else = (gr.skip(),) * 5
        try:
            yield gr.skip(), figures.status_line(text.READING, "busy"), *nothing_else
            radiograph = read_radiograph(data)
            yield gr.skip(), figures.status_line(text.LOOKING, "busy"), *nothing_else
            analysis = self._analyser.analyse(radiograph)
        except CXRError as error:
            yield gr.skip(), figures.status_line(str(error), "refused"), *nothing_else
            return
        except Exception:
            # A programming error: the trace goes to the log, which never sees pixels or names.
            log.exception("analysis failed")
            yield gr.skip(), figures.status_line(text.FAILED, "refused"), *nothing_else
            return
        yield (
            analysis,
            figures.status_line(
                text.done(
                    analysis.same_picture,
                    analysis.left_out,
                    radiograph.pixels.shape,
                    radiograph.bit_depth,
                ),
                "done",
            ),
            figures.probability_bars(analysis),
            figures.neighbour_cards(analysis, self._analyser.pictures),
            figures.atlas_figure(self._analyser.library, projection, analysis),
            *self.rethreshold(threshold, analysis),
        )

    def rethreshold(self, threshold: float, analysis: Analysis | None) -> tuple:
        """Redraw heatmap and verdict from the stored error map; no network runs."""
        if analysis is None:
            return gr.skip(), gr.skip()
        return (
            figures.reconstruction_panels(analysis, threshold),
            figures.verdict(analysis, threshold),
        )

    def switch_map(self, projection: str, analysis: Analysis | None):
        """Show the other projection."""
        return figures.atlas_figure(self._analyser.library, projection, analysis)

    def show_reference(self, event: gr.EventData) -> str:
        """The card of the reference pointed at on the map; its row comes from the browser."""
        row = getattr(event, "row", None)
        library = self._analyser.library
        if type(row) is not int or not 0 <= row < len(library):
            return gr.skip()
        return figures.reference_card(library.reference(row), self._analyser.pictures.of(row))
