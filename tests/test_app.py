"""`python app.py` refuses to start on what it cannot trust, in one line; nothing outlives it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import wait_for

ROOT = Path(__file__).parent.parent


@pytest.fixture
def checkout(tmp_path, tiny_assets) -> Path:
    """A checkout with tiny artefacts, to be damaged."""
    shutil.copy(ROOT / "app.py", tmp_path)
    shutil.copytree(ROOT / "cxr_demo", tmp_path / "cxr_demo")
    shutil.copytree(tiny_assets, tmp_path / "assets")
    return tmp_path


def start(folder: Path, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=250,
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


def test_pictures_of_ones_own_that_are_damaged_are_refused(checkout):
    (checkout / "assets/pictures").mkdir()
    (checkout / "assets/pictures/pictures.npz").write_bytes(b"PK\3\4" + bytes(50))
    ended = start(checkout)
    assert ended.returncode == 1
    last = ended.stderr.strip().splitlines()[-1]
    assert last.startswith("Refusing to start: ") and "pictures.npz is damaged" in last
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "setting", [{"CXR_LOGIN": "secret"}, {"CXR_MCP": "2"}, {"CXR_ORIGINS": "x"}], ids=str
)
def test_a_setting_that_is_wrong_is_refused(checkout, setting):
    ended = start(checkout, **setting)
    assert ended.returncode == 1 and ended.stderr.count("\n") == 1
    assert ended.stderr.startswith(f"Refusing to start: {next(iter(setting))}")
    assert "secret" not in ended.stderr


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_by_a_server_that_ended(checkout, tmp_path_factory, ended_by):
    """One that was killed could not tidy up: the next one does, before it serves."""
    temporary = tmp_path_factory.mktemp("temporary")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {"TMPDIR": str(temporary), "GRADIO_SERVER_PORT": str(port)}
    server = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=checkout,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/health", lambda: server.poll() is None, 200)
        (folder,) = temporary.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / ("0" * 32)).write_bytes(b"a radiograph")
    finally:
        server.send_signal(ended_by)
        server.wait(30)
    if ended_by is signal.SIGKILL:
        assert folder.exists()
        (checkout / "assets/manifest.json").unlink()
        assert start(checkout, **environment).returncode == 1
    assert list(temporary.iterdir()) == []


def test_a_port_that_is_taken_is_refused_and_no_other_is_taken_instead(checkout):
    """A proxy would go on sending radiographs to whoever holds the port."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        ended = start(checkout, GRADIO_SERVER_PORT=str(holder.getsockname()[1]))
    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines()[-1].startswith("Refusing to start: ")
    assert "Traceback" not in ended.stderr
