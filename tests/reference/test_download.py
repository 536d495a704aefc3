"""Downloads from a server on loopback: whole, resumed, and everything that goes wrong."""

import errno
import hashlib
import socket
import threading
import time

import numpy as np
import pytest
import requests

from cxr_demo.errors import CXRError
from cxr_demo.reference import download
from cxr_demo.reference.download import fetch
from tests.reference.file_server import in_ranges, serving, status, whole

CONTENT = np.random.default_rng(0).bytes(700_000)
MD5 = hashlib.md5(CONTENT).hexdigest()
HALF = len(CONTENT) // 2


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def server():
    with serving(in_ranges(CONTENT)) as started:
        yield started


@pytest.fixture
def get(server, tmp_path):
    def call(md5=MD5, **more):
        return fetch(f"{server.url}/data.npz?download=1", md5, tmp_path / "new", **more)

    return call


@pytest.fixture
def arrived(tmp_path):
    """The file that an earlier try left."""
    (tmp_path / "new").mkdir()
    return tmp_path / "new" / "data.npz.part"


def left(tmp_path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "new").iterdir())


def test_a_file_arrives_whole(get, server, tmp_path):
    shares = []
    path = get(progress=shares.append)
    assert path == tmp_path / "new" / "data.npz"
    assert path.read_bytes() == CONTENT
    assert left(tmp_path) == ["data.npz"]
    assert server.ranges == [None]
    assert shares == sorted(shares) and len(shares) > 1 and shares[-1] == 1


def test_a_file_that_is_there_is_not_asked_for_again(get, server):
    get()
    get()
    assert len(server.ranges) == 1


def test_a_wrong_file_in_its_place_is_replaced(get, arrived):
    arrived.with_name("data.npz").write_bytes(b"something else")
    assert get().read_bytes() == CONTENT


def test_a_download_goes_on_where_the_connection_broke(get, server, tmp_path):
    server.answer = whole(CONTENT, sent=HALF)
    with pytest.raises(CXRError, match="Please try again: what has arrived is kept"):
        get()
    assert left(tmp_path) == ["data.npz.part"]
    kept = (tmp_path / "new" / "data.npz.part").read_bytes()
    assert 0 < len(kept) <= HALF and kept == CONTENT[: len(kept)]
    server.answer = in_ranges(CONTENT)
    shares = []
    assert get(progress=shares.append).read_bytes() == CONTENT
    assert server.ranges == [None, f"bytes={len(kept)}-"]
    assert len(kept) / len(CONTENT) < shares[0] < 1 == shares[-1]


def test_a_server_that_knows_no_ranges_sends_all_again(get, server, arrived):
    arrived.write_bytes(CONTENT[:HALF])
    server.answer = whole(CONTENT)
    assert get().read_bytes() == CONTENT
    assert server.ranges[0] == f"bytes={HALF}-"


def test_all_of_a_file_is_not_taken_for_the_rest_of_it(get, server, arrived):
    arrived.write_bytes(CONTENT[:HALF])

    def confused(request):
        request.send_response(200)
        request.send_header("Content-Range", f"bytes {HALF}-{len(CONTENT) - 1}/{len(CONTENT)}")
        request.send_header("Content-Length", str(len(CONTENT)))
        request.end_headers()
        request.wfile.write(CONTENT)

    server.answer = confused
    assert get().read_bytes() == CONTENT


def test_a_server_that_sends_another_range_is_asked_for_all(get, server, arrived):
    arrived.write_bytes(CONTENT[:HALF])

    def another(request):
        if request.headers.get("Range"):
            request.headers.replace_header("Range", "bytes=5-")
        in_ranges(CONTENT)(request)

    server.answer = another
    assert get().read_bytes() == CONTENT


@pytest.mark.parametrize("more", [0, 1, 5000])
def test_what_is_as_long_as_the_file_or_longer_is_fetched_anew(get, server, arrived, more):
    arrived.write_bytes(b"x" * (len(CONTENT) + more))
    assert get().read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(CONTENT) + more}-", None]


@pytest.mark.parametrize("resumed", [False, True])
def test_a_wrong_checksum_deletes_what_arrived(get, tmp_path, arrived, resumed):
    if resumed:
        arrived.write_bytes(b"x" * HALF)
    with pytest.raises(CXRError) as error:
        get(md5=MD5 if resumed else "0" * 32)
    assert "data.npz from 127.0.0.1 is not the file expected" in str(error.value)
    assert "deleted" in str(error.value) and "Please" in str(error.value)
    assert left(tmp_path) == []


@pytest.mark.parametrize(("code", "reason"), [(404, "Not Found"), (503, "Service Unavailable")])
def test_a_refusal_is_told_with_its_status(get, server, arrived, tmp_path, code, reason):
    arrived.write_bytes(CONTENT[:HALF])
    server.answer = status(code)
    with pytest.raises(CXRError, match=rf"^127\.0\.0\.1 answered {code} {reason} .* Please try"):
        get()
    assert left(tmp_path) == ["data.npz.part"]


def test_a_server_that_is_not_there(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(CXRError, match=r"127\.0\.0\.1 cannot be reached.*computer is online"):
        fetch(f"http://127.0.0.1:{port}/data.npz", MD5, tmp_path)


@pytest.mark.parametrize("begun", [False, True], ids=["silent", "stuck"])
def test_a_server_that_says_nothing(get, server, monkeypatch, begun):
    monkeypatch.setattr(download, "SILENT_SECONDS", 0.3)
    over = threading.Event()

    def wait(request):
        if begun:
            whole(CONTENT, sent=HALF)(request)
        over.wait(20)

    server.answer, start = wait, time.monotonic()
    with pytest.raises(CXRError, match=r"Please .*try again: what has arrived is kept"):
        get()
    assert time.monotonic() - start < 10
    over.set()


@pytest.mark.parametrize(
    "target", ["http://example.org/data.npz", "http://10.0.0.1/data.npz", "ftp://127.0.0.2.org/d"]
)
def test_nobody_is_followed_elsewhere_without_encryption(get, server, target, tmp_path):
    server.answer = status(302, Location=target)
    with pytest.raises(CXRError, match=r"not encrypted\. Please use another address"):
        get()
    assert len(server.ranges) == 1
    assert left(tmp_path) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", ""], ids=["address", "name", "path"])
def test_a_redirect_on_this_computer_is_followed(get, server, host):
    def answer(request):
        if request.path == "/there":
            return in_ranges(CONTENT)(request)
        target = f"http://{host}:{server.server_port}/there" if host else "/there"
        return status(302, Location=target)(request)

    server.answer = answer
    assert get().read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("target", "followed"),
    [
        ("https://example.org/d", True),
        ("http://[::1]/d", True),
        ("http://example.org/d", False),
        ("http://localhost.example.org/d", False),
        ("//example.org/d", False),
    ],
)
def test_redirects_lead_to_https_or_this_computer_only(target, followed):
    answer = requests.Response()
    answer.status_code, answer.url = 302, "http://127.0.0.1/data.npz"
    answer.headers["Location"] = target
    if followed:
        download._check_redirect(answer)
    else:
        with pytest.raises(CXRError):
            download._check_redirect(answer)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, "disk of .* is full. Please free"),
        (errno.EACCES, "Permission denied.*Please"),
    ],
)
def test_a_file_that_cannot_be_written(get, monkeypatch, number, expected):
    def refuse(*_):
        raise OSError(number, "words of the system")

    monkeypatch.setattr(download, "_download", refuse)
    with pytest.raises(CXRError, match=expected):
        get()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http:///data.npz", "https://host/", "x"])
def test_what_is_no_address_of_a_file_is_refused(url, tmp_path):
    with pytest.raises(CXRError, match=r"not the address of a file\. Please"):
        fetch(url, MD5, tmp_path)
