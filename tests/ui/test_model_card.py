"""The model card says what was measured, and the self-test what differs."""

import json
import re
from pathlib import Path

import pytest

from cxr_demo.ui import model_card
from cxr_demo.ui.tabs.about import CHARTS, differences, training_figure

METRICS = Path(__file__).parents[2] / "assets" / "metrics"
SCORES = {"normal": [0.1, 0.2, 0.3, 0.4], "pneumonia": [0.5]}
HELD_OUT = {"detector": SCORES, "autoencoder": SCORES}
POINT = {"threshold": 0.5, "sensitivity": 0.25, "specificity": 0.75}
POINTS = dict.fromkeys(("youden", "sensitivity_95", "specificity_90"), POINT)


def measured(name: str) -> dict:
    return json.loads((METRICS / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def evaluation() -> dict:
    return measured("evaluation")


def english(html: str) -> str:
    """The text of one language."""
    html = re.sub(r'<span lang="(?!en)\w+">[^<]*</span>', "", html)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize(("threshold", "share"), [(0.05, 0), (0.3, 0.75), (0.35, 0.75), (1, 1)])
def test_how_many_normals_a_threshold_spares(threshold, share):
    given = {"detector": {"threshold": threshold}}
    assert model_card.spared(HELD_OUT, given, "detector") == share


def test_a_figure_stands_there_with_its_interval(evaluation):
    said = english(model_card.figures_html(evaluation, measured("localisation"), HELD_OUT, POINTS))
    low, high = evaluation["intervals"]["binary.auc"]
    assert f"{evaluation['binary']['auc']:.3f} ( {low:.3f} – {high:.3f} )".replace(" ", "") in (
        said.replace(" ", "")
    )
    least = evaluation["binary"]["specificity_at_sensitivity_0.97"]  # a key with a dot of its own
    assert f"{least:.3f}" in said and "0.250 / 0.750" in said


def test_a_confusion_is_counted_and_shaded_by_rows(evaluation):
    html = model_card.confusions_html(evaluation)
    (right, wrong), _ = evaluation["binary"]["confusion"]
    assert f"<b>{wrong}</b>" in html
    assert f'class="cell right" style="--share:{right / (right + wrong):.3f}"' in html


def test_shortfalls_are_those_of_the_figures(evaluation):
    said = english(model_card.shortfalls_html(evaluation, HELD_OUT))
    normals = evaluation["binary"]["confusion"][0]
    assert f"{normals[1]} of {sum(normals)} normal radiographs are called pneumonia" in said
    assert "{" not in said


@pytest.mark.parametrize("same", [True, False])
def test_it_says_whether_these_models_were_measured(same):
    serving = {"classifier": "a", "detector": "b"}
    said = english(model_card.data_html(serving, {**serving, "detector": "b" if same else "c"}))
    assert ("were measured with the models that answer here" in said) is same


EXPECTED = {
    "pneumonia": 0.5,
    "three_class": {"normal": 0.5, "bacterial": 0.25, "viral": 0.25},
    "score": 0.5,
    "autoencoder": 0.01,
}
STORED = {
    "tolerance": {"probability": 0.02, "score": 0.02, "autoencoder": 0.0001},
    "model": {"classifier": "abc"},
}


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ({}, []),
        ({"pneumonia": 0.519}, []),
        ({"pneumonia": 0.521}, ["pneumonia"]),
        ({"pneumonia": 0.479}, ["pneumonia"]),
        ({"score": 0.53}, ["score"]),
        ({"autoencoder": 0.0102}, ["autoencoder"]),
        ({"viral": 0.28}, ["three_class"]),
        ({"model": "abd"}, ["model"]),
    ],
    ids=str,
)
def test_what_differs_from_what_was_stored(changed, differs):
    three = {"normal": 0.5, "bacterial": 0.25, "viral": changed.get("viral", 0.25)}
    binary = {"pneumonia": changed.get("pneumonia", 0.5)}
    anomaly = {
        "score": changed.get("score", 0.5),
        "autoencoder": {"score": changed.get("autoencoder", 0.01)},
    }
    found = {
        "probabilities": {"binary": binary, "three_class": three},
        "anomaly": anomaly,
        "model": {"classifier": changed.get("model", "abc")},
    }
    assert differences(EXPECTED, found, STORED) == differs


@pytest.mark.parametrize("network", CHARTS)
def test_training_is_drawn_an_epoch_a_point(network):
    history = measured(f"{network}_history")
    figure = training_figure(network, history, "de")
    assert len(figure.data) == sum(len(lines) for lines in CHARTS[network].values())
    assert all(list(line.x) == list(range(1, len(history) + 1)) for line in figure.data)
    assert figure.data[0].y[-1] == pytest.approx(history[-1]["loss"])
