"""The page's own events, posted by hand: hidden from the API, not closed."""

import gc
import io
import json
import time
import urllib.request
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cxr_demo.models.preprocessing import to_uint8
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.server import housekeeping
from cxr_demo.server.serialise import picture_uri
from tests.conftest import chest_like, png
from tests.reading.bad_inputs import small_inputs
from tests.server.test_attacks import ask, call, named, sent

ODD = (None, 5, -1e300, "x", True, ["x"], {"x": "y"}, {"files": [{"path": "x", "name": 5}]})
BAD = list(small_inputs())[::20]
"""Every so many: all of them go through the reader in its own tests."""


@pytest.fixture(scope="module")
def served(serve_tiny):
    address, folder = serve_tiny()
    for left in files_in(folder):  # of questions that other tests had refused
        left.unlink()
    return address, folder


@pytest.fixture(scope="module")
def address(served) -> str:
    return served[0]


@pytest.fixture(scope="module")
def uploads(served) -> Path:
    return served[1]


@pytest.fixture(scope="module")
def config(address) -> dict:
    return json.loads(ask(f"{address}/config")[2])


def files_in(folder: Path) -> set[Path]:
    """But for the thumbnails that every page shows."""
    return {one for one in folder.rglob("*") if one.is_file() and one.suffix != ".webp"}


def event_of(config: dict, kind: str) -> dict:
    """The event of this kind of the page's drop zone that is sent the drop zone's own value."""
    (one,) = [
        one
        for one in config["dependencies"]
        if one["backend_fn"] and one["inputs"] and [one["inputs"][0], kind] in one["targets"]
    ]
    return one


def values_of(config: dict, event: dict, first: object) -> list:
    """What a page that was just opened sends, with another first value."""
    props = {one["id"]: one["props"] for one in config["components"]}
    return [first, *(props[number].get("value") for number in event["inputs"][1:])]


def joined(address: str, session: str, number: int, data: list, event: object = None) -> tuple:
    """Status and answer of a question put into the queue."""
    asked = {"data": data, "fn_index": number, "session_hash": session, "event_data": event}
    status, _, answer = ask(f"{address}/gradio_api/queue/join", asked)
    return status, json.loads(answer)


@contextmanager
def heard(address: str, session: str) -> Iterator[Iterator[dict]]:
    """The messages of a session's stream, as a page hears them until it is closed."""
    url = f"{address}/gradio_api/queue/data?session_hash={session}"
    with urllib.request.urlopen(url, timeout=120) as stream:
        yield (json.loads(line[5:]) for line in stream if line.startswith(b"data:"))


def said(address: str, number: int, data: list, event: object = None) -> dict:
    """What comes of an event."""
    session = uuid.uuid4().hex
    status, answer = joined(address, session, number, data, event)
    if status != 200:
        return {"refused": answer["refusal"]["key"]}
    with heard(address, session) as messages:
        ends = (one for one in messages if one["msg"] == "process_completed")
        return next(ends)["output"]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_whatever_is_posted_the_server_goes_on(address, uploads, config, tmp_path):
    """No event fetches, reads or keeps anything; each is answered or refused."""
    private = [one for one in config["dependencies"] if one["backend_fn"]]
    assert len(private) > 10
    before = files_in(uploads)
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret itself")
    for one in private:
        if one["api_visibility"] == "public" or "_fetch" in str(one["api_name"]):
            continue
        width = len(one["inputs"])
        for odd in ODD:
            answer = said(address, one["id"], [odd] * width, {"rows": odd, "index": odd})
            assert isinstance(answer, dict)
        if width:
            answer = said(address, one["id"], [named(str(secret))] * width)
            assert answer == {"refused": "refused.upload_gone"}
    assert ask(f"{address}/health")[0] == 200
    assert files_in(uploads) <= before and secret.read_text() == "the secret itself"


# --- bad inputs


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_a_bad_input_is_refused_in_a_sentence_and_leaves_nothing(address, uploads, config, bad):
    """By the API and by the page alike; which sentence is for the reader's tests."""
    _, (answer,) = call(address, "analyse", {"image": named(sent(address, bad.data))})
    assert answer["status"] == "ok" or (answer["status"], answer["error"][-1]) == ("refused", ".")
    event = event_of(config, "radiograph")
    dropped = {"path": sent(address, bad.data), "frame": None}
    output = said(address, event["id"], values_of(config, event, dropped))
    told = json.dumps(output["data"], ensure_ascii=False)
    assert "status refused" in told or "status done" in told
    assert not files_in(uploads)


# --- a batch


def archive(files: int) -> bytes:
    with io.BytesIO() as packed:
        with zipfile.ZipFile(packed, "w") as opened:
            for number in range(files):
                opened.writestr(f"{number}.png", png(chest_like(1000 + number, 80, 100)))
        return packed.getvalue()


def start_batch(address: str, config: dict, files: int) -> tuple[str, dict, tuple]:
    """Session, event and answer of a batch that was sent."""
    event, session = event_of(config, "batch"), uuid.uuid4().hex
    value = {"files": [{"path": sent(address, archive(files)), "name": "Doe^Jane.zip"}]}
    return session, event, joined(address, session, event["id"], values_of(config, event, value))


@pytest.mark.parametrize("ended_by", ["its cancel button", "its page that closes"])
def test_a_batch_that_is_ended_frees_its_place_and_leaves_nothing(
    address, uploads, config, ended_by
):
    session, event, (status, answer) = start_batch(address, config, 400)
    assert status == 200
    with heard(address, session) as messages:
        next(one for one in messages if one["msg"] == "process_generating")
        assert files_in(uploads)
        waiting, _, (status, _) = start_batch(address, config, 1)
        assert status == 200
        if "button" in ended_by:
            asked = {"session_hash": session, "fn_index": event["id"], **answer}
            assert ask(f"{address}/gradio_api/cancel", asked)[0] == 200

    with heard(address, waiting) as messages:  # it was not to begin before that
        (end,) = (one for one in messages if one["msg"] == "process_completed")
    assert end["success"]
    wait_until(lambda: not files_in(uploads))


# --- afterwards


def test_nothing_of_a_radiograph_is_kept_once_its_page_is_closed(
    serve_tiny, config, monkeypatch, tiny_analyser
):
    """Neither in Gradio's sessions nor in its queue, nor anywhere else that Python knows of."""
    monkeypatch.setattr(housekeeping, "SWEEP_S", 0.2)
    address, _ = serve_tiny()
    content = png(chest_like(4321))
    seen = picture_uri(to_uint8(tiny_analyser.analyse(read_radiograph(content)).view))
    mark = len(seen), hash(seen)
    del seen
    event = event_of(config, "radiograph")
    value = {"path": sent(address, content), "frame": None}
    output = said(address, event["id"], values_of(config, event, value))
    assert holders(mark)  # the answer has it; else nothing would be found below
    del output
    wait_until(lambda: not holders(mark))


def holders(mark: tuple[int, int]) -> list[type]:
    """The kinds of objects that hold a string of this length and hash, or with it a dictionary of
    nothing but values, which the garbage collector does not list."""

    def is_it(part: object) -> bool:
        if type(part) is dict and not gc.is_tracked(part):
            return any(map(is_it, list(part.values())))
        return type(part) is str and len(part) == mark[0] and hash(part) == mark[1]

    gc.collect()
    return [type(one) for one in gc.get_objects() if any(map(is_it, gc.get_referents(one)))]
