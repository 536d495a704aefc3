"""What the classifier says, as HTML in every language. Pure functions, shown by plain `gr.HTML`.

Data contract: probabilities are calibrated shares in [0, 1] by head and class, as in `Analysis`.
Every function returns HTML of our own words and numbers; its looks are in `findings.css`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.ui.wording import Wording, either, in_every_language, number, percent, say, sentence

MAX_DEVIATION = 4.0
"""Standard deviations at the end of a zone's bar."""
FAR = 2.0
"""Standard deviations from which on a zone's bar is marked; normal children reach them in 5 of 100
zones."""


def probabilities_html(
    probabilities: Mapping[str, Mapping[str, float]],
    conformal_set: Sequence[str],
    point: str,
    threshold: float,
    atypical: bool = False,
) -> str:
    """Bars of both heads, what the operating point calls, what cannot be ruled out.

    Args:
        probabilities: by head and class.
        conformal_set: classes of "three_class" that cannot be ruled out, likeliest first.
        point: name of the operating point.
        threshold: of the operating point, on the probability of pneumonia.
        atypical: whether the radiograph's position among the references is atypical.
    """
    binary, three = probabilities["binary"], probabilities["three_class"]
    called = "point.called" if binary["pneumonia"] > threshold else "point.not_called"
    disagree = (binary["normal"] > 0.5) != (three["normal"] > 0.5)
    return _joined(
        '<div class="findings">',
        f'<p class="doubt atypical">{say("atypical")}</p>' if atypical else "",
        f"<h3>{say('head.binary')}</h3>",
        _bar("normal", binary["normal"]),
        _bar("pneumonia", binary["pneumonia"], threshold),
        f'<p class="called">{say(called, threshold=percent(threshold, 1))} '
        f'<span class="dim">({say(f"point.{point}")})</span></p>',
        f"<h3>{say('head.three_class')}</h3>",
        *[_bar(name, three[name]) for name in THREE_CLASS],
        _plausible(conformal_set),
        f'<p class="doubt">{say("heads.disagree")}</p>' if disagree else "",
        f'<p class="note">{say("caution")}</p>',
        "</div>",
    )


def per_hundred(point: Mapping[str, float], prevalence: float) -> dict[str, int]:
    """What an operating point means for 100 children, in whole children.

    Args:
        point: its "sensitivity" and "specificity" on held-out patients.
        prevalence: share of children with pneumonia, in [0, 1].

    Returns:
        "ill" = "found" + "missed"; "healthy" = "alarms" + "spared"; together 100.
    """
    ill = _rounded(100 * prevalence)
    found = _rounded(ill * point["sensitivity"])
    alarms = _rounded((100 - ill) * (1 - point["specificity"]))
    return {
        "ill": ill,
        "found": found,
        "missed": ill - found,
        "healthy": 100 - ill,
        "alarms": alarms,
        "spared": 100 - ill - alarms,
    }


def per_hundred_html(point: Mapping[str, float], prevalence: float) -> str:
    """The same as dots, those with pneumonia first, and in words; arguments as `per_hundred`."""
    counts = per_hundred(point, prevalence)
    kinds = ("found", "missed", "alarms", "spared")
    dots = "".join(f'<i class="{kind}"></i>' * counts[kind] for kind in kinds)
    key = "".join(
        f'<span><i class="{kind}"></i>{say(f"hundred.{kind}", count=counts[kind])}</span>'
        for kind in kinds
    )
    rates = {name: percent(point[name], 1) for name in ("sensitivity", "specificity")}
    return _joined(
        '<div class="findings">',
        f'<div class="hundred" aria-hidden="true">{dots}</div>',
        f'<p class="key" aria-hidden="true">{key}</p>',
        f'<p class="meaning">{say("point.meaning", **counts, **rates)}</p>',
        "</div>",
    )


def zones_html(zones: Iterable[Mapping] | None) -> str:
    """The six zones of the lungs, a line each; "" where there are none.

    Args:
        zones: each with "name", as in the keys `zones.{name}`; "brightness" in standard deviations
            against normal children; "percentile" in [0, 100], the share of those that are darker
            there; "level" of the detector's map.
    """
    lines = "".join(_zone(zone) for zone in zones or ())
    if not lines:
        return ""
    head = (
        f'<th scope="col" colspan="3">{say("zones")}</th>'
        f'<th scope="col">{say("zones.detector")}</th>'
    )
    return (
        f'<table class="findings zones"><thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def nothing_html(key: str = "nothing") -> str:
    """What stands where nothing is to be seen: "nothing" yet, "veiled" or "gated"."""
    return f'<p class="findings nothing">{say(key)}</p>'


def _bar(name: str, probability: float, mark: float | None = None) -> str:
    tick = "" if mark is None else f'<i style="left:{100 * mark:.1f}%"></i>'
    return (
        f'<div class="bar" data-class="{name}"><span>{say(f"class.{name}")}</span>'
        f'<span class="track" aria-hidden="true"><span style="width:{100 * probability:.1f}%">'
        f"</span>{tick}</span><b>{in_every_language(percent(probability, 1))}</b></div>"
    )


def _plausible(names: Sequence[str]) -> str:
    """ "Sure enough: Normal", "Not sure: Bacterial or Viral"."""
    key = {1: "sure", len(THREE_CLASS): "sure.none"}.get(len(names), "sure.not")
    classes = either([sentence(f"class.{name}") for name in names])
    tone = "set" if len(names) == 1 else "set doubt"
    return f'<p class="{tone}">{say(key, classes=classes)}</p>'


def _zone(zone: Mapping) -> str:
    deviation = max(-MAX_DEVIATION, min(MAX_DEVIATION, zone["brightness"]))
    left, width = 50 + min(0, deviation) / MAX_DEVIATION * 50, abs(deviation) / MAX_DEVIATION * 50
    denser = zone["percentile"] >= 50
    share = math.floor(zone["percentile"] if denser else 100 - zone["percentile"]) / 100
    far = ' class="far"' if abs(zone["brightness"]) >= FAR else ""
    words = say("zones.denser" if denser else "zones.lighter", share=percent(share))
    return (
        f'<tr><th scope="row">{say("zones." + zone["name"])}</th>'
        f'<td aria-hidden="true"><span class="track"><span style="left:{left:.1f}%;'
        f'width:{width:.1f}%"{far}></span></span></td>'
        f"<td><b>{in_every_language(_signed(zone['brightness']))}</b> "
        f'<span class="dim">{words}</span></td>'
        f"<td>{in_every_language(number(zone['level'], 2))}</td></tr>"
    )


def _signed(value: float) -> Wording:
    sign = "−" if value < 0 else "+"
    return lambda language: f"{sign}{number(abs(value), 1)(language)}\N{NO-BREAK SPACE}σ"


def _rounded(value: float) -> int:
    """To the nearest whole number, halves up."""
    return int(value + 0.5)


def _joined(*parts: str) -> str:
    return "".join(parts)
