"""The same radiographs in every form."""

import hashlib

import numpy as np
import pydicom
import pytest

from bench.inputs import EXAMPLES, LARGE, SYNTAXES, dicom_file, enlarged, in_12_bits
from cxr_demo.reading.reader import read_radiograph

PICTURE = EXAMPLES[0].read_bytes()


@pytest.mark.parametrize("kind", SYNTAXES)
def test_a_dicom_file_shows_the_picture_in_12_bits(kind):
    values = in_12_bits(PICTURE, seed=0)[:300, :200]
    made = dicom_file(values, 0, SYNTAXES[kind])
    assert (
        hashlib.sha256(made).digest()
        == hashlib.sha256(dicom_file(values, 0, SYNTAXES[kind])).digest()
    )
    dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(made))
    assert dataset.file_meta.TransferSyntaxUID == SYNTAXES[kind] and dataset.BitsStored == 12
    np.testing.assert_array_equal(dataset.pixel_array, values)
    read = read_radiograph(made)
    assert read.bit_depth == 12 and not read.burned_in
    as_picture = read_radiograph(PICTURE).pixels[:300, :200]
    assert np.abs(read.pixels - as_picture).max() < 1 / 255


def test_the_low_bits_are_noise_and_the_high_ones_the_picture():
    values = in_12_bits(PICTURE, seed=0)
    greys = np.rint(read_radiograph(PICTURE).pixels * 255)
    np.testing.assert_array_equal(values >> 4, greys)
    counts = np.bincount((values & 15).ravel(), minlength=16) / values.size
    assert counts.min() > 0.06 and counts.max() < 0.065
    assert (values == in_12_bits(PICTURE, seed=0)).all() and (
        values != in_12_bits(PICTURE, 1)
    ).any()


def test_an_enlarged_picture_is_the_same_one_with_more_pixels():
    own, large = (read_radiograph(content).pixels for content in (PICTURE, enlarged(PICTURE)))
    height, width = own.shape
    assert max(large.shape) == LARGE
    assert large.shape[0] / large.shape[1] == pytest.approx(height / width, rel=1e-3)
    scale = max(own.shape) / LARGE
    rows, columns = ((np.arange(0, n, 97) * scale).astype(int) for n in large.shape)
    assert np.abs(large[::97, ::97] - own[np.ix_(rows, columns)]).mean() < 0.01
