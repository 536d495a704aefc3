"""What the classifier says, as HTML in every language. Pure functions, shown by plain `gr.HTML`.

Data contract: probabilities are calibrated shares in [0, 1] by head and class, as in `Analysis`.
Every function returns HTML of our own words and numbers; its looks are in
`ui/components/findings.css`.
(`gr.Label` sorts its bars anew each time and can mark neither the operating point nor the set.)
"""

from collections.abc import Mapping, Sequence

from cxr_demo.models.calibration import THREE_CLASS, per_hundred
from cxr_demo.report import shown_percent, zone_wording
from cxr_demo.wording.messages import table_html
from cxr_demo.wording.spans import (
    Wording,
    either,
    in_every_language,
    number,
    percent,
    say,
    sentence,
)

MAX_DEVIATION = 4.0
"""Standard deviations at the end of a zone's bar."""


def probabilities_html(
    probabilities: Mapping[str, Mapping[str, float]],
    conformal_set: Sequence[str],
    point: str,
    threshold: float,
    atypical: bool = False,
) -> str:
    """Bars of both heads, what the operating point calls, what cannot be ruled out.

    Args:
        probabilities: see above.
        conformal_set: classes of "three_class" that cannot be ruled out, likeliest first.
        point, threshold: the operating point's name and threshold on pneumonia.
        atypical: whether the radiograph's position among the references is atypical.
    """
    binary, three = probabilities["binary"], probabilities["three_class"]
    called = "point.called" if binary["pneumonia"] > threshold else "point.not_called"
    disagree = (binary["normal"] > 0.5) != (three["normal"] > 0.5)
    sure = {1: "sure", len(THREE_CLASS): "sure.none"}.get(len(conformal_set), "sure.not")
    classes = either([sentence(f"class.{name}") for name in conformal_set])
    return (
        f'<div class="findings">{_doubt("atypical", atypical)}<h3>{say("head.binary")}</h3>'
        f"{_bar('normal', binary['normal'])}{_bar('pneumonia', binary['pneumonia'], threshold)}"
        f'<p class="called">{say(called, threshold=percent(threshold, 1))} '
        f'<span class="dim">({say(f"point.{point}")})</span></p><h3>{say("head.three_class")}</h3>'
        f"{''.join(_bar(name, three[name]) for name in THREE_CLASS)}"
        f'<p class="set{"" if sure == "sure" else " doubt"}">{say(sure, classes=classes)}</p>'
        f'{_doubt("heads.disagree", disagree)}<p class="note">{say("caution")}</p></div>'
    )


def per_hundred_html(point: Mapping[str, float], prevalence: float) -> str:
    """What an operating point means for 100 children, as dots, those with pneumonia first, and in
    words; arguments as `calibration.per_hundred`, and the point's "…_interval" of 95 %."""
    counts = per_hundred(point, prevalence)
    kinds = ("found", "missed", "alarms", "spared")
    dots = "".join(f'<i class="{kind}"></i>' * counts[kind] for kind in kinds)
    key = "".join(
        f'<span><i class="{kind}"></i>{say(f"hundred.{kind}", count=counts[kind])}</span>'
        for kind in kinds
    )
    rates = {name: _rate(point, name) for name in ("sensitivity", "specificity")}
    return (
        f'<div class="findings"><div class="hundred" aria-hidden="true">{dots}</div>'
        f'<p class="key" aria-hidden="true">{key}</p>'
        f'<p class="meaning">{say("point.meaning", **counts, **rates)}</p></div>'
    )


def zones_html(zones: Mapping[str, Mapping] | None) -> str:
    """The six zones of the lungs, a line each; "" where there are none.

    Args:
        zones: by name, as in the keys `zones.{name}`: "brightness" in standard deviations
            against normal children; "percentile" in [0, 100], the share of those that are darker
            there; "level" of the detector's map.
    """
    if not zones:
        return ""
    columns = ["", "", "", say("zones.detector")]
    table = table_html(say("zones"), columns, [_zone(*zone) for zone in zones.items()])
    return f'<div class="findings zones">{table}</div>'


def nothing_html(key: str = "nothing") -> str:
    """What stands where nothing is to be seen: "nothing" yet, "veiled" or "gated"."""
    return f'<p class="findings nothing">{say(key)}</p>'


def _rate(point: Mapping, name: str) -> Wording:
    """ "97.1% (95.0–98.6%)"."""
    low, high = (percent(end, 1) for end in point[f"{name}_interval"])
    value = percent(point[name], 1)
    return lambda language: f"{value(language)} ({low(language)}–{high(language)})"


def _doubt(key: str, holds: bool) -> str:
    return f'<p class="doubt {key}">{say(key)}</p>' if holds else ""


def _bar(name: str, probability: float, mark: float | None = None) -> str:
    tick = "" if mark is None else f'<i style="left:{100 * mark:.1f}%"></i>'
    return (
        f'<div class="bar" data-class="{name}"><span>{say(f"class.{name}")}</span>'
        f'<span class="track" aria-hidden="true"><span style="width:{100 * probability:.1f}%">'
        f"</span>{tick}</span><b>{in_every_language(percent(probability, 1))}</b></div>"
    )


def _zone(name: str, zone: Mapping) -> list[str]:
    brightness, percentile = zone["brightness"], zone["percentile"]
    along = max(-1, min(1, brightness / MAX_DEVIATION)) * 50
    far = "" if zone_wording(percentile) == "usual" else ' class="far"'
    key = "zones.denser" if percentile >= 50 else "zones.lighter"
    share = percent(shown_percent(percentile) / 100)
    return [
        say(f"zones.{name}"),
        f'<span class="track" aria-hidden="true"><span style="left:{50 + min(0, along):.1f}%;'
        f'width:{abs(along):.1f}%"{far}></span></span>',
        f"<b>{'−' if brightness < 0 else '+'}{in_every_language(number(abs(brightness), 1))} σ</b> "
        f'<span class="dim">{say(key, share=share)}</span>',
        in_every_language(number(zone["level"], 2)),
    ]
