"""What stands in the viewer and in its panels, as HTML in every language; its scripts fill it in.

Data contract: our own words and drawings alone. Where no spans can stand, `data-t` has the key of
a text, `data-label` that of a label and `data-title` that of a tooltip; `ui/components/viewer.js`
keeps those in the language that is chosen.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from cxr_demo.server.serialise import bars
from cxr_demo.wording.messages import row_html, table_html
from cxr_demo.wording.spans import in_every_language, number, percent, say

FULL = 'fill="currentColor"'
TOOLS = {
    "window": (
        "tool.window",
        "tool.window.why",
        f'<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" {FULL}/>',
    ),
    "pan": (
        "tool.pan",
        "tool.pan.why",
        '<path d="M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3"/>',
    ),
    "zoom": (
        "tool.zoom",
        "tool.zoom.why",
        '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M20 20l-4.8-4.8"/>',
    ),
    "probe": ("tool.probe", "tool.probe.why", '<path d="M5 5h14v14H5z" stroke-dasharray="4 3"/>'),
    "in": ("zoom.in", "zoom.in", '<path d="M12 5v14M5 12h14"/>'),
    "out": ("zoom.out", "zoom.out", '<path d="M5 12h14"/>'),
    "inverted": (
        "invert",
        "invert.why",
        f'<path d="M4 4h16v16H4z"/><path d="M20 4v16H4z" {FULL}/>',
    ),
    "overlayOn": ("overlay.on", "overlay.on.why", '<path d="M12 4l9 5-9 5-9-5zM3 14l9 5 9-5"/>'),
    "contour": ("contour", "contour.why", '<path d="M6 8c3-5 11-4 12 2s-3 9-7 8-9-4-5-10z"/>'),
    "reset": ("reset", "reset.why", '<path d="M4 12a8 8 0 1 0 2.5-5.8M4 4v4.5h4.5"/>'),
}
"""By name the keys of label and tooltip, and the icon."""
WINDOWS = {
    "1": {"level": 0.5, "width": 1},
    "2": {"level": 0.35, "width": 0.6},
    "3": {"level": 0.65, "width": 0.5},
    "4": {"level": 0.8, "width": 0.4},
    "5": None,
}
"""As shares of the full range; the last one is the radiograph's own, `serialise.window_of`."""
SIGNED = {"saliency": 0.5, "difference": 3}
"""Overlays that are signed, and where their colours end: logits per region, standard deviations."""
PROBED = {"pneumonia": "binary", "bacterial": "three_class", "viral": "three_class"}
"""Classes that probes are judged by, and the head that each is taken from."""


def viewer_html(name: str, methods: Mapping[str, Mapping], ramp: Sequence[str]) -> str:
    """Canvases, tools and scales of the viewer.

    Args:
        name: the viewer's.
        methods: as `Viewer` takes them.
        ramp: colours of their heatmaps in CSS, from 0 up.
    """
    keys = f'aria-describedby="{name}-keys"'
    options = "".join(
        f'<option value="{number}" data-t="{key}"></option>'
        for number, key in {"": "window.preset", **{n: f"window.{n}" for n in WINDOWS}}.items()
    )
    ends = {method: ("0", f"{given['range'][1]:g}") for method, given in methods.items()}
    ends |= {overlay: (f"−{end}", f"+{end}") for overlay, end in SIGNED.items()}
    colours = dict.fromkeys(methods, ", ".join(ramp))
    scales = "".join(
        _scale(overlay, *between, colours.get(overlay, "#56b4e9, transparent, #e69f00"))
        for overlay, between in ends.items()
    )
    return (
        f'<div class="cxr-viewer"><div class="stage">'
        f'<canvas tabindex="0" role="img" {keys}></canvas>'
        f'<canvas tabindex="0" role="img" {keys} data-label="compare.label" hidden></canvas>'
        '<input type="range" class="curtain" data-label="compare.curtain" min="0" max="1" '
        'step="0.01" value="0.5" autocomplete="off" hidden>'
        f'<p class="nothing">{say("viewer.empty")}</p>'
        f'<div class="tools" role="group" data-label="viewer.tools">{"".join(map(_tool, TOOLS))}'
        f'<select autocomplete="off" data-label="window.preset">{options}</select></div>'
        '<div class="foot"><p class="readout"></p><p class="caption"></p><details class="keys">'
        f'<summary data-label="viewer.keys.title">?</summary><p id="{name}-keys">'
        f"{say('viewer.keys')}</p></details></div></div>"
        f'<div class="scales">{scales}</div></div>'
    )


def _tool(name: str) -> str:
    label, why, icon = TOOLS[name]
    return (
        f'<button type="button" data-tool="{name}" data-label="{label}" data-title="{why}">'
        f'<svg viewBox="0 0 24 24" aria-hidden="true">{icon}</svg></button>'
    )


def _scale(overlay: str, low: str, high: str, colours: str) -> str:
    return (
        f'<div class="scale" data-overlay="{overlay}" hidden><span>{low}</span><span class="ramp" '
        f'style="background: linear-gradient(to right, {colours})"><i></i></span>'
        f"<span>{high} {say(f'unit.{overlay}')}</span></div>"
    )


def verdict_html(methods: Mapping[str, Mapping]) -> str:
    """The verdict, and for each anomaly map its histogram and its presets.

    Args:
        methods: as `Viewer` takes them.
    """
    judged = "".join(_judged(name, method) for name, method in methods.items())
    return f'<p class="said" role="status"></p>{judged}<p class="meant"></p>'


def _judged(name: str, method: Mapping) -> str:
    high, digits = method["range"][1], round(-np.log10(method["step"]))
    drawn = "".join(
        f'<path data-class="{group}" d="{bars(method[group], high, 30, height)}"/>'
        for group, height in (("normal", 30), ("pneumonia", -28))
    )
    named = {group: f"class.{group}" for group in ("normal", "pneumonia")} | {"map": "map.query"}
    ends = "".join(f'<span data-class="{group}">{say(key)}</span>' for group, key in named.items())
    presets = "".join(
        f'<button type="button" value="{threshold}">{say(f"preset.{preset}")} · '
        f"{in_every_language(number(threshold, digits))}</button>"
        for preset, threshold in method["presets"].items()
    )
    return (
        f'<div data-method="{name}"><svg viewBox="0 0 100 80" preserveAspectRatio="none" '
        f'role="img" data-label="histogram">{drawn}<path data-class="map"/><g></g></svg>'
        f'<p class="ends"><span>0</span>{ends}<span>{high:g} {say(f"unit.{name}")}</span></p>'
        f'<div class="presets" role="group" data-label="threshold.preset" '
        f'data-title="threshold.preset">{presets}</div></div>'
    )


def probes_html() -> str:
    """The table of what hiding boxes did, for rows of `probe_rows`."""
    columns = ["#", say("probe.box"), *(say(f"class.{name}") for name in PROBED)]
    return f'<p class="note"></p>{table_html(say("probe.caption"), columns, [])}'


def probe_rows(
    hidden: Sequence[Sequence[float]],
    fill: str,
    before: Mapping[str, Mapping[str, float]],
    found: Mapping[str, Mapping[str, float]],
) -> list[str]:
    """Rows of that table: the radiograph untouched, and without the boxes.

    Args:
        hidden: boxes, see `occlusion.occlude`; the last of them is said.
        fill: what they are filled with.
        before, found: probabilities by head and class, without and with boxes hidden.
    """
    left, top, right, bottom = (in_every_language(percent(side)) for side in hidden[-1])
    was, now = ([heads[head][name] for name, head in PROBED.items()] for heads in (before, found))
    box = f"{left}–{right} × {top}–{bottom}, {say(f'fill.{fill}')}"
    return [
        row_html("0", say("probe.untouched"), *(in_every_language(percent(p, 1)) for p in was)),
        row_html(str(len(hidden)), box, *map(_changed, now, was)),
    ]


def _changed(now: float, then: float) -> str:
    points = round(100 * (now - then), 1)
    sign = "+" if points > 0 else "−" if points < 0 else "±"
    shown = number(abs(points), 1)
    return in_every_language(lambda spoken: f"{percent(now, 1)(spoken)} ({sign}{shown(spoken)})")
