"""Names, order and pixels of a folder in the Kaggle layout."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from cxr_demo.models.calibration import THREE_CLASS
from train.data.kermany import CLASSES, Images, list_split, load_files, load_split, read_name


def test_classes_as_two_and_pixels_as_numbers_between_0_and_1():
    names = np.array(["a", "b", "c"])
    pixels = np.array([[[0, 51]], [[102, 255]], [[1, 2]]], np.uint8)
    images = Images(ids=names, patients=names, labels=np.array([2, 0, 1]), pixels=pixels)
    assert images.is_pneumonia.tolist() == [True, False, True]
    shown = images.as_float()
    assert shown.dtype == np.float32
    assert shown[:2] == pytest.approx(np.array([[[0, 0.2]], [[0.4, 1]]]))
    assert pixels.max() == 255 and pixels.dtype == np.uint8


@pytest.mark.parametrize(
    ("name", "label", "patient"),
    [
        ("IM-0115-0001.jpeg", "normal", "IM-0115"),
        ("IM-0429-0001-0002.jpeg", "normal", "IM-0429"),
        ("NORMAL2-IM-1427-0001.jpeg", "normal", "NORMAL2-IM-1427"),
        ("NORMAL2-IM-1427-0001-0002.jpeg", "normal", "NORMAL2-IM-1427"),
        ("person1_bacteria_1.jpeg", "bacterial", "person1_bacteria"),
        ("person1_bacteria_2.jpeg", "bacterial", "person1_bacteria"),
        ("person1_virus_6.jpeg", "viral", "person1_virus"),
        ("person10_virus_35.jpeg", "viral", "person10_virus"),
    ],
)
def test_names_of_the_data_set(name, label, patient):
    assert read_name(Path("train/ANYWHERE") / name) == (label, patient)


@pytest.mark.parametrize(
    "name",
    [
        "scan.jpeg",
        "person1_fungus_1.jpeg",
        "person_bacteria_1.jpeg",
        "my_person1_virus_6.jpeg",
        "copy of IM-0115-0001.jpeg",
        "NORMAL3-IM-0001-0001.jpeg",
        "IM-.jpeg",
    ],
)
def test_a_foreign_name_is_an_error_that_quotes_it(name):
    with pytest.raises(ValueError, match=f"^{re.escape(name)}.*IM-NNNN"):
        read_name(Path(name))


def test_the_folder_of_a_file_does_not_give_the_label_away():
    assert read_name(Path("person1_virus_1/IM-0115-0001.jpeg"))[0] == "normal"


def test_training_and_serving_number_the_classes_alike():
    assert CLASSES == THREE_CLASS


def gradient(step: int) -> np.ndarray:
    """uint8 (224, 224), another picture for every step."""
    return np.tile(np.arange(224, dtype=np.uint8), (224, 1)) // np.uint8(step)


@pytest.fixture
def root(tmp_path):
    for name, step in {
        "train/PNEUMONIA/person2_virus_1.png": 3,
        "train/PNEUMONIA/person1_bacteria_9.PNG": 2,
        "train/NORMAL/NORMAL2-IM-0002-0001.jpg": 5,
        "train/NORMAL/IM-0001-0001.jpeg": 1,
        "test/NORMAL/IM-0009-0001.png": 4,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", gradient(step))[1].tobytes())
    (tmp_path / "train/NORMAL/.DS_Store").write_bytes(b"junk")
    (tmp_path / "train/NORMAL/notes.txt").write_text("junk")
    return tmp_path


def test_a_split_is_listed_normals_first_then_by_name(root):
    assert [path.name for path in list_split(root, "train")] == [
        "IM-0001-0001.jpeg",
        "NORMAL2-IM-0002-0001.jpg",
        "person1_bacteria_9.PNG",
        "person2_virus_1.png",
    ]


def test_a_split_with_one_class_only_is_listed(root):
    assert [path.name for path in list_split(root, "test")] == ["IM-0009-0001.png"]


def test_a_folder_without_images_is_an_error_that_names_it(root):
    with pytest.raises(FileNotFoundError, match="--data") as error:
        list_split(root, "val")
    assert str(root / "val") in str(error.value)


def test_a_split_is_loaded_row_by_row(root):
    images = load_split(str(root), "train")
    assert len(images) == 4
    assert images.ids.tolist() == [
        "IM-0001-0001",
        "NORMAL2-IM-0002-0001",
        "person1_bacteria_9",
        "person2_virus_1",
    ]
    assert images.patients.tolist() == [
        "IM-0001",
        "NORMAL2-IM-0002",
        "person1_bacteria",
        "person2_virus",
    ]
    assert images.labels.tolist() == [0, 0, 1, 2]
    assert images.labels.dtype == np.int64
    assert images.pixels.dtype == np.uint8
    np.testing.assert_array_equal(images.pixels, [gradient(step) for step in (1, 5, 2, 3)])


def test_files_are_loaded_in_the_order_given(root):
    paths = list_split(root, "train")[::-1]
    images = load_files(paths)
    assert images.labels.tolist() == [2, 1, 0, 0]
    np.testing.assert_array_equal(images.pixels[0], gradient(3))


def test_other_sizes_are_squashed_to_the_square(tmp_path):
    wide = np.zeros((120, 448), np.uint8)
    wide[:, 224:] = 255
    path = tmp_path / "IM-0001-0001.png"
    path.write_bytes(cv2.imencode(".png", wide)[1].tobytes())
    (pixels,) = load_files([path]).pixels
    assert pixels.shape == (224, 224)
    assert (pixels[:, :111] <= 9).all() and (pixels[:, 113:] >= 246).all()  # JPEG rings a little


def test_greys_are_rounded(tmp_path):
    path = tmp_path / "IM-0001-0001.png"
    fine = np.tile(np.array([10, 11, 11, 11], np.uint8), (224, 224))  # 10.75 for each four pixels
    path.write_bytes(cv2.imencode(".png", fine)[1].tobytes())
    (pixels,) = load_files([path]).pixels
    assert (pixels[:, 1:-1] == 11).all()


@pytest.mark.parametrize(
    "rows",
    [np.array([2, 0]), [2, 0], np.array([True, False, True])[[2, 1, 0]]],
    ids=["array", "list", "mask"],
)
def test_a_subset_keeps_its_rows_together(rows):
    images = Images(
        ids=np.array(["a", "b", "c"]),
        patients=np.array(["pa", "pb", "pc"]),
        labels=np.array([0, 1, 2]),
        pixels=np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 2), np.uint8),
    )
    subset = images[rows]
    expected = ["a", "c"] if np.asarray(rows).dtype == bool else ["c", "a"]
    assert len(subset) == 2
    assert subset.ids.tolist() == expected
    assert subset.patients.tolist() == [f"p{name}" for name in expected]
    assert ["abc"[label] for label in subset.labels] == expected
    assert ["abc"[value] for value in subset.pixels[:, 0, 0]] == expected
