"""Read the bytes of a DICOM file; runs in a process of its own, see `subprocess_reader`.

Data contract: a radiograph of one grey channel, 8 to 16 bits, plain or compressed → float32
(height, width) in [0, 1], air dark, through the file's own grayscale transformations. Only the
elements in `ELEMENTS` are read; none identifies the patient, and none leaves this module.

The header is checked before any pixel is decoded. A deflated file is refused by its meta
information, before it is inflated.
"""

import io
import logging
import warnings

import numpy as np
import pydicom
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from cxr_demo.errors import RadiographError
from cxr_demo.reading.dicom_header import SPACINGS, check_header, pixel_aspect
from cxr_demo.reading.dicom_lut import display_values, padding_mask
from cxr_demo.reading.dicom_pixels import PLUGIN, UNCOMPRESSED, decode_frame, is_codestream
from cxr_demo.reading.dicom_values import get_int, get_text, is_empty
from cxr_demo.reading.types import Radiograph, StoredFrame, check_contrast

# No warning or log line of the library may quote the content of a file.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
warnings.filterwarnings("ignore", module="pydicom")
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)

ELEMENTS = (
    # The view, and whether text is part of the picture.
    *("Modality", "ViewPosition", "ViewCodeSequence", "PatientOrientation", "BurnedInAnnotation"),
    # How values are stored.
    *("SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    # The shape of a pixel.
    *SPACINGS,
    "PixelAspectRatio",
    # How they are displayed.
    *("PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("ModalityLUTSequence", "RescaleSlope", "RescaleIntercept"),
    *("VOILUTSequence", "WindowCenter", "WindowWidth", "VOILUTFunction"),
    *("PresentationLUTSequence", "PresentationLUTShape"),
    # The values.
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths"),
    *("FloatPixelData", "DoubleFloatPixelData", "PixelData"),
)

MAX_ELEMENT_BYTES = 2**16
"""Of any element except tables and pixels; each of millions of values would become an object."""

_COPIED_BYTES = 2**20
"""Of a value that is not compressed, at most: to copy all pixels takes a tenth of the time of the
whole process, so that they are looked at where they are."""
_COUNTED_AT_ONCE = 2**15
"""Pixels, at least."""

_LONG = tuple(
    tag_for_keyword(keyword)
    for keyword in ELEMENTS
    if keyword.endswith(("Sequence", "PixelData", "OffsetTable", "OffsetTableLengths"))
)


def read_dicom(data: bytes, frame: int | None = None) -> Radiograph:
    """Decode one frame in this process; `subprocess_reader.read_in_subprocess` is for untrusted
    files. Arguments and errors as `read_stored`."""
    return read_stored(data, frame).radiograph()


def read_stored(data: bytes, frame: int | None = None) -> StoredFrame:
    """Decode one frame of a DICOM file.

    Args:
        data: the whole file, with or without preamble.
        frame: its number, from 1; needed only where there are several.

    Raises:
        RadiographError: with one sentence on what was wrong and what to do.
    """
    try:
        dataset = _parse(data)
        check_header(dataset, data)
        return _decode(dataset, _frame_index(dataset, frame))
    except RadiographError:
        raise
    except MemoryError:
        raise RadiographError("refused.dicom.limit") from None
    except Exception:  # damaged files make pydicom and the codecs raise many kinds of errors
        raise RadiographError("refused.damaged") from None


def _parse(data: bytes) -> Dataset:
    """Parse those of the ELEMENTS that have a value."""
    stream = io.BytesIO(data)
    stream.seek(132 if data[128:132] == b"DICM" else 0)
    meta = read_dataset(
        stream,
        False,
        True,
        stop_when=lambda tag, vr, length: tag >> 16 != 2,
        specific_tags=[0x20010],
    )
    syntax = meta.get("TransferSyntaxUID", ImplicitVRLittleEndian)
    if syntax == DeflatedExplicitVRLittleEndian:
        raise RadiographError("refused.dicom.deflated")
    if syntax not in PLUGIN:
        raise RadiographError("refused.dicom.syntax")
    dataset = read_dataset(
        stream,
        syntax == ImplicitVRLittleEndian,
        syntax != ExplicitVRBigEndian,
        specific_tags=[tag_for_keyword(keyword) for keyword in ELEMENTS],
        defer_size=_COPIED_BYTES if syntax in UNCOMPRESSED else None,
    )
    for element in [element for element in dataset.values() if _is_deferred(element)]:
        value = memoryview(data)[element.value_tell :][: element.length]
        if len(value) < element.length:
            raise RadiographError("refused.damaged")
        dataset[element.tag] = element._replace(value=value)
    for tag in [element.tag for element in dataset.values() if is_empty(element.value)]:
        del dataset[tag]
    if any(
        len(element.value or b"") > MAX_ELEMENT_BYTES
        for element in dataset.values()
        if element.tag not in _LONG
    ):
        raise RadiographError("refused.damaged")
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


def _is_deferred(element: DataElement | RawDataElement) -> bool:
    """Whether pydicom has skipped its value."""
    return element.value is None and bool(getattr(element, "length", 0))


def _frame_index(dataset: Dataset, frame: int | None) -> int:
    """The frame to decode, from 0."""
    frames = get_int(dataset, "NumberOfFrames", 1)
    if frame is None and frames > 1:
        raise RadiographError("refused.dicom.frames", frames=frames)
    if frame is not None and not 1 <= frame <= frames:
        raise RadiographError("refused.dicom.frame", frame=frame, frames=frames)
    return (frame or 1) - 1


def _decode(dataset: Dataset, number: int) -> StoredFrame:
    """Decode a frame, and find the display value of each stored value."""
    allocated = get_int(dataset, "BitsAllocated")
    bits = get_int(dataset, "BitsStored", allocated)
    syntax = dataset.file_meta.TransferSyntaxUID
    shift = get_int(dataset, "HighBit", bits - 1) + 1 - bits if syntax in UNCOMPRESSED else 0
    if not 0 <= shift <= allocated - bits:
        raise ValueError("HighBit outside of BitsAllocated")
    frame = decode_frame(dataset, number)
    signed = bool(get_int(dataset, "PixelRepresentation", 0))
    frame = frame.view(f"u{frame.dtype.itemsize}")
    if is_codestream(syntax):
        _check_depth(frame, bits, signed)
    patterns = frame
    if shift or frame.max() >= 2**bits:
        # Bits above and below those of the picture are overlays, or have no meaning.
        patterns = np.right_shift(frame, shift)
        patterns &= 2**bits - 1
    counts = _count(patterns.reshape(-1), 2**bits)
    stored = np.arange(2**bits)
    if signed:  # negative numbers have the upper half of the patterns
        stored -= 2 ** (bits - 1)
        counts = np.fft.fftshift(counts)
    check_contrast(stored[(counts > 0) & ~padding_mask(dataset, stored, counts)])
    shown = display_values(dataset, stored, counts)
    if signed:
        shown = np.fft.ifftshift(shown)
    burned_in = get_text(dataset, "BurnedInAnnotation") != "NO"
    shape = (get_int(dataset, "Rows"), get_int(dataset, "Columns"))
    return StoredFrame(patterns, shown, bits, burned_in, pixel_aspect(dataset), shape)


def _count(values: np.ndarray, kinds: int) -> np.ndarray:
    """How often each of the values 0 to kinds - 1 occurs, in parts: counting takes eight bytes a
    pixel, and for each part as many additions as there are kinds."""
    at_once = max(_COUNTED_AT_ONCE, 4 * kinds)
    parts = range(0, values.size, at_once)
    return sum(np.bincount(values[at : at + at_once], minlength=kinds) for at in parts)


def _check_depth(frame: np.ndarray, bits: int, signed: bool) -> None:
    """Refuse a codestream deeper than BitsStored: cut to these bits it would have no meaning."""
    fits = frame.max() < 2**bits
    if signed and not fits:  # negative numbers may fill all bits of their container
        values, half = frame.view(f"i{frame.dtype.itemsize}"), 2 ** (bits - 1)
        fits = -half <= values.min() and values.max() < half
    if not fits:
        raise ValueError("more bits than BitsStored")
