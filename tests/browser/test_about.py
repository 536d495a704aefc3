"""The model card shows what was measured; its self-test tells the shipped models from others."""

import json

import pytest

from cxr_demo.artefacts import ASSETS
from cxr_demo.i18n import translate
from tests.browser.conftest import until

SELF_TEST_MS = 120_000
EVALUATION = json.loads((ASSETS / "metrics/evaluation.json").read_text())
LOCALISATION = json.loads((ASSETS / "metrics/localisation.json").read_text())
SELF_TEST = json.loads((ASSETS / "metrics/self_test.json").read_text())
N_EXAMPLES = len(SELF_TEST["examples"])
MATRICES = ("binary", "three_class", "knn_binary", "knn_three_class")


def opened(page):
    """The About tab, loaded."""
    page.click("#tab-about")
    page.wait_for_selector("#about-data")
    return page


@pytest.fixture
def card(page):
    return opened(page)


def rows(page, key: str, **values) -> dict[str, list[str]]:
    """The cells of the table with a caption, by row header."""
    return page.evaluate(
        """(caption) => {
            const table = [...document.querySelectorAll('#panel-about table')]
                .find((one) => one.caption.textContent === caption);
            return Object.fromEntries([...table.tBodies[0].rows].map((row) => [
                row.cells[0].textContent, [...row.cells].slice(1).map((cell) => cell.textContent),
            ]));
        }""",
        translate(key, **values),
    )


def at(*path: str) -> str:
    """A figure of `evaluation.json` as the card writes it, with its interval if it has one."""
    value = EVALUATION
    for name in path:
        value = value[name]
    interval = EVALUATION["intervals"].get(".".join(path))
    bounds = f" ({interval[0]:.3f}–{interval[1]:.3f})" if interval else ""
    return f"{value:.3f}{bounds}"


@pytest.mark.parametrize(
    ("table", "measure", "path"),
    [
        ("binary", "auc", ("binary", "auc")),
        ("binary", "accuracy", ("binary", "accuracy")),
        ("binary", "sensitivity", ("binary", "sensitivity")),
        ("binary", "specificity", ("binary", "specificity")),
        ("binary", "calibration", ("binary", "expected_calibration_error")),
        ("three_class", "accuracy", ("three_class", "accuracy")),
        ("three_class", "recall.normal", ("three_class", "recall", "normal")),
        ("three_class", "recall.bacterial", ("three_class", "recall", "bacterial")),
        ("three_class", "recall.viral", ("three_class", "recall", "viral")),
        ("vote", "two", ("knn_binary", "accuracy")),
        ("vote", "three", ("knn_three_class", "accuracy")),
    ],
)
def test_figures_are_those_measured(card, table, measure, path):
    shown = rows(card, f"about.caption.{table}", n=EVALUATION["n"])
    assert shown[translate(f"about.measure.{measure}")] == [at(*path)]


def test_figures_of_detectors_lesions_and_shortcuts_are_those_measured(card):
    shown = rows(card, "about.caption.anomaly", n=EVALUATION["n"])
    both = [at("detector", "auc"), at("autoencoder", "auc")]
    assert shown[translate("about.measure.auc")] == both
    both = [at("detector", "specificity"), at("autoencoder", "specificity")]
    assert shown[translate("about.measure.default.specificity")] == both
    shown = rows(card, "about.caption.lesions", n=LOCALISATION["n_normals"])
    all_lesions = LOCALISATION["detector"]["lesions"]["all"]
    header = f"{translate('about.method.detector')}: {translate('about.lesion.all')}"
    assert shown[header][0] == f"{all_lesions['pixel_auc']:.3f}"
    shown = rows(card, "about.caption.shortcuts", n=EVALUATION["n"])
    for name, scores in EVALUATION["baselines"].items():
        assert shown[translate(f"about.shortcut.{name}")][1] == f"{scores['auc']:.3f}"


def test_what_falls_short_is_said_with_its_figures(card):
    words = card.inner_text("section[aria-labelledby=about-shortfalls]")
    binary, detector = EVALUATION["binary"], EVALUATION["detector"]
    assert f"{binary['specificity']:.3f}" in words
    assert f"{binary['confusion'][0][1]} of {sum(binary['confusion'][0])}" in words
    assert f"{detector['auc']:.3f}" in words and ".911" in words
    screening = json.loads((ASSETS / "detector/screening.json").read_text())
    spared = [score <= detector["threshold"] for score in screening["normal"]]
    assert f"{sum(spared) / len(spared):.1%}" in words
    assert f"{detector['specificity']:.1%}" in words


@pytest.mark.parametrize("name", MATRICES)
def test_confusion_matrices_are_those_measured(card, name):
    shown = card.evaluate(
        """(name) => [...document.querySelector(`[data-matrix=${name}]`).tBodies[0].rows]
            .map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent))""",
        name,
    )
    expected = [
        [f"{count} {count / sum(counts):.1%}" for count in counts]
        for counts in EVALUATION[name]["confusion"]
    ]
    assert shown == expected


@pytest.mark.parametrize("network", ["classifier", "detector", "autoencoder"])
def test_charts_have_a_point_and_a_row_an_epoch(card, network):
    history = json.loads((ASSETS / f"metrics/{network}_history.json").read_text())
    charts = card.query_selector_all(f".charts[data-network={network}] .chart")
    assert charts
    for chart in charts:
        lines = chart.query_selector_all("[role=img] .line")
        assert lines
        for line in lines:
            assert len(line.query_selector_all("circle")) == len(history)
        assert len(chart.query_selector_all("tbody tr")) == len(history)
        assert len(chart.query_selector_all("thead th")) == 1 + len(lines)
        label = chart.query_selector("[role=img]").get_attribute("aria-label")
        assert chart.query_selector("figcaption").inner_text() in label


def test_the_vertical_axis_tells_the_values(card):
    """A point's height, read off the axis by its labels, is its value."""
    history = json.loads((ASSETS / "metrics/detector_history.json").read_text())
    values = card.evaluate(
        """() => {
            const chart = document.querySelector('.charts[data-network=detector] [role=img]');
            const rules = [...chart.querySelectorAll('.rule')].map((rule) =>
                [+rule.getAttribute('y1'), +rule.nextSibling.textContent]);
            const [[y0, v0], [y1, v1]] = [rules[0], rules.at(-1)];
            return [...chart.querySelectorAll('circle')].map((point) =>
                v0 + (v1 - v0) * (+point.getAttribute('cy') - y0) / (y1 - y0));
        }"""
    )
    assert values == pytest.approx([epoch["loss"] for epoch in history], abs=1e-6)


def verdict(page) -> str:
    """Wait for the self-test's outcome."""
    page.wait_for_selector("#self-test-verdict.good, #self-test-verdict.bad", timeout=SELF_TEST_MS)
    return page.inner_text("#self-test-verdict")


def test_the_self_test_passes_here_and_is_reached_by_keyboard(card):
    card.focus("#tab-about")
    for _ in range(12):
        card.keyboard.press("Tab")
        if card.evaluate("document.activeElement.id") == "self-test":
            break
    card.keyboard.press("Enter")
    assert card.is_visible("#self-test-progress")
    assert verdict(card) == translate("about.self_test.agree", n=N_EXAMPLES)
    assert card.evaluate("document.activeElement.id") == "self-test"
    shown = rows(card, "about.self_test.caption")
    assert len(shown) == N_EXAMPLES
    assert {cells[-1] for cells in shown.values()} == {translate("about.self_test.ok")}


def test_the_self_test_reports_outputs_that_differ(page):
    def alter(route):
        about = route.fetch().json()
        examples = about["self_test"]["examples"]
        examples[0]["pneumonia"] += 0.01  # within the tolerance
        examples[2]["pneumonia"] += 0.1
        examples[4]["score"] -= 0.05
        examples[5]["three_class"]["viral"] += 0.1
        route.fulfill(json=about)

    page.route("**/about.json", alter)
    opened(page).click("#self-test")
    assert verdict(page) == translate(
        "about.self_test.differ", differing=3, n=N_EXAMPLES, examples="3, 5, 6"
    )
    outcomes = [cells[-1] for cells in rows(page, "about.self_test.caption").values()]
    assert outcomes[0] == translate("about.self_test.ok")
    for i, what in ((2, "pneumonia"), (4, "score"), (5, "three_class")):
        named = translate(f"about.self_test.what.{what}")
        assert outcomes[i] == translate("about.self_test.differs", what=named)


def test_the_self_test_says_when_it_cannot_go_on(card):
    card.route("**/examples/1", lambda route: route.fulfill(body=b"no radiograph"))
    card.click("#self-test")
    why = translate("about.self_test.refused")
    assert verdict(card) == translate("about.self_test.stopped", number=2, why=why)


def test_the_self_test_is_off_while_reading_first(card):
    assert not card.is_visible("#self-test-veiled")
    card.check("#read-first")
    assert card.get_attribute("#self-test", "aria-disabled") == "true"
    assert card.is_visible("#self-test-veiled")
    card.focus("#self-test")
    card.keyboard.press("Enter")
    assert card.inner_text("#self-test-verdict") == ""
    card.uncheck("#read-first")
    assert card.get_attribute("#self-test", "aria-disabled") == "false"


def test_another_language_renders_it_anew_and_keeps_what_was_folded_out(card):
    card.route("**/wording/de.json", lambda route: route.fulfill(json={"about.figures": "Güte"}))
    card.click(".chart summary >> nth=0")
    card.select_option("#language", "de")
    until(card, "document.getElementById('about-figures').textContent === 'Güte'")
    assert card.get_attribute(".chart details >> nth=0", "open") is not None
    auc = f"{EVALUATION['binary']['auc']:.3f}".replace(".", ",")
    assert auc in card.inner_text("section[aria-labelledby=about-figures]")


def test_on_a_phone_only_tables_scroll_sideways(open_page):
    page = opened(open_page(viewport={"width": 390, "height": 800}))
    wide = page.evaluate(
        """() => [...document.querySelectorAll('#panel-about *')]
            .filter((one) => !one.closest('.scroller table')
                && one.getBoundingClientRect().right > innerWidth)
            .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert wide == []
    assert page.evaluate(
        "[...document.querySelectorAll('#panel-about table')]"
        ".every((one) => one.closest('.scroller[tabindex]') && one.caption)"
    )
