"""Lookup tables of a DICOM data set.

Data contract: a sequence of tables in a pydicom data set → `LookupTable`s in its order, made one by
one as they are asked for. pydicom's own raise on modality tables of 12 bits and do not return the
range of their results.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from pydicom.dataset import Dataset

from cxr_demo.reading.dicom_values import is_empty

FULL = 0.6
"""Share of what its stated bits could hold that the largest entry of a table has to reach for these
bits to be its depth. One of a bit less ends at half of it: the stated depth is only its storage,
and its own largest entry is white. One that ends between the two is dimmed on purpose."""

MAX_TABLES = 16
"""Tried of one sequence."""


@dataclass(frozen=True)
class LookupTable:
    """A lookup table of the standard.

    Attributes:
        entries: float64 (N,), the outputs.
        first: the input of the first entry.
        top: the output that is white; entries beyond it are, too.
    """

    entries: np.ndarray
    first: int
    top: int

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Look up each of `values`; those beyond the ends get the first or the last entry."""
        places = np.clip(np.rint(values) - self.first, 0, len(self.entries) - 1)
        return self.entries[places.astype(int)]


def lookup_tables(dataset: Dataset, keyword: str, signed: bool) -> Iterator[LookupTable]:
    """The tables of a sequence.

    Args:
        dataset: has the sequence, or not.
        keyword: its name.
        signed: whether what is looked up may be below zero.

    Yields:
        The table of each item; one that lacks its description or its entries counts as absent.

    Raises:
        ValueError: if a table or its description is damaged.
    """
    complete = (
        item
        for item in dataset.get(keyword) or ()
        if not is_empty(item.get("LUTDescriptor")) and not is_empty(item.get("LUTData"))
    )
    for item in islice(complete, MAX_TABLES):
        yield _lookup_table(item, signed)


def _lookup_table(item: Dataset, signed: bool) -> LookupTable:
    """The table of an item. Entries of 8 bits may be packed two to a word."""
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
    entries = words[:length].astype(np.float64)
    top, largest = 2**bits - 1, int(entries.max())
    return LookupTable(entries, first, largest if 0 < largest < FULL * top else top)
