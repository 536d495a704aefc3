"""What the page shows, as values: colours, marks, words."""

import numpy as np
import pytest

from cxr_demo.radiograph import read_radiograph
from cxr_demo.screening import Screening
from cxr_demo.ui import anomaly_figures, figures
from tests.conftest import chest_like, png


@pytest.fixture(scope="module")
def analysis(tiny_analyser):
    return tiny_analyser.analyse(read_radiograph(png(chest_like(600))))


GREY = np.full((2, 2), 0.5, np.float32)


def test_the_heatmap_colours_only_what_is_above_the_threshold():
    errors = np.array([[0.0, 0.01], [0.02, 0.04]], np.float32)
    picture = anomaly_figures.heatmap(errors, 0.011, 0.04, GREY)
    coloured = (picture.max(axis=2) != picture.min(axis=2)).tolist()
    assert coloured == [[False, False], [True, True]]
    assert picture[0].tolist() == [[64] * 3] * 2  # the radiograph at half its brightness


def test_one_value_has_one_colour_whatever_else_is_in_the_image():
    alone = anomaly_figures.heatmap(np.full((2, 2), 0.02, np.float32), 0.0, 0.04, GREY)[0, 0]
    others = np.array([[0.02, 0.5], [0.5, 0.5]], np.float32)
    beside = anomaly_figures.heatmap(others, 0.0, 0.04, GREY)[0, 0]
    assert alone.tolist() == beside.tolist()


@pytest.mark.parametrize(("method", "decimals"), [("detector", 3), ("autoencoder", 4)])
def test_the_verdict_names_score_threshold_and_share(analysis, method, decimals):
    sentence = anomaly_figures.verdict(analysis, method, 1.0)
    assert "Not flagged" in sentence
    assert f"{analysis.anomaly.maps[method].score:.{decimals}f}" in sentence
    assert f"{1:.{decimals}f}" in sentence and "0.0%" in sentence


SCREENING = Screening(np.array([0.0, 0.1, 0.2, 0.3]), np.array([0.2, 0.9]), {"specificity_95": 0.3})


def test_the_meaning_of_a_threshold_is_in_words():
    words = anomaly_figures.meaning(SCREENING, "detector", 0.2, 0.5, None)
    assert "sensitivity 50.0% on 2 pneumonia" in words and "specificity 75.0% on 4 normal" in words
    # Of 100 children 50 are ill, 25 of them flagged, and 12.5 of the others.
    assert "right in 67% (PPV)" in words and "right in 60% (NPV)" in words


def test_a_threshold_that_flags_nobody_has_no_predictive_value():
    assert "nobody is flagged" in anomaly_figures.meaning(SCREENING, "detector", 1.0, 0.5, None)


def test_the_histogram_marks_threshold_and_query():
    without = anomaly_figures.histogram(SCREENING, "detector", 0.25, None)
    assert 'class="threshold" x1="25.0"' in without and "query" not in without
    beyond = anomaly_figures.histogram(SCREENING, "detector", 0.25, 7.0)
    assert 'class="query" x1="100.0"' in beyond
    # A bar for each score: no two of a class fall into one bin.
    assert without.count("<rect") == 4 + 2


def test_the_map_marks_the_query_and_joins_it_to_its_neighbours(tiny_analyser, analysis):
    library = tiny_analyser.library
    figure = figures.atlas_figure(library, "umap", analysis)
    *classes, lines, rings, query = figure.data
    assert [len(trace.x) for trace in classes] == [20, 20, 20]
    assert sorted(np.concatenate([trace.customdata for trace in classes])) == list(range(60))
    assert (query.x[0], query.y[0]) == analysis.position["umap"]
    expected = library.coordinates["umap"][[n.row for n in analysis.neighbours]]
    assert np.stack([lines.x[1::3], lines.y[1::3]], axis=1) == pytest.approx(expected)
    assert np.stack([rings.x, rings.y], axis=1) == pytest.approx(expected)
    assert set(lines.x[::3]) == {query.x[0]}


def test_the_map_without_a_query_has_the_classes_only(tiny_analyser):
    assert len(figures.atlas_figure(tiny_analyser.library, "tsne").data) == 3


def test_text_from_outside_is_escaped():
    assert "<script>" not in figures.status_line("<script>alert(1)</script>", "refused")


def test_the_radiograph_keeps_its_proportions(analysis):
    assert figures.image_panels(analysis).count("--ratio: 1.2308") == 2  # 320 / 260
    assert anomaly_figures.heat_panel(analysis, "detector", 0.01).count("--ratio: 1.2308") == 1
