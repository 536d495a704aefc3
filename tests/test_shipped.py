"""What the repository ships: complete, small, hashed, and as good as its metrics say."""

import json

import numpy as np
import pytest

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import ASSETS, CLASSIFIER, Artefacts
from cxr_demo.models.calibration import softmax
from cxr_demo.models.input_check import UNUSUAL
from cxr_demo.models.networks import CLASSIFIER_SIDE, Classifier
from cxr_demo.models.preprocessing import to_network_input
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.reading.types import Radiograph
from train.data.frames import frames_of
from train.data.kermany import CLASSES, list_split, load_split, read_name
from train.data.out_of_distribution.photographed_views import photographed
from train.data.splits import HELD_OUT, N_FOLDS, SEED, grouped_folds
from train.evaluate.export_parity import parity
from train.metrics.predictions import from_json, predict
from train.metrics.summary import compute_metrics
from train.models.networks import build_classifier
from train.models.weights import load_quantised
from train.recipes.prototypes import MIN_PATIENTS

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


def test_photographs_of_a_film_are_unusual_not_refused(analyser, artefacts):
    """64 views of the 16 shipped examples, which nothing was fitted on."""
    paths = [path for path in artefacts.paths if path.startswith("examples/")]
    squares = [to_network_input(read_radiograph(artefacts.read(path)).pixels) for path in paths]
    assert len(squares) == 16
    checks = [
        analyser.examine(Radiograph(photographed(square, np.random.default_rng(4 * i + n)), 8))
        for i, square in enumerate(squares)
        for n in range(4)
    ]
    grades = [found.input_check for found in checks]
    unusual = [check for check in grades if check.grade == UNUSUAL]
    assert len(unusual) / len(grades) >= 0.8
    assert np.mean([check.reason == "photo" for check in unusual]) > 0.5


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


def test_export_and_source_agree(artefacts):
    """What serves is an export of the kept weights, at 8 bits: near, on every example."""
    source = build_classifier()
    load_quantised(source, ASSETS / "classifier/classifier.weights.h5")
    exported = Classifier(artefacts.read(CLASSIFIER))
    squares = [
        to_network_input(read_radiograph(artefacts.read(path)).pixels)
        for path in artefacts.paths
        if path.startswith("examples/")
    ]
    frames = frames_of(np.stack(squares), side=CLASSIFIER_SIDE)
    expected = source.predict(frames[..., None], verbose=0)
    for row, frame in enumerate(frames):
        features = exported(frame)
        for head in ("binary", "three_class"):
            served, kept = softmax(getattr(features, head)), softmax(expected[head][row])
            assert served == pytest.approx(kept, abs=0.05)
        embedding = expected["features"][row].mean(axis=(0, 1))
        assert features.embedding @ embedding / np.linalg.norm(embedding) > 0.99


def test_the_whole_official_test_was_compared(artefacts):
    """By `train.evaluate.export_parity`, on the classifier that ships."""
    found = json.loads((ASSETS / "metrics/parity.json").read_text())
    assert found["classifier"] == artefacts.short_hash(CLASSIFIER) and found["n"] == 624
    agree(found, share=0.99)


@pytest.mark.shared
def test_export_and_source_agree_on_the_official_test(shared):
    """Every thirteenth image, anew; of so few, one may lie farther off."""
    images = load_split(shared / "data/chest_xray", "test")
    frames = frames_of(images.pixels[::13] / np.float32(255), side=CLASSIFIER_SIDE)
    agree(parity(frames, images.is_pneumonia[::13]), share=0.97)


def agree(found: dict, share: float) -> None:
    for head in ("binary", "three_class"):
        assert found[head]["share_near"] >= share
    assert abs(found["auc"]["kept"] - found["auc"]["served"]) <= 0.002
    assert found["neighbours_overlap"] >= 0.9


@pytest.fixture(scope="module")
def evaluation():
    return json.loads((ASSETS / "metrics/evaluation.json").read_text())


def test_stored_figures_are_those_of_the_shipped_model(analyser, evaluation):
    assert evaluation["model"] == analyser.model
    log = [
        json.loads(line) for line in (ASSETS / "metrics/test_log.jsonl").read_text().splitlines()
    ]
    assert [line["model"] for line in log if "model" in line][-1] == analyser.model
    for name in (
        "binary",
        "three_class",
        "knn_binary",
        "knn_three_class",
        "detector",
        "autoencoder",
    ):
        confusion = np.array(evaluation[name]["confusion"])
        assert confusion.sum() == evaluation[name]["n"] == 624
        assert evaluation[name]["accuracy"] == pytest.approx(np.trace(confusion) / 624)


def test_stored_figures_are_those_of_the_stored_predictions(analyser, evaluation):
    stored = from_json((ASSETS / "metrics/test_predictions.json").read_text())
    assert len(stored) == 624
    measured = compute_metrics(stored, analyser.operating_points, analyser.score_distributions)
    assert json.loads(json.dumps(measured)) == {name: evaluation[name] for name in measured}


@pytest.mark.shared
def test_a_fresh_evaluation_of_60_images_gives_the_stored_figures(analyser, shared):
    """Every tenth test image; another processor may round the 8-bit network a little otherwise."""
    stored = from_json((ASSETS / "metrics/test_predictions.json").read_text())[::10][:60]
    paths = list_split(shared / "data/chest_xray", "test")[::10][:60]
    fresh = predict(analyser, paths, "60 images")
    assert fresh.ids.tolist() == stored.ids.tolist()
    assert fresh.labels.tolist() == stored.labels.tolist()
    assert fresh.pneumonia == pytest.approx(stored.pneumonia, abs=0.03)
    assert fresh.three_class == pytest.approx(stored.three_class, abs=0.03)
    assert fresh.change == pytest.approx(stored.change, abs=0.05)
    assert fresh.error == pytest.approx(stored.error, abs=1e-4)
    for ours, kept in (
        (fresh.pneumonia > 0.5, stored.pneumonia > 0.5),
        (fresh.three_class.argmax(axis=1), stored.three_class.argmax(axis=1)),
        (fresh.voted, stored.voted),
    ):
        assert np.sum(ours != kept) <= 1


@pytest.mark.parametrize(
    ("name", "figure", "bound"),
    [
        ("binary", "auc", 0.975),
        ("binary", "accuracy", 0.90),
        ("three_class", "accuracy", 0.85),
        ("knn_binary", "accuracy", 0.88),
        ("native_agreement", "share_within_0.10", 0.95),
    ],
)
def test_what_ships_is_as_good_as_was_asked_of_it(evaluation, name, figure, bound):
    assert evaluation[name][figure] >= bound


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
def test_held_out_training_images_are_told_apart_in_both_directions(analyser, shared):
    """Twenty of each, of patients no network was trained on; the test split is not read here."""
    paths = list_split(shared / "data/chest_xray", "train")
    names = [read_name(path) for path in paths]
    labels = np.array([CLASSES.index(label) for label, _ in names])
    patients = np.array([patient for _, patient in names])
    held_out = grouped_folds(labels, patients, N_FOLDS, SEED) == HELD_OUT
    for normal in (True, False):
        rows = np.flatnonzero(held_out & ((labels == 0) == normal))[::8][:20]
        called = [
            analyser.analyse(read_radiograph(paths[row].read_bytes())).probabilities["binary"]
            for row in rows
        ]
        assert len(rows) == 20
        assert sum((p["normal"] > 0.5) == normal for p in called) >= 17
