"""What the repository ships: complete, small, hashed, and as good as its metrics say."""

import json

import numpy as np
import pytest

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import ASSETS, Artefacts
from cxr_demo.radiograph import read_radiograph
from train.calibrate import expected_calibration_error
from train.prototypes import MIN_PATIENTS
from train.scores import binary_scores

LIMIT_BYTES = 60_000_000


@pytest.fixture(scope="module")
def artefacts():
    return Artefacts()


@pytest.fixture(scope="module")
def analyser(artefacts):
    return Analyser(artefacts)


def test_every_artefact_is_what_the_manifest_names(artefacts):
    entries = json.loads((ASSETS / "manifest.json").read_text())
    for entry in entries:
        assert {"path", "sha256", "bytes", "command", "commit", "data"} <= set(entry)
        assert len(artefacts.read(entry["path"])) == entry["bytes"]
    assert sum(entry["bytes"] for entry in entries) < LIMIT_BYTES


def test_the_manifest_names_every_file_but_itself_and_the_cards(artefacts):
    present = {
        path.relative_to(ASSETS).as_posix()
        for path in ASSETS.rglob("*.*")
        if path.name not in ("manifest.json", "CARD.md") and "pictures" not in path.parts
    }
    assert present == set(artefacts.paths)


def test_the_library_holds_the_training_images_and_the_examples(analyser):
    library = analyser.library
    assert len(library) == 5216 + 16
    assert np.bincount(library.labels).tolist() == [1341 + 8, 2530 + 8, 1345]
    assert np.linalg.norm(library.embeddings, axis=1) == pytest.approx(1, abs=1e-5)
    assert all(np.isfinite(xy).all() for xy in library.coordinates.values())


def test_prototypes_average_enough_patients(analyser):
    library = analyser.library
    assert library.prototype_sizes.min() >= MIN_PATIENTS
    assert len(library.prototypes) >= 150
    for prototype in range(len(library.prototypes)):
        assert len(set(library.labels[library.prototype_of == prototype])) == 1


def test_the_examples_are_read_right_and_recognised(analyser, artefacts):
    """Chosen for nothing; most of 16 is what models of this accuracy owe."""
    right = 0
    for path in artefacts.paths:
        if path.startswith("examples/"):
            analysis = analyser.analyse(read_radiograph(artefacts.read(path)))
            name = path.removeprefix("examples/").removesuffix(".jpeg")
            assert analysis.same_picture == (name,)
            called = analysis.probabilities["binary"]["pneumonia"] > 0.5
            right += called == name.startswith("person")
    assert right >= 14


def test_stored_figures_are_those_of_the_shipped_model(analyser):
    stored = json.loads((ASSETS / "metrics/evaluation.json").read_text())
    assert stored["model"] == analyser.model
    log = (ASSETS / "metrics/test_log.jsonl").read_text().splitlines()
    assert json.loads(log[-1])["model"] == analyser.model
    for name in ("binary", "three_class", "knn_binary", "knn_three_class", "autoencoder"):
        confusion = np.array(stored[name]["confusion"])
        assert confusion.sum() == stored[name]["n"] == 624
        assert stored[name]["accuracy"] == pytest.approx(np.trace(confusion) / 624)


@pytest.mark.shared
def test_a_reference_at_native_size_gives_the_probability_of_its_copy(analyser, shared):
    natives = sorted((shared / "data/native_resolution").glob("*/*.jpeg"))[::8]
    gaps = []
    for native in natives:
        copy = shared / "data/chest_xray/train" / native.parent.name / native.name
        both = [
            analyser.analyse(read_radiograph(path.read_bytes())).probabilities["binary"]["normal"]
            for path in (native, copy)
        ]
        gaps.append(abs(both[0] - both[1]))
    assert np.mean(np.array(gaps) <= 0.10) >= 0.95


@pytest.mark.shared
def test_training_images_are_told_apart(analyser, shared):
    """A sanity bound on 40 training images; the test split is not read here."""
    folder = shared / "data/chest_xray/train"
    paths = [
        path
        for name in ("NORMAL", "PNEUMONIA")
        for path in sorted((folder / name).glob("*.jpeg"))[:: 1300 if name == "NORMAL" else 190]
    ]
    analyses = [analyser.analyse(read_radiograph(path.read_bytes())) for path in paths]
    labels = np.array([path.parent.name == "PNEUMONIA" for path in paths]).astype(int)
    both = np.array([list(a.probabilities["binary"].values()) for a in analyses])
    assert binary_scores(labels, both[:, 1])["accuracy"] > 0.9
    assert expected_calibration_error(both, labels) < 0.2
