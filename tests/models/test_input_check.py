"""Grades from numbers worked out by hand, and the shipped gate on pictures of every kind."""

import threading

import cv2
import numpy as np
import pytest

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import ASSETS, INPUT_CHECK, Artefacts
from cxr_demo.i18n import messages
from cxr_demo.models.alignment import Alignment
from cxr_demo.models.input_check import (
    NOT_A_CHEST,
    UNUSUAL,
    USABLE,
    InputCheck,
    InputChecker,
    NotAChestError,
    describe,
    pool_regions,
)
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.reading.types import Radiograph
from tests.conftest import chest_like

EXAMPLES = sorted((ASSETS / "examples").glob("*.jpeg"))


def gate_with(**logits: float) -> InputChecker:
    """A gate that gives these logits to regions of zeros."""
    return InputChecker(
        tuple(logits),
        np.zeros((9 * 2 + 8, len(logits)), np.float32),
        np.array(list(logits.values()), np.float32),
        min_usable=0.5,
        min_other=0.6,
    )


NOTHING = np.zeros((20, 20, 2), np.float32)
FOUND = Alignment(np.zeros((2, 3)), 0.0)
"""Nothing but zeros, so that a grade comes from the bias alone."""


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        ({"usable": 8, "other": 1, "inverted": 1}, InputCheck(USABLE, None)),
        ({"usable": 5, "other": 4, "inverted": 1}, InputCheck(USABLE, None)),
        ({"usable": 4, "other": 1, "inverted": 5}, InputCheck(UNUSUAL, "inverted")),
        ({"usable": 4.9, "other": 3, "inverted": 2.1}, InputCheck(UNUSUAL, "other")),
        ({"usable": 1, "other": 5.9, "inverted": 3.1}, InputCheck(UNUSUAL, "other")),
        ({"usable": 1, "other": 6.1, "inverted": 2.9}, InputCheck(NOT_A_CHEST, "other")),
    ],
)
def test_grades(shares, verdict):
    """Tenths become logits, which a softmax turns back."""
    assert (
        gate_with(**{name: np.log(share) for name, share in shares.items()})(NOTHING, FOUND)
        == verdict
    )


def test_refusal_comes_first():
    both = InputChecker(("usable", "other"), np.zeros((26, 2), np.float32), np.zeros(2), 0.3, 0.4)
    assert both(NOTHING, FOUND) == InputCheck(NOT_A_CHEST, "other")


def test_weights_meet_activations_row_by_row():
    """The regression sees row, column, channel in this order."""
    weights = np.zeros((26, 2), np.float32)
    weights[(2 * 3 + 1) * 2 + 1, 0] = 3  # third row, second column, second channel
    gate = InputChecker(("usable", "other"), weights, np.zeros(2, np.float32), 0.5, 0.5)
    activations = NOTHING.copy()
    activations[12:16, 8:12, 1] = 1  # the third region from the first inner one, and the second
    one = describe(activations, FOUND)
    assert gate.probabilities(one)[0] == pytest.approx(1 / (1 + np.exp(-3)))
    many = np.stack([describe(NOTHING, FOUND), one])
    np.testing.assert_allclose(gate.probabilities(many)[:, 0], [0.5, 1 / (1 + np.exp(-3))])


def test_an_image_is_described_by_regions_matrix_and_correlation():
    matrix = np.array([[0.9, 0.1, 0.05], [0.0, 0.8, 0.1]])
    found = describe(NOTHING + np.float32(2), Alignment(matrix, 0.93))
    assert found.dtype == np.float32
    assert found[:18] == pytest.approx(np.full(18, 2))
    assert found[18:] == pytest.approx([0.9, 0.1, 0.05, 0.0, 0.8, 0.1, 0.93, 1])


def test_regions_leave_out_the_edges():
    activations = np.zeros((2, 20, 20, 1))
    activations[1, 4:8, 4:8] = np.arange(16).reshape(4, 4, 1)  # of mean 7.5
    activations[:, :4] = activations[:, 16:] = 100
    pooled = pool_regions(activations)
    assert pooled.shape == (2, 3, 3, 1)
    assert pooled[1, 0, 0, 0] == 7.5
    assert pooled.sum() == 7.5


def test_large_logits_do_not_overflow():
    assert gate_with(usable=-900, other=900)(NOTHING, FOUND).grade == NOT_A_CHEST


def test_a_stored_checker_comes_back():
    arrays = {
        "classes": np.array(["usable", "other"]),
        "weights": np.ones((26, 2), np.float16),
        "bias": np.zeros(2),
        "min_usable": np.array(0.25),
        "min_other": np.array(0.75),
    }
    gate = InputChecker.from_arrays(arrays)
    assert (gate.classes, gate.min_usable, gate.min_other) == (("usable", "other"), 0.25, 0.75)
    assert gate.weights.dtype == np.float32


# --- in the service


def radiograph(pixels: np.ndarray) -> Radiograph:
    return Radiograph(pixels.astype(np.float32) / 255, 8)


def test_what_is_no_chest_is_refused_and_can_still_be_examined(tiny_analyser):
    bright = radiograph(np.full((100, 100), 250))
    with pytest.raises(NotAChestError):
        tiny_analyser.analyse(bright)
    assert tiny_analyser.examine(bright).input_check == InputCheck(NOT_A_CHEST, "other")


def test_what_is_refused_waits_for_no_other_network(tiny_analyser, monkeypatch):
    """The classifier runs beside the check: at most one pass is in vain, however many come."""
    begun, free = [], threading.Event()
    monkeypatch.setattr(tiny_analyser, "_classifier", lambda _: begun.append(free.wait(60)))
    monkeypatch.delattr(tiny_analyser, "_autoencoder")
    for _ in range(3):
        with pytest.raises(NotAChestError):
            tiny_analyser.analyse(radiograph(np.full((100, 100), 250)))
    assert begun == []
    free.set()
    tiny_analyser._beside.submit(lambda: None).result(60)
    assert begun == [True]


def test_hiding_parts_does_not_change_the_grade(tiny_analyser):
    """Over the whole of a bright picture the surroundings are bright, but the gate looks first."""
    dark = np.full((100, 100), 250)
    dark[20:80, 20:80] = 5
    hidden = [(0.0, 0.0, 1.0, 0.15), (0.0, 0.85, 1.0, 1.0)]
    plain = tiny_analyser.examine(radiograph(dark)).input_check
    assert tiny_analyser.examine(radiograph(dark), hidden).input_check == plain
    with pytest.raises(NotAChestError):
        tiny_analyser.analyse(radiograph(np.full((100, 100), 250)), [(0.1, 0.1, 0.9, 0.9)])


# --- as it ships


@pytest.fixture(scope="module")
def shipped() -> Analyser:
    return Analyser(Artefacts())


def test_every_class_has_a_sentence():
    gate = InputChecker.from_arrays(Artefacts().arrays(INPUT_CHECK))
    assert {f"gate.{name}" for name in gate.classes if name != USABLE} <= set(messages())


def test_the_examples_are_usable(shipped):
    grades = [
        shipped.examine(read_radiograph(path.read_bytes())).input_check.grade for path in EXAMPLES
    ]
    assert len(grades) == 16
    assert grades.count(USABLE) >= 15 and NOT_A_CHEST not in grades


@pytest.mark.parametrize("path", EXAMPLES[::5], ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("reason", "spoil"),
    [
        ("upside_down", lambda image: image[::-1]),
        ("sideways", np.rot90),
        ("inverted", lambda image: 255 - image),
        ("blurred", lambda image: cv2.GaussianBlur(image, (0, 0), image.shape[1] / 30)),
    ],
)
def test_a_spoilt_radiograph_is_unusual_for_its_reason(shipped, path, reason, spoil):
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    found = shipped.examine(radiograph(np.ascontiguousarray(spoil(image)))).input_check
    assert found == InputCheck(UNUSUAL, reason)


def _text() -> np.ndarray:
    page = np.full((400, 300), 245, np.uint8)
    for line in range(20, 400, 22):
        cv2.putText(page, "What a page of text looks like", (8, line), 0, 0.5, 20, 1)
    return page


@pytest.mark.parametrize(
    "picture",
    [
        np.random.default_rng(0).integers(0, 256, (300, 400)),
        np.linspace(0, 255, 300)[:, None].repeat(300, 1),
        np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.full((40, 40), 255)),
    ],
    ids=["noise", "slope", "chequers"],
)
def test_what_is_plainly_something_else_is_refused(shipped, picture):
    with pytest.raises(NotAChestError):
        shipped.analyse(radiograph(picture))


@pytest.mark.parametrize("picture", [chest_like(3), _text()], ids=["drawn chest", "text"])
def test_what_looks_a_little_like_one_is_not_usable(shipped, picture):
    assert shipped.examine(radiograph(picture)).input_check.grade != USABLE
