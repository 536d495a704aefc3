"""The three endpoints, called as Gradio calls them: right answers, and refusals in words."""

import json
import logging
import re
from types import SimpleNamespace

import numpy as np
import pytest

from cxr_demo.anomaly.maps import extent_score, is_unusual, share_above
from cxr_demo.i18n import translate
from cxr_demo.reading.reader import read_radiograph
from cxr_demo.server import api as module
from cxr_demo.server.api import Endpoints, answered
from cxr_demo.server.serialise import MAX_NEIGHBOURS, PARTS, packed, unpacked
from cxr_demo.server.uploads import Uploads
from tests.conftest import chest_like, png

NAN, INFINITY = float("nan"), float("inf")
NAME = "Secretname_1990-02-03.png"


@pytest.fixture
def folder(tmp_path):
    """Where uploads arrive."""
    return tmp_path


@pytest.fixture
def endpoints(tiny_analyser, folder) -> Endpoints:
    return Endpoints(SimpleNamespace(analyser=tiny_analyser), Uploads(folder))


def upload(folder, content: bytes) -> dict:
    """A file as it has arrived, and as `gradio_client` names it."""
    file = folder / ("0123abcd" * 5)
    file.write_bytes(content)
    return {"path": str(file), "orig_name": NAME, "meta": {"_type": "gradio.FileData"}}


STRANGER = png(chest_like(1000))
KNOWN = png(chest_like(7))


@pytest.fixture(scope="module")
def stranger(tiny_analyser, tmp_path_factory) -> dict:
    """All that the service says of a picture that is not in the library."""
    folder = tmp_path_factory.mktemp("uploads")
    service = Endpoints(SimpleNamespace(analyser=tiny_analyser), Uploads(folder))
    return sent(service.analyse(upload(folder, STRANGER), list(PARTS)))


def sent(answer: dict) -> dict:
    """An answer after its journey as JSON."""
    return json.loads(json.dumps(answer, allow_nan=False))


def assert_refused(answer: dict, key: str, **values) -> None:
    """Refused in a whole English sentence, which the key and the values make again."""
    assert sent(answer) == {
        "status": "refused",
        "error": translate(key, **values),
        "refusal": {"key": key, "values": values},
    }
    assert answer["error"].endswith(".") and not re.search(r"{\w+}", answer["error"])


# --- analyse


def test_a_radiograph_is_analysed(stranger, tiny_analyser):
    analysis = tiny_analyser.analyse(read_radiograph(STRANGER))
    assert stranger["status"] == "ok" and stranger["error"] is None
    assert stranger["probabilities"] == analysis.probabilities
    assert stranger["anomaly"]["score"] == analysis.anomaly.primary.score
    ids = [neighbour.id for neighbour in analysis.neighbourhood.neighbours]
    assert [neighbour["id"] for neighbour in stranger["neighbours"]] == ids
    said = {"width": 320, "height": 260, "bit_depth": 8, "burned_in": False, "tinted": False}
    assert stranger["image"] == said
    assert stranger["embedding"] == analysis.embedding.tolist()


def test_an_upload_is_gone_once_it_is_answered(endpoints, folder):
    answer = endpoints.analyse(upload(folder, STRANGER))
    assert answer["status"] == "ok" and not set(PARTS) & set(answer)
    assert list(folder.iterdir()) == []


def test_include_chooses_parts(endpoints, folder):
    answer = sent(endpoints.analyse(upload(folder, STRANGER), ["maps", "view"]))
    assert set(PARTS) & set(answer) == {"maps", "view"}


def test_a_reference_leaves_its_patient_out(endpoints, folder):
    answer = sent(endpoints.analyse(upload(folder, KNOWN)))
    assert answer["same_picture"] == ["reference07"] and answer["same_patients"] == ["patient03"]
    assert answer["left_out"] == 2
    found = {neighbour["id"] for neighbour in answer["neighbours"]}
    assert not {"reference06", "reference07"} & found


@pytest.mark.parametrize("fill", ["blur", "surroundings"])
def test_a_part_is_hidden(endpoints, folder, tiny_analyser, stranger, fill):
    box = [0.2, 0.2, 0.6, 0.8]
    answer = sent(endpoints.analyse(upload(folder, STRANGER), ["embedding"], [box], fill))
    expected = tiny_analyser.analyse(read_radiograph(STRANGER), [tuple(box)], fill)
    assert answer["embedding"] == expected.embedding.tolist() != stranger["embedding"]


def test_a_hidden_part_becomes_a_blur_unless_said_otherwise(endpoints, folder):
    hidden = [[0.2, 0.2, 0.6, 0.8]]
    default = endpoints.analyse(upload(folder, STRANGER), ["square"], hidden)
    blurred = endpoints.analyse(upload(folder, STRANGER), ["square"], hidden, "blur")
    assert default["square"] == blurred["square"]


def test_nothing_is_kept(endpoints, folder):
    image = upload(folder, STRANGER)
    assert endpoints.analyse(image)["status"] == "ok"
    assert list(folder.iterdir()) == []
    assert_refused(endpoints.analyse(image), "refused.upload_gone")


@pytest.mark.parametrize(
    ("content", "key", "values"),
    [
        (b"", "refused.empty", {}),
        (b"GIF89a" + bytes(50), "refused.kind.gif", {}),
        (b"Patient: Secretname\n" * 20, "refused.kind.other", {}),
        (STRANGER[:1000], "refused.damaged", {}),
        (png(np.full((80, 80), 9, np.uint8)), "refused.flat", {}),
        (png(chest_like(0, 63, 70)), "refused.too_small", {"width": 70, "height": 63, "least": 64}),
        (png(chest_like(0, 64, 257)), "refused.strip", {"width": 257, "height": 64, "ratio": 4}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_is_no_radiograph_is_refused(endpoints, folder, content, key, values):
    assert_refused(endpoints.analyse(upload(folder, content)), key, **values)
    assert list(folder.iterdir()) == []


def test_a_refusal_is_an_english_sentence(endpoints, folder):
    answer = endpoints.analyse(upload(folder, png(chest_like(0, 60, 1000))))
    assert answer["error"] == (
        "The image is only 1,000 x 60 pixels; at least 64 x 64 are needed, so please use the "
        "original radiograph, not a thumbnail."
    )


@pytest.mark.parametrize(
    "image",
    [None, {}, {"path": None}, {"path": 5}, {"path": "\0"}, {"url": "http://x/y.png"}, "x", 5, []],
    ids=str,
)
def test_what_names_no_upload_is_refused(endpoints, image):
    assert_refused(endpoints.analyse(image), "refused.upload_gone")


@pytest.mark.parametrize("name", ["nowhere.png", "x" * 300, "../secret.png", "..", ""])
def test_what_is_not_there_is_refused(endpoints, folder, name):
    image = {"path": f"{folder}/{name}"}
    assert_refused(endpoints.analyse(image), "refused.upload_gone")


def test_a_file_elsewhere_is_neither_read_nor_deleted(tiny_analyser, tmp_path):
    (tmp_path / "uploads").mkdir()
    outside = tmp_path / "radiograph.png"
    outside.write_bytes(STRANGER)
    service = Endpoints(SimpleNamespace(analyser=tiny_analyser), Uploads(tmp_path / "uploads"))
    for path in (outside, tmp_path / "uploads" / ".." / "radiograph.png"):
        assert_refused(service.analyse({"path": str(path)}), "refused.upload_gone")
    assert outside.read_bytes() == STRANGER


PARTS_IN_WORDS = "embedding, maps, saliency, view, square, reconstruction"


@pytest.mark.parametrize("part", ["everything", "Maps", ""])
def test_an_unknown_part_is_refused(endpoints, folder, part):
    answer = endpoints.analyse(upload(folder, STRANGER), ["maps", part])
    assert_refused(answer, "refused.part", part=part, parts=PARTS_IN_WORDS)


def test_an_unknown_fill_is_refused(endpoints, folder):
    answer = endpoints.analyse(upload(folder, STRANGER), [], [[0, 0, 1, 1]], "black")
    assert_refused(answer, "refused.fill", fill="black")


@pytest.mark.parametrize(
    "box", [[0, 0, 1], [0, 0, 1.1, 1], [0.5, 0, 0.5, 1], [0, 0, NAN, 1], "left", None]
)
def test_what_is_not_a_box_is_refused(endpoints, folder, box):
    answer = endpoints.analyse(upload(folder, STRANGER), [], [box])
    assert_refused(answer, "refused.box", box=str(box))


@pytest.mark.parametrize("boxes", [16, 17])
def test_how_many_boxes(endpoints, folder, boxes):
    answer = endpoints.analyse(upload(folder, STRANGER), [], [[0, 0, 0.1, 0.1]] * boxes)
    if boxes == 16:
        assert answer["status"] == "ok"
    else:
        assert_refused(answer, "refused.boxes", boxes=17, most=16)


@pytest.mark.parametrize(
    ("named", "key"),
    [
        ({"include": None}, "refused.part"),
        ({"include": 5}, "refused.part"),
        ({"include": "maps"}, "refused.part"),
        ({"include": [["maps"]]}, "refused.part"),
        ({"include": [{}]}, "refused.part"),
        ({"hidden": 5}, "refused.box"),
        ({"hidden": True}, "refused.box"),
        ({"hidden": "left"}, "refused.box"),
        ({"hidden": [0, 0, 1, 1]}, "refused.box"),
        ({"hidden": [[0, 0, 10**400, 1]]}, "refused.box"),
        ({"fill": None}, "refused.fill"),
        ({"fill": ["blur"]}, "refused.fill"),
    ],
    ids=lambda named: str(named)[:30],
)
def test_arguments_of_another_kind_are_refused(endpoints, folder, named, key):
    answer = endpoints.analyse(upload(folder, STRANGER), **named)
    assert_refused(answer, key, **answer["refusal"]["values"])
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("content", [STRANGER, KNOWN, b"Patient: Secretname", b""])
def test_no_name_and_no_path_comes_back(endpoints, folder, content):
    image = upload(folder, content)
    for answer in (endpoints.analyse(image, list(PARTS)), endpoints.analyse({"path": NAME})):
        said = json.dumps(answer).lower()
        for word in ("secretname", "0123abcd", str(folder).lower()):
            assert word not in said


# --- neighbours


def without_similarities(answer: dict) -> tuple:
    found = [(neighbour["id"], neighbour["label"]) for neighbour in answer["neighbours"]]
    return found, answer["vote"], answer["map"]


def assert_same_surroundings(answer: dict, other: dict) -> None:
    """To the last rounded digit of a similarity: an embedding is scaled to unit length again."""
    assert without_similarities(answer) == without_similarities(other)
    similarities, others = (
        [neighbour["similarity"] for neighbour in one["neighbours"]] for one in (answer, other)
    )
    assert similarities == pytest.approx(others, abs=1.1e-6)


def test_a_search_finds_what_the_analysis_found(endpoints, stranger):
    answer = sent(endpoints.neighbours(stranger["embedding"]))
    assert answer.keys() == {"status", "error", "neighbours", "vote", "map"}
    assert answer["status"] == "ok" and answer["error"] is None
    assert len(answer["neighbours"]) == 11
    assert_same_surroundings(answer, stranger)
    assert_same_surroundings(endpoints.neighbours(stranger["embedding"], 11), stranger)


def test_a_search_that_leaves_the_patient_out_finds_what_the_analysis_found(endpoints, folder):
    known = sent(endpoints.analyse(upload(folder, KNOWN), ["embedding"]))
    leave_out = known["same_patients"]
    answer = sent(endpoints.neighbours(known["embedding"], 11, leave_out=leave_out))
    assert_same_surroundings(answer, known)
    included = endpoints.neighbours(known["embedding"], 11)
    assert included["neighbours"][0]["id"] == "reference07"
    assert included["neighbours"][0]["similarity"] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("k", "found"), [(1, 1), (2, 2), (59, 59), (60, 60), (61, 60), (100, 60)])
def test_as_many_as_asked_for_or_all(endpoints, stranger, k, found):
    answer = sent(endpoints.neighbours(stranger["embedding"], k))
    assert len(answer["neighbours"]) == found
    nearest = [neighbour["id"] for neighbour in stranger["neighbours"]][:found]
    assert [neighbour["id"] for neighbour in answer["neighbours"]][:11] == nearest
    similarities = [neighbour["similarity"] for neighbour in answer["neighbours"]]
    assert similarities == sorted(similarities, reverse=True)


@pytest.mark.parametrize(
    "classes", [["viral"], ["normal", "viral"], ["viral", "normal"], ["bacterial", "bacterial"]]
)
def test_only_the_classes_asked_for(endpoints, stranger, classes):
    """There are 20 of each."""
    answer = sent(endpoints.neighbours(stranger["embedding"], 100, classes))
    found = [neighbour["label"] for neighbour in answer["neighbours"]]
    assert len(found) == 20 * len(set(classes)) and set(found) == set(classes)
    for name, share in answer["vote"].items():
        assert share == pytest.approx((name in classes) / len(set(classes)))


def test_patients_left_out_are_not_found(endpoints, stranger):
    """Two images of each; a key that nobody has leaves nobody out."""
    leave_out = ["patient00", "patient29", "nobody"]
    answer = sent(endpoints.neighbours(stranger["embedding"], 100, leave_out=leave_out))
    found = {neighbour["id"] for neighbour in answer["neighbours"]}
    assert len(found) == 56
    assert not found & {"reference00", "reference01", "reference58", "reference59"}


@pytest.mark.parametrize("factor", [3, 0.01, 1e10, -1])
def test_only_the_direction_of_an_embedding_counts(endpoints, stranger, factor):
    scaled = [factor * value for value in stranger["embedding"]]
    answer = endpoints.neighbours(scaled, 60)
    ids = [neighbour["id"] for neighbour in answer["neighbours"]]
    nearest = [neighbour["id"] for neighbour in stranger["neighbours"]]
    assert (ids if factor > 0 else ids[::-1])[:11] == nearest


@pytest.mark.parametrize("value", [1e20, 1e29, 1e-20, 1e-29])
def test_a_very_long_or_short_embedding_is_as_good(endpoints, value):
    """8 squares of 1e20 are more than float32 holds, those of 1e-29 less."""
    answer = endpoints.neighbours([value] * 8)
    assert_same_surroundings(answer, endpoints.neighbours([1.0] * 8))


@pytest.mark.parametrize(
    "embedding",
    [
        [],
        [1] * 7,
        [1] * 9,
        [0] * 8,
        [0.0, -0.0] * 4,
        [NAN] + [1] * 7,
        [1] * 7 + [INFINITY],
        [-INFINITY] + [1] * 7,
        [10**400] + [1] * 7,
        ["1"] * 8,
        [True] * 8,
        [None] * 8,
        [[1] * 8],
        [[1]] * 8,
        "11111111",
        {str(i): 1 for i in range(8)},
        None,
        1,
    ],
    ids=lambda embedding: str(embedding)[:20],
)
def test_what_is_not_an_embedding_is_refused(endpoints, embedding):
    assert_refused(endpoints.neighbours(embedding), "refused.embedding", length=8)


@pytest.mark.parametrize("k", [0, -1, 101, 10**400, 1.0, 2.5, NAN, INFINITY, "11", True, None, [1]])
def test_another_number_of_neighbours_is_refused(endpoints, stranger, k):
    assert MAX_NEIGHBOURS == 100
    answer = endpoints.neighbours(stranger["embedding"], k)
    assert_refused(answer, "refused.k", k=str(k)[:40], most=100)


@pytest.mark.parametrize(
    "classes",
    [[], None, ["pneumonia"], ["viral", "Normal"], "viral", 5, True, [["viral"]], [None], [{}], {}],
    ids=str,
)
def test_other_classes_are_refused(endpoints, stranger, classes):
    answer = endpoints.neighbours(stranger["embedding"], 5, classes)
    assert_refused(answer, "refused.classes", classes="normal, bacterial, viral")


@pytest.mark.parametrize(
    "leave_out", [None, 5, True, "patient00", {}, [None], [5], [["patient00"]]], ids=str
)
def test_what_are_no_patients_is_refused(endpoints, stranger, leave_out):
    answer = endpoints.neighbours(stranger["embedding"], 5, leave_out=leave_out)
    assert_refused(answer, "refused.leave_out")


def test_not_everybody_can_be_left_out(endpoints, stranger):
    """Neither all 30 patients nor all that have one of the classes searched."""
    everybody = [f"patient{i:02}" for i in range(30)]
    answer = endpoints.neighbours(stranger["embedding"], 5, leave_out=everybody)
    assert_refused(answer, "refused.leave_out")
    one_left = sent(endpoints.neighbours(stranger["embedding"], 5, leave_out=everybody[:-1]))
    assert {neighbour["id"] for neighbour in one_left["neighbours"]} == {
        "reference58",
        "reference59",
    }
    # Those two are bacterial and viral.
    answer = endpoints.neighbours(stranger["embedding"], 5, ["normal"], everybody[:-1])
    assert_refused(answer, "refused.leave_out")


# --- rethreshold


def hold(service: Endpoints, values, threshold: float, *more) -> dict:
    return sent(service.rethreshold(packed(np.asarray(values, np.float32)), threshold, *more))


@pytest.fixture
def five_bright() -> np.ndarray:
    """100 cells, so that 4 may exceed the score: the fifth brightest is it."""
    values = np.full((10, 10), 0.125, np.float32)
    values[3, 4:6], values[0, 8:], values[7, 7] = (0.5, 0.625), (0.875, 1), 0.75
    return values


@pytest.mark.parametrize(
    ("threshold", "unusual", "share"),
    [(0.49, True, 0.05), (0.5, False, 0.04), (0.75, False, 0.02), (1, False, 0), (0, True, 1)],
)
def test_a_map_of_the_detector_by_hand(endpoints, five_bright, threshold, unusual, share):
    answer = hold(endpoints, five_bright, threshold)
    assert answer["status"] == "ok" and answer["error"] is None
    assert answer["score"] == 0.5 and answer["threshold"] == threshold
    assert answer["unusual"] is unusual
    assert answer["share_above"] == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(
    ("threshold", "unusual", "share"), [(0.1, True, 0.5), (0.5, False, 0.25), (0.6, False, 0.25)]
)
def test_a_map_of_the_autoencoder_by_hand(endpoints, threshold, unusual, share):
    """What is 0 lies outside the lungs."""
    answer = hold(endpoints, [[0.75, 0.25], [0, 0]], threshold, "autoencoder")
    assert answer["score"] == 0.5 and answer["unusual"] is unusual
    assert answer["share_above"] == share


def test_cells_and_their_score_do_not_round_apart(endpoints):
    """0.1 in float32 is a little more than 0.1: the score is above it, and so is every cell."""
    answer = hold(endpoints, np.full((4, 4), 0.1), 0.1)
    assert answer["score"] == float(np.float32(0.1)) > 0.1
    assert answer["unusual"] is True and answer["share_above"] == 1


@pytest.mark.parametrize("method", ["detector", "autoencoder"])
def test_the_analysis_own_map_at_its_own_threshold(endpoints, stranger, tiny_analyser, method):
    found = tiny_analyser.analyse(read_radiograph(STRANGER)).anomaly.maps[method]
    answer = sent(endpoints.rethreshold(stranger["maps"][method], found.threshold, method))
    assert answer["score"] == found.score
    assert answer["unusual"] is found.unusual
    assert answer["share_above"] == share_above(found.values, found.threshold)
    np.testing.assert_array_equal(unpacked(stranger["maps"][method]), found.values)
    if method == "detector":
        assert answer["score"] == extent_score(found.values) == stranger["anomaly"]["score"]
        assert answer["unusual"] is stranger["anomaly"]["unusual"]
    else:
        assert answer["score"] == stranger["anomaly"]["autoencoder"]["score"]


@pytest.mark.parametrize("method", ["detector", "autoencoder"])
def test_a_score_is_not_above_itself(endpoints, stranger, method):
    map = stranger["maps"][method]
    score = endpoints.rethreshold(map, 0, method)["score"]
    assert endpoints.rethreshold(map, score, method)["unusual"] is is_unusual(score, score) is False
    assert endpoints.rethreshold(map, float(np.nextafter(score, 0)), method)["unusual"] is True


@pytest.mark.parametrize(
    ("method", "threshold", "sensitivity", "specificity"),
    [
        # detector: normals at .15 and .6, pneumonias at .3 and .9 (a little less in binary)
        ("detector", 0, 1, 0),
        ("detector", 0.149, 1, 0),
        ("detector", 0.15, 1, 0.5),
        ("detector", 0.299, 1, 0.5),
        ("detector", 0.3, 0.5, 0.5),
        ("detector", 0.599, 0.5, 0.5),
        ("detector", 0.6, 0.5, 1),
        ("detector", 0.89, 0.5, 1),
        ("detector", 0.9, 0, 1),
        ("detector", -1, 1, 0),
        # autoencoder: normals at .0005 and .002, pneumonias at .001 and .003
        ("autoencoder", 0.0005, 1, 0.5),
        ("autoencoder", 0.001, 0.5, 0.5),
        ("autoencoder", 0.002, 0.5, 1),
        ("autoencoder", 0.5, 0, 1),
    ],
)
def test_rates_by_hand(endpoints, five_bright, method, threshold, sensitivity, specificity):
    answer = hold(endpoints, five_bright, threshold, method)
    assert answer["sensitivity"] == sensitivity and answer["specificity"] == specificity


@pytest.mark.parametrize(
    ("threshold", "prevalence", "ppv", "npv"),
    [
        (0.3, 0.5, 0.5, 0.5),
        (0.3, 0.2, 0.2, 0.8),  # no better than knowing nobody
        (0.15, 0.2, 1 / 3, 1),  # .2 of .2 + .4; .4 of .4
        (0.15, 0.5, 2 / 3, 1),
        (0.6, 0.2, 1, 8 / 9),  # .1 of .1; .8 of .8 + .1
        (0.6, 1, 1, 0),
        (0.6, 0, None, 1),
        (0.15, 0, 0, 1),
        (0.15, 1, 1, None),
        (0, 0.2, 0.2, None),
        (0.9, 0.2, None, 0.8),
    ],
)
def test_what_a_flag_says_by_hand(endpoints, five_bright, threshold, prevalence, ppv, npv):
    answer = hold(endpoints, five_bright, threshold, "detector", prevalence)
    assert answer["ppv"] == (None if ppv is None else pytest.approx(ppv))
    assert answer["npv"] == (None if npv is None else pytest.approx(npv))


def test_the_detector_and_half_are_what_is_meant_unless_said_otherwise(endpoints, five_bright):
    default = hold(endpoints, five_bright, 0.3)
    assert default == hold(endpoints, five_bright, 0.3, "detector", 0.5)
    assert default.keys() == {
        *("status", "error", "score", "threshold", "unusual", "share_above"),
        *("sensitivity", "specificity", "ppv", "npv"),
    }


@pytest.mark.parametrize(
    "map",
    [
        None,
        {},
        [],
        "map",
        {"shape": [2, 2], "float32": ""},
        {"shape": [INFINITY, INFINITY], "float32": "AAAA"},
        packed(np.zeros((2, 3))),
        packed(np.full((2, 2), NAN)),
        packed(np.zeros((1025, 1025))),
    ],
    ids=lambda map: str(map)[:40],
)
def test_what_is_not_a_map_is_refused(endpoints, map):
    assert_refused(endpoints.rethreshold(map, 0.5), "refused.map")


@pytest.mark.parametrize("method", ["", "Detector", "classifier", None, 5, ["detector"], {}])
def test_another_method_is_refused(endpoints, five_bright, method):
    answer = endpoints.rethreshold(packed(five_bright), 0.5, method)
    assert_refused(answer, "refused.method", methods="detector, autoencoder")


@pytest.mark.parametrize(
    "number", [NAN, INFINITY, -INFINITY, 10**400, "0.5", None, True, [0.5], {}]
)
def test_what_is_no_number_is_refused(endpoints, five_bright, number):
    map = packed(five_bright)
    assert_refused(endpoints.rethreshold(map, number), "refused.threshold")
    answer = endpoints.rethreshold(map, 0.5, "detector", number)
    assert_refused(answer, "refused.threshold")


@pytest.mark.parametrize("prevalence", [-1e-9, 1 + 1e-9, -1, 2, 100])
def test_a_prevalence_beyond_0_and_1_is_refused(endpoints, five_bright, prevalence):
    answer = endpoints.rethreshold(packed(five_bright), 0.5, "detector", prevalence)
    assert_refused(answer, "refused.threshold")


# --- failures


@pytest.mark.parametrize("endpoint", ["analyse", "neighbours", "rethreshold"])
def test_a_failure_is_logged_and_not_shown(
    endpoints, folder, stranger, monkeypatch, caplog, endpoint
):
    def fail(*_, **__):
        raise RuntimeError("a secret of the program")

    monkeypatch.setattr(module, "read_radiograph", fail)
    monkeypatch.setattr(module, "neighbourhood_json", fail)
    monkeypatch.setattr(module, "share_above", fail)
    sends = {
        "analyse": lambda: (upload(folder, STRANGER),),
        "neighbours": lambda: (stranger["embedding"],),
        "rethreshold": lambda: (stranger["maps"]["detector"], 0.5),
    }[endpoint]
    with caplog.at_level(logging.ERROR):
        answer = sent(getattr(endpoints, endpoint)(*sends()))
    assert answer == {
        "status": "failed",
        "error": translate("failed"),
        "refusal": {"key": "failed", "values": {}},
    }
    assert "not with your file" in answer["error"]
    (record,) = caplog.records
    assert endpoint in record.getMessage() and "a secret of the program" in caplog.text
    assert NAME not in caplog.text and "0123abcd" not in caplog.text
    assert list(folder.iterdir()) == []


def test_what_ends_the_program_is_no_failure():
    def stop() -> dict:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answered(stop)()


def test_an_endpoint_keeps_what_it_says_of_itself(endpoints):
    """Gradio shows it to callers."""
    for endpoint in (endpoints.analyse, endpoints.neighbours, endpoints.rethreshold):
        assert "Args:" in endpoint.__doc__ and "Returns:" in endpoint.__doc__
