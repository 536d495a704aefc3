"""What is changed in Gradio: each test fails where Gradio no longer needs or takes the change."""

import asyncio
import gc
import inspect
from pathlib import Path

import pytest
from gradio import component_meta, route_utils, routes
from gradio.state_holder import SessionState
from starlette.requests import ClientDisconnect, Request

from cxr_demo.server.gradio_setup import gr, store_upload

SECRET = "a sentence about one patient"


def form(content: bytes, name: str = "Doe^Jane.png") -> list[bytes]:
    head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    return [head.encode(), content, b"\r\n--b--\r\n"]


def stored(folder: Path, parts: list[bytes], breaks_off: bool = False) -> list[str]:
    """What becomes of a form that arrives in parts."""
    messages = [
        {"type": "http.request", "body": part, "more_body": part is not parts[-1] or breaks_off}
        for part in parts
    ]

    async def receive() -> dict:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    headers = [(b"content-type", b"multipart/form-data; boundary=b")]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    return asyncio.run(store_upload(request, str(folder), 1000, None))[0]


def test_uploads_have_random_names_and_no_others(tmp_path):
    paths = [Path(*stored(tmp_path, form(b"same"))) for _ in range(2)]
    assert len(set(paths)) == 2 and sorted(tmp_path.iterdir()) == sorted(paths)
    for path in paths:
        assert len(path.name) == 40 and path.read_bytes() == b"same"


@pytest.mark.parametrize("broken", ["breaks off", "too large", "no form"])
def test_nothing_is_left_of_an_upload_that_fails(tmp_path, broken):
    parts = {
        "breaks off": form(b"x")[:2],
        "too large": form(bytes(1001)),
        "no form": [b"x"],
    }[broken]
    with pytest.raises(route_utils.MultiPartException):
        stored(tmp_path, parts, breaks_off=broken == "breaks off")
    assert list(tmp_path.iterdir()) == []


def test_it_takes_the_place_of_gradios():
    """With its arguments, and where Gradio looks for it."""
    assert routes.upload_fn is store_upload
    theirs = inspect.signature(route_utils.upload_fn).parameters
    assert list(inspect.signature(store_upload).parameters) == list(theirs)
    assert "upload_fn(" in inspect.getsource(routes.App.create_app)
    assert issubclass(ClientDisconnect, Exception)


@pytest.fixture
def demo():
    class Picture(gr.HTML):
        def __init__(self, value: object = None, *, held: object = None, **options):
            super().__init__(value, held=held, **options)

    with gr.Blocks() as demo:
        demo.picture, demo.text = Picture(), gr.Textbox()
        demo.text.change(lambda text: text, demo.text, [demo.picture, demo.text])
    return demo


def kept(session: SessionState) -> bool:
    """Whether the sentence is found from the session on, through all that it refers to."""
    seen, left = set(), [session]
    while left:
        one = left.pop()
        if isinstance(one, str) and one == SECRET:
            return True
        if id(one) in seen or isinstance(one, type) or inspect.ismodule(one):
            continue
        seen.add(id(one))
        if isinstance(one, dict | list | tuple | set) or type(one).__module__.startswith(
            ("gradio", "tests", "test_")
        ):
            left += gc.get_referents(one)
    return False


def test_nothing_that_an_event_says_stays_in_its_session(demo):
    """Neither values, that of an input included, nor other props of an update."""
    session = SessionState(demo)
    (function,) = demo.fns.values()
    updates = [gr.update(value=SECRET, held=SECRET), gr.update(value=SECRET)]

    async def event() -> list:
        await demo.preprocess_data(function, [SECRET], session)
        return await demo.postprocess_data(function, updates, session)

    picture, text = asyncio.run(event())
    assert picture["value"] == SECRET and picture["props"]["held"] == SECRET
    assert text["value"] == SECRET
    assert not kept(session)
    session.config_values[demo.text._id] = {"props": {"value": SECRET}}
    assert kept(session)  # else the search above finds nothing ever


def test_a_session_begins_without_what_the_page_says(demo):
    session = SessionState(demo)
    assert session.blocks_config.blocks == demo.blocks and demo.blocks
    assert session.config_values == {}


def test_no_stubs_are_written(tmp_path):
    assert "create_or_modify_pyi" in inspect.getsource(component_meta.ComponentMeta.__new__)
    before = set(Path(__file__).parent.glob("*.pyi"))

    class Another(gr.HTML):
        pass

    assert Another and set(Path(__file__).parent.glob("*.pyi")) == before
