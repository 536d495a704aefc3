"""What an analysis becomes on its way to a page, and what may come back."""

import base64
import json

import cv2
import numpy as np
import pytest

from cxr_demo.errors import UserError
from cxr_demo.models.preprocessing import to_uint8, to_view
from cxr_demo.reading.reader import Radiograph, read_radiograph
from cxr_demo.server.serialise import (
    PARTS,
    analysis_answer,
    bars,
    packed,
    picture_uri,
    unpacked,
    viewer_value,
    window_of,
)
from tests.conftest import chest_like, png

ALWAYS = {
    "status",
    "error",
    "gate",
    "alignment",
    "probabilities",
    "neighbours",
    "vote",
    "map",
    "anomaly",
    "zones",
    "model",
    "plausible",
    "atypical",
    "same_picture",
    "same_patients",
    "left_out",
    "image",
}


def pixels_of(uri: str) -> np.ndarray:
    """What a browser decodes: grey, or blue, green and red."""
    start, encoded = uri.split(",")
    assert start == "data:image/png;base64"
    content = np.frombuffer(base64.b64decode(encoded, validate=True), np.uint8)
    return cv2.imdecode(content, cv2.IMREAD_UNCHANGED)


# --- maps, there and back


def test_a_map_by_hand():
    """1 is 00 00 80 3f in little-endian order, -2 is 00 00 00 c0."""
    values = np.array([[1, -2], [0, 1]], np.float32)
    content = bytes.fromhex("0000803f 000000c0 00000000 0000803f")
    assert packed(values) == {
        "shape": [2, 2],
        "float32": base64.b64encode(content).decode(),
    }
    assert json.dumps(packed(values))


@pytest.mark.parametrize("side", [1, 2, 7, 20, 128])
def test_there_and_back_bit_for_bit(side):
    rng = np.random.default_rng(side)
    values = rng.normal(size=(side, side)) * 10.0 ** rng.integers(-30, 30, (side, side))
    values = values.astype(np.float32)
    back = unpacked(json.loads(json.dumps(packed(values))))
    assert back.dtype == np.float32 and back.shape == (side, side)
    assert back.tobytes() == values.tobytes()


def test_odd_numbers_come_back_bit_for_bit():
    """Minus zero, the smallest and the largest of all, and two that decimals would round."""
    limits = np.finfo(np.float32)
    odd = [-0.0, limits.smallest_subnormal, limits.max, limits.min, 0.1, 1 / 3, limits.tiny, 1, 2]
    values = np.array(odd, np.float32).reshape(3, 3)
    assert unpacked(packed(values)).tobytes() == values.tobytes()


@pytest.mark.parametrize("order", ["columns first", "big-endian", "every other", "double"])
def test_how_an_array_lies_in_memory_does_not_show(order):
    values = np.arange(16, dtype=np.float32).reshape(4, 4)
    lying = {
        "columns first": np.asfortranarray(values),
        "big-endian": values.astype(">f4"),
        "every other": np.repeat(values, 2, axis=1)[:, ::2],
        "double": values.astype(np.float64),
    }[order]
    assert packed(lying) == packed(values)


@pytest.mark.parametrize("shape", [(2, 3), (6,), (1, 2, 3), (7, 7)])
def test_a_shape_is_said_as_it_is(shape):
    assert packed(np.zeros(shape, np.float32))["shape"] == list(shape)


def sent(shape: object, values: object = None) -> dict:
    """A map as somebody may send it."""
    if values is None:
        values = np.zeros(4)
    if isinstance(values, np.ndarray | list):
        values = base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()
    return {"shape": shape, "float32": values}


def test_the_most_values():
    assert unpacked(sent([2, 2]), most=4).shape == (2, 2)
    with pytest.raises(UserError):
        unpacked(sent([2, 2]), most=3)


@pytest.mark.parametrize(("side", "taken"), [(1024, True), (1025, False)])
def test_a_megapixel_at_most(side, taken):
    values = np.zeros((side, side), np.float32)
    if taken:
        assert unpacked(packed(values)).shape == (1024, 1024)
    else:
        with pytest.raises(UserError):
            unpacked(packed(values))


NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    "map",
    [
        sent([1, 4]),
        sent([4, 1]),
        sent([2, 3], [0] * 6),
        sent([4]),
        sent([2, 2, 1]),
        sent([]),
        sent(4),
        sent(None),
        sent("4"),
        sent({"rows": 2, "columns": 2}),
        sent([[2], [2]]),
        sent(["two", "two"]),
        sent([None, None]),
        sent([0, 0], ""),
        sent([-2, -2]),
        sent([-1, -1], [0]),
        sent([-1, 4]),
        sent([10**9, 10**9]),
        sent([10**400, 10**400]),
        sent(["9" * 5000] * 2),
        sent([NAN, NAN]),
        sent([INFINITY, INFINITY]),
        sent([2.5, 2.5]),
        sent([2.0, 2.0]),
        sent(["2", "2"]),
        sent("22"),
        sent([True, True], [0]),
        sent([2, 2], ""),
        sent([2, 2], [0] * 3),
        sent([2, 2], [0] * 5),
        sent([2, 2], base64.b64encode(bytes(15)).decode()),
        sent([2, 2], base64.b64encode(bytes(17)).decode()),
        sent([2, 2], base64.b64encode(bytes(32)).decode()),
        sent([2, 2], [0, 0, 0, NAN]),
        sent([2, 2], [INFINITY, 0, 0, 0]),
        sent([2, 2], [0, 0, -INFINITY, 0]),
        sent([2, 2], "not base64!"),
        sent([2, 2], "AAAAAAAAAAAAAAAAAAAAAA="),
        sent([2, 2], "AAAAAAAAAAA\nAAAAAAAAAAA=="),
        sent([2, 2], "é" * 24),
        sent([2, 2], 5),
        sent([2, 2], {}),
        {"shape": [2, 2], "float32": [0, 0, 0, 0]},
        {"shape": [2, 2], "float32": None},
        {"shape": [2, 2]},
        {"float32": sent([2, 2])["float32"]},
        {},
        [],
        [[0, 0], [0, 0]],
        "map",
        None,
        0.5,
    ],
    ids=lambda map: str(map)[:50],
)
def test_what_is_not_a_map_is_refused(map):
    with pytest.raises(UserError) as refusal:
        unpacked(map)
    assert refusal.value.key == "refused.map" and refusal.value.values == {}
    assert str(refusal.value).startswith("The map is not one that an analysis returned")


# --- a reading


@pytest.fixture(scope="module")
def stranger(tiny_analyser):
    """The analysis of a picture that is not in the library."""
    return tiny_analyser.analyse(read_radiograph(png(chest_like(1000))))


@pytest.fixture(scope="module")
def whole(stranger) -> dict:
    """Its reading with all parts, after a journey as JSON."""
    return json.loads(json.dumps(analysis_answer(stranger, list(PARTS)), allow_nan=False))


def test_without_parts_there_are_none(stranger):
    assert set(analysis_answer(stranger, [])) == ALWAYS


@pytest.mark.parametrize("part", PARTS)
def test_a_part_comes_alone(stranger, part):
    assert set(analysis_answer(stranger, [part])) == ALWAYS | {part}


def test_all_parts_come_together(whole):
    """Those that the contract of /analyse names."""
    named = {"embedding", "maps", "saliency", "view", "square", "reconstruction"}
    assert set(PARTS) == named
    assert set(whole) == ALWAYS | named


def test_a_part_asked_for_twice_comes_once(stranger):
    assert set(analysis_answer(stranger, ["square", "square"])) == ALWAYS | {"square"}


@pytest.mark.parametrize("part", ["", "Maps", "map", "probabilities", "__class__", None, 5])
def test_an_unknown_part_is_refused(stranger, part):
    with pytest.raises(UserError) as refusal:
        analysis_answer(stranger, ["maps", part])
    assert refusal.value.key == "refused.part"
    assert f"“{part}”" in str(refusal.value)
    assert "embedding, maps, saliency, view, square, reconstruction" in str(refusal.value)


def test_a_long_unknown_part_is_not_repeated_at_length(stranger):
    with pytest.raises(UserError) as refusal:
        analysis_answer(stranger, ["x" * 1000])
    assert refusal.value.values["part"] == "x" * 40


def test_a_reading_says_what_was_found(stranger, whole):
    assert whole["status"] == "ok" and whole["error"] is None
    assert whole["probabilities"] == stranger.probabilities
    assert whole["plausible"] == list(stranger.conformal_set)
    assert whole["atypical"] is stranger.atypical
    assert whole["same_picture"] == [] and whole["same_patients"] == [] and whole["left_out"] == 0
    assert whole["image"] == {
        "width": 320,
        "height": 260,
        "bit_depth": 8,
        "burned_in": False,
        "tinted": False,
    }
    assert whole["gate"] == {"grade": "usable", "reason": None, "key": None}
    assert whole["model"] == stranger.model
    assert whole["alignment"]["aligned"] is stranger.alignment.aligned
    assert list(whole["zones"] or ()) == [zone.name for zone in stranger.zones or ()]
    detector, autoencoder = (stranger.anomaly.maps[m] for m in ("detector", "autoencoder"))
    assert whole["anomaly"] == {
        "score": detector.score,
        "threshold": 0.6,
        "unusual": detector.unusual,
        "autoencoder": {"score": autoencoder.score},
    }
    around = stranger.neighbourhood
    assert whole["vote"] == around.vote
    assert whole["map"] == {name: list(place) for name, place in around.position.items()}
    assert [found["id"] for found in whole["neighbours"]] == [n.id for n in around.neighbours]


def test_a_reference_is_said_to_be_one(tiny_analyser):
    found = analysis_answer(tiny_analyser.analyse(read_radiograph(png(chest_like(7)))), [])
    assert found["same_picture"] == ["reference07"] and found["same_patients"] == ["patient03"]
    assert found["left_out"] == 2
    assert json.dumps(found, allow_nan=False)


def test_the_embedding_comes_whole(stranger, whole):
    assert np.array(whole["embedding"], np.float32).tobytes() == stranger.embedding.tobytes()


def test_maps_and_saliency_come_bit_for_bit(stranger, whole):
    assert set(whole["maps"]) == {"detector", "autoencoder"}
    for method, found in stranger.anomaly.maps.items():
        np.testing.assert_array_equal(unpacked(whole["maps"][method]), found.values)
    assert set(whole["saliency"]) == {"normal", "pneumonia", "bacterial", "viral"}
    for name, values in stranger.saliency.items():
        np.testing.assert_array_equal(unpacked(whole["saliency"][name]), values)


def test_pictures_come_to_the_grey_level(stranger, whole):
    for part, values in (
        ("square", stranger.square),
        ("reconstruction", stranger.anomaly.reconstruction),
    ):
        np.testing.assert_array_equal(pixels_of(whole[part]), to_uint8(values))


def test_a_picture_keeps_its_colours():
    """Blue, green, red."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    np.testing.assert_array_equal(pixels_of(picture_uri(pixels)), pixels)


# --- the view


def view_of(tiny_analyser, file: bytes) -> dict:
    return analysis_answer(tiny_analyser.analyse(read_radiograph(file)), ["view"])["view"]


def test_a_view_of_8_bits_has_the_files_own_grey_levels(tiny_analyser):
    levels = chest_like(1000)
    view = view_of(tiny_analyser, png(levels))
    assert view["bits"] == 8
    np.testing.assert_array_equal(pixels_of(view["png"]), levels)


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_a_deeper_view_has_the_files_own_grey_levels(tiny_analyser, bits):
    """The high byte is in red, the low byte in green: together 0 to 65535 for 0 to white."""
    white = 2**bits - 1
    rng = np.random.default_rng(bits)
    levels = chest_like(1000).astype(np.float64) / 255 * white + rng.integers(0, 4, (260, 320))
    levels = np.clip(levels, 0, white).astype(np.uint16)
    levels[0, :3] = 0, 1, white
    view = view_of(tiny_analyser, png(levels))
    assert view["bits"] == 16
    blue, green, red = np.moveaxis(pixels_of(view["png"]).astype(int), 2, 0)
    assert not blue.any()
    deep = 256 * red + green
    assert deep[0].tolist()[:3] == [0, round(65535 / white), 65535]
    np.testing.assert_array_equal(np.rint(deep * white / 65535), levels)
    assert len(np.unique(levels)) > 256


@pytest.mark.parametrize("deep", [False, True])
def test_a_large_radiograph_is_seen_smaller_in_the_same_proportions(tiny_analyser, deep):
    levels = chest_like(1000, 700, 2048)
    levels = levels.astype(np.uint16) * 257 if deep else levels
    view = view_of(tiny_analyser, png(levels))
    pixels = pixels_of(view["png"]).astype(float)
    assert pixels.shape[:2] == (350, 1024)
    seen = (256 * pixels[..., 2] + pixels[..., 1]) / 65535 if deep else pixels / 255
    expected = to_view(levels.astype(np.float32) / (65535 if deep else 255))
    np.testing.assert_allclose(seen, expected, atol=0.51 / (65535 if deep else 255))


# --- what the viewer draws


@pytest.mark.parametrize("bits", [8, 12])
def test_pixels_that_are_not_square_are_drawn_in_proportion(tiny_analyser, bits):
    """The picture on the page is twice as wide; its size is that of the file."""
    pixels = read_radiograph(png(chest_like(1000))).pixels
    analysis = tiny_analyser.analyse(Radiograph(pixels, bits, pixel_aspect=0.5))
    value = viewer_value(analysis, 1)
    assert pixels_of(value["view"]["png"]).shape[:2] == (260, 640)
    assert value["size"] == [260, 320]
    image = analysis_answer(analysis, [])["image"]
    assert (image["height"], image["width"]) == (260, 320)


def test_the_size_is_that_of_the_file_where_fewer_pixels_were_decoded(tiny_analyser):
    pixels = read_radiograph(png(chest_like(1000))).pixels
    analysis = tiny_analyser.analyse(Radiograph(pixels, 12, stored_shape=(520, 640)))
    assert viewer_value(analysis, 1)["size"] == [520, 640]
    image = analysis_answer(analysis, [])["image"]
    assert (image["height"], image["width"]) == (520, 640)


def test_bars_are_as_high_as_the_root_of_their_share():
    # Forty bins of 0.1: one value in the first, four in the last but one, and what is above all.
    path = bars([0.05, 3.85, 3.85, 3.85, 3.85, 9.0], 4, 80, 18)
    assert path == "M0 80v-9.00h2.2v9.00zM95 80v-18.00h2.2v18.00zM97.5 80v-9.00h2.2v9.00z"


def test_the_automatic_window_leaves_a_hundredth_at_either_end_out():
    levels = np.repeat(np.float32([0, 51, 204, 255]) / 255, [1, 500, 498, 1])[None]
    assert window_of(levels) == pytest.approx({"level": 0.5, "width": 0.6})
    assert window_of(np.full((4, 4), 0.2, np.float32))["width"] == 0.02
