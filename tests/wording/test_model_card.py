"""The model card says what was measured, each figure where it belongs."""

import json
import re
from pathlib import Path

import pytest

from cxr_demo.model_card import CURVES, flat
from cxr_demo.wording import model_card
from cxr_demo.wording.training_figure import training_figure

METRICS = Path(__file__).parents[2] / "assets" / "metrics"
POINT = {"threshold": 0.5, "sensitivity": 0.25, "specificity": 0.75}


def measured(name: str) -> dict:
    return json.loads((METRICS / f"{name}.json").read_text())


@pytest.fixture(scope="module")
def evaluation() -> dict:
    return measured("evaluation")


@pytest.fixture(scope="module")
def figures(evaluation) -> dict:
    """All that the card is made of, with the held-out patients' figures made up."""
    points = dict.fromkeys(("youden", "sensitivity_95", "specificity_90"), POINT)
    return flat(
        {
            **evaluation,
            "localisation": measured("localisation"),
            "held_out": points,
            "spared": {"detector": 0.125, "autoencoder": 0.5},
        }
    )


def english(html: str) -> str:
    """The text of one language, cells of a row with bars between."""
    html = re.sub(r'<span lang="(?!en)\w+">[^<]*</span>', "", html).replace("</th><td>", " | ")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html.replace("</td><td>", " | ")))


def test_tables_hold_the_figures_of_their_rows(figures, evaluation):
    said = english(model_card.figures_html(figures))
    auc, (low, high) = evaluation["binary"]["auc"], evaluation["intervals"]["binary.auc"]
    assert f"Classifier | {auc:.3f} ({low:.3f}–{high:.3f}) | " in said
    least = evaluation["binary"]["specificity_at_sensitivity_0.97"]  # a key with a dot of its own
    assert f"{least:.3f} " in said
    border = evaluation["baselines"]["border only"]
    assert f"Border of the image only | {border['auc']:.3f} | {border['accuracy']:.3f} | " in said
    assert "Youden | 0.500 | 0.250 | 0.750" in said  # of held-out patients
    lesion = measured("localisation")["autoencoder"]["lesions"]["all"]
    assert f"all | {lesion['pixel_auc']:.3f} | {lesion['pointing_game']:.3f} | " in said


def test_what_was_not_measured_is_a_dash(figures):
    vote = {path: value for path, value in figures.items() if path != "knn_binary.auc"}
    assert "Vote of the nearest references (kNN) | — | " in english(model_card.figures_html(vote))


def test_a_confusion_is_counted_and_shaded_by_rows(figures, evaluation):
    html = model_card.confusions_html(figures)
    (right, wrong), _ = evaluation["binary"]["confusion"]
    assert f"<b>{wrong}</b>" in html
    assert f'class="cell right" style="--share:{right / (right + wrong):.3f}"' in html


def test_sentences_are_filled_with_the_figures_they_name(figures, evaluation):
    short = english(model_card.shortfalls_html(figures))
    normals = evaluation["binary"]["confusion"][0]
    assert f"{normals[1]} of {sum(normals)} normal radiographs are called pneumonia" in short
    assert "spares 12.5% of the held-out normals" in short
    besides = english(model_card.figures_html(figures))
    assert f"for {100 * evaluation['native_agreement']['share_within_0.10']:.1f}% of 120" in besides
    assert "{" not in short + besides


@pytest.mark.parametrize("same", [True, False])
def test_it_says_whether_these_models_were_measured(same):
    serving = {"classifier": "a", "detector": "b"}
    said = english(model_card.data_html(serving, {**serving, "detector": "b" if same else "c"}))
    assert ("were measured with the models that answer here" in said) is same


def test_models_that_were_not_measured_are_others():
    said = english(model_card.data_html({"classifier": "a", "padim": "b"}, {"classifier": "a"}))
    assert "Textures of normal lungs | b | —" in said and "with other models" in said


@pytest.mark.parametrize("chart", CURVES)
def test_training_is_drawn_an_epoch_a_point(chart):
    history = measured(f"{chart.split('.')[0]}_history")
    figure = training_figure(chart, history, "de")
    assert len(figure.data) == len(CURVES[chart])
    assert all(len(line.y) == len(history) and line.x0 == 1 for line in figure.data)
    assert figure.layout.xaxis.title.text == "Epoche"
