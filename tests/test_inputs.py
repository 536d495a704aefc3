"""Inputs of the page: uploads that leave nothing behind, numbers that stay in their range."""

import pytest
from gradio.data_classes import FileData

from cxr_demo.radiograph import MAX_FILE_BYTES
from cxr_demo.ui import inputs
from cxr_demo.ui.inputs import Uploads, drop_zone, read_and_delete, slider


def upload(folder, content=b"content"):
    """A file as Gradio leaves it: alone in a folder named by its hash."""
    file = folder / "sha256" / "x.png"
    file.parent.mkdir()
    file.write_bytes(content)
    return FileData(path=str(file))


def test_the_file_and_its_folder_are_gone_once_read(tmp_path):
    assert drop_zone().preprocess(upload(tmp_path)) == b"content"
    assert list(tmp_path.iterdir()) == []


def test_no_upload_gives_nothing():
    assert drop_zone().preprocess(None) is None


def test_two_people_with_the_same_file_both_get_it(tmp_path):
    uploads, payload = Uploads(), upload(tmp_path)
    assert uploads.take(payload) == b"content"
    assert uploads.take(payload) == b"content"


def test_what_was_taken_is_forgotten_soon(tmp_path, monkeypatch):
    uploads, payload = Uploads(), upload(tmp_path)
    uploads.take(payload)
    later = inputs.time.monotonic() + inputs.SHARED_S
    monkeypatch.setattr(inputs.time, "monotonic", lambda: later)
    assert uploads.take(payload) is None


def test_a_folder_is_not_an_upload_and_is_left_alone(tmp_path):
    """A made-up request may name the folder of all uploads."""
    other = tmp_path / "uploads" / "somebody" / "else.png"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"content")
    assert read_and_delete(tmp_path / "uploads") is None
    assert read_and_delete(tmp_path / "uploads" / "nowhere.png") is None
    assert other.read_bytes() == b"content"


def test_other_files_beside_an_upload_stay(tmp_path):
    (tmp_path / "mine.png").write_bytes(b"mine")
    (tmp_path / "yours.png").write_bytes(b"yours")
    assert read_and_delete(tmp_path / "mine.png") == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["yours.png"]


def test_no_more_is_read_than_shows_that_a_file_is_too_large(tmp_path):
    file = tmp_path / "large"
    with file.open("wb") as stream:
        stream.truncate(MAX_FILE_BYTES + 1000)
    assert len(read_and_delete(file)) == MAX_FILE_BYTES + 1
    assert not file.exists()


@pytest.mark.parametrize(
    ("typed", "expected"),
    [(0.03, 0.03), (0.0, 0.0), (0.04, 0.04), (99, 0.04), (-5, 0), (None, 0.01)],
)
def test_a_typed_number_stays_in_the_sliders_range(typed, expected):
    assert slider(0.0, 0.04, 0.01).preprocess(typed) == expected
