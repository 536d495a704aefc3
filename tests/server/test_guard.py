"""Request filtering: who and what gets in, and what every answer says to a browser."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Iterator
from types import SimpleNamespace

import gradio as gr
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from cxr_demo.errors import UserError
from cxr_demo.server import guard, limits, questions
from cxr_demo.server.guard import guarded
from cxr_demo.server.limits import Body, Rate, client_of
from cxr_demo.server.questions import Questions
from cxr_demo.server.settings import Settings
from cxr_demo.server.uploads import Uploads

HERE = "http://127.0.0.1:7860"
JOIN = "/gradio_api/queue/join"
CALL = "/gradio_api/call/neighbours"
UPLOAD = "/gradio_api/upload"
QUESTION = {"data": [[0.5], 3]}
SCRIPT = "window.gradio_config = {};"


def neighbours(embedding: list[float], k: int = 11) -> dict:
    """Search."""
    return {}


async def echo(request: Request) -> JSONResponse:
    """What has come through, and an answer as Gradio gives one to a stranger."""
    body = (await request.body()).decode()
    sent = {"path": request.url.path, "body": body}
    return JSONResponse(sent, headers={"Access-Control-Allow-Origin": "https://evil.example"})


async def page(_: Request) -> HTMLResponse:
    return HTMLResponse(f"<script src='x.js'></script><script>{SCRIPT}</script>")


def batch(text: str) -> Iterator[str]:
    """Goes on for long."""
    yield text


@pytest.fixture(scope="module")
def blocks() -> gr.Blocks:
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.api(neighbours, api_name="neighbours")
        field = gr.Textbox()
        field.change(lambda text: text, field, field, api_visibility="private")
        field.submit(batch, field, field, api_visibility="private", concurrency_limit=2)
    return blocks


@pytest.fixture
def api(blocks, monkeypatch) -> gr.Blocks:
    """With a queue of its own, in which four may wait."""
    monkeypatch.setattr(questions, "WAITING", 4)
    return blocks.queue()


@pytest.fixture
def behind(api, tmp_path):
    """A client of whatever lies behind a guard of these settings."""

    def client(address: str = "10.0.0.1", **chosen) -> TestClient:
        everything = Route("/{path:path}", echo, methods=["GET", "POST", "OPTIONS"])
        app = Starlette(routes=[Route("/", page), everything])
        uploads = Uploads(tmp_path)
        within = guarded(app, Settings(**chosen), uploads, Questions(api, uploads))
        return TestClient(within, base_url=HERE, client=(address, 50000))

    return client


def key_of(answer) -> str:
    """The key of a refusal, which comes with a sentence for people and for clients of Gradio."""
    said = answer.json()
    assert said["status"] == "refused" and said["error"] == said["detail"] and said["error"]
    return said["refusal"]["key"]


def event_of(address: str, fn: gr.blocks.BlockFunction) -> gr.queueing.Event:
    request = Request({"type": "http", "client": (address, 1), "headers": []})
    return gr.queueing.Event("session" + address, fn, request, None)


def waiting(api: gr.Blocks, *addresses: str) -> None:
    """Put events of clients into Gradio's queue."""
    queue, fn = api._queue, api.fns[0]
    queue.create_event_queue_for_fn(fn)
    for address in addresses:
        line = queue.event_queue_per_concurrency_id[fn.concurrency_id].queue
        line.append(event_of(address, fn))


# --- what is there


@pytest.mark.parametrize(
    "path", ["/health", "/config", "/theme.css", "/assets/x-1.js", "/gradio_api/info"]
)
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
        "/config/x",
        "/gradio_api/proxy=https://x.hf.space",
        "/gradio_api/component_server",
        "/gradio_api/run/analyse",
        "/gradio_api/api/analyse",
        "/gradio_api/queue/status",
        "/gradio_api/process_recording",
        "/gradio_api/vibe-edit/",
        "/gradio_api/vibe-code/",
        "/gradio_api/deep_link",
        "/gradio_api/runs",
        "/gradio_api/stream/x",
        "/gradio_api/call/analyse/",
        "/gradio_api/call/secret",
        "/gradio_api//call/analyse",
        "/gradio_api/mcp/",
        "/gradio_api/file/x",
    ],
)
def test_nothing_else_of_gradio_is(behind, path):
    client = behind()
    for method in ("GET", "POST", "HEAD"):
        assert client.request(method, path).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", ["/", CALL, UPLOAD, "/theme.css"])
def test_other_methods_are_not(behind, method, path):
    assert key_of(behind().request(method, path)) == "call.nothing"


@pytest.mark.parametrize("path", ["/", "/theme.css", "/health"])
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
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/theme.css"), ("POST", CALL)])
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
    """Five guesses at once; then the right one does not get in either."""
    now = 1000.0
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: now))
    client = behind(login="ann:secret")
    said = [client.get("/", headers=basic(f"ann:{guess}")).status_code for guess in range(7)]
    assert said == [401] * 5 + [429] * 2
    answer = client.get("/", headers=basic("ann:secret"))
    assert answer.status_code == 429 and key_of(answer) == "call.often"
    assert answer.headers["Retry-After"] == "2" and "in 2 s" in answer.json()["error"]
    now += 1.9
    assert client.get("/", headers=basic("ann:secret")).status_code == 429
    now += 0.2
    assert client.get("/", headers=basic("ann:secret")).status_code == 200


# --- how often, and how many


def test_a_client_may_ask_as_often_as_it_is_answered(behind):
    client = behind()
    assert {client.post(CALL, json=QUESTION).status_code for _ in range(400)} == {200}


def test_another_client_has_a_bucket_of_its_own():
    rate = Rate(6)
    rate.spend("a")
    with pytest.raises(UserError):
        rate.spend("a")
    rate.spend("b")


def test_buckets_that_are_full_again_are_forgotten(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(limits, "MAX_CLIENTS", 3)
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
    waiting(api, "10.0.0.2", "10.0.0.3", "10.0.0.4")
    assert behind().post(path, json=QUESTION).status_code == 200
    waiting(api, "10.0.0.5")
    answer = behind().post(path, json=QUESTION)
    assert answer.status_code == 429 and key_of(answer) == "call.full"
    assert answer.headers["Retry-After"] == "5" and "in 5 s" in answer.json()["error"]


@pytest.mark.parametrize("path", [CALL, UPLOAD])
def test_the_last_places_are_for_clients_that_have_none(behind, api, path):
    """And until then many people may ask from one address."""
    waiting(api, "10.0.0.1", "10.0.0.1")
    assert behind().post(path, json=QUESTION).status_code == 200
    waiting(api, "10.0.0.1")
    answer = behind().post(path, json=QUESTION)
    assert answer.status_code == 429 and key_of(answer) == "call.share"
    assert answer.headers["Retry-After"] == "5" and "in 5 s" in answer.json()["error"]
    assert behind("10.0.0.2").post(path, json=QUESTION).status_code == 200


def test_whoever_has_enough_can_still_leave(behind, api):
    waiting(api, *["10.0.0.1"] * 4)
    for path in ("cancel", "reset"):
        assert behind().post(f"/gradio_api/{path}", json={}).status_code == 200


# --- bodies


def test_a_question_is_as_large_as_one_can_be(behind, monkeypatch):
    monkeypatch.setattr(guard, "MAX_JSON", 100)
    body = json.dumps(QUESTION)
    assert behind().post(CALL, content=body + " " * (100 - len(body))).status_code == 200
    answer = behind().post(CALL, content=body + " " * (101 - len(body)))
    assert answer.status_code == 413 and key_of(answer) == "call.too_large"


def test_a_body_of_unknown_length_is_held_to_the_same():
    async def read() -> None:
        await Body(receive, 100).whole()

    async def receive() -> dict:
        return {"type": "http.request", "body": bytes(40), "more_body": True}

    with pytest.raises(UserError) as refused:
        asyncio.run(read())
    assert refused.value.key == "call.too_large"


def test_a_body_that_does_not_come_is_given_up(monkeypatch):
    monkeypatch.setattr(limits, "BODY_S", 0.05)

    async def read() -> None:
        await Body(receive, 100).whole()

    async def receive() -> dict:
        return await asyncio.sleep(60)

    with pytest.raises(UserError) as refused:
        asyncio.run(read())
    assert refused.value.key == "call.slow"


@pytest.mark.parametrize("comes", [True, False])
def test_a_refusal_waits_until_the_browser_listens(monkeypatch, comes):
    """For what is left of the body, but not for ever."""
    monkeypatch.setattr(limits, "DRAIN_S", 0.05)
    left = [{"type": "http.request", "body": bytes(9), "more_body": i < 2} for i in range(3)]

    async def receive() -> dict:
        return left.pop(0) if comes else await asyncio.sleep(60)

    async def drain() -> None:
        await Body(receive, 5).drain()

    asyncio.run(drain())
    assert len(left) == (0 if comes else 3)


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
        b"[" * 100_000,
        b'{"data": [' + b"[" * 90 + b"]" * 90 + b", 3]}",
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
        ({"fn_index": 1, "data": ["a private event"]}, 200),
        ({"fn_index": 1}, 400),
        ({"fn_index": 3}, 400),
        ({"fn_index": -1}, 400),
        ({"fn_index": True}, 400),
        ({"fn_index": "0"}, 400),
        ({"fn_index": None}, 400),
        ({"fn_index": 10**30}, 400),
        ({"session_hash": ""}, 400),
        ({"session_hash": "x" * 65}, 400),
        ({"session_hash": "<script>alert(1)</script>"}, 400),
        ({"session_hash": None}, 400),
        ({"session_hash": 5}, 400),
    ],
    ids=str,
)
def test_a_session_joins_with_an_event_of_ours(behind, changed, status):
    joined = {**QUESTION, "fn_index": 0, "session_hash": "0123456789"}
    assert behind().post(JOIN, json={**joined, **changed}).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "http://169.254.169.254/",
        "",
        None,
        5,
        {"path": "x"},
        "{folder}/../../etc/passwd",
        "{folder}",
        "{folder}/x.png",
        "{folder}/" + "0" * 39 + "g",
        "{folder}/x/" + "0" * 40,
    ],
    ids=str,
)
@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: [[one]], lambda one: {"x": one}])
def test_no_other_file_than_an_upload_is_named(behind, tmp_path, path, wrap):
    """Wherever it stands; Gradio fetches addresses, and reads what it takes for its own."""
    path = path.format(folder=tmp_path) if isinstance(path, str) else path
    named = wrap({"path": path, "meta": {"_type": "gradio.FileData"}})
    for client, asked in ((CALL, {"data": [named, 3]}), ("v2", {"embedding": named})):
        where = CALL if client == CALL else "/gradio_api/call/v2/neighbours"
        answer = behind().post(where, json=asked)
        assert answer.status_code == 400 and key_of(answer) == "refused.upload_gone"


def test_an_upload_may_be_named(behind, tmp_path):
    """And the picture that a gallery's event tells of, which is no input."""
    named = {"path": f"{tmp_path}/{'0' * 40}", "meta": {"_type": "gradio.FileData"}}
    joined = {"data": [named, 3], "fn_index": 0, "session_hash": "0123456789"}
    told = {**joined, "event_data": {"value": {"image": {"path": "/tmp/example.webp"}}}}
    assert behind().post(JOIN, json=told).status_code == 200


def test_a_full_disk_takes_no_upload(behind, monkeypatch):
    free = {"10.0.0.1": 10, "10.0.0.2": 11}
    monkeypatch.setattr(Uploads, "free", lambda self, client: free[client])
    assert behind().post(UPLOAD, content=bytes(10)).status_code == 200
    answer = behind().post(UPLOAD, content=bytes(11))
    assert answer.status_code == 507 and key_of(answer) == "call.space"
    assert answer.headers["Retry-After"] == "60" and "in 60 s" in answer.json()["error"]
    assert behind("10.0.0.2").post(UPLOAD, content=bytes(11)).status_code == 200


def test_an_upload_that_hides_its_length_needs_space_for_the_longest(behind, monkeypatch):
    for most, status in ((guard.MAX_UPLOAD - 1, 507), (guard.MAX_UPLOAD, 200)):
        monkeypatch.setattr(Uploads, "free", lambda self, client, most=most: most)
        assert behind().post(UPLOAD, content=iter([b"x"])).status_code == status


# --- what every answer says


def policy_of(answer) -> dict[str, str]:
    said = answer.headers["Content-Security-Policy"]
    return dict(part.split(" ", 1) for part in said.split("; "))


@pytest.mark.parametrize("path", ["/", "/nowhere", "/config", "/health"])
def test_headers_of_every_answer(behind, path):
    answer = behind().get(path)
    given, policy = answer.headers, policy_of(answer)
    assert given["X-Content-Type-Options"] == "nosniff"
    assert given["Referrer-Policy"] == "no-referrer"
    assert given["Cross-Origin-Opener-Policy"] == "same-origin"
    assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'self'"
    assert "unsafe-inline" not in policy["script-src"] and "http" not in policy["script-src"]


def test_only_scripts_that_the_server_wrote_into_the_page_run(behind):
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    client = behind()
    assert policy_of(client.get("/"))["script-src"].endswith(f"'sha256-{digest}'")
    assert policy_of(client.get("/config"))["script-src"] == "'self' 'unsafe-eval'"


def test_other_sites_may_embed_the_page_where_that_is_set(behind):
    friend = "https://xray.example.org"
    client = behind(embed_origins=(friend,))
    answer = client.get("/config", headers={"Origin": friend})
    assert policy_of(answer)["frame-ancestors"] == f"'self' {friend}"
    assert answer.headers["Access-Control-Allow-Origin"] == friend
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert client.post(CALL, json=QUESTION, headers={"Origin": friend}).status_code == 200
    asked = {"Origin": friend, "Access-Control-Request-Method": "POST"}
    assert client.options(JOIN, headers=asked).headers["Access-Control-Allow-Origin"] == friend
    for stranger in (client, behind()):
        origin = {"Origin": "https://evil.example"}
        assert "Access-Control-Allow-Origin" not in stranger.get("/config", headers=origin).headers
        assert stranger.post(CALL, json=QUESTION, headers=origin).status_code == 403
        preflight = stranger.options(JOIN, headers={**asked, **origin})
        assert preflight.status_code == 400
        assert "Access-Control-Allow-Origin" not in preflight.headers


def test_answers_of_the_api_are_not_stored(behind):
    assert behind().post(CALL, json=QUESTION).headers["Cache-Control"] == "no-store"
    assert "no-store" not in behind().get("/").headers.get("Cache-Control", "")
