"""The API over HTTP, as the page, `gradio_client` and `curl` use it."""

import json
import os
import socket
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file

from cxr_demo.reading.reader import MAX_FILE_BYTES, read_radiograph
from cxr_demo.ui.reading import PARTS, unpacked
from tests.conftest import chest_like, png

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
    return [path for path in folder.rglob("*") if path.is_file()]


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
    size = {"width": 320, "height": 260, "bit_depth": 8, "burned_in": False}
    assert stranger["image"] == size
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
    assert left_in(uploads) == [uploads / path] and len(path) == 32
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


def test_by_position_as_the_page_asks(address, stranger):
    image = upload_named(send(address, STRANGER))
    event, (answer,) = call(address, "analyse", {"data": [image, [], [], "blur"]}, "call")
    assert event == "complete"
    assert answer == {name: value for name, value in stranger.items() if name not in PARTS}


def test_a_file_that_is_gone(address, uploads):
    path = send(address, png(chest_like(5)))
    (uploads / path).unlink()
    event, (answer,) = call(address, "analyse", {"image": upload_named(path)})
    assert event == "complete" and answer["refusal"]["key"] == "refused.upload_gone"


@pytest.mark.parametrize("way", ["itself", "..", "a link"])
def test_a_file_elsewhere_is_not_read(address, uploads, tmp_path, way):
    """Neither its content nor anything found in it comes back, and it stays."""
    outside = tmp_path / "radiograph.png"
    outside.write_bytes(STRANGER)
    path = str(outside)
    if way == "..":
        path = f"{uploads}/{os.path.relpath(outside, uploads)}"
    if way == "a link":
        (uploads / "link.png").symlink_to(outside)
        path = str(uploads / "link.png")
    event, answer = call(address, "analyse", {"image": upload_named(path), "include": list(PARTS)})
    (uploads / "link.png").unlink(missing_ok=True)
    assert outside.read_bytes() == STRANGER
    assert event == "error" or answer[0]["status"] == "refused"
    assert "probabilities" not in json.dumps(answer)


def test_a_text_file_elsewhere_does_not_come_back(address, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret itself")
    for image in (
        upload_named(str(secret)),
        {**upload_named(str(secret)), "url": f"file://{secret}"},
        {**upload_named(str(secret)), "orig_name": str(secret)},
    ):
        _, answer = call(address, "analyse", {"image": image})
        assert "the secret itself" not in json.dumps(answer)
    with pytest.raises(urllib.error.HTTPError) as refusal:
        urllib.request.urlopen(f"{address}/gradio_api/file={secret}", timeout=60)
    assert refusal.value.code in (403, 404)
    assert secret.read_text() == "the secret itself"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433"])
def test_a_link_to_the_machine_itself_is_not_followed(address, host):
    """Gradio would fetch a radiograph from an address, but not from behind the door."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        url = f"http://{host}:{listening.getsockname()[1]}/radiograph.png"
        for image in (upload_named(url), {**upload_named("radiograph.png"), "url": url}):
            event, answer = call(address, "analyse", {"image": image})
            assert event == "error" or answer[0]["status"] == "refused"
        with pytest.raises(TimeoutError):
            listening.accept()


def test_what_is_no_upload_is_refused_and_not_a_failure(address):
    for image in (None, upload_named("nowhere.png")):
        event, answer = call(address, "analyse", {"image": image})
        assert event == "error" or answer[0]["refusal"]["key"] == "refused.upload_gone"


def test_an_upload_larger_than_any_radiograph_does_not_arrive(address, uploads):
    """What is a little larger than the largest arrives, to be refused in words."""
    with pytest.raises((urllib.error.HTTPError, urllib.error.URLError, ConnectionError)):
        send(address, bytes(2 * MAX_FILE_BYTES + 1))
    path = send(address, bytes(MAX_FILE_BYTES + 1))
    _, (answer,) = call(address, "analyse", {"image": upload_named(path)})
    assert answer["refusal"] == {"key": "refused.too_many_bytes", "values": {"megabytes": 64}}
    assert left_in(uploads) == []


# --- the page in front


def test_the_page_is_ours(address):
    with urllib.request.urlopen(address, timeout=60) as answer:
        assert b"Chest X-ray" in answer.read()
    for path in ("start.json", "atlas.json", "pictures/0", "examples/0", "wording/en.json"):
        with urllib.request.urlopen(f"{address}/{path}", timeout=60) as answer:
            assert answer.status == 200


@pytest.mark.parametrize("path", ["docs", "redoc", "openapi.json", "monitoring"])
def test_nothing_is_shown_besides(address, path):
    """Where Gradio answers at all, it answers with nothing of ours."""
    try:
        with urllib.request.urlopen(f"{address}/{path}", timeout=60) as answer:
            assert b"swagger" not in answer.read().lower()
    except urllib.error.HTTPError as refusal:
        assert refusal.code in (403, 404)
