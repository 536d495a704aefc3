"""The Read tab: one radiograph, and everything that the models make of it."""

import html
import json
from contextlib import suppress

from gradio.i18n import I18nData as T

from cxr_demo.analysis import Analysis
from cxr_demo.anomaly.maps import THRESHOLD_STEP
from cxr_demo.errors import CXRError, UserError
from cxr_demo.i18n import translate
from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.reference.neighbourhood import NEIGHBOURS
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.serialise import HOTTEST, MAX_NEIGHBOURS
from cxr_demo.server.service import Service
from cxr_demo.server.uploads import Uploads
from cxr_demo.ui import messages
from cxr_demo.ui.components.drop_zone import DropZone
from cxr_demo.ui.components.map_link import MapLink
from cxr_demo.ui.components.neighbours import Neighbours
from cxr_demo.ui.components.probabilities import nothing_html
from cxr_demo.ui.components.viewer import FILLS, Viewer, ViewerPanel
from cxr_demo.ui.tabs.reading_handlers import (
    CONFIDENCES,
    IMPRESSIONS,
    OUTPUTS,
    ReadingHandlers,
    told,
)
from cxr_demo.ui.wording import say

NETWORKS = {"concurrency_id": "networks", "concurrency_limit": 1}
"""One radiograph at a time goes through the networks; they take all cores."""
SEARCHES = {"concurrency_id": "searches", "concurrency_limit": 4}


class ReadingTab:
    """Components by attribute; made inside `gr.Blocks`.

    Args:
        service: models and library.
        uploads: where files arrive.
        read_first: whether outputs are hidden until an impression is marked.
        offers_pictures: whether a visitor may have the references' pictures fetched.
    """

    def __init__(
        self, service: Service, uploads: Uploads, read_first: gr.Checkbox, offers_pictures: bool
    ):
        self._service, self.read_first = service, read_first
        self._handlers = ReadingHandlers(service, uploads)
        self.facts, self.readings = gr.JSON(visible=False), gr.JSON(visible=False)
        self._intake()
        with gr.Row(elem_id="desk", equal_height=False):
            with gr.Column(scale=10, min_width=340, elem_id="look"):
                self._viewer()
            with gr.Column(scale=7, min_width=290, elem_id="findings"):
                self._findings()
            with gr.Column(scale=10, min_width=320, elem_id="references"):
                self._references(offers_pictures)
        self._accordions()
        self._wire()

    def _intake(self) -> None:
        with gr.Row(elem_id="intake"):
            self.drop = DropZone(scale=1, min_width=200)
            self.examples = gr.Gallery(
                label=T("examples"),
                show_label=False,
                columns=16,
                rows=1,
                height=72,
                object_fit="cover",
                allow_preview=False,
                interactive=False,
                buttons=[],
                scale=5,
                elem_id="examples",
            )
        self.status = gr.HTML(
            messages.status_html("waiting", say("status.waiting")), elem_id="status"
        )
        with gr.Row(visible=False, elem_id="frames") as self.frames:
            self.frame = gr.Number(1, label=T("gate.frame.label"), minimum=1, precision=0)
            self.read_frame = gr.Button(T("gate.read_frame"))
        with gr.Row(visible=False, elem_id="gate") as self.gate:
            self.gate_text = gr.HTML()
            self.override = gr.Button(T("gate.override"), size="sm")

    def _viewer(self) -> None:
        self.viewer = Viewer(methods(self._service))
        with gr.Row(elem_classes="controls"):
            self.overlay = gr.Dropdown(
                overlays(),
                value="anomaly",
                label=T("overlay"),
                min_width=190,
            )
            self.compare = gr.Dropdown(
                [(T(f"compare.{key}"), name) for name, key in COMPARISONS.items()],
                value="single",
                label=T("compare.mode"),
                min_width=150,
            )
            self.opacity = gr.Slider(
                0, 1, 0.6, step=0.05, label=T("opacity"), min_width=150, buttons=[]
            )

    def _findings(self) -> None:
        with gr.Group(visible=False, elem_id="ask") as self.ask:
            gr.HTML(f"<p>{say('readfirst.ask')}</p>", padding=True)
            self.impression = gr.Radio(
                [(T(f"impression.{name}"), name) for name in IMPRESSIONS],
                label=T("readfirst.impression"),
            )
            self.confidence = gr.Radio(
                [(T(f"confidence.{name}"), name) for name in CONFIDENCES],
                label=T("readfirst.confidence"),
            )
            self.reveal = gr.Button(T("readfirst.reveal"), variant="primary")
        self.probabilities = gr.HTML(nothing_html(), elem_id="probabilities")
        points = self._service.calibration["operating_points"]
        self.point = gr.Radio(
            [(T(f"point.{name}"), name) for name in points],
            value=next(iter(points)),
            label=T("point"),
            elem_id="point",
        )
        detector = self._service.held_out_scores["detector"]
        self.threshold = gr.Slider(
            0,
            HOTTEST["detector"],
            next(iter(detector["presets"].values())),
            step=THRESHOLD_STEP["detector"],
            label=T("threshold"),
            elem_id="threshold",
            buttons=[],
        )
        self.verdict = ViewerPanel("verdict")
        self.method = gr.Radio(
            [(T(f"method.{name}"), name) for name in HOTTEST],
            value="detector",
            label=T("method"),
            elem_id="method",
        )
        self.zones = gr.HTML("", elem_id="zones")

    def _references(self, offers_pictures: bool) -> None:
        self.projection = gr.Radio(
            [("UMAP", "umap"), ("t-SNE", "tsne")],
            value="umap",
            label=T("map.title"),
            show_label=False,
            elem_id="projection",
        )
        self.plot = gr.Plot(show_label=False, elem_id="map", elem_classes="reference-map")
        self.map_link = MapLink("map")
        self.picked = Neighbours(elem_id="picked")
        self.cards = Neighbours(nothing_html(), elem_id="neighbours")
        with gr.Accordion(T("search.title"), open=False), gr.Row(elem_classes="controls"):
            self.k = gr.Slider(
                1, MAX_NEIGHBOURS, NEIGHBOURS, step=1, label=T("search.k"), buttons=[]
            )
            self.classes = gr.CheckboxGroup(
                [(T(f"class.{name}"), name) for name in THREE_CLASS],
                value=list(THREE_CLASS),
                label=T("search.classes"),
            )
            self.exclude = gr.Checkbox(True, label=T("search.exclude"))

        with gr.Accordion(T("table.title"), open=False):
            self.find = gr.Textbox(label=T("table.find"), max_length=80)
            self.found = Neighbours(elem_id="found")
        with gr.Row(visible=False, elem_id="pictures") as self.offer:
            self.pictures = gr.HTML(elem_classes="note")
            self.fetch = gr.Button(T("pictures.fetch"), size="sm", visible=offers_pictures)

    def _accordions(self) -> None:
        with gr.Accordion(T("probe.title"), open=False, elem_id="probe-accordion"):
            with gr.Row():
                self.fill = gr.Radio(
                    [(T(f"fill.{name}"), name) for name in FILLS],
                    value="blur",
                    label=T("probe.fill"),
                )
                self.undo = gr.Button(T("probe.undo"), size="sm")
                self.clear = gr.Button(T("probe.clear"), size="sm")
            self.probes = ViewerPanel("probes")
        with gr.Accordion(T("hundred.title"), open=False):
            self.prevalence = gr.Slider(1, 99, 50, step=1, label=T("prevalence"))
            points = self._service.calibration["operating_points"]
            self.hundred = gr.HTML(self._handlers.hundred(next(iter(points)), 50))
        with gr.Accordion(T("how.title"), open=False):
            gr.HTML("".join(f"<p>{say(key)}</p>" for key in NOTES))
        with gr.Accordion(T("report.title.short"), open=False), gr.Row():
            self.label = gr.Textbox(label=T("report.label"), max_length=80)
            self.report_html = gr.Button(T("report.html"))
            self.report_json = gr.Button(T("report.json"))
        with gr.Accordion(T("readfirst.log"), open=False):
            self.log = gr.HTML(messages.log_html([]), elem_id="log")
            self.forget = gr.Button(T("log.clear"), size="sm")

    def _wire(self) -> None:
        handlers, viewer = self._handlers, self.viewer
        outputs = [getattr(self, COMPONENTS.get(name, name)) for name in OUTPUTS]
        how = [self.point, self.k, self.classes, self.exclude]
        private = {"api_visibility": "private", "show_progress": "hidden"}
        networks, searches = {**private, **NETWORKS}, {**private, **SEARCHES}
        latest = {**searches, "trigger_mode": "always_last"}
        unveil = {"fn": None, "inputs": self.facts, "js": UNVEIL.format(set=viewer.set_js("veil"))}

        def example(event: gr.SelectData, *settings: object) -> list:
            return told(handlers.read_example)(event.index, *settings)

        def probe(facts: object, event: gr.EventData) -> object:
            with suppress(UserError):  # a forged one; the viewer asks for what can be answered
                return handlers.probe(facts, event._data)
            return gr.skip()

        def pick(facts: object, event: gr.EventData) -> list:
            return told(handlers.pick)(facts, event._data)

        def look(event: gr.EventData) -> list:
            return told(handlers.look)(event._data)

        seen = [self.read_first, *how]
        busy = {"fn": None, "outputs": self.status, "js": f"() => {json.dumps(BUSY)}"}
        self.drop.radiograph(**busy)
        self.examples.select(**busy)
        self.drop.radiograph(told(handlers.read_upload), [self.drop, *seen], outputs, **networks)
        self.examples.select(example, seen, outputs, **networks)
        self.read_frame.click(None, self.frame, None, js=self.drop.frame_js())
        held = [self.facts, *seen]
        self.override.click(told(handlers.override), held, outputs, **searches).then(**unveil)
        self.read_first.change(told(handlers.switch), held, outputs, **searches).then(**unveil)

        def reveal(*sent: object) -> list:
            said = told(handlers.reveal)(*sent)
            return said if len(said) > len(OUTPUTS) else [gr.skip(), gr.skip(), *said]

        self.reveal.click(
            reveal,
            [self.facts, self.impression, self.confidence, self.readings, *how],
            [self.readings, self.log, *outputs],
            **searches,
        ).then(**unveil)
        for changed in (
            self.point.change,
            self.k.release,
            self.classes.change,
            self.exclude.change,
        ):
            changed(told(handlers.again), [self.facts, *how], outputs, **latest)
        gr.on(
            [self.point.change, self.prevalence.input],
            handlers.hundred,
            [self.point, self.prevalence],
            self.hundred,
            **latest,
        )
        viewer.probe(probe, self.facts, viewer, **networks)

        def press(facts: object, event: gr.EventData) -> list:
            return told(handlers.pick)(facts, event._data, False)

        self.map_link.pick(pick, self.facts, outputs, **searches)
        self.find.change(handlers.find, self.find, self.found, **latest)
        for cards in (self.cards, self.picked, self.found):
            cards.pick(press, self.facts, outputs, **searches)
        self.map_link.look(look, None, outputs, **latest)
        self.projection.change(
            None, self.projection, self.map_link, js="(name) => ({ projection: name })"
        )

        for setting in ("overlay", "opacity", "compare", "prevalence", "fill"):
            component = getattr(self, setting)
            component.input(None, component, None, js=viewer.set_js(setting))
        self.method.input(None, self.method, self.threshold, js=viewer.set_js("method", True))
        self.threshold.input(None, self.threshold, None, js=viewer.set_js("threshold"))
        viewer.threshold(None, None, self.threshold, js=viewer.slider_js())
        state = [self.overlay, self.compare, self.opacity]
        viewer.state(None, None, state, js=viewer.state_js("overlay", "compare", "opacity"))
        self.undo.click(None, None, None, js=viewer.call_js("undo"))
        self.clear.click(None, None, None, js=viewer.call_js("clear"))
        said = [self.label, self.facts]
        self.report_html.click(None, said, None, js=viewer.report_js("html"))
        self.report_json.click(None, said, None, js=viewer.report_js("json"))
        self.fetch.click(
            self._fetch,
            None,
            [self.offer, self.pictures, self.fetch],
            api_visibility="private",
            show_progress_on=self.pictures,
            concurrency_id="fetching",
        )
        self.filled = [
            self.plot,
            self.examples,
            self.offer,
            self.pictures,
            self.fetch,
        ]
        self.forget.click(
            lambda: (None, messages.log_html([])), None, [self.readings, self.log], **searches
        )

    def fill_page(self) -> list:
        """What `filled` is given when the page has loaded."""
        service = self._service
        return [self._handlers.reference_map.plot(), service.example_thumbnails, *self._offered()]

    def _offered(self, *failed: str) -> list:
        """Whether a word on the references' pictures is due, which, and whether more can be had."""
        state = self._service.pictures
        told = [f"<p>{say(f'pictures.{state}')}</p>"] if state != "there" else [""]
        missing = {} if state == "missing" else {"visible": False}
        return [
            gr.update(visible=state != "there"),
            "".join([*told, *failed]),
            gr.update(**missing),
        ]

    def _fetch(self, progress: gr.Progress = gr.Progress()) -> list:  # noqa: B008
        def tell(stage: str, share: float) -> None:
            progress(share, desc=translate(f"pictures.{stage}", share=f"{share:.0%}"))

        try:
            self._service.fetch_pictures(tell)
        except CXRError as error:
            return self._offered(f"<p>{say('pictures.failed')} {html.escape(str(error))}</p>")
        return self._offered()


BUSY = messages.status_html("busy", say("status.working"))
COMPARISONS = {"single": "single", "side": "side", "curtain": "swipe"}
COMPONENTS = {"findings": "probabilities"}
"""Outputs whose component has another name."""
UNVEIL = "(facts) => ({set})(facts?.veil ?? null)"
NOTES = ("anomaly.note", "neighbours.note", "map.note", "probabilities.note")


def overlays() -> list[tuple[T, str]]:
    """What may lie over the radiograph; the difference from normal once an `Analysis` has it."""
    saliency = [(T(f"overlay.saliency.{name}"), f"saliency {name}") for name in THREE_CLASS]
    has_difference = "difference" in Analysis.__dataclass_fields__
    difference = [(T("overlay.difference"), "difference")] * has_difference
    return [(T("overlay.anomaly"), "anomaly"), *difference, *saliency, (T("overlay.none"), "none")]


def methods(service: Service) -> dict[str, dict]:
    """What the viewer is told of each anomaly method."""
    return {
        name: {
            "range": [0, HOTTEST[name]],
            "step": THRESHOLD_STEP[name],
            "presets": scores["presets"],
            "normal": scores["normal"],
            "pneumonia": scores["pneumonia"],
        }
        for name, scores in service.held_out_scores.items()
    }
