"""The page is up while the networks are still loaded, and what is asked meanwhile is answered."""

import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from cxr_demo.artefacts import Artefacts
from cxr_demo.errors import ArtefactError
from cxr_demo.ui import briefing, server
from cxr_demo.ui.settings import Settings
from cxr_demo.ui.uploads import Uploads
from tests.conftest import chest_like, png, serving, wait_for

HEAVY = ("tensorflow", "umap", "numba", "pandas", "sklearn", "scipy", "matplotlib", "keras")


@pytest.fixture
def asleep(tiny_assets, tmp_path, monkeypatch):
    """Starts a server that loads what it is given to; returns its address and failures."""
    monkeypatch.setattr(briefing, "about", lambda artefacts: {})
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))

    def start(load):
        failures, settings = [], Settings()
        uploads = Uploads(tmp_path / "uploads", 8)
        app = server.site(load, Artefacts(tiny_assets), uploads, settings, failures.append)
        return served.enter_context(serving(app, settings)), failures

    with ExitStack() as served:
        yield start


def get(address: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_the_page_is_there_before_the_networks(asleep, tiny_analyser):
    loaded = threading.Event()

    def load():
        loaded.wait(30)
        return tiny_analyser

    address, failures = asleep(load)
    try:
        for path in ("/", "/ui/main.js", "/wording/en.json", "/plotly.js", "/examples/0"):
            assert get(address + path)[0] == 200
        status, said = get(f"{address}/health")
        assert (status, json.loads(said)["status"]) == (503, "still loading")
        with ThreadPoolExecutor() as pool:
            start = pool.submit(get, f"{address}/start.json")
            upload = urllib.request.Request(
                f"{address}/gradio_api/upload",
                b'--b\r\nContent-Disposition: form-data; name="files"; filename="x"\r\n\r\n'
                + png(chest_like(1000))
                + b"\r\n--b--\r\n",
                {"Content-Type": "multipart/form-data; boundary=b"},
            )
            (name,) = json.loads(urllib.request.urlopen(upload, timeout=30).read())
            asked = {"data": [{"path": name, "meta": {"_type": "gradio.FileData"}}]}
            call = f"{address}/gradio_api/call/analyse"
            headers = {"Content-Type": "application/json"}
            question = urllib.request.Request(call, json.dumps(asked).encode(), headers)
            answer = pool.submit(urllib.request.urlopen, question, timeout=60)
            assert get(f"{call}/{'0' * 32}")[0] == 404  # nobody can wait for an answer yet
            assert not start.done() and not answer.done()
            loaded.set()
            assert start.result()[0] == 200
            event = json.loads(answer.result().read())["event_id"]
            assert b'"status": "ok"' in get(f"{call}/{event}")[1]
    finally:
        loaded.set()
    wait_for(f"{address}/health", lambda: not failures)
    assert failures == []


def test_who_cannot_load_says_so_and_does_not_become_well(asleep):
    def load():
        raise ArtefactError("no such library")

    address, failures = asleep(load)
    while not failures:
        assert get(f"{address}/health")[0] == 503
    assert [str(failure) for failure in failures] == ["no such library"]


@pytest.mark.parametrize(
    ("module", "absent"),
    [("cxr_demo.ui.server", ("gradio", *HEAVY)), ("cxr_demo.ui.gradio_side", HEAVY)],
)
def test_serving_does_without(module, absent):
    """In a process of its own: what is loaded is what importing it loads."""
    code = f"import sys, {module}; print(*set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(loaded.stdout.split()) & set(absent) == set()


def test_what_is_put_off_is_there_for_others():
    """Whoever imports pandas after us gets it, and Gradio does when it needs it."""
    code = (
        "import cxr_demo.ui.gradio_side, gradio.caching, pandas;"
        "assert pandas.DataFrame is gradio.caching.pd.DataFrame"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
