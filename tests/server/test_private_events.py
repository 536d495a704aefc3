"""The page's own events, posted by a stranger: hidden from the API, not closed."""

import json
import urllib.request
import uuid

import pytest

from tests.server.test_attacks import ask

ODD = (None, 5, -1e300, "x", True, ["x"], {"x": "y"}, {"files": [{"path": "x", "name": 5}]})


@pytest.fixture(scope="module")
def served(serve_tiny):
    return serve_tiny(per_minute=100_000)


def said(address: str, number: int, data: list, event: object = None) -> dict:
    """What comes of an event, as a page would hear it."""
    session = uuid.uuid4().hex
    asked = {"data": data, "fn_index": number, "session_hash": session, "event_data": event}
    status, _, answer = ask(f"{address}/gradio_api/queue/join", asked)
    if status != 200:
        return {"refused": json.loads(answer)["refusal"]["key"]}
    url = f"{address}/gradio_api/queue/data?session_hash={session}"
    with urllib.request.urlopen(url, timeout=120) as stream:
        for line in stream:
            message = json.loads(line[5:]) if line.startswith(b"data:") else {}
            if message.get("msg") == "process_completed":
                return message["output"]
    return {}


def test_whatever_is_posted_the_server_goes_on(served, tmp_path):
    """No event fetches, reads or keeps anything; each is answered or refused."""
    address, uploads = served
    config = json.loads(ask(f"{address}/config")[2])
    private = [one for one in config["dependencies"] if one["backend_fn"]]
    assert len(private) > 15
    before = set(uploads.rglob("*"))
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret itself")
    for one in private:
        if one["api_visibility"] == "public" or "_fetch" in str(one["api_name"]):
            continue
        width = len(one["inputs"])
        for odd in ODD:
            answer = said(address, one["id"], [odd] * width, {"rows": odd, "index": odd})
            assert isinstance(answer, dict)
        named = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
        if width:
            answer = said(address, one["id"], [named] * width)
            assert answer == {"refused": "refused.upload_gone"}
    assert ask(f"{address}/health")[0] == 200
    left = {path for path in uploads.rglob("*") if path.suffix != ".webp" and path.is_file()}
    assert left <= before and secret.read_text() == "the secret itself"
