"""The service as a whole, on tiny networks; and what importing it may not cost."""

import subprocess
import sys

import numpy as np
import pytest

from cxr_demo.analysis import NEIGHBOURS
from cxr_demo.radiograph import read_radiograph
from tests.conftest import chest_like, png


@pytest.fixture(scope="module")
def stranger(tiny_analyser):
    """The analysis of a picture that is not in the library."""
    return tiny_analyser.analyse(read_radiograph(png(chest_like(1000))))


def test_a_stranger_gets_everything(stranger):
    assert set(stranger.probabilities) == {"binary", "three_class"}
    for head in stranger.probabilities.values():
        assert sum(head.values()) == pytest.approx(1)
    assert len(stranger.neighbours) == NEIGHBOURS
    similarities = [n.similarity for n in stranger.neighbours]
    assert similarities == sorted(similarities, reverse=True)
    assert sum(stranger.vote.values()) == pytest.approx(1)
    assert stranger.same_picture == () and stranger.left_out == 0
    assert stranger.anomaly.error_map.shape == stranger.anomaly.image.shape == (128, 128)
    assert stranger.anomaly.unusual == (stranger.anomaly.score > 0.002)


def test_position_is_the_median_of_the_neighbours(stranger, tiny_analyser):
    rows = [n.row for n in stranger.neighbours]
    for name, coordinates in tiny_analyser.library.coordinates.items():
        assert stranger.position[name] == pytest.approx(np.median(coordinates[rows], axis=0))


@pytest.mark.parametrize("size", [(260, 320), (520, 640), (224, 224)])
def test_a_reference_at_any_size_leaves_out_itself_and_its_patient(tiny_analyser, size):
    analysis = tiny_analyser.analyse(read_radiograph(png(chest_like(7, *size))))
    assert analysis.same_picture == ("reference07",)
    assert analysis.left_out == 2
    assert not {"reference06", "reference07"} & {n.id for n in analysis.neighbours}


def test_hashes_are_those_of_the_manifest(stranger, tiny_analyser):
    assert stranger.model == tiny_analyser.model
    assert {len(value) for value in stranger.model.values()} == {12}


def test_agreement_compares_the_two_classes(stranger):
    called = stranger.probabilities["binary"]["pneumonia"] > 0.5
    assert stranger.agrees == (called == (stranger.vote["normal"] < 0.5))


def test_importing_the_service_loads_no_framework():
    forbidden = {"tensorflow", "keras", "gradio", "umap", "sklearn", "pandas", "matplotlib"}
    script = (
        "import sys, cxr_demo.analysis, cxr_demo.__main__;"
        f"print(sorted({forbidden!r} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert printed.stdout.strip() == "[]", printed.stderr
