"""Turn DICOM stored values into display values, in the standard's order.

Modality LUT → VOI LUT or window → presentation LUT → polarity (PS3.3 C.11 and C.7.6.3.1.2). Every
stage maps single values, so they are applied to the at most 65,536 values that a pixel can have,
not to the pixels.

Data contract: a pydicom data set and the count of each stored value → float32 (2**bits,) in [0, 1]
with air dark, for the stored values in ascending order. pydicom's own functions return the same
values for windows, bit by bit, but raise on modality tables of 12 bits and on narrow windows, and
do not return the range of their results.
"""

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from cxr_demo.reading.dicom_values import get_float, get_text

MIN_SPAN = 0.25
"""Share of its range that an image without a window has to use; one that uses less is raw detector
data and is windowed to its own percentiles."""
PERCENTILES = (0.01, 0.99)


@dataclass(frozen=True)
class LookupTable:
    """A lookup table of the standard.

    Attributes:
        entries: float64 (N,), the outputs.
        first: the input of the first entry.
        top: the largest output that its bits can hold.
    """

    entries: np.ndarray
    first: int
    top: int

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Look up each of `values`; those beyond the ends get the first or the last entry."""
        places = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1)
        return self.entries[places.astype(int)]


def display_values(dataset: Dataset, stored: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The display value of each stored value.

    Args:
        dataset: has the elements of these stages.
        stored: int64 (N,), all values that a pixel can have, ascending.
        counts: int64 (N,), how many pixels have each.

    Returns:
        float32 (N,) in [0, 1], air dark.

    Raises:
        ValueError: if a table or its description is damaged.
    """
    padding = _padding_mask(dataset, stored)
    values, low, high = _apply_modality(dataset, stored.astype(np.float64))
    shown = _apply_voi(dataset, values, low < 0)
    if shown is None:
        low, high = _display_range(values, np.where(padding, 0, counts), low, high, len(stored))
        shown = np.clip((values - low) / (high - low), 0, 1)
    shown = _apply_presentation(dataset, shown)
    return np.where(padding, 0, shown).astype(np.float32)


def _apply_modality(dataset: Dataset, stored: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Stored values → (manufacturer-independent values, their minimum and maximum)."""
    if dataset.get("ModalityLUTSequence"):
        table = _lookup_table(dataset, "ModalityLUTSequence", stored[0] < 0)
        return table(stored), 0, table.top
    slope = get_float(dataset, "RescaleSlope", 1)
    intercept = get_float(dataset, "RescaleIntercept", 0)
    if not slope:
        raise ValueError("RescaleSlope is 0")
    values = stored * slope + intercept
    return values, *sorted((values[0], values[-1]))


def _apply_voi(dataset: Dataset, values: np.ndarray, signed: bool) -> np.ndarray | None:
    """The values of interest, scaled to [0, 1]; None without a table or a usable window."""
    if dataset.get("VOILUTSequence"):
        table = _lookup_table(dataset, "VOILUTSequence", signed)
        return np.clip(table(values) / table.top, 0, 1)
    try:
        centre = get_float(dataset, "WindowCenter", None)
        width = get_float(dataset, "WindowWidth", None)
    except ValueError:
        return None
    if centre is None or width is None or width <= 0:
        return None
    function = get_text(dataset, "VOILUTFunction")
    if function == "SIGMOID":
        return 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
    if function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0, 1)
    if width < 1:
        return None
    if width == 1:
        return (values > centre - 0.5).astype(np.float64)
    return np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def _display_range(
    values: np.ndarray, counts: np.ndarray, low: float, high: float, possible: int
) -> tuple[float, float]:
    """The values that become black and white where there is no window."""
    if possible > 2**8 and counts.any():
        darkest, brightest = np.quantile(values, PERCENTILES, weights=counts, method="inverted_cdf")
        if 0 < brightest - darkest < MIN_SPAN * (high - low):
            return darkest, brightest
    return low, high


def _apply_presentation(dataset: Dataset, shown: np.ndarray) -> np.ndarray:
    """Apply the presentation LUT; without one, invert by its shape or for MONOCHROME1."""
    if dataset.get("PresentationLUTSequence"):
        table = _lookup_table(dataset, "PresentationLUTSequence", signed=False)
        return np.clip(table(shown * (len(table.entries) - 1)) / table.top, 0, 1)
    inverse = get_text(dataset, "PresentationLUTShape") == "INVERSE"
    first_is_white = get_text(dataset, "PhotometricInterpretation") == "MONOCHROME1"
    return 1 - shown if inverse or first_is_white else shown


def _padding_mask(dataset: Dataset, stored: np.ndarray) -> np.ndarray:
    """Which stored values mark padding around the picture, bool (N,)."""
    first = get_float(dataset, "PixelPaddingValue", None)
    if first is None:
        return np.zeros(len(stored), bool)
    last = get_float(dataset, "PixelPaddingRangeLimit", first)
    return (stored >= min(first, last)) & (stored <= max(first, last))


def _lookup_table(dataset: Dataset, name: str, signed: bool) -> LookupTable:
    """The first table of a sequence. Entries of 8 bits may be packed two to a word."""
    item = dataset[name].value[0]
    length, first, bits = (int(number) for number in item.LUTDescriptor)
    length = length % 2**16 or 2**16
    if signed and first >= 2**15:  # a negative number that was read without its sign
        first -= 2**16
    elif not signed and first < 0:  # or a large one that was read with it
        first += 2**16
    if not 8 <= bits <= 16:
        raise ValueError("entries of an unsupported depth")
    data = item.LUTData
    if isinstance(data, bytes):
        little_endian = item.original_encoding[1] is not False
        data = data[: len(data) // 2 * 2]
        words = np.frombuffer(data, "<u2" if little_endian else ">u2")
    else:
        words = np.atleast_1d(np.array(data, np.int64)).astype(np.uint16)
    if len(words) < length and bits == 8:
        words = words.astype("<u2").view(np.uint8)
    if len(words) < length:
        raise ValueError("entries are missing")
    return LookupTable(words[:length].astype(np.float64), first, 2**bits - 1)
