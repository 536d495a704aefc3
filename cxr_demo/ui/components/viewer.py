"""The radiograph with its overlays and tools, and the panels that follow it.

`Viewer` draws on a canvas in the browser: window and level, zoom, pan, invert, overlays, contour,
comparison side by side or under a curtain, probe boxes. A threshold is tried without a request.
`ViewerPanel` shows one thing of the same radiograph elsewhere on the page.
"""

from collections.abc import Mapping
from typing import NamedTuple

import cv2
import numpy as np

from cxr_demo.models.occlusion import FILLS as FILLS
from cxr_demo.server.gradio_setup import gr
from cxr_demo.ui.components.module import Scripted, checked

PANELS = ("verdict", "probes")
PROBED = {"pneumonia": "binary", "bacterial": "three_class", "viral": "three_class"}
"""Classes that probes are judged by, and the head that each is taken from."""
RAMP = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[None], cv2.COLORMAP_INFERNO)[0, :, ::-1]
"""Red, green and blue of the heatmap's colours, matplotlib's inferno: uint8 (256, 3)."""


class Viewer(Scripted):
    """A radiograph; one to a page for each `elem_id`.

    Value, Python → browser only. Parts that are not known are null or left out. `matrix` is a
    row-major 2 × 3 affine from the unit square of a map or picture, (0, 0) being its upper left
    corner, to the unit square of the radiograph; `values` is an array as {"shape", "float32"}, see
    `serialise.packed`:

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

    - `compare`: {"label", "png", "matrix"}, a reference to be held beside the radiograph instead of
      the reconstruction; False gives the reconstruction back (`gr.update` drops None). One that
      comes while one image alone is shown puts them side by side. It goes with the radiograph.
    - `probed`: the answer to a probe, made by `probed(…)`.

    Events: "probe", a box was drawn; `parse_probe(event._data)` says which. "threshold", it was
    changed from outside the slider (a preset, the histogram): let `slider_js` move the slider.
    "state", something else than the native controls changed what `state_js` reads: a key, a tool,
    another radiograph.

    The methods ending in `_js` give what `js=` of an event takes, where no Python has to run:

        opacity.input(fn=None, inputs=opacity, js=viewer.set_js("opacity"))
        method.input(fn=None, inputs=method, outputs=threshold, js=viewer.set_js("method", True))
        viewer.threshold(fn=None, outputs=threshold, js=viewer.slider_js())

    Args:
        methods: by name of the anomaly map, in order: {"range": [low, high] of its colours,
            "step" of the threshold, "presets": {name: threshold}, the default one first,
            "normal" and "pneumonia": scores of held-out patients}.
        elem_id: also its name in `window.cxrViewers`.
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

    def __init__(self, methods: dict[str, dict], elem_id: str = "viewer", **options):
        options |= {"methods": methods, "ramp": RAMP.tolist(), "compare": False, "probed": None}
        options |= {"html_template": "<div class='cxr-viewer'></div>", "name": elem_id}
        super().__init__("viewer", ("probe", "threshold", "state"), elem_id=elem_id, **options)

    def set_js(self, name: str, moves_slider: bool = False) -> str:
        """Put the input's value into one of SETTINGS. With `moves_slider` the threshold's slider is
        the output and gets range, step and value."""
        if name not in self.SETTINGS:
            raise ValueError(f"no setting {name!r} among {self.SETTINGS}")
        after = f"return {self._object}?.slider();" if moves_slider else "return [];"
        return f"(value) => {{ {self._object}?.set('{name}', value); {after} }}"

    def slider_js(self) -> str:
        """Range, step and value of the threshold's slider, the output."""
        return f"() => {self._object}?.slider()"

    def state_js(self, *names: str) -> str:
        """What the named SETTINGS are now, one output each."""
        return f"() => [{', '.join(f'{self._object}?.state.{name}' for name in names)}]"

    def call_js(self, name: str) -> str:
        """ "undo" or "clear" the probes."""
        return f"() => {{ {self._object}?.{name}(); return []; }}"

    def report_js(self, kind: str) -> str:
        """With inputs (label, facts): save the report as "html" or "json".

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


class ViewerPanel(Scripted):
    """One of PANELS, drawn by the viewer named, wherever it stands on the page.

    - "verdict": score, share above the threshold, verdict, histogram with presets, and what the
      threshold means at the prevalence.
    - "probes": what hiding each box did to the probabilities.

    It has no value and no events.
    """

    def __init__(self, panel: str, viewer: str = "viewer", **options):
        options |= {"panel": PANELS[PANELS.index(panel)], "name": viewer}
        data = f"data-panel='{panel}' data-viewer='{viewer}'"
        options |= {"html_template": f"<div class='cxr-panel {panel}' {data}></div>"}
        super().__init__("viewer", **options)


class ProbeRequest(NamedTuple):
    """What a person hides: boxes and fill as `occlusion.occlude` takes and checks them, the newest
    box last; `id` is the value's, `call` tells one request from the next."""

    id: int
    call: int
    hidden: list[list[float]]
    fill: str


def parse_probe(sent: object) -> ProbeRequest:
    """The payload of "probe", see `checked`."""
    return checked(ProbeRequest, sent)


def probed(request: ProbeRequest, probabilities: Mapping[str, Mapping] | None) -> dict:
    """The viewer's update that answers a probe with both heads' probabilities without the hidden
    parts, as `Analysis` has them; None if they could not be had, which takes the box away again."""
    found = probabilities and {name: probabilities[head][name] for name, head in PROBED.items()}
    return gr.update(probed={"id": request.id, "call": request.call, "found": found})
