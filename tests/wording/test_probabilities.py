"""What the classifier says, as HTML."""

import re

import pytest

from cxr_demo.wording.probabilities import (
    nothing_html,
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


def test_a_hundred_children_as_dots_and_in_words():
    """Of 5 ill all are found (4.5, halves up), of 95 others 19 called falsely."""
    intervals = {"sensitivity_interval": [0.871, 0.925], "specificity_interval": [0.75, 0.84]}
    point = {"sensitivity": 0.9, "specificity": 0.8, "threshold": 0.4, **intervals}
    html = per_hundred_html(point, 0.05)
    dots = html[: html.index('class="key"')]
    kinds = ("found", "missed", "alarms", "spared")
    assert [dots.count(f'class="{kind}"') for kind in kinds] == [5, 0, 19, 76]
    assert "5 are found, 0 missed. Of the 95 others 19 are called falsely, 76" in english(html)
    assert "sensitivity 90.0% (87.1%–92.5%), specificity 80.0% (75.0%–84.0%)" in english(html)


def test_a_line_for_each_zone_of_the_lungs():
    zones = {
        "right_upper": {"brightness": 2.0, "percentile": 99.6, "level": 0.62},
        "right_middle": {"brightness": 0.5, "percentile": 70.9, "level": 0.1},
        "left_lower": {"brightness": -8.0, "percentile": 0.4, "level": 0.0},
    }
    html = zones_html(zones)
    lines = [english(line) for line in re.findall(r"<tr>.*?</tr>", html)[1:]]
    assert lines == [
        "Right upper + 2.0 σ denser than 99% 0.62",
        "Right middle + 0.5 σ denser than 70% 0.10",
        "Left lower − 8.0 σ less dense than 99% 0.00",
    ]
    far = ['class="far"' in line for line in re.findall(r"<tr>.*?</tr>", html)[1:]]
    assert far == [True, False, True], "beyond nine in ten normal children"
    # A bar from the middle: two of four standard deviations are a quarter; it ends at the edge.
    assert "left:50.0%;width:25.0%" in html
    assert "left:0.0%;width:50.0%" in html


def test_where_there_are_no_zones_nothing_is_shown():
    assert zones_html(None) == ""


def test_what_stands_where_nothing_is_seen_yet():
    assert english(nothing_html()) == "Appears once a radiograph is in."
    assert "until you have marked" in english(nothing_html("veiled"))
