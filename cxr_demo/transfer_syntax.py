"""Pixel Data of a DICOM file → the stored values of one frame, by its transfer syntax.

Data contract: a pydicom data set whose `file_meta` names one of the syntaxes in PLUGIN → integers
(rows, columns) as stored, of the machine's own byte order. The codecs are gdcm (JPEG, JPEG-LS),
OpenJPEG (JPEG 2000) and pylibjpeg's (RLE), all under permissive licences.
"""

import re
import struct

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import get_decoder
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGExtended12Bit,
    JPEGLossless,
)

PLAIN = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
_JPEG = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")
_LOSSLESS = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_JPEG_2000 = tuple(f"1.2.840.10008.1.2.4.{last}" for last in (90, 91, 201, 202, 203))
_RLE = ("1.2.840.10008.1.2.5",)
PLUGIN = {
    **dict.fromkeys(PLAIN, ""),  # pydicom itself
    **dict.fromkeys((*_JPEG, *_LOSSLESS, *_JPEG_LS), "gdcm"),
    **dict.fromkeys((*_JPEG_2000, *_RLE), "pylibjpeg"),
}

# Start of frame of JPEG and JPEG-LS: bits, rows, columns, components.
_FRAME_HEADER = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf\xf7]..(.{6})", re.DOTALL)


def decoded(dataset: Dataset, number: int) -> np.ndarray:
    """A frame as integers of the machine's own byte order, (rows, columns)."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if dataset["PixelData"].is_undefined_length is (syntax in PLAIN):
        raise ValueError("pixels in a form that is not that of the transfer syntax")
    if syntax in (*_JPEG, *_LOSSLESS, *_JPEG_LS):
        _check_codestream(dataset, number)
    if syntax == JPEGExtended12Bit and whole(dataset, "BitsStored", 16) > 8:
        # pydicom withholds these from gdcm, which reads them whatever kind of JPEG it is told.
        dataset.file_meta.TransferSyntaxUID = JPEGLossless
    frame, _ = get_decoder(dataset.file_meta.TransferSyntaxUID).as_array(
        dataset, index=number, raw=True, correct_unused_bits=False, decoding_plugin=PLUGIN[syntax]
    )
    return frame.astype(frame.dtype.newbyteorder("="), copy=False)


def _check_codestream(dataset: Dataset, number: int) -> None:
    """Refuse a JPEG or JPEG-LS frame that is not what the data set says; gdcm would not notice."""
    frames = whole(dataset, "NumberOfFrames", 1)
    stream = get_frame(dataset.PixelData, number, number_of_frames=frames)
    header = _FRAME_HEADER.search(stream)
    bits, rows, columns, components = struct.unpack(">BHHB", header[1])
    said = dataset.Rows, dataset.Columns, 1
    if (rows, columns, components) != said or bits > whole(dataset, "BitsAllocated"):
        raise ValueError("the picture is not the one that is described")


def whole(dataset: Dataset, keyword: str, usual: int | None = None) -> int:
    """A whole number, `usual` where the file has none; damaged if it needs one or has another."""
    value = dataset.get(keyword)
    if value is None or value == "":
        value = usual
    return int(value)


def text(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    return "" if value is None else str(value).strip().upper()
