"""The page's routes: what they answer, and what they keep to themselves."""

import asyncio
import hashlib
import json
import re
from pathlib import Path
from urllib.parse import urljoin

import cv2
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cxr_demo.anomaly.maps import EXTENT
from cxr_demo.artefacts import Artefacts
from cxr_demo.i18n import FOLDER
from cxr_demo.models.preprocessing import to_network_input
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.reference.neighbourhood import NEIGHBOURS
from cxr_demo.reference.thumbnails import Thumbnails, to_thumbnail
from cxr_demo.ui import briefing
from cxr_demo.ui.later import Later
from cxr_demo.ui.routes import PLOTLY, STATIC, Contents, routes

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page(tiny_analyser, tiny_assets) -> Starlette:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(briefing, "about", lambda artefacts: {})  # its figures are not tiny
        contents, artefacts = Later(), Artefacts(tiny_assets)
        contents.set(Contents(tiny_analyser, artefacts))
        return Starlette(routes=routes(artefacts, contents))


@pytest.fixture(scope="module")
def client(page) -> TestClient:
    return TestClient(page)


@pytest.fixture(scope="module")
def start(client) -> dict:
    return client.get("/start.json").json()


@pytest.fixture(scope="module")
def atlas(client) -> dict:
    return client.get("/atlas.json").json()


def picture(content: bytes) -> np.ndarray:
    assert content.startswith(b"\x89PNG")
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


# --- the page and what it loads


def test_the_page(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.content == (STATIC / "index.html").read_bytes()


KINDS = {".js": "javascript", ".css": "text/css", ".svg": "svg", ".html": "text/html"}
FILES = sorted(path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", FILES)
def test_scripts_and_styles(client, name):
    answer = client.get(f"/ui/{name}")
    assert answer.status_code == 200
    assert KINDS[Path(name).suffix] in answer.headers["content-type"]
    assert answer.content == (STATIC / name).read_bytes()


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
def test_what_a_script_imports_is_there(client, name):
    for imported in re.findall(r"\bfrom '([^']+)'|\bimport '([^']+)'", (STATIC / name).read_text()):
        address = urljoin(f"/ui/{name}", "".join(imported))
        assert client.get(address).status_code == 200, address


def test_what_the_page_loads_is_there(client):
    """From here alone: a radiograph's page calls nobody else."""
    loaded = re.findall(
        r'<(?:link|script|img)\b[^>]*\b(?:src|href)="([^"]+)"', client.get("/").text
    )
    assert "ui/main.js" in loaded
    for address in loaded:
        assert client.get(urljoin("/", address)).status_code == 200, address


def test_wording(client):
    answer = client.get("/wording/en.json")
    assert answer.status_code == 200
    assert answer.json() == json.loads((FOLDER / "en.json").read_text(encoding="utf-8"))


def test_plotly(client):
    answer = client.get("/plotly.js")
    assert answer.status_code == 200 and "javascript" in answer.headers["content-type"]
    assert hashlib.sha256(answer.content).hexdigest() in (PLOTLY.parent / "README.md").read_text()


@pytest.mark.parametrize("path", ["/start.json", "/atlas.json", "/about.json"])
def test_json_says_that_it_is(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert isinstance(answer.json(), dict)


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/ui", "/ui/", "/ui/nowhere.js", "/wording/", "/wording/xx.json", "/examples"],
)
def test_nothing_else_is_there(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/start.json", "/pictures/0", "/examples/0", "/ui/main.js"])
def test_nothing_is_taken(client, path):
    for method in ("POST", "PUT", "DELETE"):
        assert client.request(method, path).status_code == 405


def asked_for(page: Starlette, path: str) -> int:
    """The status of a path that no client has tidied before."""
    answers = []

    async def receive() -> None:
        await asyncio.Event().wait()  # nothing more is said, and nobody hangs up

    async def send(message: dict) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [],
        "server": ("127.0.0.1", 80),
    }
    asyncio.run(page(scope, receive, send))
    return answers[0]["status"]


@pytest.mark.parametrize("way", ["..", "../..", "./..", "x/../..", "..//..", "../static/.."])
@pytest.mark.parametrize("folder", ["/ui", "/wording"])
def test_no_way_leads_out_of_a_folder(page, folder, way):
    assert asked_for(page, "/ui/main.js") == asked_for(page, "/wording/en.json") == 200
    names = ["routes.py", "ui/routes.py", "wording.py", "cxr_demo/i18n.py", "app.py"]
    for name in names:
        assert asked_for(page, f"{folder}/{way}/{name}") == 404
    assert asked_for(page, f"{folder}/{ROOT / 'app.py'}") == 404


@pytest.mark.parametrize(
    "path", ["/ui/%2e%2e/routes.py", "/ui/..%2froutes.py", "/ui/..\\routes.py"]
)
def test_no_encoded_way_leads_out(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/start.json", "/atlas.json", "/wording/en.json"])
def test_no_path_of_the_machine_is_told(client, tiny_assets, path):
    said = client.get(path).text
    for place in (tiny_assets, ROOT, Path.home(), Path.cwd(), STATIC):
        assert str(place) not in said or str(place) == "/"


def test_only_one_browser_keeps_an_answer(client):
    """Pictures may be the user's own."""
    for path in ("/start.json", "/pictures/0", "/examples/0", "/examples/0/thumbnail"):
        assert "private" in client.get(path).headers["cache-control"]


# --- start.json


def test_start_is_complete(start):
    assert set(start) == {
        *("languages", "classes", "neighbours", "most_neighbours", "examples", "extent"),
        *("operating_points", "prior", "methods", "typicality", "ramp", "model"),
    }


def test_start_tells_what_the_controls_need(start, tiny_analyser):
    assert start["languages"] == ["en", "de", "es"]
    assert start["classes"] == ["normal", "bacterial", "viral"]
    assert start["neighbours"] == NEIGHBOURS == 11
    assert start["most_neighbours"] == 100
    assert start["examples"] == 4
    assert start["extent"] == EXTENT == 0.02
    assert start["operating_points"] == tiny_analyser.operating_points
    assert start["operating_points"]["youden"]["threshold"] == 0.4
    assert start["model"] == tiny_analyser.model


def test_start_tells_which_shares_the_probabilities_assume(start):
    assert start["prior"] == {
        "binary": {"normal": 0.5, "pneumonia": 0.5},
        "three_class": {"normal": 0.5, "bacterial": 0.25, "viral": 0.25},
    }


def test_start_tells_how_near_is_near(start):
    assert start["typicality"] == {
        "least": 0.5,
        "lowest": 0.4,
        "lower_quartile": 0.8,
        "upper_quartile": 0.9,
    }


def test_start_tells_of_both_methods(start, tiny_analyser):
    assert list(start["methods"]) == ["detector", "autoencoder"]
    for name, screening in tiny_analyser.score_distributions.items():
        method = start["methods"][name]
        assert set(method) == {"hottest", "step", "presets", "normal", "pneumonia"}
        assert method["presets"] == screening.presets
        assert next(iter(method["presets"])) == "specificity_95"  # the default comes first
        assert method["normal"] == screening.normal.tolist()
        assert method["pneumonia"] == screening.pneumonia.tolist()
    detector, autoencoder = start["methods"].values()
    assert detector["normal"] == [0.15, 0.6]
    assert (detector["step"], autoencoder["step"]) == (1e-3, 1e-4)
    assert detector["hottest"] == 1
    assert 0 < max(autoencoder["presets"].values()) < autoencoder["hottest"] <= 1


def test_the_ramp_goes_from_black_to_bright(start):
    ramp = np.array(start["ramp"])
    assert ramp.shape == (256, 3)
    assert ramp.min() >= 0 and ramp.max() <= 255
    assert ramp[0].max() <= 10
    brightness = ramp @ [0.299, 0.587, 0.114]
    assert brightness[-1] > 220
    assert (np.diff(brightness) > 0).all()
    # inferno: violet below, orange above, pale yellow at the end
    assert ramp[80, 2] > ramp[80, 1] and ramp[80, 0] > ramp[80, 1]
    assert ramp[180, 0] > 200 > ramp[180, 1] > ramp[180, 2]
    assert ramp[255, 0] > ramp[255, 2] and ramp[255, 1] > 240


# --- atlas.json


def test_the_atlas_has_a_place_for_every_row(atlas, tiny_analyser):
    library = tiny_analyser.library
    assert set(atlas) == {"total", "rows", "ids", "patients", "labels", "averaged", "maps"}
    assert atlas["total"] == 60 and atlas["rows"] == list(range(60))
    assert atlas["ids"] == [f"reference{i:02}" for i in range(60)]
    assert atlas["patients"] == [f"patient{i // 2:02}" for i in range(60)]
    assert atlas["labels"] == [i % 3 for i in range(60)]
    assert set(atlas["maps"]) == {"umap", "tsne"}
    for name, (x, y) in atlas["maps"].items():
        places = np.array([x, y]).T
        assert places.shape == (60, 2)
        np.testing.assert_allclose(places, library.coordinates[name], rtol=0, atol=0.00051)


def test_examples_show_themselves_and_others_an_average(atlas):
    """Four examples are shipped; every prototype is the mean of 20."""
    assert atlas["averaged"] == [1] * 4 + [20] * 56


def test_of_a_large_library_a_view_shows_what_there_is_room_for(
    tiny_analyser, tiny_assets, monkeypatch
):
    monkeypatch.setattr(briefing, "MOST_POINTS", 8)
    library = tiny_analyser.library
    atlas = briefing.Atlas(library, Thumbnails(library, Artefacts(tiny_assets)))
    overview = atlas.overview()
    assert overview["total"] == 60 and 8 <= len(overview["rows"]) <= 16
    x, y = library.coordinates["umap"].T
    inside = np.flatnonzero((x >= 0) & (x <= 0.8) & (y >= 0) & (y <= 0.8))
    assert 0 < len(inside) <= 8
    view = atlas.view("umap", (0, 0, 0.8, 0.8))
    assert sorted(view["rows"]) == inside.tolist()
    assert view["ids"] == [f"reference{row:02}" for row in view["rows"]]
    some = atlas.of(["reference07", "nobody", "reference03"])
    assert some["rows"] == [7, 3] and some["patients"] == ["patient03", "patient01"]


def test_parts_of_the_atlas_are_asked_for_by_place_and_by_id(client):
    view = client.get("/atlas/view?map=tsne&box=-9,-9,9,9").json()
    assert sorted(view["rows"]) == list(range(60))
    assert client.get("/atlas/some?ids=reference05,x").json()["rows"] == [5]


@pytest.mark.parametrize(
    "path",
    [
        "/atlas/view",
        "/atlas/view?map=umap",
        "/atlas/view?map=pca&box=0,0,1,1",
        "/atlas/view?map=umap&box=0,0,1",
        "/atlas/view?map=umap&box=0,0,1,x",
        "/atlas/some?ids=" + ",".join(["x"] * 101),
    ],
)
def test_a_part_that_makes_no_sense_is_refused(client, path):
    answer = client.get(path)
    assert answer.status_code == 400 and answer.json()["refusal"]["key"] == "call.malformed"


# --- pictures


def test_every_row_has_a_picture(client, atlas):
    for row in range(len(atlas["ids"])):
        answer = client.get(f"/pictures/{row}")
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
        pixels = picture(answer.content)
        assert pixels.shape == (96, 96) and pixels.dtype == np.uint8


def test_a_row_without_a_picture_of_its_own_shows_its_prototype(client, tiny_analyser):
    """That of its class here."""
    for row in (4, 5, 6, 59):
        shown = picture(client.get(f"/pictures/{row}").content)
        np.testing.assert_array_equal(shown, tiny_analyser.library.prototypes[row % 3])


@pytest.mark.parametrize("row", ["60", "61", "1000000000000", "-1", "0.5", "zero", "", "0/0", "+1"])
def test_there_is_no_picture_beyond_the_library(client, row):
    assert client.get(f"/pictures/{row}").status_code == 404


def test_examples_are_the_shipped_files_in_an_order_that_tells_nothing(client, tiny_assets):
    shipped = {path.read_bytes(): path.stem for path in (tiny_assets / "examples").iterdir()}
    got = []
    for number in range(4):
        answer = client.get(f"/examples/{number}")
        assert answer.status_code == 200
        got.append(shipped[answer.content])
        for name in (*shipped.values(), "disposition"):
            assert name not in str(answer.headers)
    # By the hashes of their paths, which begin with 2f, 41, ef and 76 in the order of names.
    assert got == ["reference00", "reference01", "reference03", "reference02"]


def test_a_thumbnail_is_of_its_example(client):
    for number in range(4):
        answer = client.get(f"/examples/{number}/thumbnail")
        assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
        example = read_radiograph(client.get(f"/examples/{number}").content)
        expected = to_thumbnail(to_network_input(example.pixels))
        np.testing.assert_array_equal(picture(answer.content), expected)


@pytest.mark.parametrize("number", ["4", "5", "1000000000000", "-1", "one", "", "../0"])
def test_there_is_no_example_beyond_the_last(client, number):
    assert client.get(f"/examples/{number}").status_code == 404
    assert client.get(f"/examples/{number}/thumbnail").status_code == 404


def test_what_is_no_image_is_no_example():
    class Shipped:
        paths = ("examples/README.md", "examples/a.png", "library/b.png", "examples/c.jpeg")

    assert set(briefing.example_paths(Shipped())) == {"examples/a.png", "examples/c.jpeg"}
