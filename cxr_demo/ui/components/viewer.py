"""The radiograph with its overlays and tools, and the panels that follow it.

`Viewer` draws on a canvas in the browser: window and level, zoom, pan, invert, overlays, contour,
comparison side by side or under a curtain, probe boxes. A threshold is tried without a request.
`ViewerPanel` shows one thing of the same radiograph elsewhere on the page.
"""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

import cv2
import numpy as np
from pydantic import Field

from cxr_demo.models.occlusion import FILLS as FILLS
from cxr_demo.server.gradio_setup import gr
from cxr_demo.ui.components.module import Scripted
from cxr_demo.wording.report_html import report_html
from cxr_demo.wording.viewer_html import (
    PROBED,
    SIGNED,
    WINDOWS,
    probe_rows,
    probes_html,
    verdict_html,
    viewer_html,
)

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
         "window": {"level", "width"}, its automatic one as shares of the full range,
         "maps": {"saliency CLASS": {"values", "matrix"} in logits per region,
             "difference": {"values", "matrix"} in standard deviations, signed,
             METHOD: {"values", "matrix", "score": float, "bars": `serialise.bars` of them}},
         "reconstruction": {"png", "matrix"},
         "veil": null | "veiled" | "gated": why nothing of the models may be seen yet}

    Other props, to be changed by `gr.update(name=…)`:

    - `compare`: {"label", "png", "matrix"}, a reference to be held beside the radiograph instead of
      the reconstruction; False gives the reconstruction back (`gr.update` drops None). One that
      comes while one image alone is shown puts them side by side. It goes with the radiograph.
    - `probed`: the answer to a probe, made by `probed(…)`.

    Events: "probe", a box was drawn; `checked(ProbeRequest, event._data)` says which. "threshold",
    it was changed from outside the slider (a preset, the histogram): let `slider` move it. "state",
    something else than the native controls changed a setting: a key, a tool, another radiograph.

    Settings: "overlay" ("none", "anomaly", "difference", "saliency CLASS"), "opacity" in [0, 1],
    "contour", "method", "threshold" of the method in the unit of its map, "prevalence" in per cent,
    "compare" ("single", "side", "curtain"), "fill" ("blur", "surroundings"; another one takes all
    probes away), "veil" (None, "veiled", "gated").

    Native controls go by `js`: settings, the threshold's slider, the probes, a report:

        opacity.input(None, opacity, None, js=viewer.js("viewer.set('opacity', ...sent)"))
        viewer.threshold(None, None, threshold, js=viewer.js("viewer.slider()"))
        undo.click(None, None, None, js=viewer.js("viewer.undo()"))  # or clear
        save.click(None, [label, facts], None, js=viewer.js("viewer.report('html', ...sent)"))

    A report, "html" or "json", is made of `facts`, a dictionary of which all parts may be missing
    and others are left out: "image", "gate", "probabilities", "plausible", "atypical", "model",
    "neighbours", "vote", "search", "map" as `analyse` returns them, "operating_point", "zones",
    "impression" {"impression", "confidence"}. The rest is taken from the page as it stands, see
    `wording.report_html`.

    Args:
        methods: by name of the anomaly map, in order: {"range": [low, high] of its colours,
            "step" of the threshold, "presets": {name: threshold}, the default one first,
            "normal" and "pneumonia": scores of held-out patients}.
        elem_id: also its name in `window.cxrViewers`.
    """

    def __init__(self, methods: dict[str, dict], elem_id: str = "viewer", **options):
        options |= {"methods": methods, "ramp": RAMP.tolist(), "compare": False, "probed": None}
        template = viewer_html(elem_id, methods, [f"rgb{tuple(rgb)}" for rgb in RAMP.tolist()])
        options |= {"html_template": template, "name": elem_id}
        options |= {"ends": SIGNED, "windows": WINDOWS, "report": report_html()}
        super().__init__("viewer", ("probe", "threshold", "state"), elem_id=elem_id, **options)

    def js(self, does: str) -> str:
        """What `js=` of an event takes, where no Python has to run.

        Args:
            does: an expression of `viewer` (see `viewer.js`) and `sent`, the event's inputs; what
                it gives, if anything, goes to the outputs.
        """
        find = f"const viewer = window.cxrViewers?.['{self.elem_id}'];"
        return f"(...sent) => {{ {find} return (viewer && ({does})) ?? []; }}"


class ViewerPanel(Scripted):
    """Shows something of the viewer's radiograph, wherever it stands on the page. No value, no
    events.

    Args:
        panel: what `viewer_panels.js` calls it.
        html: what stands in it.
        viewer: the viewer's `elem_id`.
    """

    def __init__(self, panel: str, html: str, viewer: str = "viewer", **options):
        data = f"data-panel='{panel}' data-viewer='{viewer}'"
        options |= {"html_template": f"<div class='cxr-panel {panel}' {data}>{html}</div>"}
        super().__init__("viewer", panel=panel, name=viewer, **options)


def verdict_panel(methods: dict[str, dict]) -> ViewerPanel:
    """Score, share above the threshold, verdict, histogram with presets, and what the threshold
    means at the prevalence; `methods` as `Viewer` takes them."""
    return ViewerPanel("verdict", verdict_html(methods))


def probes_panel() -> ViewerPanel:
    """What hiding each box did to the probabilities."""
    return ViewerPanel("probes", probes_html())


class ProbeRequest(NamedTuple):
    """The payload of "probe", what a person hides: boxes and fill as `occlusion.occlude` takes and
    checks them, the newest box last; `id` is the value's, `call` tells one request from the next.
    """

    id: int
    call: int
    hidden: Annotated[list[list[float]], Field(min_length=1)]
    fill: str


def probed(
    request: ProbeRequest,
    before: Mapping[str, Mapping] | None,
    probabilities: Mapping[str, Mapping] | None,
) -> dict:
    """The viewer's update that answers a probe with both heads' probabilities before and without
    the hidden parts, as `Analysis` has them; None if they could not be had, which takes the box
    away again."""
    answer = {"id": request.id, "call": request.call, "found": None}
    if probabilities:
        found = {name: probabilities[head][name] for name, head in PROBED.items()}
        rows = probe_rows(request.hidden, request.fill, before, probabilities)
        answer |= {"found": found, "rows": rows}
    return gr.update(probed=answer)
