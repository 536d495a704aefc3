"""Lookup tables and levels by themselves, of small data sets that no file stands behind.

What whole files come out as is in `test_dicom`; here is what hardly any file reaches.
"""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from cxr_demo.reading.dicom_lut import display_values
from cxr_demo.reading.dicom_tables import LookupTable
from tests.reading.dicom_files import (
    modality_table,
    presentation_table,
    rescale,
    table,
    voi_table,
    window,
)

pytestmark = [
    pytest.mark.filterwarnings("error::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning"),
]


def shown(stored, counts=None, photometric: str = "MONOCHROME2", **tags) -> np.ndarray:
    """Levels of these stored values, each as frequent as the others unless said."""
    dataset = Dataset()
    dataset.PhotometricInterpretation = photometric
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    stored = np.asarray(stored, np.int64)
    counts = np.ones(len(stored), np.int64) if counts is None else np.asarray(counts)
    return display_values(dataset, stored, counts)


def occurring(bits: int, **counts: int) -> np.ndarray:
    """How often each value of a depth occurs, such as `_12=5`."""
    found = np.zeros(2**bits, np.int64)
    for value, count in counts.items():
        found[int(value[1:])] = count
    return found


def over(white: int, *values: float) -> list[float]:
    return [value / white for value in values]


# --- one table


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (10, 5),
        (11, 7),
        (12, 11),
        (9, 5),
        (-1e9, 5),
        (13, 11),
        (1e9, 11),
        (10.4, 5),
        (10.6, 7),
        (11.4, 7),
        (11.6, 11),
        (9.6, 5),
        (12.4, 11),
    ],
)
def test_a_value_finds_its_entry(value, expected):
    lookup = LookupTable(np.array([5.0, 7.0, 11.0]), 10, 255)
    assert lookup(np.array([value])).tolist() == [expected]


def test_a_table_may_begin_below_zero():
    lookup = LookupTable(np.array([1.0, 2.0, 3.0]), -2, 255)
    assert lookup(np.array([-3, -2, -1, 0, 1])).tolist() == [1, 1, 2, 3, 3]


def test_a_table_of_one_entry():
    assert (
        LookupTable(np.array([4.0]), 7, 255)(np.array([[-5, 7], [8, 900]])).tolist() == [[4, 4]] * 2
    )


# --- the whole chain


def test_levels_are_float32_one_for_each_value():
    found = shown(range(4))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [0, 1 / 3, 2 / 3, 1], rtol=1e-6)


def test_nothing_but_the_interpretation_has_to_be_there():
    np.testing.assert_allclose(shown([-2, -1, 0, 1]), [0, 1 / 3, 2 / 3, 1], rtol=1e-6)
    found = shown(range(4), photometric="MONOCHROME1")
    np.testing.assert_allclose(found, [1, 2 / 3, 1 / 3, 0], atol=1e-6)


def test_the_data_set_is_left_alone():
    dataset = Dataset()
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.VOILUTSequence = Sequence([table([0, 255], bits=8)])
    before = dataset.to_json()
    display_values(dataset, np.arange(4), np.ones(4, np.int64))
    assert dataset.to_json() == before


@pytest.mark.parametrize(
    "tags",
    [
        {"RescaleSlope": "1e12"},
        {"RescaleSlope": "-1e12"},
        {"RescaleIntercept": "1e12"},
        {"RescaleSlope": "1", "RescaleIntercept": "-2e15"},
        {"PixelPaddingValue": 10**12},
        {"PixelPaddingValue": 3, "PixelPaddingRangeLimit": 10**12},
    ],
)
def test_numbers_out_of_all_bounds(tags):
    with pytest.raises(ValueError):
        shown(range(4), **tags)


def test_large_numbers_within_bounds():
    found = shown(range(3), RescaleSlope="9e11", RescaleIntercept="-9e11")
    np.testing.assert_allclose(found, [0, 0.5, 1], rtol=1e-6)


def test_an_element_without_a_value_counts_as_absent():
    empty = {"RescaleSlope": None, "RescaleIntercept": "", "PixelPaddingValue": None}
    np.testing.assert_allclose(shown(range(3), **empty), [0, 0.5, 1])
    empty = {"WindowCenter": [], "WindowWidth": []}
    np.testing.assert_allclose(shown(range(3), **empty), [0, 0.5, 1])


def test_a_limit_of_padding_alone_is_none():
    np.testing.assert_allclose(shown(range(3), PixelPaddingRangeLimit=1), [0, 0.5, 1])


@pytest.mark.parametrize("function", ["linear_exact", " LINEAR_EXACT ", "Linear_Exact"])
def test_a_function_in_other_letters(function):
    found = shown(range(5), WindowCenter="2", WindowWidth="4", VOILUTFunction=function)
    np.testing.assert_allclose(found, [0, 0.25, 0.5, 0.75, 1])


def test_an_unknown_function_is_linear():
    """Half at 2, which is 0.5 below the centre, and a third more for each further value."""
    found = shown(range(5), WindowCenter="2.5", WindowWidth="4", VOILUTFunction="CUBIC")
    np.testing.assert_allclose(found, [0, 1 / 6, 0.5, 5 / 6, 1], atol=1e-6)


def test_a_steep_sigmoid_does_not_overflow():
    tags = {"WindowCenter": "2", "WindowWidth": "0.000001", "VOILUTFunction": "SIGMOID"}
    np.testing.assert_allclose(shown(range(5), **tags), [0, 0, 0.5, 1, 1], atol=1e-9)


# --- without a window


def test_the_percentiles_of_a_narrow_image():
    """The first and the last hundredth lie at 100 and 140 of 0 to 511."""
    counts = occurring(9, _0=9, _100=500, _140=482, _511=9)
    found = shown(range(512), counts)
    assert found[[0, 100, 110, 120, 140, 511]].tolist() == [0, 0, 0.25, 0.5, 1, 1]


def test_a_hundredth_itself_counts():
    counts = occurring(9, _50=10, _100=500, _140=490)
    found = shown(range(512), counts)
    np.testing.assert_allclose(found[[50, 95, 140]], [0, 0.5, 1], rtol=1e-6)


@pytest.mark.parametrize(
    "counts", [occurring(9), occurring(9, _200=1000), occurring(9, _50=500, _200=500)]
)
def test_nothing_or_one_value_or_a_wide_image_keeps_the_range(counts):
    np.testing.assert_allclose(shown(range(512), counts), np.arange(512) / 511, rtol=1e-6)


def test_256_values_keep_the_range_and_512_need_not():
    narrow = {"_100": 500, "_110": 500}
    np.testing.assert_allclose(
        shown(range(256), occurring(8, **narrow)), np.arange(256) / 255, rtol=1e-6
    )
    assert shown(range(512), occurring(9, **narrow))[105] == 0.5


def test_padding_has_no_part_in_the_percentiles():
    counts = occurring(9, _100=100, _140=100, _500=10_000)
    found = shown(range(512), counts, PixelPaddingValue=500)
    assert found[[100, 110, 140, 499, 500, 501]].tolist() == [0, 0.25, 1, 1, 0, 1]


# --- tables that are damaged, or nearly


@pytest.mark.parametrize("stage", [modality_table, voi_table, presentation_table])
@pytest.mark.parametrize("bits", [0, 7, 17])
def test_entries_of_a_wrong_depth(stage, bits):
    with pytest.raises(ValueError):
        shown(range(4), **stage([0, 100], bits=bits))


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_entries_of_a_usable_depth(bits):
    white = 2**bits - 1
    found = shown(range(3), **voi_table([0, white // 3, white], bits=bits))
    np.testing.assert_allclose(found, [0, 1 / 3, 1], rtol=1e-6)


@pytest.mark.parametrize("vr", ["OW", "US"])
def test_missing_entries(vr):
    with pytest.raises(ValueError):
        shown(range(4), **voi_table([0, 100, 200], count=4, vr=vr))
    with pytest.raises(ValueError):
        shown(range(4), **voi_table([0, 100], bits=8, count=5, vr=vr))


def test_entries_too_many_are_left_out():
    found = shown(range(4), **voi_table([0, 4095, 1, 1], count=2))
    assert found.tolist() == [0, 1, 1, 1]


def test_a_single_entry_is_no_list():
    """It leaves nothing of any picture."""
    tags = presentation_table([2048], vr="US")
    np.testing.assert_allclose(shown(range(3), **tags), [0, 0.5, 1], rtol=1e-6)


def test_half_an_entry_at_the_end_is_left_out():
    tags = voi_table([0, 1000, 4095])
    tags["VOILUTSequence"][0].LUTData += b"\7"
    np.testing.assert_allclose(shown(range(3), **tags), [0, 1000 / 4095, 1], rtol=1e-6)


@pytest.mark.parametrize("stage", [voi_table, presentation_table])
def test_entries_brighter_than_their_depth_are_white(stage):
    assert shown(range(2), **stage([0, 5000], bits=12)).tolist() == [0, 1]


@pytest.mark.parametrize("stage", [modality_table, voi_table])
def test_a_first_value_that_lost_its_sign(stage):
    """65535 is -1 where values may be below zero."""
    tags = stage([0, 2000, 4095], first=65_535)
    expected = [0, 0, 2000 / 4095, 1]
    np.testing.assert_allclose(shown([-2, -1, 0, 1], **tags), expected, rtol=1e-6)
    found = shown(range(65_534, 65_538), **tags)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_first_value_that_was_given_a_sign():
    """-25536 is 40000 where no value is below zero."""
    tags = voi_table([0, 2000, 4095], first=-25_536, descriptor_vr="SS")
    found = shown(range(39_999, 40_004), **tags)
    np.testing.assert_allclose(found, [0, 0, 2000 / 4095, 1, 1], rtol=1e-6)


def test_what_a_modality_table_gives_is_never_negative():
    """So 40000 keeps its sign even for signed pixels: 39999 lies below it."""
    tags = modality_table([0, 39_999, 65_535], bits=16, first=-1)
    tags |= voi_table([1000, 4095], first=40_000)
    np.testing.assert_allclose(shown([-2, -1, 0, 1], **tags), over(4095, *[1000] * 3, 4095))


# --- tables and windows of another picture

HALF = occurring(12, **{f"_{value}": 10 for value in range(2000, 4000)})
"""A picture of the values from 2000 to 3999, all of them as frequent."""
MISSING = {
    "linear below": window(500, 200),
    "linear above": window(9000, 200),
    "a step": window(500, 1),
    "linear exact": window(500, 200, "LINEAR_EXACT"),
    "sigmoid": window(500, 200, "SIGMOID"),
    "far too wide": window(2048, 10**7),
    "of three": window([500, 9000, 100], [200, 200, 1]),
    "all but 15 values": window(1000, 2031),
    "VOI table": voi_table([0, 4095]),
    "VOI table and window": {**voi_table([0, 4095]), **window(500, 200)},
    "modality table": modality_table([7, 4095]),
    "slope 0": rescale(0, 5),
    "vanishing slope": rescale("1e-300", 1000),
    "presentation table": presentation_table([4095] * 4),
    "padding": {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 4095},
    "all but 10 values of padding": {"PixelPaddingValue": 2010, "PixelPaddingRangeLimit": 4095},
}


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("tags", MISSING.values(), ids=MISSING)
def test_what_leaves_nothing_of_the_picture_counts_as_absent(tags, photometric):
    found = shown(range(4096), HALF, photometric, **tags)
    np.testing.assert_allclose(found, shown(range(4096), HALF, photometric), rtol=1e-6)


def test_a_window_that_misses_signed_values():
    found = shown(range(-2048, 2048), HALF, **window(-1500, 200))
    np.testing.assert_allclose(found, np.arange(4096) / 4095, rtol=1e-6)


def test_a_window_that_leaves_a_hundredth_is_kept():
    """2000 to 2029 are below its white, 22 of them by more than one of 255 grey levels."""
    found = shown(range(4096), HALF, **window(1000, 2061))
    assert found[2000] == pytest.approx(0.5 + 1000.5 / 2060) and found[2030] == 1


def test_padding_has_no_part_in_what_is_left():
    """The window leaves the padding alone."""
    tags = {**window(500, 200), "PixelPaddingValue": 500}
    counts = HALF + occurring(12, _500=100_000)
    expected = np.where(np.arange(4096) == 500, 0, np.arange(4096) / 4095)
    np.testing.assert_allclose(shown(range(4096), counts, **tags), expected, rtol=1e-6)


GOOD = window(3000, 1001)


@pytest.mark.parametrize(
    "tags",
    [
        window([500, 3000, 2500], [200, 1001, 5]),
        {"WindowCenter": ["", "3000"], "WindowWidth": ["50", "1001"]},
        window([3000, 3000], [0, 1001]),
        {**voi_table([0, 4095]), **GOOD},
        {**voi_table([0, 4095]), **window([500, 3000], [200, 1001])},
        voi_table([0, 4095], table(range(4096)), first=4095),
    ],
    ids=["windows", "half empty", "no width", "table and window", "table and windows", "tables"],
)
def test_the_first_that_leaves_something_counts(tags):
    found = shown(range(4096), HALF, **tags)
    expected = np.arange(4096) / 4095
    if "WindowCenter" in tags:
        expected = np.clip((np.arange(4096) - 2999.5) / 1000 + 0.5, 0, 1)
    np.testing.assert_allclose(found, expected, atol=1e-6)


# --- tables that store fewer bits than they state


@pytest.mark.parametrize("stage", [modality_table, voi_table, presentation_table])
@pytest.mark.parametrize("bits", [10, 12, 15])
def test_a_table_far_below_its_stated_depth_ends_at_white(stage, bits):
    shape = (np.arange(256) / 255) ** 2
    stored = np.rint(shape * (2**bits - 1)).astype(int)
    full = np.rint(shape * 65_535).astype(int)
    found, expected = (shown(range(256), **stage(each, bits=16)) for each in (stored, full))
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_table_that_comes_near_its_stated_depth_may_be_dim():
    found = shown(range(3), **voi_table([0, 20_000, 40_000], bits=16))
    np.testing.assert_allclose(found, over(65_535, 0, 20_000, 40_000), rtol=1e-6)


# --- items without a table


@pytest.mark.parametrize("stage", [modality_table, voi_table, presentation_table])
@pytest.mark.parametrize("keyword", ["LUTDescriptor", "LUTData"])
@pytest.mark.parametrize("value", ["missing", None, "", []], ids=repr)
def test_an_item_without_its_table_counts_as_absent(stage, keyword, value):
    [(name, items)] = stage([4095, 0]).items()
    if value == "missing":
        del items[0][keyword]
    else:
        items[0][keyword].value = value
    good = {**rescale(2, 0), **window(3, 5, "LINEAR_EXACT")}
    np.testing.assert_allclose(shown(range(4), **{name: items}, **good), shown(range(4), **good))
    items += [Dataset(), *stage([0, 4095, 0, 4095])[name]]
    only = shown(range(4), **{name: items[2:]})
    np.testing.assert_allclose(shown(range(4), **{name: items}), only)
    assert only.tolist() == [0, 1, 0, 1]
