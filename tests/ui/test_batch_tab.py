"""What the Batch tab answers, without a browser."""

import csv
import zipfile

import pytest

from cxr_demo.artefacts import Artefacts
from cxr_demo.cli.tables import COLUMNS
from cxr_demo.server.service import Service
from cxr_demo.server.uploads import Uploads, new_name
from cxr_demo.ui.tabs.batch import BatchTab, NamedFiles
from tests.conftest import chest_like, png


@pytest.fixture
def tab(tiny_assets, tmp_path) -> BatchTab:
    """Its handlers alone."""
    tab = BatchTab.__new__(BatchTab)
    tab._service, tab._uploads = Service(Artefacts(tiny_assets)), Uploads(tmp_path)
    return tab


def test_csv_has_its_mark_once_however_often_it_is_sent(tab, tmp_path):
    """The page saves the text as it is; without the mark Excel shows "MÃ¼ller"."""
    uploads = [tmp_path / new_name("10.0.0.1") for _ in range(2)]
    uploads[0].write_bytes(png(chest_like(1000)))
    with zipfile.ZipFile(uploads[1], "w") as archive:
        archive.writestr("=1.png", b"no picture")
        archive.writestr("Übung/b.png", b"none either")
    names = ["Müller.png", "=more.zip"]
    files = [{"path": str(path), "name": name} for path, name in zip(uploads, names, strict=True)]
    answers = list(tab.analyse({"files": files}, "de", progress=lambda *_, **__: None))
    assert len(answers) == 2
    for (*_, text, _), number in zip(answers, (1, 3), strict=True):
        assert text.startswith("\ufefffile,status,") and text.count("\ufeff") == 1
        header, *rows = csv.reader(text.removeprefix("\ufeff").splitlines(keepends=True))
        assert header == list(COLUMNS) and len(rows) == number
    assert [row[0] for row in rows] == [
        "Müller.png", "'=more.zip/=1.png", "'=more.zip/Übung/b.png",
    ]  # fmt: skip


def test_without_a_file_it_says_where_to_drop_some(tab):
    ((*_, status, _, field),) = tab.analyse(NamedFiles().preprocess(None), "en")
    assert "Drop some radiographs" in status and "refused" not in status and field is None
