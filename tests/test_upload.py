"""An upload is read once and leaves nothing behind, whatever the browser names as its path."""

from gradio.data_classes import FileData

from cxr_demo.radiograph import MAX_FILE_BYTES
from cxr_demo.ui.upload import drop_zone, take


def test_the_file_and_its_folder_are_gone_once_read(tmp_path):
    file = tmp_path / "sha256" / "x.png"
    file.parent.mkdir()
    file.write_bytes(b"content")
    assert drop_zone().preprocess(FileData(path=str(file))) == b"content"
    assert list(tmp_path.iterdir()) == []


def test_no_upload_gives_nothing():
    assert drop_zone().preprocess(None) is None


def test_a_folder_is_not_an_upload_and_is_left_alone(tmp_path):
    """A made-up request may name the folder of all uploads."""
    other = tmp_path / "uploads" / "somebody" / "else.png"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"content")
    assert take(tmp_path / "uploads") is None
    assert take(tmp_path / "uploads" / "nowhere.png") is None
    assert other.read_bytes() == b"content"


def test_other_files_beside_an_upload_stay(tmp_path):
    (tmp_path / "mine.png").write_bytes(b"mine")
    (tmp_path / "yours.png").write_bytes(b"yours")
    assert take(tmp_path / "mine.png") == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["yours.png"]


def test_no_more_is_read_than_shows_that_a_file_is_too_large(tmp_path):
    file = tmp_path / "large"
    with file.open("wb") as stream:
        stream.truncate(MAX_FILE_BYTES + 1000)
    assert len(take(file)) == MAX_FILE_BYTES + 1
    assert not file.exists()
