"""The service as a whole, on tiny networks; and what importing it may not cost."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cxr_demo.analysis import Analyser
from cxr_demo.anomaly.zones import ZONES
from cxr_demo.artefacts import Artefacts
from cxr_demo.errors import ArtefactError
from cxr_demo.reading.reader import Radiograph, read_radiograph
from cxr_demo.reference.neighbourhood import NEIGHBOURS, find_neighbourhood
from cxr_demo.report import analysis_json, shown_percent, zone_wording
from tests.conftest import chest_like, png
from train.records.manifest import register


@pytest.fixture(scope="module")
def stranger(tiny_analyser):
    """The analysis of a picture that is not in the library."""
    return tiny_analyser.analyse(read_radiograph(png(chest_like(1000))))


def test_a_stranger_gets_everything(stranger):
    assert set(stranger.probabilities) == {"binary", "three_class"}
    for head in stranger.probabilities.values():
        assert sum(head.values()) == pytest.approx(1)
    around = stranger.neighbourhood
    assert len(around.neighbours) == NEIGHBOURS
    similarities = [n.similarity for n in around.neighbours]
    assert similarities == sorted(similarities, reverse=True)
    assert sum(around.vote.values()) == pytest.approx(1)
    assert stranger.same_picture == stranger.same_patients == () and stranger.left_out == 0
    maps = stranger.anomaly.maps
    assert maps["autoencoder"].values.shape == stranger.anomaly.image.shape == (128, 128)
    assert maps["detector"].values.shape == stranger.difference.shape == (64, 64)
    assert stranger.alignment.aligned and stranger.alignment.correlation < 1
    assert [zone.name for zone in stranger.zones] == list(ZONES)
    for method, threshold in (("detector", 0.6), ("autoencoder", 0.002)):
        assert maps[method].unusual == (maps[method].score > threshold)
    assert stranger.anomaly.primary is maps["detector"]


def test_what_is_no_chest_is_said_not_to_be_aligned_and_has_no_zones(tiny_analyser):
    noise = np.random.default_rng(0).integers(60, 180, (224, 224), np.uint8)
    analysis = tiny_analyser.examine(read_radiograph(png(noise)))
    assert not analysis.alignment.aligned
    assert analysis.zones is None and analysis.difference is None
    assert analysis_json(analysis)["zones"] is None
    said = analysis_json(analysis)["alignment"]
    assert not said["aligned"] and "could not be found well enough" in said["note"]
    assert np.isfinite(analysis.anomaly.primary.score)


def test_the_line_says_each_zone_in_words(stranger):
    line = analysis_json(stranger)
    assert line["alignment"] == {
        "correlation": round(stranger.alignment.correlation, 4),
        "aligned": True,
        "note": None,
    }
    assert list(line["zones"]) == list(ZONES)
    for zone in stranger.zones:
        said = line["zones"][zone.name]
        assert said["brightness"] == round(zone.brightness, 3)
        assert said["reading"].startswith(zone.name.replace("_", " ") + " zone: ")


@pytest.mark.parametrize(
    ("percentile", "wording", "percent"),
    [
        (99.9, "denser", 99),
        (96.4, "denser", 96),
        (95, "usual", 95),
        (5, "usual", 95),
        (3.2, "darker", 96),
        (0, "darker", 99),
    ],
)
def test_a_zone_is_worth_words_beyond_nineteen_of_twenty_normal_children(
    percentile, wording, percent
):
    assert zone_wording(percentile) == wording
    assert shown_percent(percentile) == percent


def test_the_shape_of_pixels_alters_the_view_alone(stranger, tiny_analyser):
    pixels = read_radiograph(png(chest_like(1000))).pixels
    wide = tiny_analyser.analyse(Radiograph(pixels, 8, pixel_aspect=0.5))
    height, width = pixels.shape
    assert wide.view.shape == (height, 2 * width)
    assert wide.probabilities == stranger.probabilities
    np.testing.assert_array_equal(wide.square, stranger.square)
    np.testing.assert_array_equal(wide.alignment.matrix, stranger.alignment.matrix)


def test_a_tint_that_was_left_out_is_said(tiny_analyser):
    pixels = read_radiograph(png(chest_like(1000))).pixels
    found = [tiny_analyser.analyse(Radiograph(pixels, 8, tinted=tint)) for tint in (False, True)]
    assert [analysis.radiograph.tinted for analysis in found] == [False, True]


def test_position_is_the_median_of_the_neighbours(stranger, tiny_analyser):
    rows = [n.row for n in stranger.neighbourhood.neighbours]
    for name, coordinates in tiny_analyser.library.coordinates.items():
        assert stranger.neighbourhood.position[name] == pytest.approx(
            np.median(coordinates[rows], axis=0)
        )


@pytest.mark.parametrize("size", [(260, 320), (520, 640), (224, 224)])
def test_a_reference_at_any_size_leaves_out_itself_and_its_patient(tiny_analyser, size):
    analysis = tiny_analyser.analyse(read_radiograph(png(chest_like(7, *size))))
    assert analysis.same_picture == ("reference07",)
    assert analysis.same_patients == ("patient03",) and analysis.left_out == 2
    assert not {"reference06", "reference07"} & {n.id for n in analysis.neighbourhood.neighbours}


def test_hashes_are_those_of_the_manifest(stranger, tiny_analyser):
    assert stranger.model == tiny_analyser.model
    assert {len(value) for value in stranger.model.values()} == {12}


def test_another_search_finds_what_was_asked_for(tiny_analyser, stranger):
    """Every third reference is bacterial; the library has 20 of them, two of patient 0."""
    library = tiny_analyser.library
    found = find_neighbourhood(library, stranger.embedding, 30, ("bacterial",), ("patient00",))
    assert {n.label for n in found.neighbours} == {"bacterial"}
    assert "patient00" not in {n.patient for n in found.neighbours}
    assert len(found.neighbours) == 19
    assert found.vote == {"normal": 0.0, "bacterial": 1.0, "viral": 0.0}
    assert found.majority_class == "bacterial"


def test_a_part_is_hidden_from_the_networks_but_not_from_recognition(tiny_analyser):
    radiograph = read_radiograph(png(chest_like(7)))
    whole = tiny_analyser.analyse(radiograph)
    hidden = tiny_analyser.analyse(radiograph, [(0.2, 0.2, 0.6, 0.8)], "surroundings")
    assert hidden.same_picture == ("reference07",)
    assert hidden.probabilities != whole.probabilities
    np.testing.assert_array_equal(hidden.square[:, -40:], whole.square[:, -40:])
    assert np.abs(hidden.square - whole.square).max() > 0.05


def test_far_from_everything_is_atypical(tiny_analyser, stranger):
    similar = [n.similarity for n in stranger.neighbourhood.neighbours]
    assert stranger.atypical == (np.mean(similar) < 0.5)
    assert tiny_analyser.typicality.is_atypical([0.4, 0.59])
    assert not tiny_analyser.typicality.is_atypical([0.4, 0.6])


@pytest.mark.parametrize(
    "artefact",
    [
        "classifier/calibration.json",
        "classifier/heads.npz",
        "detector/held_out_scores.json",
        "autoencoder/held_out_scores.json",
        "library/library.npz",
        "library/typicality.json",
        "detector/padim.npz",
        "anomaly/density.npz",
        "detector/input_check.npz",
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
        made_with = {"detector": "detector", "anomaly": "alignment"}.get(
            file.parent.name, "classifier"
        )
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
