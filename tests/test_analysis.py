"""The service as a whole, on tiny networks; and what importing it may not cost."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cxr_demo.analysis import NEIGHBOURS, Agreement, Analyser
from cxr_demo.artefacts import Artefacts
from cxr_demo.errors import ArtefactError
from cxr_demo.library import Neighbour, vote
from cxr_demo.radiograph import read_radiograph
from tests.conftest import chest_like, png
from train.manifest import register


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
    maps = stranger.anomaly.maps
    assert maps["autoencoder"].values.shape == stranger.anomaly.image.shape == (128, 128)
    assert maps["detector"].values.shape == (20, 20)
    for method, threshold in (("detector", 0.6), ("autoencoder", 0.002)):
        assert maps[method].unusual == (maps[method].score > threshold)
    assert stranger.anomaly.deciding is maps["detector"]


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


@pytest.mark.parametrize(
    ("pneumonia", "three_class", "labels", "expected"),
    [
        (0.9, (0.1, 0.8, 0.1), "bbn", Agreement.FULL),
        (0.9, (0.1, 0.1, 0.8), "bbn", Agreement.UP_TO_CAUSE),
        (0.9, (0.1, 0.8, 0.1), "nnb", Agreement.NONE),
        (0.1, (0.8, 0.1, 0.1), "nnv", Agreement.FULL),
        (0.1, (0.8, 0.1, 0.1), "bvn", Agreement.NONE),
        (0.5, (0.8, 0.1, 0.1), "nnb", Agreement.FULL),  # at one half, normal is called
    ],
)
def test_agreement_of_vote_and_classifier(stranger, pneumonia, three_class, labels, expected):
    names = {"n": "normal", "b": "bacterial", "v": "viral"}
    neighbours = tuple(Neighbour(i, "", names[c], "", 0.9) for i, c in enumerate(labels))
    probabilities = {
        "binary": {"normal": 1 - pneumonia, "pneumonia": pneumonia},
        "three_class": dict(zip(names.values(), three_class, strict=True)),
    }
    analysis = replace(
        stranger, probabilities=probabilities, neighbours=neighbours, vote=vote(neighbours)
    )
    assert analysis.agreement is expected


@pytest.mark.parametrize(
    "artefact",
    [
        "classifier/calibration.json",
        "classifier/heads.npz",
        "detector/screening.json",
        "autoencoder/screening.json",
        "library/library.npz",
        "detector/normality.npz",
    ],
)
def test_artefacts_of_another_network_are_refused(tiny_assets, tmp_path, artefact):
    """Hashes right one by one, but not made for each other."""
    assets = tmp_path / "assets"
    shutil.copytree(tiny_assets, assets)
    file = assets / artefact
    if file.suffix == ".json":
        content = json.loads(file.read_text())
        content[Path(artefact).parent.name] = "0" * 12
        file.write_text(json.dumps(content))
    else:
        made_with = "detector" if file.stem == "normality" else "classifier"
        with np.load(file) as arrays:
            changed = {**arrays, made_with: "0" * 12}
        np.savez(file, **changed)
    register(file, "a test", root=assets, commit="x")
    with pytest.raises(ArtefactError, match=f"{artefact} was made with another version"):
        Analyser(Artefacts(assets))


def test_importing_the_service_loads_no_framework():
    forbidden = {"tensorflow", "keras", "gradio", "umap", "sklearn", "pandas", "matplotlib"}
    script = (
        "import sys, cxr_demo.analysis, cxr_demo.__main__;"
        f"print(sorted({forbidden!r} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert printed.stdout.strip() == "[]", printed.stderr
