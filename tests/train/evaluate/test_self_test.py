"""Stored outputs of examples are what the service says of those files."""

import hashlib
import json

import pytest

from cxr_demo.artefacts import Artefacts
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.self_test import TOLERANCE
from train.evaluate.self_test import self_test


@pytest.fixture(scope="module")
def content(tiny_analyser, tiny_assets):
    """As `self_test.json` would hold it."""
    return json.loads(json.dumps(self_test(tiny_analyser, Artefacts(tiny_assets))))


def test_every_example_is_stored_under_the_hash_of_its_file(content, tiny_assets):
    files = (tiny_assets / "examples").glob("*.png")
    hashes = {hashlib.sha256(file.read_bytes()).hexdigest()[:12] for file in files}
    assert set(content["examples"]) == hashes and len(hashes) == 4


def test_what_is_stored_is_what_the_service_says(content, tiny_analyser, tiny_assets):
    file = (tiny_assets / "examples/reference02.png").read_bytes()
    analysis = tiny_analyser.analyse(read_radiograph(file))
    stored = content["examples"][hashlib.sha256(file).hexdigest()[:12]]
    assert stored["pneumonia"] == pytest.approx(analysis.probabilities["binary"]["pneumonia"])
    assert sum(stored["three_class"].values()) == pytest.approx(1)
    assert stored["score"] == pytest.approx(analysis.anomaly.primary.score)
    assert stored["autoencoder"] == pytest.approx(analysis.anomaly.maps["autoencoder"].score)
    assert stored["neighbours"] == [n.id for n in analysis.neighbourhood.neighbours]
    # The picture and the other one of its patient are in the library and may not be found.
    assert not {"reference02", "reference03"} & set(stored["neighbours"])


def test_model_and_tolerance_go_with_them(content, tiny_analyser):
    assert content["model"] == tiny_analyser.model
    assert content["tolerance"] == TOLERANCE
