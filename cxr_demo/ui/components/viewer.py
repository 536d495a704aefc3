"""The radiograph with its overlays and tools, and the panels that follow it.

`Viewer` draws on a canvas in the browser: window and level, zoom, pan, invert, overlays, contour,
comparison side by side or under a curtain, probe boxes. A threshold is tried without a request.
`ViewerPanel` shows one thing of the same radiograph elsewhere on the page. What a browser sends
back is not trusted: `parse_probe` checks it.
"""

from dataclasses import dataclass

import cv2
import gradio as gr
import numpy as np

from cxr_demo.errors import UserError
from cxr_demo.models.occlusion import FILLS, MAX_BOXES
from cxr_demo.ui.components.module import FOLDER, LANGUAGE, load_module

PANELS = ("verdict", "probes")
IDENTITY = [1, 0, 0, 0, 1, 0]
"""The matrix of a map that covers the whole radiograph."""

_CSS = (FOLDER / "viewer.css").read_text(encoding="utf-8")


class Viewer(gr.HTML):
    """A radiograph; one to a page for each `elem_id`.

    Value, Python → browser only (`preprocess` gives handlers None). Parts that are not known are
    null or left out. `matrix` is a row-major 2 × 3 affine from the unit square of a map or picture,
    (0, 0) being its upper left corner, to the unit square of the radiograph; `values` is an array
    as {"shape", "float32"}, see `serialise.packed`:

        {"id": int, another one for every reading, also of the same file,
         "size": [height, width] in pixels of the file,
         "view": {"bits": 8 | 16, "png": data URI; 16 bits have the high byte in red, low in green},
         "maps": {method: {"values", "matrix", "score": float}},
         "saliency": {class: {"values", "matrix"}} in logits per region,
         "difference": {"values", "matrix"} in standard deviations, signed,
         "reconstruction": {"png", "matrix"},
         "probabilities": {"pneumonia", "bacterial", "viral"} of the untouched radiograph,
         "veil": null | "veiled" | "gated": why nothing of the models may be seen yet}

    Other props, to be changed by `gr.update(name=…)`:

    - `compare`: {"id": the value's, "label", "png", "matrix"}, a reference to be held beside the
      radiograph instead of the reconstruction; False gives the reconstruction back (`gr.update`
      drops None). One that comes while one image alone is shown puts them side by side. It goes
      with the radiograph; the id lets the same reference come again with the next one.
    - `probed`: the answer to a probe, made by `probed(…)`.

    Events: "probe", a box was drawn; `parse_probe(event._data)` says which. "threshold", it was
    changed from outside the slider (a preset, the histogram): let `slider_js` move the slider.
    "state", something else than the native controls changed what `state_js` reads: a key, a tool,
    another radiograph.

    In the browser `window.cxrViewers[elem_id]` has `set(name, value)`, `state`, `undo()`,
    `clear()`, `report(kind, label, facts)`. The functions below give what `js=` takes:

        opacity.input(fn=None, inputs=opacity, js=viewer.set_js("opacity"))
        method.input(fn=None, inputs=method, outputs=threshold, js=viewer.set_js("method", True))
        viewer.threshold(fn=None, outputs=threshold, js=viewer.slider_js())

    Args:
        methods: by name of the anomaly map, in order: {"range": [low, high] of its colours,
            "step" of the threshold, "presets": {name: threshold}, the default one first,
            "normal" and "pneumonia": scores of held-out patients}.
        elem_id: also the name under which the browser knows it.
    """

    SETTINGS = (
        "overlay",  # "none", "anomaly", "difference", or "saliency CLASS"
        "opacity",  # [0, 1]
        "contour",  # bool
        "method",
        "threshold",  # of the method, in the unit of its map
        "prevalence",  # per cent
        "compare",  # "single", "side" or "curtain"
        "fill",  # "blur" or "surroundings"; changing it takes all probes away
        "veil",  # None, "veiled" or "gated"
    )

    def __init__(
        self,
        methods: dict[str, dict],
        *,
        compare: dict | bool = False,
        probed: dict | None = None,
        elem_id: str = "viewer",
        **options,
    ):
        super().__init__(
            label=LANGUAGE,
            html_template="<div class='cxr-viewer'></div>",
            css_template=_CSS,
            js_on_load=load_module("viewer", "probe", "threshold", "state"),
            apply_default_css=False,
            elem_id=elem_id,
            methods=methods,
            ramp=ramp(),
            name=elem_id,
            compare=compare,
            probed=probed,
            **options,
        )

    def preprocess(self, payload: object) -> None:
        return None

    def api_info(self) -> dict:
        return {"type": "object"}

    def set_js(self, name: str, moves_slider: bool = False) -> str:
        """For `js=`: put the input's value into one of SETTINGS.

        With `moves_slider` the threshold's slider is the output and gets range, step and value.
        """
        if name not in self.SETTINGS:
            raise ValueError(f"no setting {name!r} among {self.SETTINGS}")
        after = f"return {self._object}?.slider();" if moves_slider else "return [];"
        return f"(value) => {{ {self._object}?.set('{name}', value); {after} }}"

    def slider_js(self) -> str:
        """For `js=` with the threshold's slider as output: range, step and value of it."""
        return f"() => {self._object}?.slider()"

    def state_js(self, *names: str) -> str:
        """For `js=`: what the named SETTINGS are now, one output each."""
        return f"() => [{', '.join(f'{self._object}?.state.{name}' for name in names)}]"

    def call_js(self, name: str) -> str:
        """For `js=` of a button: "undo" or "clear" the probes."""
        return f"() => {{ {self._object}?.{name}(); return []; }}"

    def report_js(self, kind: str) -> str:
        """For `js=` of a button with inputs (label, facts): save the report as "html" or "json".

        `facts` is a dictionary, of which all parts may be missing and others are left out: "image",
        "gate", "probabilities", "plausible", "atypical", "model", "neighbours", "vote", "search",
        "map" as `analyse` returns them, "operating_point", "zones", "impression" {"impression",
        "confidence"}. Sentences are taken from the page as they stand: elements of the classes
        called, set, meaning and vote in `.findings`, and rows of the table `.zones`.
        """
        return f"(label, facts) => {{ {self._object}?.report('{kind}', label, facts); return []; }}"

    @property
    def _object(self) -> str:
        return f"window.cxrViewers?.['{self.elem_id}']"


class ViewerPanel(gr.HTML):
    """One of PANELS, drawn by the viewer named, wherever it stands on the page.

    - "verdict": score, share above the threshold, verdict, histogram with presets, and what the
      threshold means at the prevalence.
    - "probes": what hiding each box did to the probabilities.

    It has no value and no events.
    """

    def __init__(self, panel: str, viewer: str = "viewer", **options):
        super().__init__(
            label=LANGUAGE,
            html_template=f"<div class='cxr-panel {panel}'></div>",
            css_template=_CSS,
            js_on_load=load_module("viewer"),
            apply_default_css=False,
            panel=PANELS[PANELS.index(panel)],
            name=viewer,
            **options,
        )

    def api_info(self) -> dict:
        return {"type": "string"}


@dataclass(frozen=True)
class ProbeRequest:
    """What a person hides: `hidden` are (left, top, right, bottom) as shares of the radiograph, the
    newest last; `id` is the value's, `call` tells one request from the next."""

    id: int
    call: int
    hidden: list[list[float]]
    fill: str


def parse_probe(sent: object) -> ProbeRequest:
    """The payload of "probe".

    Raises:
        UserError: if it is none.
    """
    if not isinstance(sent, dict):
        raise UserError("refused.box", box=str(sent)[:80])
    number, call, hidden, fill = (sent.get(key) for key in ("id", "call", "hidden", "fill"))
    if fill not in FILLS:
        raise UserError("refused.fill", fill=str(fill)[:40])
    if type(number) is not int or type(call) is not int or not isinstance(hidden, list):
        raise UserError("refused.box", box=str(hidden)[:80])
    if len(hidden) > MAX_BOXES:
        raise UserError("refused.boxes", boxes=len(hidden), most=MAX_BOXES)
    for box in hidden:
        shares = isinstance(box, list) and len(box) == 4 and all(map(_is_share, box))
        if not (shares and box[0] < box[2] and box[1] < box[3]):
            raise UserError("refused.box", box=str(box)[:80])
    return ProbeRequest(number, call, hidden, fill)


def probed(request: ProbeRequest, probabilities: dict[str, dict[str, float]] | None) -> dict:
    """The viewer's update that answers a probe.

    Args:
        request: as it came.
        probabilities: both heads' without the hidden parts, as `Analysis` has them; None if they
            could not be had, which takes the box away again.
    """
    found = probabilities and {
        "pneumonia": probabilities["binary"]["pneumonia"],
        "bacterial": probabilities["three_class"]["bacterial"],
        "viral": probabilities["three_class"]["viral"],
    }
    return gr.update(probed={"id": request.id, "call": request.call, "found": found})


def ramp() -> list[list[int]]:
    """Red, green and blue of the heatmap's 256 colours, matplotlib's inferno."""
    colours = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[None], cv2.COLORMAP_INFERNO)[0]
    return colours[:, ::-1].tolist()


def _is_share(value: object) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1
