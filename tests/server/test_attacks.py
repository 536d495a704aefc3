"""Attacks over HTTP on the whole server, each tried and refused."""

import base64
import http.client
import json
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from cxr_demo.reading.reader import Radiograph, read_radiograph
from cxr_demo.server import api, housekeeping, questions
from cxr_demo.server.guard import MAX_UPLOAD
from tests.conftest import chest_like, png
from tests.reading.dicom_files import dicom

STRANGER = png(chest_like(1000))
SECRET = "Doe^Jane 1990-02-03"
SCRIPT = "<img src=x onerror=alert(1)>.png"


@pytest.fixture(scope="module")
def served(serve_tiny) -> tuple[str, Path]:
    return serve_tiny()


@pytest.fixture(scope="module")
def address(served) -> str:
    return served[0]


@pytest.fixture(scope="module")
def uploads(served) -> Path:
    return served[1]


@pytest.fixture(autouse=True)
def quiet(capfd, caplog):
    """Whatever is tried: no traceback, no name and no path in what the server says."""
    yield
    said = caplog.text + "".join(capfd.readouterr())
    assert "Traceback" not in said and SECRET not in said and "onerror" not in said, said


def ask(url: str, body: object = None, **headers: str) -> tuple[int, dict, bytes]:
    """Status, headers and body of an answer; what is neither bytes nor None is sent as JSON."""
    if body is not None and not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as got:
            return got.status, dict(got.headers), got.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, dict(refusal.headers), refusal.read()


def form(*files: tuple[str, bytes], more: bytes = b"") -> tuple[bytes, str]:
    """A form with files by their names, and its content type."""
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n%s\r\n'
        % (name.encode(), content)
        for name, content in files
    ]
    return b"".join(parts) + more + b"--b--\r\n", "multipart/form-data; boundary=b"


def send(address: str, content: bytes = STRANGER, name: str = "x.png", **headers: str):
    body, kind = form((name, content))
    return ask(f"{address}/gradio_api/upload", body, **{"Content-Type": kind, **headers})


def sent(address: str, content: bytes = STRANGER, name: str = "x.png") -> str:
    return json.loads(send(address, content, name)[2])[0]


def call(address: str, endpoint: str, asked: object, way: str = "call/v2") -> tuple[str, object]:
    """The last event of an answer and what it says."""
    status, _, said = ask(f"{address}/gradio_api/{way}/{endpoint}", asked)
    if status != 200:
        return str(status), json.loads(said)
    event = json.loads(said)["event_id"]
    _, _, stream = ask(f"{address}/gradio_api/call/{endpoint}/{event}")
    *_, name, data = stream.decode().strip().split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def named(path: object, **more: object) -> dict:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **more}


def refused(answer: tuple[str, object]) -> str:
    """The key of an endpoint's refusal, or of the door's."""
    event, said = answer
    said = said[0] if event == "complete" else said
    assert said["status"] == "refused"
    return said["refusal"]["key"]


# --- paths that lead out


@pytest.mark.parametrize(
    "path",
    [
        "../routes.py",
        "..%2froutes.py",
        "%2e%2e/%2e%2e/%2e%2e/app.py",
        "....//routes.py",
        "..\\routes.py",
        "..%5croutes.py",
        "%252e%252e/routes.py",
        "//etc/passwd",
        "x%00",
    ],
)
@pytest.mark.parametrize("folder", ["assets", "static", "gradio_api/file=", "gradio_api/file"])
def test_no_path_leads_out_of_what_is_served(address, folder, path):
    host, port = address.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)  # sends paths as they are
    connection.request("GET", f"/{folder}/{path}")
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status in (400, 403, 404) and b"import" not in said and b"root:" not in said


@pytest.mark.parametrize("way", ["itself", "..", "link", "url", "encoded", "upload/.."])
def test_no_upload_is_a_way_out(address, uploads, tmp_path, way):
    outside = tmp_path / "radiograph.png"
    outside.write_bytes(STRANGER)
    link = uploads / ("a" * 40)
    path = {
        "itself": str(outside),
        "..": f"{uploads}/../{outside.name}",
        "link": str(link),
        "url": f"file://{outside}",
        "encoded": str(outside).replace("/", "%2f"),
        "upload/..": f"{sent(address)}/../../{outside.name}",
    }[way]
    link.symlink_to(outside)
    answers = [
        call(address, "analyse", {"image": named(path)}),
        call(address, "analyse", {"data": [named(path), [], [], "blur", None]}, "call"),
    ]
    link.unlink(missing_ok=True)
    assert [refused(answer) for answer in answers] == ["refused.upload_gone"] * 2
    assert outside.read_bytes() == STRANGER


# --- forged files and events


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]"])
@pytest.mark.parametrize("endpoint", ["analyse", "neighbours", "rethreshold"])
def test_no_address_is_fetched(address, host, endpoint):
    """From no field of a file's description, in no parameter of any endpoint."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        url = f"http://{host}:{listening.getsockname()[1]}/{SECRET.replace(' ', '')}"
        for file in (named(url), named("x", url=url), named(f"/gradio_api/proxy={url}")):
            nested = {"path": file, **named("x")}
            for odd in (file, [file], nested):
                asked = {
                    "analyse": {"image": odd},
                    "neighbours": {"embedding": odd},
                    "rethreshold": {"map": odd, "threshold": 0.5},
                }[endpoint]
                assert refused(call(address, endpoint, asked)) == "refused.upload_gone"
        with pytest.raises(TimeoutError):
            listening.accept()


@pytest.mark.parametrize(
    "forged",
    [
        {"fn_index": 99},
        {"fn_index": -1},
        {"session_hash": None},
        {"session_hash": "x" * 100_000},
        {"data": []},
        {"data": None},
        {"data": [SECRET] * 50},
    ],
    ids=lambda forged: json.dumps(forged)[:30],
)
def test_a_forged_event_joins_no_queue(address, forged):
    event = {"data": [[0.5]], "fn_index": 1, "session_hash": "0123456789"}
    status, _, said = ask(f"{address}/gradio_api/queue/join", {**event, **forged})
    assert status == 400 and json.loads(said)["refusal"]["key"] == "call.malformed"


def test_parameters_of_the_wrong_kind_are_refused_in_words(address):
    """Whatever they are: the server says nothing of a failure."""
    for odd in (None, 5, SECRET, [SECRET], {"x": SECRET}, [[[]]], True, 1e308, -(10**300)):
        for endpoint, asked in (
            ("analyse", {"image": odd, "include": odd, "hidden": odd, "fill": odd}),
            ("neighbours", {"embedding": odd, "k": odd, "classes": odd, "leave_out": odd}),
            ("rethreshold", {"map": odd, "threshold": odd, "method": odd, "prevalence": odd}),
        ):
            event, (said,) = call(address, endpoint, asked)
            assert event == "complete" and said["status"] == "refused", (endpoint, odd)


HUGE = [10**6, -1, 0, 2**63, 10**300, 1e308, 11.5, "11", None, [11], True]


@pytest.mark.parametrize("k", HUGE, ids=lambda k: str(k)[:12])
def test_oversized_numbers_of_neighbours(address, k):
    asked = {"embedding": [1.0] + [0.0] * 7, "k": k}
    assert refused(call(address, "neighbours", asked)) == "refused.k"


@pytest.mark.parametrize(
    ("named_", "key"),
    [
        ({"threshold": 1e308}, "refused.threshold"),
        ({"threshold": float("nan")}, "refused.threshold"),
        ({"threshold": float("-inf")}, "refused.threshold"),
        ({"prevalence": 1.0001}, "refused.threshold"),
        ({"prevalence": -1}, "refused.threshold"),
        ({"prevalence": 10**300}, "refused.threshold"),
        ({"method": "__class__"}, "refused.method"),
        ({"map": {"shape": [10**9, 10**9], "float32": ""}}, "refused.map"),
        ({"map": {"shape": [-1, -1], "float32": "AAAA"}}, "refused.map"),
        ({"map": {"shape": [1, 1], "float32": "A" * 10**6}}, "refused.map"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_oversized_values_of_sliders(address, named_, key):
    one = base64.b64encode(bytes(4)).decode()
    asked = {"map": {"shape": [1, 1], "float32": one}, "threshold": 0.5}
    assert refused(call(address, "rethreshold", {**asked, **named_})) == key


# --- other pages


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_no_other_page_posts_or_reads(address, uploads, origin):
    before = list(uploads.iterdir())
    status, given, said = send(address, Origin=origin)
    assert status == 403 and json.loads(said)["refusal"]["key"] == "call.elsewhere"
    status, _, _ = ask(
        f"{address}/gradio_api/call/v2/analyse", {"image": named("x")}, Origin=origin
    )
    assert status == 403
    for name in given:
        assert not name.lower().startswith("access-control-")
    assert set(uploads.iterdir()) <= set(before)
    asked = urllib.request.Request(
        f"{address}/gradio_api/upload",
        headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
        method="OPTIONS",
    )
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(asked, timeout=60)
    assert answer.value.code == 400 and "access-control-allow-origin" not in answer.value.headers


def test_another_name_for_this_machine_is_not_answered_to(address):
    """DNS rebinding: the attacker's page and its name both point here."""
    port = address.rsplit(":", 1)[1]
    name = f"evil.example:{port}"
    for path in ("", "config", "gradio_api/info"):
        assert ask(f"{address}/{path}", Host=name)[0] == 403
    assert send(address, Host=name, Origin=f"http://{name}")[0] == 403


# --- names


@pytest.mark.parametrize("name", [SCRIPT, f"{SECRET}.dcm", "../../x.png", "x" * 4000, "%00", ""])
def test_a_file_name_is_nowhere(address, uploads, name):
    """Not on the disk, not in an answer; `quiet` looks at the log."""
    status, _, said = send(address, name=name)
    assert status == 200
    (path,) = json.loads(said)
    assert (uploads / path[-40:]).read_bytes() == STRANGER
    _, answer = call(address, "analyse", {"image": named(path, orig_name=name)})
    said = json.dumps(answer)
    assert answer[0]["status"] == "ok" and "onerror" not in said and "Jane" not in said
    assert not Path(path).exists()


def test_what_is_said_of_odd_input_is_json(address):
    """A refusal may quote what it was given: as text of JSON, never of a page."""
    for asked in (
        {"image": named(sent(address)), "include": [SCRIPT]},
        {"image": named(sent(address)), "fill": SCRIPT},
    ):
        status, given, _ = ask(f"{address}/gradio_api/call/v2/analyse", asked)
        assert status == 200 and given["content-type"] == "application/json"
        assert given["x-content-type-options"] == "nosniff"
    status, given, said = ask(f"{address}/gradio_api/call/v2/{urllib.parse.quote(SCRIPT)}", {})
    assert status == 404 and given["content-type"] == "application/json" and b"onerror" not in said


# --- uploads that are none


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=b"),
        (b"x", "multipart/form-data; boundary=b"),
        (b"x", "multipart/form-data"),
        (b"x=1", "application/x-www-form-urlencoded"),
        (STRANGER, "image/png"),
        (b'--b\r\nContent-Disposition: form-data; name="files"\r\n\r\nx\r\n--b--\r\n', None),
        (b'--b\r\nContent-Disposition: form-data; filename="x"\r\n\r\nx\r\n--b--\r\n', None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_upload_leaves_nothing(address, uploads, body, kind):
    before = list(uploads.iterdir())
    kind = kind or "multipart/form-data; boundary=b"
    status, _, said = ask(f"{address}/gradio_api/upload", body, **{"Content-Type": kind})
    assert status == 400 and said and b"Traceback" not in said
    assert set(uploads.iterdir()) <= set(before)


def test_an_upload_that_is_too_large_leaves_nothing(address, uploads):
    before = list(uploads.iterdir())
    status, _, said = send(address, bytes(1), **{"Content-Length": str(MAX_UPLOAD + 1)})
    assert status == 413 and json.loads(said)["refusal"]["key"] == "call.too_large"
    assert set(uploads.iterdir()) <= set(before)


def test_an_upload_that_breaks_off_leaves_nothing(address, uploads):
    before = set(uploads.iterdir())
    host, port = address.removeprefix("http://").split(":")
    body, kind = form(("x.png", bytes(3 << 20)))
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: {host}:{port}\r\n"
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[: 2 << 20])
        time.sleep(0.5)
    time.sleep(0.5)
    assert set(uploads.iterdir()) <= before
    assert ask(f"{address}/health")[0] == 200


# --- one client, and another


@pytest.mark.parametrize(("proxies", "status"), [("", 429), ("127.0.0.1", 401)])
def test_who_a_client_is_only_a_proxy_of_ours_may_say(serve_tiny, proxies, status):
    address, _ = serve_tiny(login="ann:secret", proxies=proxies)

    def guess(forwarded: str) -> int:
        return ask(address, **{"X-Forwarded-For": forwarded, "Authorization": "Basic eDp5"})[0]

    assert [guess("10.0.0.1") for _ in range(6)] == [401] * 5 + [429]
    assert guess("10.0.0.2") == status
    # What comes before the proxy's own entry is the client's to make up.
    assert guess("10.0.0.9, 10.0.0.1") == 429


def test_many_questions_of_one_address_delay_another_by_one(serve_tiny, monkeypatch):
    """And none of them is refused while there is room."""
    begun, answer = [], threading.Semaphore(0)

    def slowly(content: bytes, frame: int | None) -> Radiograph:
        begun.append(content)
        assert answer.acquire(timeout=60)
        return read_radiograph(content, frame)

    monkeypatch.setattr(api, "read_radiograph", slowly)
    address, _ = serve_tiny(proxies="127.0.0.1")
    other = png(chest_like(1001))

    def question(client: str, content: bytes) -> int:
        status, _, said = send(address, content, **{"X-Forwarded-For": client})
        asked = {"image": named(json.loads(said)[0])}
        where = f"{address}/gradio_api/call/v2/analyse"
        return status if status != 200 else ask(where, asked, **{"X-Forwarded-For": client})[0]

    def wait_for(questions: int) -> None:
        while len(begun) < questions:
            time.sleep(0.01)

    hospital = [question("10.0.0.1", STRANGER) for _ in range(20)]
    wait_for(1)
    assert {*hospital, question("10.0.0.2", other)} == {200}
    answer.release()
    wait_for(2)
    assert begun == [STRANGER, other]
    answer.release(20)
    wait_for(21)


def test_a_full_queue_tells_gradio_client_when_to_ask_again(serve_tiny, monkeypatch, tmp_path):
    address, _ = serve_tiny()
    client = Client(address, verbose=False, download_files=tmp_path)
    monkeypatch.setattr(questions, "WAITING", 0)
    with pytest.raises(httpx.HTTPStatusError) as refusal:
        client.predict([0.5] * 256, api_name="/neighbours")
    answer = refusal.value.response
    assert answer.headers["Retry-After"] == "5"
    assert "Please try again in 5 s." in answer.json()["error"]


def test_the_same_file_at_once_does_not_meet(address, uploads):
    """Each sender has a name and an answer of its own, and none fails."""

    def analysed(_: int) -> dict:
        return call(address, "analyse", {"image": named(sent(address))})[1][0]

    before = set(uploads.iterdir())
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(analysed, range(20)))
    assert [answer["status"] for answer in answers] == ["ok"] * 20
    assert set(uploads.iterdir()) <= before


def test_an_answer_goes_to_who_has_asked(address):
    """Its number is drawn anew, and it is gone once it is told."""
    asked = {"image": named(sent(address))}
    event = json.loads(ask(f"{address}/gradio_api/call/v2/analyse", asked)[2])["event_id"]
    other = event[:-1] + ("0" if event[-1] != "0" else "1")
    assert ask(f"{address}/gradio_api/call/analyse/{other}")[0] == 404
    assert ask(f"{address}/gradio_api/queue/data?session_hash={other}")[0] == 404
    assert b"event: complete" in ask(f"{address}/gradio_api/call/analyse/{event}")[2]
    assert ask(f"{address}/gradio_api/call/analyse/{event}")[0] == 404


def test_what_is_never_analysed_goes(serve_tiny, monkeypatch):
    monkeypatch.setattr(housekeeping, "SWEEP_S", 0.2)
    monkeypatch.setattr("cxr_demo.server.uploads.LIES_S", 0.5)
    address, uploads = serve_tiny()
    path = sent(address)
    assert Path(path).exists()
    time.sleep(1.2)
    assert list(uploads.iterdir()) == []
    key = refused(call(address, "analyse", {"image": named(path)}))
    assert key == "refused.upload_gone"


# --- login


def test_with_a_login_nothing_is_there_without_it(serve_tiny, tmp_path):
    address, uploads = serve_tiny(login="ann:secret")
    for path in ("", "theme.css", "config", "gradio_api/info", "gradio_api/file=x"):
        assert ask(f"{address}/{path}")[0] == 401
    assert send(address)[0] == 401 and list(uploads.iterdir()) == []
    assert ask(f"{address}/gradio_api/queue/join", {"data": []})[0] == 401
    assert ask(f"{address}/health")[0] == 200
    file = tmp_path / "chest.png"
    file.write_bytes(STRANGER)
    client = Client(address, verbose=False, httpx_kwargs={"auth": ("ann", "secret")})
    assert client.predict(handle_file(file), api_name="/analyse")["status"] == "ok"


# --- script in DICOM tags


@pytest.mark.parametrize("where", ["read", "frames", "modality", "damaged"])
def test_script_in_dicom_tags_comes_out_nowhere(address, uploads, where):
    """Neither in an answer nor in a refusal, whichever tag holds it; nor does a name."""
    tags = {"PatientName": f"{SECRET}", "PatientComments": SCRIPT, "SeriesDescription": SCRIPT}
    odd = {
        "read": {"VOILUTFunction": SCRIPT, "PresentationLUTShape": SCRIPT},
        "frames": {"NumberOfFrames": "7"},
        "modality": {"Modality": SCRIPT[:16]},
        "damaged": {"RescaleType": SCRIPT},
    }[where]
    file = dicom(chest_like(1000), bits=8, **tags, **odd)
    before = set(uploads.iterdir())
    image = sent(address, file[:-1000] if where == "damaged" else file)
    asked = {"image": named(image), "include": ["view", "maps"]}
    event, answer = call(address, "analyse", asked)
    said = json.dumps([event, answer]).lower()
    assert "onerror" not in said and "doe^jane" not in said and "<img" not in said
    assert answer[0]["status"] == ("ok" if where == "read" else "refused")
    assert set(uploads.iterdir()) <= before
