"""What the handlers share."""

from cxr_demo.artefacts import Artefacts
from cxr_demo.server import service
from cxr_demo.server.service import Service


def test_the_process_for_dicom_files_is_there_before_the_first(tiny_assets, monkeypatch):
    prepared = []
    monkeypatch.setattr(service.subprocess_reader, "prepare", lambda: prepared.append("once"))
    Service(Artefacts(tiny_assets)).loaded.result()
    assert prepared == ["once"]
