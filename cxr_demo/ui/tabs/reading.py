"""The Read tab: one radiograph, and everything that the models make of it.

`ReadingTab` lays out and wires; what is answered is in `reading_handlers`.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial

from gradio.i18n import I18nData as T

from cxr_demo.anomaly.maps import THRESHOLD_STEP
from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.reference.neighbourhood import NEIGHBOURS
from cxr_demo.server.gradio_setup import gr
from cxr_demo.server.reading_log import CONFIDENCES, IMPRESSIONS
from cxr_demo.server.serialise import HOTTEST, MAX_NEIGHBOURS
from cxr_demo.server.service import Service
from cxr_demo.server.uploads import Uploads
from cxr_demo.ui.components.drop_zone import DropZone
from cxr_demo.ui.components.map_link import MapLink
from cxr_demo.ui.components.viewer import FILLS, Viewer, probes_panel, verdict_panel
from cxr_demo.ui.map_figure import PROJECTIONS
from cxr_demo.ui.tabs.pictures import PicturesOffer
from cxr_demo.ui.tabs.reading_handlers import OUTPUTS, ReadingHandlers, saying_refusals
from cxr_demo.wording import messages
from cxr_demo.wording.probabilities import nothing_html
from cxr_demo.wording.spans import say

NETWORKS = {"concurrency_id": "networks", "concurrency_limit": 1}
"""One radiograph at a time goes through the networks; they take all cores."""
SEARCHES = {"concurrency_id": "searches", "concurrency_limit": 4}
PRIVATE = {"api_visibility": "private", "show_progress": "hidden"}
LATEST = {**SEARCHES, "trigger_mode": "always_last"}
NOTES = ("anomaly.note", "neighbours.note", "map.note", "probabilities.note")
OVERLAYS = ("anomaly", "difference", *(f"saliency {name}" for name in THREE_CLASS), "none")
COMPARISONS = ("single", "side", "curtain")


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
        self._service, self._handlers = service, ReadingHandlers(service, uploads)
        self.read_first, self.offers_pictures = read_first, offers_pictures
        self.facts, self.readings = gr.JSON(visible=False), gr.JSON(visible=False)
        self._intake()
        with gr.Row(elem_id="desk", equal_height=False):
            with gr.Column(scale=10, min_width=340, elem_id="look"):
                self._radiograph()
            with gr.Column(scale=7, min_width=290, elem_id="findings"):
                self._findings()
            with gr.Column(scale=10, min_width=320, elem_id="references"):
                self._references()
        self._wire()

    def _intake(self) -> None:
        with gr.Row(elem_id="intake", equal_height=True):
            self.drop = DropZone(scale=1, min_width=200)
            self.examples = gr.Gallery(
                label=T("examples"), show_label=False, columns=16, rows=1, height=72, buttons=[],
                allow_preview=False, interactive=False, scale=5, elem_id="examples",
            )  # fmt: skip
        waiting = messages.status_html("waiting", say("status.waiting"))
        self.status = gr.HTML(waiting, elem_id="status")
        with gr.Row(visible=False, elem_id="frames") as self.frames:
            self.frame = gr.Number(1, label=T("gate.frame.label"), minimum=1, precision=0)
            self.read_frame = gr.Button(T("gate.read_frame"))
        with gr.Row(visible=False, elem_id="gate") as self.gate:
            self.gate_text = gr.HTML()
            self.override = gr.Button(T("gate.override"), size="sm")

    def _radiograph(self) -> None:
        scores = self._service.held_out_scores.items()
        self.methods = {
            n: {**s, "range": [0, HOTTEST[n]], "step": THRESHOLD_STEP[n]} for n, s in scores
        }
        self.viewer = Viewer(self.methods)
        with gr.Row(elem_classes="controls"):
            self.overlay = choice("overlay", "overlay.", OVERLAYS, gr.Dropdown, min_width=170)
            self.compare = choice(
                "compare.mode", "compare.mode.", COMPARISONS, gr.Dropdown, min_width=130
            )
            self.opacity = slider("opacity", 0, 1, 0.6, 0.05, min_width=130, elem_id="opacity")
        self.zones = gr.HTML("", elem_id="zones")
        with gr.Accordion(T("probe.title"), open=False, elem_id="probe-accordion"):
            with gr.Row():
                self.fill = choice("probe.fill", "fill.", FILLS, elem_classes="strip")
                self.undo = gr.Button(T("probe.undo"), size="sm")
                self.clear = gr.Button(T("probe.clear"), size="sm")
            probes_panel()
        with gr.Accordion(T("report.title.short"), open=False), gr.Row():
            self.label = gr.Textbox(label=T("report.label"), max_length=80)
            self.report_html = gr.Button(T("report.html"))
            self.report_json = gr.Button(T("report.json"))
        with gr.Accordion(T("readfirst.log"), open=False):
            self.log = gr.HTML(messages.log_html([]), elem_id="log")
            self.forget = gr.Button(T("log.clear"), size="sm")

    def _findings(self) -> None:
        with gr.Group(visible=False, elem_id="ask") as self.ask:
            gr.HTML(f"<p>{say('readfirst.ask')}</p>", padding=True)
            self.impression = choice("readfirst.impression", "impression.", IMPRESSIONS, value=None)
            self.confidence = choice("readfirst.confidence", "confidence.", CONFIDENCES, value=None)
            self.reveal = gr.Button(T("readfirst.reveal"), variant="primary")
        self.probabilities = gr.HTML(nothing_html(), elem_id="probabilities")
        points = list(self._service.calibration["operating_points"])
        self.point = choice("point", "point.", points, elem_id="point", elem_classes="strip")
        presets = self.methods["detector"]["presets"]
        self.threshold = slider(
            "threshold", 0, HOTTEST["detector"], next(iter(presets.values())),
            THRESHOLD_STEP["detector"], elem_id="threshold",
        )  # fmt: skip
        verdict_panel(self.methods)
        self.method = choice(
            "method", "method.", list(HOTTEST), elem_id="method", elem_classes="strip"
        )
        with gr.Accordion(T("hundred.title"), open=False):
            self.prevalence = slider("prevalence", 1, 99, 50)
            self.hundred = gr.HTML(self._handlers.hundred(points[0], 50)["hundred"])

    def _references(self) -> None:
        self.projection = gr.Radio(
            [(title, name) for name, title in PROJECTIONS.items()], value="umap",
            label=T("map.title"), show_label=False, elem_id="projection", elem_classes="strip",
        )  # fmt: skip
        self.plot = gr.Plot(show_label=False, elem_id="map", elem_classes="reference-map")
        self.map_link = MapLink("map")
        self.picked = gr.HTML(elem_id="picked")
        self.cards = gr.HTML(nothing_html(), elem_id="neighbours")
        with gr.Accordion(T("search.title"), open=False), gr.Row(elem_classes="controls"):
            self.k = slider("search.k", 1, MAX_NEIGHBOURS, NEIGHBOURS)
            self.classes = choice(
                "search.classes", "class.", THREE_CLASS, gr.CheckboxGroup, value=list(THREE_CLASS)
            )
            self.exclude = gr.Checkbox(True, label=T("search.exclude"))
        with gr.Accordion(T("table.title"), open=False):
            self.find = gr.Textbox(label=T("table.find"), max_length=80)
            self.found = gr.HTML(elem_id="found")
        with gr.Accordion(T("how.title"), open=False):
            gr.HTML("".join(f"<p>{say(key)}</p>" for key in NOTES))
        self._pictures = PicturesOffer(self._service, self.offers_pictures)
        self.filled = [self.plot, self.examples, *self._pictures.components]

    def _wire(self) -> None:
        handlers, viewer = self._handlers, self.viewer
        how = [self.point, self.k, self.classes, self.exclude]
        seen = [self.read_first, *how]
        held = [self.facts, *seen]
        named = {name: getattr(self, name) for name in OUTPUTS}
        nothing = {self.status: gr.skip()}

        def on(event: Callable, handler: Callable, inputs: list, told: bool = False, **queue):
            """Put on the page what a handler says of the inputs, and of what the event tells."""

            def answer(data: gr.EventData, *sent: object) -> dict:
                said = saying_refusals(handler)(*([data._data] if told else []), *sent)
                return {named[name]: value for name, value in said.items()} or nothing

            return event(answer, inputs, list(named.values()), **PRIVATE, **queue)

        busy = json.dumps(messages.status_html("busy", say("status.working")))
        for event in (self.drop.radiograph, self.examples.select):  # `gr.on` takes none of ours
            event(None, None, self.status, js=f"() => {busy}")
        on(self.drop.radiograph, handlers.read_upload, [self.drop, *seen], **NETWORKS)
        on(self.examples.select, handlers.read_example, seen, told=True, **NETWORKS)
        on(viewer.probe, handlers.probe, [self.facts], told=True, **NETWORKS)
        marked = [self.facts, self.impression, self.confidence, self.readings, *how]
        for done in (
            on(self.override.click, handlers.override, held, **SEARCHES),
            on(self.read_first.change, handlers.switch, held, **SEARCHES),
            on(self.reveal.click, handlers.reveal, marked, **SEARCHES),
        ):
            veil = viewer.js("viewer.set('veil', sent[0]?.veil ?? null)")
            done.then(None, self.facts, None, js=veil)
        asked = [self.point.change, self.k.release, self.classes.change, self.exclude.change]
        on(partial(gr.on, asked), handlers.again, [self.facts, *how], **LATEST)
        asked, share = [self.point.change, self.prevalence.input], [self.point, self.prevalence]
        on(partial(gr.on, asked), handlers.hundred, share, **LATEST)
        on(self.find.change, handlers.find, [self.find], **LATEST)
        on(self.map_link.look, handlers.look, [], told=True, **LATEST)
        on(self.map_link.pick, handlers.pick, [self.facts], told=True, **SEARCHES)
        on(self.map_link.press, handlers.press, [self.facts], told=True, **SEARCHES)

        # What the browser does by itself.
        empty = f"() => [[], {json.dumps(messages.log_html([]))}]"
        self.forget.click(None, None, [self.readings, self.log], js=empty)
        self.read_frame.click(None, self.frame, None, js=self.drop.frame_js())
        to_projection = "(name) => ({ projection: name })"
        self.projection.change(None, self.projection, self.map_link, js=to_projection)
        for setting in ("overlay", "opacity", "compare", "prevalence", "fill", "threshold"):
            component = getattr(self, setting)
            component.input(
                None, component, None, js=viewer.js(f"viewer.set('{setting}', ...sent)")
            )
        follow = viewer.js("viewer.set('method', ...sent) ?? viewer.slider()")
        self.method.input(None, self.method, self.threshold, js=follow)
        viewer.threshold(None, None, self.threshold, js=viewer.js("viewer.slider()"))
        state = "[viewer.state.overlay, viewer.state.compare, viewer.state.opacity]"
        viewer.state(None, None, [self.overlay, self.compare, self.opacity], js=viewer.js(state))
        self.undo.click(None, None, None, js=viewer.js("viewer.undo()"))
        self.clear.click(None, None, None, js=viewer.js("viewer.clear()"))
        for kind, button in (("html", self.report_html), ("json", self.report_json)):
            save = viewer.js(f"viewer.report('{kind}', ...sent)")
            button.click(None, [self.label, self.facts], None, js=save)

    def fill_page(self) -> list:
        """What `filled` is given when the page has loaded."""
        reference_map, service = self._handlers.reference_map, self._service
        return [reference_map.plot(), service.example_thumbnails, *self._pictures.offered()]


def choice(
    label: str, prefix: str, names: Sequence[str], kind: type = gr.Radio, **options
) -> gr.components.Component:
    """Some of several, called by sentences whose keys begin with a prefix; the first by default."""
    named = [(T(prefix + name), name) for name in names]
    return kind(named, label=T(label), **{"value": names[0], **options})


def slider(
    label: str, least: float, most: float, value: float, step: float = 1, **options
) -> gr.Slider:
    """A number to be moved, without a button that resets it."""
    return gr.Slider(least, most, value, step=step, label=T(label), buttons=[], **options)
