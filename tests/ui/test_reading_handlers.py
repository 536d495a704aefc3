"""What the Read tab answers, without a browser: values in, values out, strangers refused."""

import json

import numpy as np
import pytest

from cxr_demo.anomaly.maps import share_above
from cxr_demo.artefacts import Artefacts
from cxr_demo.server.serialise import called, unpacked
from cxr_demo.server.service import Service
from cxr_demo.server.uploads import Uploads, new_name
from cxr_demo.ui.tabs.reading_handlers import OUTPUTS, ReadingHandlers, saying_refusals
from tests.conftest import chest_like, png

HOW = ("youden", 11, ["normal", "bacterial", "viral"], True)
DARK = png((chest_like(1000) * 0.1).astype(np.uint8))


@pytest.fixture(scope="module")
def service(tiny_assets) -> Service:
    return Service(Artefacts(tiny_assets))


@pytest.fixture
def handlers(service, tmp_path) -> ReadingHandlers:
    return ReadingHandlers(service, Uploads(tmp_path))


def named(answer: dict) -> dict:
    """What changes on the page, by name; data as it comes back from a browser."""
    assert set(answer) <= set(OUTPUTS)
    changed = dict(answer)
    if "facts" in changed:
        changed["facts"] = json.loads(json.dumps(changed["facts"]))
    return changed


def sent(folder, content: bytes = png(chest_like(1000)), frame: int | None = None) -> dict:
    file = folder / new_name("10.0.0.1")
    file.write_bytes(content)
    return {"path": str(file), "frame": frame}


def test_an_upload_is_read_and_gone(handlers, tmp_path):
    page = named(handlers.read_upload(sent(tmp_path), False, *HOW))
    assert list(tmp_path.iterdir()) == []
    facts = page["facts"]
    assert facts["image"]["width"] == 320 and facts["known"] is None and facts["veil"] is None
    assert page["viewer"]["value"]["id"] == facts["id"] and len(facts["neighbours"]) == 11
    assert len(page["map_link"]["query"]["rows"]) == 11
    assert "card" in page["cards"] and "bar" in page["probabilities"]
    values = unpacked(page["viewer"]["value"]["maps"]["detector"]["values"])
    assert 0 <= share_above(values, 0.5) <= 1


def test_an_example_is_known_and_its_patient_left_out(handlers):
    page = named(handlers.read_example({"index": 0}, False, *HOW))
    facts = page["facts"]
    assert facts["known"] in ("normal", "bacterial", "viral") and facts["left_out"] == 2
    assert facts["same_picture"][0] in page["status"]


@pytest.mark.parametrize("number", [-1, 4, 1.0, "0", None, True])
def test_there_are_so_many_examples(handlers, number):
    page = named(saying_refusals(handlers.read_example)({"index": number}, False, *HOW))
    assert set(page) == {"status", "frames"} and "refused" in page["status"]


@pytest.mark.parametrize(
    "asked",
    [None, "x", 5, [], {}, {"path": None}, {"path": "/etc/passwd"}, {"path": ["x"]}],
    ids=str,
)
def test_what_names_no_upload_is_refused(handlers, asked):
    page = named(saying_refusals(handlers.read_upload)(asked, False, *HOW))
    assert set(page) == {"status", "frames"} and "The upload did not arrive" in page["status"]


@pytest.mark.parametrize("frame", [0, -1, 1.5, "1", True, 10**9])
def test_an_odd_frame_is_refused_and_the_file_gone(handlers, tmp_path, frame):
    page = named(saying_refusals(handlers.read_upload)(sent(tmp_path, frame=frame), False, *HOW))
    assert "refused" in page["status"] and list(tmp_path.iterdir()) == []


def test_another_search_is_made_of_what_the_page_holds(handlers, tmp_path):
    facts = named(handlers.read_upload(sent(tmp_path), False, *HOW))["facts"]
    page = named(handlers.again(facts, "specificity_90", 3, ["viral"], False))
    assert [near["label"] for near in page["facts"]["neighbours"]] == ["viral"] * 3
    assert page["facts"]["search"] == {"k": 3, "classes": ["viral"], "exclude": False}
    assert page["facts"]["operating_point"]["name"] == "specificity_90"
    assert "viewer" not in page


def test_a_search_that_leaves_everybody_out_is_refused(handlers, tmp_path):
    facts = named(handlers.read_upload(sent(tmp_path), False, *HOW))["facts"]
    everybody = {**facts, "same_patients": [f"patient{number:02}" for number in range(100)]}
    page = named(saying_refusals(handlers.again)(everybody, *HOW))
    assert "may not be everybody" in page["status"]


def test_without_a_radiograph_nothing_is_searched(handlers):
    assert named(handlers.again(None, *HOW)) == {}


def test_reading_first_shows_nothing_until_an_impression_is_marked(handlers, tmp_path):
    page = named(handlers.read_upload(sent(tmp_path), True, *HOW))
    facts = page["facts"]
    assert facts["veil"] == page["viewer"]["value"]["veil"] == "veiled"
    assert page["map_link"] == {"query": None, "marked": None} and page["zones"] == ""
    for name in ("probabilities", "cards"):
        assert "bar" not in page[name] and "card" not in page[name]
    unmarked = handlers.reveal(facts, None, "high", None, *HOW)
    assert set(named(unmarked)) == {"status"}
    shown = named(handlers.reveal(facts, "viral", "high", None, *HOW))
    assert shown["facts"]["veil"] is None and "bar" in shown["probabilities"]
    (row,) = shown["readings"]
    assert row["impression"] == "viral" and row["confidence"] == "high"
    assert row["called"] == called(facts["probabilities"]) and "<table>" in shown["log"]
    again = handlers.reveal(facts, "normal", "low", shown["readings"], *HOW)
    assert len(again["readings"]) == 2 and again["readings"][0] == row
    for forged in (["x"], [{}], [{**row, "known": "equine"}], [{**row, "pneumonia": 2}], 5):
        asked = (facts, "normal", "low", forged, *HOW)
        assert "refused" in saying_refusals(handlers.reveal)(*asked)["status"]


def test_an_unusual_radiograph_is_hidden_until_it_is_asked_for(handlers, tmp_path):
    page = named(handlers.read_upload(sent(tmp_path, DARK), False, *HOW))
    assert page["facts"]["veil"] == "gated" and page["gate"]["visible"]
    assert "exposure" not in page["gate_text"] and "burnt out" in page["gate_text"]
    shown = named(handlers.override(page["facts"], False, *HOW))
    assert shown["facts"]["veil"] is None and "bar" in shown["probabilities"]
    veiled = named(handlers.override(page["facts"], True, *HOW))
    assert veiled["facts"]["veil"] == "veiled" and veiled["ask"]["visible"]


def test_turning_reading_first_off_unveils(handlers, tmp_path):
    facts = named(handlers.read_upload(sent(tmp_path), True, *HOW))["facts"]
    assert named(handlers.switch(facts, True, *HOW)) == {}
    assert named(handlers.switch(facts, False, *HOW))["facts"]["veil"] is None


def test_a_hidden_part_changes_the_probabilities(handlers, tmp_path):
    facts = named(handlers.read_upload(sent(tmp_path), False, *HOW))["facts"]
    asked = {"id": facts["id"], "call": 1, "hidden": [[0.1, 0.1, 0.6, 0.9]], "fill": "blur"}
    found = handlers.probe(asked, facts)["viewer"]["probed"]
    assert found["id"] == facts["id"] and found["call"] == 1
    before = facts["probabilities"]["binary"]["pneumonia"]
    assert 0 < found["found"]["pneumonia"] < 1 and found["found"]["pneumonia"] != before
    for forged in (None, {}, {"square": "data:text/html,x"}, {"square": facts["square"][:-40]}):
        assert handlers.probe(asked, forged)["viewer"]["probed"]["found"] is None


def test_a_reference_is_held_beside_the_radiograph(handlers, tmp_path):
    facts = named(handlers.read_upload(sent(tmp_path), False, *HOW))["facts"]
    page = named(handlers.pick({"rows": [7]}, facts))
    assert page["viewer"]["compare"]["label"] == "reference07"
    assert page["map_link"]["marked"]["rows"] == [7] and "card" in page["picked"]
    gone = named(handlers.pick({"rows": []}, facts))
    assert not gone["viewer"]["compare"] and gone["map_link"] == {"marked": None}
    many = named(handlers.pick({"rows": [1, 2, 3]}, None))
    assert not many["viewer"]["compare"] and many["map_link"]["marked"]["rows"] == [1, 2, 3]


FORGED = {
    "probabilities": [None, {}, {"binary": {"normal": 0.5}}, {"binary": 5, "three_class": 5}],
    "embedding": [None, [], [0.0] * 8, ["1"] * 8, [float("nan")] * 8, [[1]] * 8, [10**400] * 8],
    "veil": ["x", 5, ["veiled"]],
    "plausible": [None, ["pneumonia"], [["normal"]], 5],
    "same_patients": [None, 5],
    "known": ["pneumonia", 5, ["x"]],
    "matrix": [None, ["x"], 5],
    "left_out": [None, "x", float("inf")],
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in FORGED.items() for value in values]
)
def test_facts_that_no_reading_gave_are_refused(handlers, tmp_path, name, value):
    facts = named(handlers.read_upload(sent(tmp_path), False, *HOW))["facts"]
    page = named(saying_refusals(handlers.again)({**facts, name: value}, *HOW))
    assert set(page) == {"status", "frames"} and "refused" in page["status"]


@pytest.mark.parametrize("facts", ["x", 5, [], {}, {"veil": None}], ids=str)
def test_what_are_no_facts_is_refused(handlers, facts):
    for handler, more in ((handlers.again, ()), (handlers.override, (False,))):
        page = named(saying_refusals(handler)(facts, *more, *HOW))
        assert set(page) == {"status", "frames"}


@pytest.mark.parametrize(
    "how",
    [
        ("equine", *HOW[1:]),
        (["youden"], *HOW[1:]),
        ("youden", 0, *HOW[2:]),
        ("youden", 101, *HOW[2:]),
        ("youden", 2.5, *HOW[2:]),
        ("youden", None, *HOW[2:]),
        ("youden", 11, [], True),
        ("youden", 11, ["equine"], True),
        ("youden", 11, "viral", True),
        ("youden", 11, [["viral"]], True),
    ],
    ids=str,
)
def test_searches_that_cannot_be_made_are_refused(handlers, tmp_path, how):
    facts = named(handlers.read_upload(sent(tmp_path), False, *HOW))["facts"]
    assert set(named(saying_refusals(handlers.again)(facts, *how))) == {"status", "frames"}


def test_script_from_a_browser_comes_back_as_text(handlers, tmp_path):
    facts = named(handlers.read_upload(sent(tmp_path), False, *HOW))["facts"]
    script = "<img src=x onerror=alert(1)>"
    forged = {**facts, "same_picture": [script], "image": {**facts["image"], "width": script}}
    page = named(saying_refusals(handlers.again)(forged, *HOW))
    assert "<img src=x" not in page["status"] and "onerror" not in page.get("cards", "")


def test_a_new_radiograph_lets_go_of_the_reference_held_beside_the_last(handlers, tmp_path):
    """So that the same one can be held beside the new one."""
    page = handlers.read_upload(sent(tmp_path), False, *HOW)
    assert page["viewer"]["compare"] is False


def test_zones_come_back_from_the_browser_checked(handlers, tmp_path):
    page = named(handlers.read_upload(sent(tmp_path), False, *HOW))
    zones = {"left_lower": {"brightness": -0.5, "percentile": 40.0, "level": 0.25}}
    shown = handlers.again({**page["facts"], "zones": zones}, *HOW)["zones"]
    assert "Left lower" in shown and "−<span" in shown and ">0.5<" in shown
    assert handlers.again({**page["facts"], "zones": None}, *HOW)["zones"] == ""
    script = {"left_lower": {**zones["left_lower"], "level": "<script>"}}
    for forged in (5, {"tail": zones["left_lower"]}, {"left_lower": {}}, script):
        refused = saying_refusals(handlers.again)({**page["facts"], "zones": forged}, *HOW)
        assert "refused" in refused["status"] and "zones" not in refused


def test_of_a_hundred_children(handlers):
    assert "hundred" in handlers.hundred("youden", 50)["hundred"]
    for point, prevalence in (("x", 50), ("youden", 101), ("youden", "50"), (["youden"], 5)):
        assert "hundred" not in saying_refusals(handlers.hundred)(point, prevalence)


def test_references_are_found_by_what_they_are_called(handlers):
    assert "reference07" in handlers.find("ReFerence07")["found"]
    assert handlers.find("")["found"] == ""
    assert "refused" in saying_refusals(handlers.find)(5)["status"]
