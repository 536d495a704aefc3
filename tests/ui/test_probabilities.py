"""What the classifier says, as HTML."""

import re

import pytest

from cxr_demo.ui.components.probabilities import (
    nothing_html,
    per_hundred,
    per_hundred_html,
    probabilities_html,
    zones_html,
)

FOUND = {
    "binary": {"normal": 0.0976, "pneumonia": 0.9024},
    "three_class": {"normal": 0.05, "bacterial": 0.62, "viral": 0.33},
}


def english(html: str) -> str:
    """The text that an English reader sees."""
    html = re.sub(r'<span lang="(de|es)">.*?</span>', "", html)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def shown(point: float = 0.5, plausible=("bacterial", "viral"), found=FOUND, **options) -> str:
    return probabilities_html(found, plausible, "youden", point, **options)


def test_bars_show_calibrated_per_cents_of_both_heads_in_order():
    html = shown()
    bars = re.findall(r'class="bar" data-class="(\w+)".*?width:([\d.]+)%.*?<b>(.*?)</b>', html)
    assert [name for name, *_ in bars] == ["normal", "pneumonia", "normal", "bacterial", "viral"]
    assert [width for _, width, _ in bars] == ["9.8", "90.2", "5.0", "62.0", "33.0"]
    assert [english(text) for *_, text in bars] == ["9.8%", "90.2%", "5.0%", "62.0%", "33.0%"]


@pytest.mark.parametrize(
    ("threshold", "called"), [(0.9, True), (0.9024, False), (0.95, False), (0.157, True)]
)
def test_the_operating_point_calls_what_lies_above_its_threshold(threshold, called):
    said = english(shown(threshold))
    assert ("Called pneumonia" in said) is called
    assert ("Not called pneumonia" in said) is not called
    assert f'<i style="left:{100 * threshold:.1f}%">' in shown(threshold)


@pytest.mark.parametrize(
    ("plausible", "said", "doubtful"),
    [
        (("normal",), "Sure enough: Normal.", False),
        (("bacterial", "viral"), "Not sure: Bacterial or Viral.", True),
        (("viral", "normal", "bacterial"), "Viral, Normal or Bacterial are all possible", True),
    ],
)
def test_the_conformal_set_in_words(plausible, said, doubtful):
    html = shown(plausible=plausible)
    assert said in english(html)
    assert ("set doubt" in html) is doubtful


def test_heads_that_disagree_and_atypical_positions_are_marked():
    assert "disagree" not in english(shown())
    assert "Atypical" not in english(shown())
    assert "Atypical position" in english(shown(atypical=True))
    split = {**FOUND, "three_class": {"normal": 0.6, "bacterial": 0.3, "viral": 0.1}}
    assert "The two heads disagree" in english(shown(found=split))


POINT = {"sensitivity": 0.9, "specificity": 0.8, "threshold": 0.4}


@pytest.mark.parametrize(
    ("prevalence", "counts"),
    [
        # 100 children: found = ill x 0.9, alarms = healthy x 0.2, halves up.
        (0.5, {"ill": 50, "found": 45, "missed": 5, "healthy": 50, "alarms": 10, "spared": 40}),
        (0.05, {"ill": 5, "found": 5, "missed": 0, "healthy": 95, "alarms": 19, "spared": 76}),
        (0.01, {"ill": 1, "found": 1, "missed": 0, "healthy": 99, "alarms": 20, "spared": 79}),
        (0.99, {"ill": 99, "found": 89, "missed": 10, "healthy": 1, "alarms": 0, "spared": 1}),
    ],
)
def test_whole_children_of_a_hundred(prevalence, counts):
    assert per_hundred(POINT, prevalence) == counts
    html = per_hundred_html(POINT, prevalence)
    dots = html[: html.index('class="key"')]
    for kind in ("found", "missed", "alarms", "spared"):
        assert dots.count(f'class="{kind}"') == counts[kind]
    assert f"{counts['found']} are found, {counts['missed']} missed" in english(html)


def test_a_line_for_each_zone_of_the_lungs():
    zones = [
        {"name": "right_upper", "brightness": 2.0, "percentile": 99.6, "level": 0.62},
        {"name": "left_lower", "brightness": -8.0, "percentile": 0.4, "level": 0.0},
    ]
    html = zones_html(zones)
    lines = [english(line) for line in re.findall(r"<tr>.*?</tr>", html)[1:]]
    assert lines == [
        "Right upper +2.0 σ denser than 99% 0.62",
        "Left lower −8.0 σ less dense than 99% 0.00",
    ]
    # A bar from the middle: two of four standard deviations are a quarter; it ends at the edge.
    assert "left:50.0%;width:25.0%" in html
    assert "left:0.0%;width:50.0%" in html


def test_where_there_are_no_zones_nothing_is_shown():
    assert zones_html(None) == ""


def test_what_stands_where_nothing_is_seen_yet():
    assert english(nothing_html()) == "Appears once a radiograph is in."
    assert "until you have marked" in english(nothing_html("veiled"))
