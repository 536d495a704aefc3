"""Turn DICOM stored values into display values, in the standard's order.

Modality LUT → VOI LUT or window → presentation LUT → polarity (PS3.3 C.11 and C.7.6.3.1.2). Every
stage maps single values, so they are applied to the at most 65,536 values that a pixel can have,
not to the pixels. Files carry tables and windows of other pictures: one that leaves nothing of this
picture, see `leaves_something`, counts as absent.

Data contract: a pydicom data set and the count of each stored value → float32 (2**bits,) in [0, 1]
with air dark, for the stored values in ascending order. pydicom's own functions return the same
values for windows, bit by bit, but raise on narrow ones.
"""

from collections.abc import Iterator
from itertools import islice

import numpy as np
from pydicom.dataset import Dataset

from cxr_demo.reading.dicom_tables import lookup_tables
from cxr_demo.reading.dicom_values import get_float, get_floats, get_text

MIN_SPAN = 0.25
"""Share of its range that an image without a window has to use; one that uses less is raw detector
data and is windowed to its own percentiles."""
PERCENTILES = (0.01, 0.99)

MIN_LEFT = 0.01
"""Share of a picture's pixels that have to differ from its commonest grey, or half of those that
did before; and that have to be no padding."""
GREY_LEVEL = 1 / 255
"""Display values no further apart look the same."""
MAX_WINDOWS = 16
"""Tried of one file."""


def display_values(dataset: Dataset, stored: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The display value of each stored value.

    Args:
        dataset: has the elements of these stages.
        stored: int64 (N,), all values that a pixel can have, ascending.
        counts: int64 (N,), how many pixels have each.

    Returns:
        float32 (N,) in [0, 1], air dark; more than one value for the pixels that are no padding
        if they are stored as more than one.

    Raises:
        ValueError: if a table or its description is damaged, or a number out of bounds.
    """
    padding = padding_mask(dataset, stored, counts)
    counts = np.where(padding, 0, counts)
    values, low, high = _apply_modality(dataset, stored.astype(np.float64), counts)
    shown = _apply_voi(dataset, values, counts, low, high)
    shown = _apply_presentation(dataset, shown, counts)
    return np.where(padding, 0, shown).astype(np.float32)


def padding_mask(dataset: Dataset, stored: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Which stored values mark padding around the picture, bool (N,); none where that would leave
    no picture. Arguments as `display_values`."""
    nothing = np.zeros(len(stored), bool)
    first = get_float(dataset, "PixelPaddingValue", None)
    if first is None:
        return nothing
    last = get_float(dataset, "PixelPaddingRangeLimit", first)
    padding = (stored >= min(first, last)) & (stored <= max(first, last))
    return nothing if counts[~padding].sum() < MIN_LEFT * counts.sum() else padding


def leaves_something(
    before: np.ndarray, after: np.ndarray, counts: np.ndarray, *alike: float
) -> bool:
    """Whether a transformation leaves enough of a picture to be meant for it.

    Args:
        before, after: float64 (N,), the values that it changes, and what they become.
        counts: int64 (N,), how many pixels have each.
        alike: how far values may lie apart that count as the same, each on its own; 0 does too.
    """
    least = MIN_LEFT * counts.sum()
    return all(
        _differing(after, counts, within) >= min(least, _differing(before, counts, within) / 2)
        for within in (0, *alike)
    )


def _differing(values: np.ndarray, counts: np.ndarray, within: float) -> int:
    """How many pixels lie outside of the interval of this width that holds most of them."""
    order = np.argsort(values)
    order = order[counts[order] > 0]
    values, counts = values[order], counts[order]
    until = np.append(0, counts.cumsum())
    held = until[np.searchsorted(values, values + within, "right")] - until[:-1]
    return until[-1] - held.max(initial=0)


def _apply_modality(
    dataset: Dataset, stored: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, float, float]:
    """Stored values → (manufacturer-independent values, their minimum and maximum)."""
    for table in lookup_tables(dataset, "ModalityLUTSequence", stored[0] < 0):
        if leaves_something(stored, table(stored), counts):
            return table(stored), 0, table.top
    slope = get_float(dataset, "RescaleSlope", 1)
    values = stored * slope + get_float(dataset, "RescaleIntercept", 0)
    if values[0] == values[-1] or not leaves_something(stored, values, counts):
        values = stored
    return values, *sorted((values[0], values[-1]))


def _apply_voi(
    dataset: Dataset, values: np.ndarray, counts: np.ndarray, low: float, high: float
) -> np.ndarray:
    """The values of interest, scaled to [0, 1]."""
    black, white = _display_range(values, counts, low, high)
    whole = np.clip((values - black) / (white - black), 0, 1)
    for shown in _of_interest(dataset, values, low < 0):
        if leaves_something(whole, shown, counts, GREY_LEVEL):
            return shown
    return whole


def _of_interest(dataset: Dataset, values: np.ndarray, signed: bool) -> Iterator[np.ndarray]:
    """What each table of interest, then each window makes of the values, in [0, 1]."""
    for table in lookup_tables(dataset, "VOILUTSequence", signed):
        yield np.clip(table(values) / table.top, 0, 1)
    function = get_text(dataset, "VOILUTFunction")
    for centre, width in windows(dataset):
        if function == "SIGMOID":
            yield 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
        elif function == "LINEAR_EXACT":
            yield np.clip((values - centre) / width + 0.5, 0, 1)
        elif width == 1:
            yield (values > centre - 0.5).astype(np.float64)
        elif width > 1:
            yield np.clip((values - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def windows(dataset: Dataset) -> Iterator[tuple[float, float]]:
    """(centre, width) of the file's windows that have both, the width above 0."""
    centres, widths = get_floats(dataset, "WindowCenter"), get_floats(dataset, "WindowWidth")
    for centre, width in islice(zip(centres, widths, strict=False), MAX_WINDOWS):
        if centre is not None and width is not None and width > 0:
            yield centre, width


def _display_range(
    values: np.ndarray, counts: np.ndarray, low: float, high: float
) -> tuple[float, float]:
    """The values that become black and white where there is no window."""
    if len(values) > 2**8 and counts.any():
        darkest, brightest = np.quantile(values, PERCENTILES, weights=counts, method="inverted_cdf")
        if 0 < brightest - darkest < MIN_SPAN * (high - low):
            return darkest, brightest
    return low, high


def _apply_presentation(dataset: Dataset, shown: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Apply the presentation LUT; without one, invert by its shape or for MONOCHROME1."""
    for table in lookup_tables(dataset, "PresentationLUTSequence", signed=False):
        presented = np.clip(table(shown * (len(table.entries) - 1)) / table.top, 0, 1)
        if leaves_something(shown, presented, counts, GREY_LEVEL):
            return presented
    inverse = get_text(dataset, "PresentationLUTShape") == "INVERSE"
    first_is_white = get_text(dataset, "PhotometricInterpretation") == "MONOCHROME1"
    return 1 - shown if inverse or first_is_white else shown
