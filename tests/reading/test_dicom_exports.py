"""What exported DICOM files carry beside a sound picture: windows of another one, elements and
items without a value, and pixels that are not square."""

import numpy as np
import pytest
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from cxr_demo.reading.dicom import ELEMENTS, read_dicom
from cxr_demo.reading.reader import read_radiograph
from tests.conftest import png
from tests.reading.dicom_files import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    JPEG_LOSSLESS_SV1,
    RLE,
    columns,
    dicom,
    modality_table,
    padding,
    presentation_table,
    ramp,
    voi_table,
    window,
)

NEEDED = ("PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "PixelData")
OPTIONAL = [keyword for keyword in ELEMENTS if keyword not in NEEDED]
SYNTAXES = pytest.mark.parametrize(
    "syntax",
    [IMPLICIT, EXPLICIT, BIG_ENDIAN, RLE, JPEG_LOSSLESS_SV1],
    ids=["il", "el", "eb", "rle", "jpeg"],
)


def assert_same_picture(one: bytes, other: bytes) -> None:
    np.testing.assert_allclose(read_dicom(one).pixels, read_dicom(other).pixels, rtol=0, atol=1e-6)


def test_a_detector_s_picture_with_the_window_of_another():
    values = np.linspace(32_744, 65_535, 64 * 64).round().astype(int).reshape(64, 64)
    data = dicom(values, bits=16, **window(2725, 5310))
    np.testing.assert_allclose(read_dicom(data).pixels, values / 65_535, rtol=0, atol=1e-6)


def test_a_picture_that_is_padding_all_over_is_read_without_it():
    assert_same_picture(dicom(ramp(12), **padding(0, 4095)), dicom(ramp(12)))


# --- elements without a value


@SYNTAXES
def test_an_optional_element_without_a_value_counts_as_absent(syntax):
    plain = dicom(ramp(16), bits=16, syntax=syntax)
    for keyword in OPTIONAL:
        vr = dictionary_VR(keyword).removesuffix(" or SS")
        empty = DataElement(keyword, vr, [] if vr == "SQ" else None)
        assert_same_picture(dicom(ramp(16), bits=16, syntax=syntax, **{keyword: empty}), plain)


@pytest.mark.parametrize("keyword", ["NumberOfFrames", "RescaleSlope", "WindowWidth", "Modality"])
def test_an_element_of_blanks_counts_as_absent(keyword):
    tags = {**window(2048, 4096), keyword: DataElement(keyword, dictionary_VR(keyword), "  ")}
    assert_same_picture(dicom(ramp(12), **tags), dicom(ramp(12)))


@SYNTAXES
@pytest.mark.parametrize("stage", [modality_table, voi_table, presentation_table])
@pytest.mark.parametrize("without", ["LUTDescriptor", "LUTData"])
@pytest.mark.parametrize("empty", [True, False], ids=["empty", "missing"])
def test_an_item_without_its_table_counts_as_absent(stage, without, empty, syntax):
    [(name, items)] = stage([4095, 0], big_endian=syntax == BIG_ENDIAN).items()
    if empty:
        items[0][without].value = None
    else:
        del items[0][without]
    given = {**window(1000, 2000), name: Sequence([Dataset(), *items])}
    plain = dicom(ramp(12), syntax=syntax, **window(1000, 2000))
    assert_same_picture(dicom(ramp(12), syntax=syntax, **given), plain)


def test_a_view_code_without_a_value_says_nothing():
    item = Dataset()
    item.CodeValue = None
    assert_same_picture(dicom(ramp(12), ViewCodeSequence=Sequence([item])), dicom(ramp(12)))


# --- the shape of a pixel


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, 1),
        ({"PixelAspectRatio": ["1", "2"]}, 0.5),
        ({"PixelAspectRatio": ["4", "3"]}, 4 / 3),
        ({"PixelSpacing": ["0.3", "0.2"]}, 1.5),
        ({"ImagerPixelSpacing": ["0.1", "0.4"]}, 0.25),
        ({"NominalScannedPixelSpacing": ["0.4", "0.1"]}, 4),
        # The first in this order that is sound counts.
        ({"PixelSpacing": ["0.2", "0.2"], "PixelAspectRatio": ["1", "2"]}, 1),
        ({"ImagerPixelSpacing": ["1", "2"], "NominalScannedPixelSpacing": ["3", "1"]}, 0.5),
        ({"PixelSpacing": ["1", "2"], "ImagerPixelSpacing": ["3", "1"]}, 0.5),
        ({"PixelSpacing": ["0", "0.2"], "PixelAspectRatio": ["1", "2"]}, 0.5),
        ({"PixelSpacing": ["-0.1", "-0.2"], "ImagerPixelSpacing": ["3", "1"]}, 3),
        ({"PixelSpacing": ["0.41", "0.1"], "PixelAspectRatio": ["1", "2"]}, 0.5),
        ({"PixelSpacing": "0.1", "PixelAspectRatio": ["1", "2"]}, 0.5),
        ({"PixelSpacing": ["", "0.1"], "PixelAspectRatio": ["1", "2"]}, 0.5),
        ({"PixelSpacing": ["0.1", "0.2", "0.3"]}, 1),
        ({"PixelAspectRatio": ["1", "5"]}, 1),
        ({"PixelAspectRatio": ["0", "0"]}, 1),
    ],
    ids=str,
)
def test_the_shape_of_a_pixel(tags, expected):
    assert read_dicom(dicom(ramp(12), **tags)).pixel_aspect == pytest.approx(expected)


@pytest.mark.parametrize("rubbish", [b"Secret\\9", b"nan\\1.23", b"1e99\\123"])
def test_a_spacing_that_is_no_number_counts_as_absent(rubbish):
    data = dicom(ramp(12), PixelSpacing=["98.76", "12"], PixelAspectRatio=["1", "2"])
    assert read_dicom(data.replace(b"98.76\\12", rubbish)).pixel_aspect == 0.5


def test_a_radiograph_keeps_its_size_and_its_pixels_and_tells_their_shape():
    values = columns(0, 1000, 4095, height=96)
    radiograph = read_radiograph(dicom(values, PixelAspectRatio=["1", "2"]))
    assert radiograph.pixel_aspect == 0.5
    np.testing.assert_allclose(radiograph.pixels, values / 4095, rtol=0, atol=1e-6)
    assert read_radiograph(png(values >> 4)).pixel_aspect == 1
