"""Events of the page: event → service → presenter. No arithmetic and no HTML of its own.

A radiograph goes through three steps: `receive` (at once, so that nobody waits to be heard),
`analyse` (one at a time, the networks), `show` (at once, with the controls as they stand then).
"""

import logging

import gradio as gr

from cxr_demo.analysis import Analyser, Analysis
from cxr_demo.errors import CXRError
from cxr_demo.pictures import Pictures
from cxr_demo.radiograph import read_radiograph
from cxr_demo.ui import anomaly_figures, figures, text

log = logging.getLogger(__name__)


class Handlers:
    """What the page does when something is dropped, moved, switched or pointed at.

    Args:
        analyser: the loaded service.
        pictures: of the references.
        examples: content of the shipped examples, in the order shown.
    """

    def __init__(self, analyser: Analyser, pictures: Pictures, examples: list[bytes]):
        self._analyser = analyser
        self._pictures = pictures
        self._examples = examples

    def receive(self, data: bytes | None) -> tuple:
        """Take a dropped file: (content, status, empty drop zone)."""
        return data, figures.status_line(text.WORKING, "busy"), None

    def choose_example(self, event: gr.EventData) -> tuple:
        """Take a shipped example, whose number comes from the browser: (content, status)."""
        index = _position(event, "index", len(self._examples))
        if index is None:
            return gr.skip(), gr.skip()
        return self._examples[index], figures.status_line(text.WORKING, "busy")

    def analyse(self, data: bytes | None, before: Analysis | None) -> tuple:
        """Read and analyse: (no content any more, analysis, what to say of it).

        On refusal the analysis on the page stays, and is said to be the one before.
        """

        def refused(sentence: str) -> tuple:
            kept = "" if before is None else f" {text.STILL_THE_ONE_BEFORE}"
            return None, gr.skip(), (sentence + kept, "refused")

        if data is None:
            return refused(text.UPLOAD_GONE)
        try:
            analysis = self._analyser.analyse(read_radiograph(data))
        except CXRError as error:
            return refused(str(error))
        except Exception:
            # A programming error: its trace goes to the log, which never sees pixels or names.
            log.exception("analysis failed")
            return refused(text.FAILED)
        return None, analysis, (text.done(analysis), "done")

    def show(
        self, analysis: Analysis | None, said: tuple[str, str], projection: str, *controls
    ) -> tuple:
        """All panels: (status, probabilities, neighbours, map, images, *rethreshold).

        The controls are those of `rethreshold`.
        """
        status = figures.status_line(*said)
        redrawn = self.rethreshold(analysis, *controls)
        if analysis is None:
            return status, *(gr.skip(),) * (4 + len(redrawn))
        return (
            status,
            figures.probability_bars(analysis),
            figures.neighbour_cards(analysis, self._pictures),
            self.switch_map(projection, analysis),
            figures.image_panels(analysis),
            *redrawn,
        )

    def rethreshold(
        self, analysis: Analysis | None, method: str, prevalence: float, *thresholds: float
    ) -> tuple:
        """(heat, verdict, meaning, preset per method), from what is stored; no network runs.

        Args:
            analysis: what is on the page, if anything.
            method: whose map is looked at.
            prevalence: of pneumonia, in percent.
            thresholds: of every method, in the order of `text.METHODS`.
        """
        set_to = dict(zip(text.METHODS, thresholds, strict=True))
        presets = (self._preset_at(name, threshold) for name, threshold in set_to.items())
        threshold = set_to[method]
        score = None if analysis is None else analysis.anomaly.maps[method].score
        meaning = anomaly_figures.meaning(
            self._analyser.screening[method], method, threshold, prevalence / 100, score
        )
        if analysis is None:
            return gr.skip(), gr.skip(), meaning, *presets
        return (
            anomaly_figures.heat_panel(analysis, method, threshold),
            anomaly_figures.verdict(analysis, method, threshold),
            meaning,
            *presets,
        )

    def switch_method(self, analysis: Analysis | None, method: str, *others) -> tuple:
        """Show the controls of one method, and redraw: (a group per method, *rethreshold)."""
        groups = (gr.update(visible=name == method) for name in text.METHODS)
        return *groups, *self.rethreshold(analysis, method, *others)

    def _preset_at(self, method: str, threshold: float) -> str | None:
        """The preset that stands for a threshold, if one does."""
        presets = self._analyser.screening[method].presets
        return next((name for name, stands_for in presets.items() if stands_for == threshold), None)

    def preset(self, method: str, name: str) -> float:
        """The threshold that a preset of a method stands for."""
        return self._analyser.screening[method].presets[name]

    def switch_map(self, projection: str, analysis: Analysis | None):
        """The map in the chosen projection."""
        return figures.atlas_figure(self._analyser.library, projection, analysis)

    def show_reference(self, event: gr.EventData) -> str:
        """The card of the reference pointed at on the map; its row comes from the browser."""
        library = self._analyser.library
        row = _position(event, "row", len(library))
        if row is None:
            return gr.skip()
        return figures.reference_card(library.reference(row), self._pictures.of(row))


def _position(event: gr.EventData, name: str, length: int) -> int | None:
    """A number that the browser sent, if it is one in [0, length); it could have sent anything."""
    value = getattr(event, name, None)
    return value if type(value) is int and 0 <= value < length else None
