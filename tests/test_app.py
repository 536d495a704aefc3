"""`python app.py` refuses to start on artefacts it cannot trust, in one clear line."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def checkout(tmp_path, tiny_assets) -> Path:
    """A checkout with tiny artefacts, to be damaged."""
    shutil.copy(ROOT / "app.py", tmp_path)
    shutil.copytree(ROOT / "cxr_demo", tmp_path / "cxr_demo")
    shutil.copytree(tiny_assets, tmp_path / "assets")
    return tmp_path


def start(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "app.py"], cwd=folder, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("path", ["classifier/classifier.tflite", "library/library.npz"])
def test_one_changed_byte_is_refused(checkout, path):
    damaged = checkout / "assets" / path
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    ended = start(checkout)
    assert ended.returncode == 1
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith("Refusing to start: ") and path in last
    assert "Traceback" not in ended.stderr


def test_a_missing_manifest_is_refused(checkout):
    (checkout / "assets/manifest.json").unlink()
    ended = start(checkout)
    assert ended.returncode == 1
    assert "manifest.json is missing" in ended.stderr
    assert "Traceback" not in ended.stderr
