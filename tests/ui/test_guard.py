"""The door in front of Gradio: who and what gets in, and what every answer says to a browser."""

import asyncio
import base64
import gzip
import hashlib
import json
import re
from types import SimpleNamespace

import gradio as gr
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from cxr_demo.errors import UserError
from cxr_demo.ui import clients, guard, payload
from cxr_demo.ui.clients import Rate, client_of
from cxr_demo.ui.gradio_side import Gradio
from cxr_demo.ui.guard import PLOTLYS_STYLES, Guard
from cxr_demo.ui.later import Later
from cxr_demo.ui.payload import Body, Questions, without_files
from cxr_demo.ui.routes import PLOTLY
from cxr_demo.ui.settings import Settings

HERE = "http://127.0.0.1:7860"
JOIN = "/gradio_api/queue/join"
CALL = "/gradio_api/call/neighbours"
UPLOAD = "/gradio_api/upload"
QUESTION = {"data": [[0.5], 3]}


def neighbours(embedding: list[float], k: int = 11) -> dict:
    """Search."""
    return {}


async def echo(request: Request) -> JSONResponse:
    """What has come through, and an answer as Gradio gives one to a stranger."""
    body = (await request.body()).decode()
    sent = {"path": request.url.path, "body": body, "length": request.headers.get("content-length")}
    return JSONResponse(sent, headers={"Access-Control-Allow-Origin": "https://evil.example"})


@pytest.fixture(scope="module")
def blocks() -> gr.Blocks:
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.api(neighbours, api_name="neighbours")
    return blocks


@pytest.fixture
def api(blocks) -> gr.Blocks:
    """With a queue of its own."""
    return blocks.queue(max_size=3)


@pytest.fixture
def behind(api, tmp_path):
    """A client of whatever lies behind a guard of these settings."""

    def client(address: str = "10.0.0.1", **chosen) -> TestClient:
        ours = [
            *(Route(path, echo) for path in ("/", "/health")),
            Route(UPLOAD, echo, methods=["POST"]),
            Mount("/ui", StaticFiles(directory=".")),
        ]
        app = Starlette(routes=[*ours, Route("/{path:path}", echo, methods=["GET", "POST"])])
        gradio = Later()
        gradio.set(Gradio(app, api._queue, Questions(api)))
        guarded = Guard(app, gradio, ours, Settings(**chosen))
        return TestClient(guarded, base_url=HERE, client=(address, 50000))

    return client


def key_of(answer) -> str:
    """The key of a refusal, which comes with a sentence for people and for clients of Gradio."""
    said = answer.json()
    assert said["status"] == "refused" and said["error"] == said["detail"] and said["error"]
    return said["refusal"]["key"]


def waiting(api: gr.Blocks, *addresses: str) -> None:
    """Put events of clients into Gradio's queue."""
    queue, fn = api._queue, api.fns[0]
    queue.create_event_queue_for_fn(fn)
    for address in addresses:
        request = Request({"type": "http", "client": (address, 1), "headers": []})
        event = gr.queueing.Event("session" + address, fn, request, None)
        queue.event_queue_per_concurrency_id[fn.concurrency_id].queue.append(event)


# --- what is there


@pytest.mark.parametrize("path", ["/", "/health", "/config", "/gradio_api/info"])
def test_what_page_and_clients_need_is_there(behind, path):
    assert behind().get(path).json()["path"] == path


@pytest.mark.parametrize("path", [JOIN, CALL, "/gradio_api/call/v2/neighbours"])
def test_questions_are_posted(behind, path):
    assert behind().get(path).status_code == 404
    asked = {"embedding": [0.5]} if "v2" in path else QUESTION
    session = {"fn_index": 0, "session_hash": "0123456789"} if path == JOIN else {}
    assert behind().post(path, json={**asked, **session}).json()["path"] == path


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/logout",
        "/token",
        "/user",
        "/monitoring",
        "/monitoring/summary",
        "/docs",
        "/openapi.json",
        "/robots.txt",
        "/config/x",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/proxy=https://x.hf.space",
        "/gradio_api/heartbeat/x",
        "/gradio_api/component_server",
        "/gradio_api/cancel",
        "/gradio_api/reset",
        "/gradio_api/run/analyse",
        "/gradio_api/api/analyse",
        "/gradio_api/queue/status",
        "/gradio_api/upload_progress",
        "/gradio_api/process_recording",
        "/gradio_api/vibe-edit/",
        "/gradio_api/vibe-code/",
        "/gradio_api/deep_link",
        "/gradio_api/openapi.json",
        "/gradio_api/runs",
        "/gradio_api/stream/x",
        "/gradio_api/call/analyse/",
        "/gradio_api/call/secret",
        "/gradio_api//call/analyse",
        "/gradio_api/custom_component/0/client/component/x.js",
    ],
)
def test_nothing_else_of_gradio_is(behind, path):
    client = behind()
    for method in ("GET", "POST", "HEAD"):
        assert client.request(method, path).status_code == 404


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", ["/", CALL, UPLOAD, "/ui/app.py"])
def test_other_methods_are_not(behind, method, path):
    assert key_of(behind().request(method, path)) == "call.nothing"


@pytest.mark.parametrize("path", ["/", "/ui/app.py", "/health"])
def test_the_page_takes_no_posts(behind, path):
    assert key_of(behind().post(path, content=b"x")) == "call.nothing"


def test_a_websocket_is_closed(behind):
    with pytest.raises(Exception) as closed, behind().websocket_connect(JOIN):
        pass
    assert closed.type.__name__ == "WebSocketDisconnect" and closed.value.code == 1008


def test_an_answer_that_nobody_waits_for_is_not_there(behind, api):
    event, other = "0" * 32, "1" * 32
    api._queue.pending_event_ids_session["session-of-one"] = {event}
    api._queue.pending_messages_per_session["session-of-one"] = None
    assert behind().get(f"{CALL}/{event}").status_code == 200
    assert behind().get(f"{CALL}/{other}").status_code == 404
    assert behind().get("/gradio_api/queue/data?session_hash=session-of-one").status_code == 200
    for query in ("", "?session_hash=", "?session_hash=session-of-two", "?session_hash=%ff"):
        assert behind().get(f"/gradio_api/queue/data{query}").status_code == 404


# --- from where


@pytest.mark.parametrize(
    ("host", "there"),
    [
        ("127.0.0.1:7860", True),
        ("localhost:7860", True),
        ("LOCALHOST", True),
        ("[::1]:7860", True),
        ("192.168.1.5", True),
        ("evil.example:7860", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("2130706433", False),
        ("[", False),
        ("", False),
    ],
)
def test_a_local_server_answers_to_local_names_only(behind, host, there):
    """So a page whose name an attacker lets point at 127.0.0.1 learns nothing."""
    assert (behind().get("/", headers={"Host": host}).status_code == 200) is there


def test_any_name_will_do_where_none_are_known(behind):
    answer = behind(hosts=None).get("/", headers={"Host": "xray.example.org"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({}, True),  # curl
        ({"Origin": HERE}, True),
        ({"Origin": "https://127.0.0.1:7860"}, True),  # TLS ends at a proxy
        ({"Origin": "https://xray.example.org"}, True),
        ({"Origin": "http://127.0.0.1:7861"}, False),
        ({"Origin": "http://127.0.0.1"}, False),
        ({"Origin": "http://localhost:7860"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://evil127.0.0.1:7860"}, False),
        ({"Origin": "http://evil.example/127.0.0.1:7860"}, False),
        ({"Origin": "https://xray.example.org.evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("path", [CALL, UPLOAD])
def test_only_pages_of_ours_may_post(behind, given, taken, path):
    client = behind(origins=frozenset({"https://xray.example.org"}))
    answer = client.post(path, json=QUESTION, headers=given)
    assert answer.status_code == (200 if taken else 403)
    assert taken or key_of(answer) == "call.elsewhere"


def test_no_other_page_may_read(behind):
    """Whatever Gradio would let it."""
    for path in ("/", "/config", "/gradio_api/info"):
        answer = behind().get(path, headers={"Origin": "https://evil.example"})
        assert not [name for name in answer.headers if name.startswith("access-control-")]


# --- login


def basic(login: str) -> dict:
    return {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic \xe9"},
        {"Authorization": "Bearer " + base64.b64encode(b"ann:se:cret").decode()},
        basic("ann:"),
        basic("ann:se:cre"),
        basic("ann:se:crets"),
        basic("Ann:se:cret"),
    ],
    ids=str,
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/ui/app.py"), ("POST", CALL)])
def test_nothing_without_the_login(behind, given, method, path):
    encoded = {name: value.encode("latin-1") for name, value in given.items()}
    answer = behind(login="ann:se:cret").request(method, path, headers=encoded)
    assert answer.status_code == 401 and key_of(answer) == "call.login"
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize("login", ["ann:se:cret", "änne:påss"])
def test_everything_with_it(behind, login):
    client = behind(login=login)
    assert client.get("/", headers=basic(login)).status_code == 200
    assert client.post(CALL, json=QUESTION, headers=basic(login)).status_code == 200


def test_health_needs_no_login_and_no_name(behind):
    answer = behind(login="ann:secret").get("/health", headers={"Host": "balancer"})
    assert answer.status_code == 200


def test_guessing_is_slowed_down(behind, monkeypatch):
    """Five guesses at once; then the right one does not get in either, but from elsewhere."""
    now = 1000.0
    monkeypatch.setattr(clients, "time", SimpleNamespace(monotonic=lambda: now))
    client = behind(login="ann:secret")
    said = [client.get("/", headers=basic(f"ann:{guess}")).status_code for guess in range(7)]
    assert said == [401] * 5 + [429] * 2
    assert client.get("/", headers=basic("ann:secret")).status_code == 429
    now += 2
    assert client.get("/", headers=basic("ann:secret")).status_code == 200


# --- how often, and how many


def test_a_client_may_ask_so_often(behind, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(clients, "time", SimpleNamespace(monotonic=lambda: now))
    client = behind(per_minute=30)  # 5 at once, one in 2 s
    said = [client.post(CALL, json=QUESTION) for _ in range(6)]
    assert [answer.status_code for answer in said] == [200] * 5 + [429]
    assert key_of(said[-1]) == "call.often"
    assert said[-1].json()["refusal"]["values"] == {"seconds": 2}
    assert said[-1].headers["Retry-After"] == "2"
    assert client.get("/").status_code == 200
    now += 1.9
    assert client.post(CALL, json=QUESTION).status_code == 429
    now += 0.2
    assert client.post(CALL, json=QUESTION).status_code == 200


def test_another_client_has_a_bucket_of_its_own():
    rate = Rate(6)
    rate.spend("a")
    with pytest.raises(UserError):
        rate.spend("a")
    rate.spend("b")


def test_buckets_that_are_full_again_are_forgotten(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(clients, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(clients, "MOST_CLIENTS", 3)
    rate = Rate(60)
    for client in "abc":
        rate.spend(client)
    now += 100
    rate.spend("d")
    assert set(rate._left) == {"d"}


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_whose_request_it_is(address, client):
    assert client_of({"client": (address, 50000)}) == client


def test_a_client_without_an_address():
    assert client_of({"client": None}) == client_of({}) == ""


@pytest.mark.parametrize("path", [CALL, UPLOAD])
def test_a_full_queue_takes_nothing_more(behind, api, path):
    """Neither do uploads arrive that could not be analysed."""
    waiting(api, "10.0.0.2", "10.0.0.3")
    assert behind().post(path, json=QUESTION).status_code == 200
    waiting(api, "10.0.0.4")
    answer = behind().post(path, json=QUESTION)
    assert answer.status_code == 503 and key_of(answer) == "call.full"
    assert answer.headers["Retry-After"] == "5"


def test_a_client_has_a_share_of_the_queue(behind, api):
    waiting(api, "10.0.0.1", "10.0.0.1")
    answer = behind(share=2).post(CALL, json=QUESTION)
    assert answer.status_code == 429 and key_of(answer) == "call.share"
    assert answer.json()["refusal"]["values"] == {"most": 2}
    assert behind(share=3).post(CALL, json=QUESTION).status_code == 200
    assert behind("10.0.0.2", share=2).post(CALL, json=QUESTION).status_code == 200


# --- bodies


def test_a_question_is_as_large_as_one_can_be(behind, monkeypatch):
    monkeypatch.setattr(guard, "MOST_JSON", 100)
    body = json.dumps(QUESTION)
    assert behind().post(CALL, content=body + " " * (100 - len(body))).status_code == 200
    answer = behind().post(CALL, content=body + " " * (101 - len(body)))
    assert answer.status_code == 413 and key_of(answer) == "call.too_large"


def test_a_body_that_does_not_come_is_given_up(monkeypatch):
    monkeypatch.setattr(payload, "BODY_S", 0.05)

    async def read() -> None:
        sent = iter([{"type": "http.request", "body": b"x", "more_body": True}])

        async def receive() -> dict:
            return next(sent, None) or await asyncio.sleep(60)

        await Body(receive, 100).whole()

    with pytest.raises(UserError) as refused:
        asyncio.run(read())
    assert refused.value.key == "call.slow"


@pytest.mark.parametrize("comes", [True, False])
def test_a_refusal_waits_until_the_browser_listens(monkeypatch, comes):
    """For what is left of the body, but not for ever."""
    monkeypatch.setattr(payload, "DRAIN_S", 0.05)
    heard = []

    async def refuse() -> None:
        left = [{"type": "http.request", "body": b"x" * 500, "more_body": i < 2} for i in range(3)]

        async def receive() -> dict:
            heard.append("body")
            return left.pop(0) if comes else await asyncio.sleep(60)

        async def send(message: dict) -> None:
            heard.append(message)

        await Body(receive, 100).before(send)("answer")

    asyncio.run(refuse())
    assert heard == ["body"] * (3 if comes else 1) + ["answer"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        b'{"data": {}}',
        b'{"data": []}',  # nothing to search
        b'{"data": [[], 1, 2]}',
        b'{"data": [[' + b"9" * 5000 + b"]]}",
        b"[" * 100_000,
        b'{"data": [' + b"[" * 980 + b"]" * 980 + b"]}",
        b"\xff\xfe",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_question_is_refused(behind, body):
    answer = behind().post(CALL, content=body)
    assert answer.status_code == 400 and key_of(answer) == "call.malformed"


@pytest.mark.parametrize(
    ("named", "status"),
    [
        ({"embedding": [1]}, 200),
        ({"embedding": [1], "k": 3}, 200),
        ({}, 400),
        ({"k": 3}, 400),
        ({"embedding": [1], "secret": 1}, 400),
        ({"embedding": [1], "oauth_token": "x"}, 400),
    ],
    ids=str,
)
def test_named_parameters_are_those_of_the_endpoint(behind, named, status):
    assert behind().post("/gradio_api/call/v2/neighbours", json=named).status_code == status


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, 200),
        ({"fn_index": 1}, 400),
        ({"fn_index": -1}, 400),
        ({"fn_index": True}, 400),
        ({"fn_index": "0"}, 400),
        ({"fn_index": None}, 400),
        ({"fn_index": 10**30}, 400),
        ({"session_hash": "short"}, 400),
        ({"session_hash": "x" * 65}, 400),
        ({"session_hash": "<script>alert(1)</script>"}, 400),
        ({"session_hash": None}, 400),
        ({"session_hash": 5}, 400),
    ],
    ids=str,
)
def test_a_session_joins_with_an_endpoint_of_ours(behind, changed, status):
    joined = {**QUESTION, "fn_index": 0, "session_hash": "0123456789"}
    assert behind().post(JOIN, json={**joined, **changed}).status_code == status


def reworded(client: TestClient, path: str, asked: dict) -> dict:
    """A question as Gradio gets to see it."""
    seen = client.post(path, json=asked).json()
    assert int(seen["length"]) == len(seen["body"])
    return json.loads(seen["body"])


def test_nothing_but_the_question_gets_through(behind):
    more = {"event_data": {"x": 1}, "trigger_id": 5, "request": {}, "simple_format": True}
    joined = {**QUESTION, "fn_index": 0, "session_hash": "0123456789"}
    assert reworded(behind(), JOIN, {**joined, **more}) == joined
    assert reworded(behind(), CALL, {**joined, **more}) == QUESTION


def test_a_parameter_left_out_has_its_default(behind):
    assert reworded(behind(), CALL, {"data": [[0.5]]}) == {"data": [[0.5], 11]}


FORGED = {"path": "/etc/passwd", "url": "http://169.254.169.254/", "orig_name": "Doe^Jane.dcm"}
META = {"meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize(
    ("sent", "left"),
    [
        ({**FORGED, **META}, {"path": "/etc/passwd"}),
        ([[{**FORGED, **META}]], [[{"path": "/etc/passwd"}]]),
        ({"x": {**FORGED, **META}}, {"x": {"path": "/etc/passwd"}}),
        ({"path": {**FORGED, **META}, **META}, {"path": {"path": "/etc/passwd"}}),
        ({"url": "http://x/", **META}, {"url": "http://x/"}),
        ({"shape": [1], "float32": "AA=="}, {"shape": [1], "float32": "AA=="}),
        ([0.5, None, "x", True], [0.5, None, "x", True]),
    ],
    ids=str,
)
def test_nothing_is_left_that_gradio_takes_for_a_file(behind, sent, left):
    assert without_files(sent) == left
    assert reworded(behind(), CALL, {"data": [sent]}) == {"data": [left, 11]}
    named = reworded(behind(), "/gradio_api/call/v2/neighbours", {"embedding": sent})
    assert named == {"embedding": left}


# --- what every answer says


@pytest.mark.parametrize("path", ["/", "/nowhere", "/config", "/health", "/ui/nowhere"])
def test_headers_of_every_answer(behind, path):
    given = behind().get(path).headers
    assert given["X-Content-Type-Options"] == "nosniff"
    assert given["Referrer-Policy"] == "no-referrer"
    assert given["Cross-Origin-Opener-Policy"] == "same-origin"
    policy = dict(part.split(" ", 1) for part in given["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'" and policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'self'"
    assert "unsafe" not in given["Content-Security-Policy"]


def test_other_sites_may_frame_the_page_where_that_is_set(behind):
    client = behind(frame_ancestors=("'self'", "https://huggingface.co"))
    policy = client.get("/").headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors 'self' https://huggingface.co")


def test_answers_of_the_api_are_not_stored(behind):
    assert behind().get("/gradio_api/info").headers["Cache-Control"] == "no-store"
    assert behind().post(CALL, json=QUESTION).headers["Cache-Control"] == "no-store"
    assert "no-store" not in behind().get("/").headers.get("Cache-Control", "")


def test_the_styles_let_in_are_plotlys():
    """An empty one, and the one that it writes; Chromium says so of others."""
    script = gzip.decompress(PLOTLY.read_bytes()).decode()
    written = re.findall(r'createElement\("style"\);[^;]*?textContent=(\'[^\']*\')', script)
    assert len(written) == 1
    styles = ["", written[0][1:-1]]
    hashes = [base64.b64encode(hashlib.sha256(css.encode()).digest()).decode() for css in styles]
    assert [f"'sha256-{digest}'" for digest in hashes] == PLOTLYS_STYLES.split()
