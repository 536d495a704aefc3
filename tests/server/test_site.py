"""The API over HTTP, as the page, `gradio_client` and `curl` use it."""

import asyncio
import json
import socket
import subprocess
import threading
import urllib.error
import urllib.request
import uuid
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from gradio_client import Client, handle_file

from cxr_demo.artefacts import Artefacts
from cxr_demo.reading.reader import MAX_FILE_BYTES, read_radiograph
from cxr_demo.server import site as site_module
from cxr_demo.server.questions import WAITING
from cxr_demo.server.serialise import PARTS, unpacked
from cxr_demo.server.service import Service
from cxr_demo.server.settings import Settings
from cxr_demo.server.site import listen
from cxr_demo.server.uploads import Uploads
from cxr_demo.ui.blocks import APPEARANCE, build
from tests.conftest import chest_like, png

ROOT = Path(__file__).parents[2]
STRANGER = png(chest_like(1000))
NAME = "Secretname_1990-02-03.png"


@pytest.fixture(scope="module")
def served(serve_tiny) -> tuple[str, Path]:
    return serve_tiny()


@pytest.fixture(scope="module")
def address(served) -> str:
    return served[0]


@pytest.fixture(scope="module")
def uploads(served) -> Path:
    """Where what is sent lies."""
    return served[1]


@pytest.fixture(scope="module")
def client(address, tmp_path_factory) -> Client:
    return Client(address, verbose=False, download_files=tmp_path_factory.mktemp("downloads"))


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("radiographs") / NAME
    path.write_bytes(STRANGER)
    return path


@pytest.fixture(scope="module")
def stranger(client, file) -> dict:
    """All that is said of a picture that is not in the library."""
    return client.predict(image=handle_file(file), include=list(PARTS), api_name="/analyse")


def left_in(folder: Path) -> list[Path]:
    """But for the thumbnails that every page shows."""
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".webp"]


# --- with gradio_client


def test_there_are_three_endpoints(client):
    info = client.view_api(print_info=False, return_format="dict")
    assert set(info["named_endpoints"]) == {"/analyse", "/neighbours", "/rethreshold"}
    assert info["unnamed_endpoints"] == {}


@pytest.mark.parametrize(
    ("endpoint", "parameters"),
    [
        (
            "/analyse",
            {"image": None, "include": [], "hidden": [], "fill": "blur", "frame": None},
        ),
        (
            "/neighbours",
            {
                "embedding": None,
                "k": 11,
                "classes": ["normal", "bacterial", "viral"],
                "leave_out": [],
            },
        ),
        (
            "/rethreshold",
            {"map": None, "threshold": None, "method": "detector", "prevalence": 0.5},
        ),
    ],
)
def test_an_endpoint_says_what_it_takes(client, endpoint, parameters):
    info = client.view_api(print_info=False, return_format="dict")
    said = info["named_endpoints"][endpoint]["parameters"]
    assert {one["parameter_name"]: one["parameter_default"] for one in said} == parameters
    needed = {one["parameter_name"] for one in said if not one["parameter_has_default"]}
    assert needed == {"image", "embedding", "map", "threshold"} & set(parameters)


def test_analyse(client, file, stranger, tiny_analyser, uploads):
    expected = tiny_analyser.analyse(read_radiograph(STRANGER))
    assert stranger["status"] == "ok" and stranger["error"] is None
    assert stranger["probabilities"] == expected.probabilities
    assert stranger["anomaly"]["score"] == expected.anomaly.primary.score
    said = {"width": 320, "height": 260, "bit_depth": 8, "burned_in": False, "tinted": False}
    assert stranger["image"] == said
    assert set(PARTS) <= set(stranger)
    bare = client.predict(image=handle_file(file), api_name="/analyse")
    assert bare == {name: value for name, value in stranger.items() if name not in PARTS}
    assert left_in(uploads) == []


def test_analyse_without_a_part(client, file, stranger):
    hidden = [[0.2, 0.2, 0.6, 0.8]]
    answer = client.predict(
        image=handle_file(file),
        include=["square"],
        hidden=hidden,
        fill="surroundings",
        api_name="/analyse",
    )
    assert answer["status"] == "ok" and answer["square"] != stranger["square"]


def test_a_refused_file(client, tmp_path, uploads):
    path = tmp_path / NAME
    path.write_text("Patient: Secretname")
    answer = client.predict(image=handle_file(path), api_name="/analyse")
    assert answer["status"] == "refused"
    assert answer["error"].startswith("The file is not a PNG, JPEG or DICOM image")
    assert answer["refusal"] == {"key": "refused.kind.other", "values": {}}
    assert "secretname" not in json.dumps(answer).lower()
    assert left_in(uploads) == []


def test_an_analysis_names_neither_file_nor_place(stranger, uploads, file):
    said = json.dumps(stranger).lower()
    for word in ("secretname", str(uploads), str(file.parent)):
        assert word.lower() not in said


def test_neighbours(client, stranger):
    answer = client.predict(embedding=stranger["embedding"], api_name="/neighbours")
    assert answer["status"] == "ok"
    assert answer["vote"] == stranger["vote"] and answer["map"] == stranger["map"]
    ids = [neighbour["id"] for neighbour in answer["neighbours"]]
    assert ids == [neighbour["id"] for neighbour in stranger["neighbours"]]
    few = client.predict(
        embedding=stranger["embedding"],
        k=3,
        classes=["viral"],
        leave_out=["patient01"],
        api_name="/neighbours",
    )
    assert [neighbour["label"] for neighbour in few["neighbours"]] == ["viral"] * 3
    refused = client.predict(embedding=[0.0] * 8, api_name="/neighbours")
    assert refused["refusal"] == {"key": "refused.embedding", "values": {"length": 8}}


@pytest.mark.parametrize("method", ["detector", "autoencoder"])
@pytest.mark.parametrize("quantile", [0, 0.3, 0.5, 0.99, 1])
def test_the_share_above_a_threshold_is_numpys(client, stranger, method, quantile):
    """At cells' own values, too, where > and >= part."""
    values = unpacked(stranger["maps"][method]).astype(np.float64)
    threshold = float(np.quantile(values, quantile, method="nearest"))
    answer = client.predict(
        map=stranger["maps"][method], threshold=threshold, method=method, api_name="/rethreshold"
    )
    assert answer["status"] == "ok"
    assert answer["share_above"] == np.count_nonzero(values > threshold) / values.size
    assert answer["unusual"] is (answer["score"] > threshold)


def test_a_map_that_is_none(client):
    answer = client.predict(map={"shape": [2, 2]}, threshold=0.5, api_name="/rethreshold")
    assert answer["refusal"] == {"key": "refused.map", "values": {}}


# --- with urllib, as with curl


def post(url: str, body: bytes, kind: str = "application/json") -> bytes:
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


def send(address: str, content: bytes, name: str = NAME) -> str:
    """Upload a file; returns what the server calls it."""
    boundary = uuid.uuid4().hex
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        "Content-Type: image/png\r\n\r\n"
    ).encode() + content
    body += f"\r\n--{boundary}--\r\n".encode()
    kind = f"multipart/form-data; boundary={boundary}"
    (path,) = json.loads(post(f"{address}/gradio_api/upload", body, kind))
    return path


def call(address: str, endpoint: str, sent: object, way: str = "call/v2") -> tuple[str, object]:
    """Ask, and wait for what comes: the last event and its data."""
    url = f"{address}/gradio_api/{way}/{endpoint}"
    event = json.loads(post(url, json.dumps(sent).encode()))["event_id"]
    with urllib.request.urlopen(f"{address}/gradio_api/call/{endpoint}/{event}", timeout=60) as got:
        *_, name, data = got.read().decode().strip().split("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def upload_named(path: str) -> dict:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def test_by_named_parameters(address, stranger, uploads):
    path = send(address, STRANGER)
    assert left_in(uploads) == [Path(path)] and NAME not in path
    event, (answer,) = call(
        address, "analyse", {"image": upload_named(path), "include": ["embedding"]}
    )
    assert event == "complete" and answer["status"] == "ok"
    assert answer["embedding"] == stranger["embedding"]
    assert answer["neighbours"] == stranger["neighbours"]
    assert left_in(uploads) == []
    event, (found,) = call(address, "neighbours", {"embedding": answer["embedding"], "k": 2})
    nearest = [neighbour["id"] for neighbour in stranger["neighbours"]]
    assert [neighbour["id"] for neighbour in found["neighbours"]] == nearest[:2]
    sent = {"map": stranger["maps"]["detector"], "threshold": 0.25, "prevalence": 0.2}
    event, (held,) = call(address, "rethreshold", sent)
    values = unpacked(stranger["maps"]["detector"])
    assert held["share_above"] == (values > 0.25).mean()
    assert held["sensitivity"] == 1 and held["specificity"] == 0.5
    assert held["ppv"] == pytest.approx(1 / 3) and held["npv"] == 1


def test_an_upload_larger_than_any_radiograph_is_refused_in_words(address, uploads):
    path = send(address, bytes(MAX_FILE_BYTES + 1))
    _, (answer,) = call(address, "analyse", {"image": upload_named(path)})
    assert answer["refusal"] == {"key": "refused.too_many_bytes", "values": {"megabytes": 64}}
    assert left_in(uploads) == []


# --- what README tells others to do


def readme(language: str) -> str:
    """The block of code of README's section on the service."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("### As a service")[2]
    return section.partition(f"```{language}\n")[2].partition("```")[0]


def test_the_python_of_readme(address, file, monkeypatch):
    monkeypatch.chdir(file.parent)
    file.with_name("chest.png").write_bytes(STRANGER)
    code = readme("python").replace("http://127.0.0.1:7860", address)
    assert address in code
    told = {}
    exec(code, told)
    assert told["found"]["status"] == "ok" and "detector" in told["found"]["maps"]


def test_the_curl_of_readme(address, tmp_path):
    (tmp_path / "chest.png").write_bytes(STRANGER)
    code = readme("sh").replace("http://127.0.0.1:7860", address)
    assert address in code
    ran = subprocess.run(["sh", "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert "event: complete" in ran.stdout and '"status": "ok"' in ran.stdout


# --- the page


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_no_part_of_an_answer_waits_for_the_one_before(host):
    try:
        listening = listen(host, 0)
    except OSError:
        pytest.skip(f"no {host} here")
    with listening, socket.create_connection(listening.getsockname()[:2]):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_page_holds_what_gradio_offers(address):
    with urllib.request.urlopen(f"{address}/config", timeout=60) as answer:
        kinds = {one["type"] for one in json.load(answer)["components"]}
    wanted = {"tabs", "plot", "slider", "file", "dataframe", "downloadbutton", "gallery"}
    assert wanted <= kinds


def test_at_most_seven_components_are_ours():
    from cxr_demo.ui import blocks

    assert blocks.build.__module__  # imports them all
    ours = [kind for kind in every(gr.HTML) if kind.__module__.startswith("cxr_demo.")]
    assert 0 < len(ours) <= 7


def every(kind: type) -> list[type]:
    """A class's subclasses, and theirs."""
    return [one for sub in kind.__subclasses__() for one in (sub, *every(sub))]


def test_it_mounts_in_another_application_under_a_path(tiny_assets, upload_folder):
    """As behind a proxy that knows it by another name."""
    service, uploads = Service(Artefacts(tiny_assets)), Uploads(upload_folder)
    app = FastAPI()
    demo = build(service, uploads, Settings())
    assert demo._queue.max_size > WAITING  # else Gradio says first that it is full
    gr.mount_gradio_app(app, demo, path="/xray", **APPEARANCE)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        proxied = {"X-Forwarded-Host": "xray.example.org", "X-Forwarded-Proto": "https"}
        config = client.get("/xray/config", headers=proxied).json()
        assert config["root"] == "https://xray.example.org/xray"
        assert client.get("/xray/theme.css").status_code == 200
        assert client.get("/config").status_code == 404


def test_tools_are_there_only_where_they_are_asked_for(address):
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"{address}/gradio_api/mcp/", timeout=60)
    assert refusal.value.code == 404


def test_what_reads_dicom_files_is_started_with_the_site(tiny_assets, upload_folder, monkeypatch):
    started = threading.Event()

    async def start() -> None:
        started.set()

    monkeypatch.setattr(site_module, "prepare_reader", start)
    service, uploads = Service(Artefacts(tiny_assets)), Uploads(upload_folder)
    demo = build(service, uploads, Settings())
    with TestClient(site_module.site(demo, APPEARANCE, service, uploads, Settings())):
        assert started.wait(20)


@pytest.mark.parametrize(("after", "there"), [(0, True), (3600, False)])
def test_what_reads_dicom_files_does_not_delay_the_first_page(monkeypatch, after, there):
    # a server that another test has started may start its own in the meantime
    own = ContextVar("own", default=False)
    prepared = []
    monkeypatch.setattr(site_module, "FIRST_PAGE_S", after)
    monkeypatch.setattr(
        site_module.subprocess_reader, "prepare", lambda: prepared.append(own.get())
    )

    async def prepare_for_a_while() -> None:
        own.set(True)
        with suppress(TimeoutError):
            await asyncio.wait_for(site_module.prepare_reader(), 20 if there else 0.1)

    asyncio.run(prepare_for_a_while())
    assert (True in prepared) is there
