"""Decode one frame of DICOM Pixel Data to its stored values, by transfer syntax.

Data contract: a pydicom data set whose `file_meta` names one of the syntaxes in PLUGIN → integers
(rows, columns) as stored, of the machine's own byte order; of half the rows and columns, or fewer,
where JPEG 2000 has more than enough, see `jpeg_2000`. The codecs are gdcm (JPEG, JPEG-LS), OpenJPEG
(JPEG 2000) and pylibjpeg's (RLE), all under permissive licences.
"""

import importlib
import struct
import sys

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import get_decoder
from pydicom.pixels.decoders import gdcm
from pydicom.pixels.decoders.base import Decoder
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGExtended12Bit,
    JPEGLossless,
)

from cxr_demo.reading.dicom_header import pixel_aspect
from cxr_demo.reading.dicom_lut import windows
from cxr_demo.reading.dicom_values import get_int
from cxr_demo.reading.jpeg_2000 import Header, decode_enough, read_header

UNCOMPRESSED = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)
_JPEG = ("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51")
_LOSSLESS = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_JPEG_2000 = tuple(f"1.2.840.10008.1.2.4.{last}" for last in (90, 91, 201, 202, 203))
_RLE = ("1.2.840.10008.1.2.5",)
PLUGIN = {
    **dict.fromkeys(UNCOMPRESSED, ""),  # pydicom itself
    **dict.fromkeys((*_JPEG, *_LOSSLESS, *_JPEG_LS), "gdcm"),
    **dict.fromkeys((*_JPEG_2000, *_RLE), "pylibjpeg"),
}
_START_OF_FRAME = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
"""Markers of JPEG and JPEG-LS that are followed by the size of the picture."""


def decode_frame(dataset: Dataset, number: int) -> np.ndarray:
    """A frame as integers of the machine's own byte order, maybe read-only."""
    syntax = dataset.file_meta.TransferSyntaxUID
    # pydicom's decoders know no defaults.
    dataset.SamplesPerPixel = get_int(dataset, "SamplesPerPixel", 1)
    dataset.NumberOfFrames = get_int(dataset, "NumberOfFrames", 1)
    dataset.PixelRepresentation = get_int(dataset, "PixelRepresentation", 0)
    dataset.BitsStored = get_int(dataset, "BitsStored", dataset.BitsAllocated)
    if dataset["PixelData"].is_undefined_length is (syntax in UNCOMPRESSED):
        raise ValueError("the encapsulation does not match the transfer syntax")
    if is_codestream(syntax):
        stream = _codestream(dataset, number)
        header = (read_header if syntax in _JPEG_2000 else _jpeg_header)(stream)
        _check_description(dataset, *header[:4])
        if syntax in _JPEG_2000 and not _needs_all_pixels(dataset, header):
            enough = decode_enough(stream, header)
            if enough is not None:
                return enough
    if syntax == JPEGExtended12Bit and get_int(dataset, "BitsStored", 16) > 8:
        # pydicom keeps these from gdcm, which reads them under any transfer syntax of JPEG.
        dataset.file_meta.TransferSyntaxUID = JPEGLossless
    frame, _ = _decoder(dataset.file_meta.TransferSyntaxUID).as_array(
        dataset,
        index=number,
        raw=True,
        view_only=True,
        correct_unused_bits=False,
        decoding_plugin=PLUGIN[syntax],
    )
    return frame.astype(frame.dtype.newbyteorder("="), copy=False)


def _decoder(syntax: str) -> Decoder:
    """pydicom's decoder; where gdcm was held back (`subprocess_reader`), it is imported here."""
    decoder = get_decoder(syntax)
    if PLUGIN[syntax] == "gdcm" and "gdcm" not in decoder.available_plugins:
        sys.modules.pop("gdcm", None)
        importlib.reload(gdcm)
        decoder.remove_plugin("gdcm")
        decoder.add_plugin("gdcm", (gdcm.__name__, "_decode_frame"))
    return decoder


def is_codestream(syntax: str) -> bool:
    """Whether frames have headers with their own size and depth."""
    return syntax not in (*UNCOMPRESSED, *_RLE)


def _needs_all_pixels(dataset: Dataset, header: Header) -> bool:
    """Whether low-pass values, see `jpeg_2000`, could mislead."""
    bits = get_int(dataset, "BitsStored")
    names_a_range = any(windows(dataset)) or "VOILUTSequence" in dataset
    return (
        # One value means padding, and what blends with it would not.
        "PixelPaddingValue" in dataset
        # The range that is shown depends on all values where the file names none.
        or (bits > 8 and not names_a_range)
        # What overshoots white is clipped at the depth of the stream, which has to be the
        # picture's own; 16 bits often hold 12, and nothing says so.
        or header.bits != bits
        or bits == 16
        or header.signed
        # The shorter sides of pixels that are not square are enlarged to be shown.
        or pixel_aspect(dataset) != 1
    )


def _codestream(dataset: Dataset, number: int) -> bytes:
    """A compressed frame."""
    tables = [dataset.get(f"ExtendedOffsetTable{name}") for name in ("", "Lengths")]
    return get_frame(
        dataset.PixelData,
        number,
        extended_offsets=tuple(tables) if all(tables) else None,
        number_of_frames=get_int(dataset, "NumberOfFrames", 1),
    )


def _check_description(dataset: Dataset, *shape_and_bits: int) -> None:
    """Refuse a frame that differs from the data set's description, which the codecs accept."""
    *shape, bits = shape_and_bits
    declared = [dataset.Rows, dataset.Columns, 1]
    if shape != declared or bits > get_int(dataset, "BitsAllocated"):
        raise ValueError("the picture differs from its description")


def _jpeg_header(stream: bytes) -> tuple[int, int, int, int]:
    """Rows, columns, components and bits, from segment to segment (ITU T.81, B.1)."""
    offset = 2
    while stream[offset] == 0xFF:
        marker = stream[offset + 1]
        if marker in _START_OF_FRAME:
            bits, rows, columns, components = struct.unpack_from(">BHHB", stream, offset + 4)
            return rows, columns, components, bits
        filling = marker == 0xFF
        offset += 1 if filling else 2 + struct.unpack_from(">H", stream, offset + 2)[0]
    raise ValueError("no start of a frame")
