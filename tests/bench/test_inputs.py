"""The same radiographs in every form."""

import hashlib

import numpy as np
import pydicom
import pytest

from bench.inputs import EXAMPLES, SYNTAXES, dicom_file, in_12_bits
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
