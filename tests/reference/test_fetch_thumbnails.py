"""Downloads from a server on loopback: whole, and everything that goes wrong."""

import hashlib
import socket
import threading
import time

import numpy as np
import pytest

from cxr_demo.errors import CXRError
from cxr_demo.reference import fetch_thumbnails
from cxr_demo.reference.fetch_thumbnails import download
from tests.reference.file_server import serving, status, whole

CONTENT = np.random.default_rng(0).bytes(700_000)
MD5 = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def server():
    with serving(whole(CONTENT)) as started:
        yield started


@pytest.fixture
def get(server, tmp_path):
    def call(md5=MD5, **more):
        return download(f"{server.url}/data.npz?download=1", md5, tmp_path / "new", **more)

    return call


def left(tmp_path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "new").iterdir())


def test_a_file_arrives_whole(get, server, tmp_path):
    shares = []
    path = get(progress=shares.append)
    assert path == tmp_path / "new" / "data.npz"
    assert path.read_bytes() == CONTENT
    assert left(tmp_path) == ["data.npz"]
    assert shares == sorted(shares) and len(shares) > 1 and shares[-1] == 1


def test_a_file_that_is_there_is_not_asked_for_again(get, server):
    get()
    get()
    assert server.requests == 1


def test_a_wrong_file_in_its_place_is_replaced(get, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "data.npz").write_bytes(b"something else")
    assert get().read_bytes() == CONTENT


def test_a_connection_that_breaks_leaves_nothing_and_can_be_tried_again(get, server, tmp_path):
    server.answer = whole(CONTENT, sent=len(CONTENT) // 2)
    with pytest.raises(CXRError, match=r"did not arrive from 127\.0\.0\.1 .*then try again"):
        get()
    assert left(tmp_path) == []
    server.answer = whole(CONTENT)
    assert get().read_bytes() == CONTENT


def test_a_wrong_checksum_deletes_what_arrived(get, tmp_path):
    with pytest.raises(CXRError) as error:
        get(md5="0" * 32)
    assert "data.npz from 127.0.0.1 is not the file expected" in str(error.value)
    assert "deleted" in str(error.value) and "Please" in str(error.value)
    assert left(tmp_path) == []


@pytest.mark.parametrize(("code", "reason"), [(404, "Not Found"), (503, "Service Unavailable")])
def test_a_refusal_is_told_with_its_status(get, server, tmp_path, code, reason):
    server.answer = status(code)
    with pytest.raises(CXRError, match=rf"^127\.0\.0\.1 answered {code} {reason} .* Please try"):
        get()
    assert left(tmp_path) == []


def test_a_server_that_is_not_there(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(CXRError, match=r"did not arrive.*ConnectionError.*computer is online"):
        download(f"http://127.0.0.1:{port}/data.npz", MD5, tmp_path)


@pytest.mark.parametrize("begun", [False, True], ids=["silent", "stuck"])
def test_a_server_that_says_nothing(get, server, monkeypatch, begun):
    monkeypatch.setattr(fetch_thumbnails, "TIMEOUT_S", 0.3)
    over = threading.Event()

    def wait(request):
        if begun:
            whole(CONTENT, sent=len(CONTENT) // 2)(request)
        over.wait(20)

    server.answer, start = wait, time.monotonic()
    with pytest.raises(CXRError, match="try again"):
        get()
    assert time.monotonic() - start < 10
    over.set()


def test_a_folder_that_cannot_be_written_to(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CXRError, match=r"cannot be written.*Please"):
        download(f"{server.url}/data.npz", MD5, tmp_path / "file" / "folder")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http:///data.npz", "https://host/", "x"])
def test_what_is_no_address_of_a_file_is_refused(url, tmp_path):
    with pytest.raises(CXRError, match=r"not the address of a file\. Please"):
        download(url, MD5, tmp_path)
