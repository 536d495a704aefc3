"""What the page shows, as values: colours, marks, words."""

import numpy as np
import pytest

from cxr_demo.radiograph import read_radiograph
from cxr_demo.ui import figures
from tests.conftest import chest_like, png


@pytest.fixture(scope="module")
def analysis(tiny_analyser):
    return tiny_analyser.analyse(read_radiograph(png(chest_like(600))))


def test_the_heatmap_colours_only_what_is_above_the_threshold():
    errors = np.array([[0.0, 0.01], [0.02, 0.04]], np.float32)
    picture = figures.heatmap(errors, 0.01)
    coloured = (picture.max(axis=2) != picture.min(axis=2)).tolist()
    assert coloured == [[False, False], [True, True]]


def test_one_error_has_one_colour_whatever_else_is_in_the_image():
    alone = figures.heatmap(np.array([[0.02]], np.float32), 0.0)[0, 0]
    beside = figures.heatmap(np.array([[0.02, 0.5]], np.float32), 0.0)[0, 0]
    assert alone.tolist() == beside.tolist()


def test_the_verdict_names_score_threshold_and_share(analysis):
    sentence = figures.verdict(analysis, 0.5)
    assert "Not flagged" in sentence
    assert f"{analysis.anomaly.score:.4f}" in sentence
    assert "0.5000" in sentence and "0.0%" in sentence


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
    assert figures.heat_panel(analysis, 0.01).count("--ratio: 1.2308") == 1
