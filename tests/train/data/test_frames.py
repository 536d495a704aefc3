"""Images in the frame: the shipped template on made-up and shipped ones."""

import numpy as np

from cxr_demo.artefacts import ALIGNMENT, Artefacts
from cxr_demo.models.affine import warp
from cxr_demo.models.alignment import Aligner
from train.data.frames import frames_of, in_frame
from train.data.kermany import Images


class StraightAhead:
    """Aligns everything to its own middle half."""

    def __call__(self, square):
        return type("Found", (), {"matrix": np.array([[0.5, 0, 0.25], [0, 0.5, 0.25]])})


def test_every_image_is_seen_through_its_own_matrix():
    squares = np.zeros((2, 224, 224), np.float32)
    squares[1, 56:168, 56:168] = 1  # the middle half
    frames = frames_of(squares, StraightAhead(), side=112)
    assert frames.shape == (2, 112, 112) and frames.dtype == np.float32
    assert frames[0].max() == 0 and frames[1].min() > 0.99


def test_images_keep_names_and_labels():
    noise = np.random.default_rng(0).integers(0, 256, (3, 224, 224), np.uint8)
    images = Images(np.array(list("abc")), np.array(list("xyz")), np.array([0, 1, 2]), noise)
    framed = in_frame(images, StraightAhead())
    assert framed.ids.tolist() == ["a", "b", "c"] and framed.labels.tolist() == [0, 1, 2]
    assert framed.pixels.shape == noise.shape and framed.pixels.dtype == np.uint8


def test_what_ships_aligns_as_it_serves():
    square = np.random.default_rng(0).random((224, 224), np.float32)
    aligner = Aligner.from_arrays(Artefacts().arrays(ALIGNMENT))
    expected = warp(square, aligner(square).matrix, 64)
    np.testing.assert_array_equal(frames_of(square[None], side=64)[0], expected)
