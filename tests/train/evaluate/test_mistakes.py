"""Which mistakes are shown, and what stands under them."""

import numpy as np
from PIL import Image

from train.evaluate.mistakes import CAPTION, TILE, captions, contact_sheet, worst_mistakes
from train.metrics.predictions import Predictions

THREE = np.array([[0.9, 0.1, 0], [0.1, 0.6, 0.3], [0.2, 0.1, 0.7], [0.05, 0.9, 0.05]])
SAID = Predictions(
    ids=np.array(["right", "wrong", "right too", "very wrong"]),
    patients=np.array(["a", "b", "c", "d"]),
    labels=np.array([0, 2, 2, 0]),
    pneumonia=1 - THREE[:, 0],
    three_class=THREE,
    plausible=THREE > 0.2,
    vote=THREE,
    voted=THREE.argmax(axis=1),
    change=np.zeros(4),
    change_at_edge=np.zeros(4),
    error=np.zeros(4),
    error_at_edge=np.zeros(4),
    grade=np.full(4, "usable"),
)


def test_the_surest_mistake_comes_first():
    assert worst_mistakes(SAID, 10).tolist() == [3, 1]
    assert worst_mistakes(SAID, 1).tolist() == [3]


def test_a_caption_names_file_truth_and_call():
    assert captions(SAID, np.array([3])) == ["very wrong\nnormal, predicted bacterial 0.90"]


def test_seven_pictures_take_two_rows():
    page = contact_sheet([Image.new("L", (50, 80), 255)] * 7, ["a\nb"] * 7)
    assert page.size == (6 * TILE, 2 * (TILE + CAPTION))
    pixels = np.asarray(page)
    assert pixels[:TILE].min() == 255
    assert pixels[TILE + CAPTION :, TILE:].max() == 0  # one picture in the second row
