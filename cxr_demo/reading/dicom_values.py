"""Values of a DICOM data set's elements, whatever a file has put there. None of it is trusted."""

from pydicom.dataset import Dataset


def text(dataset: Dataset, keyword: str) -> str:
    """Text in capitals without blanks around it, "" where there is none."""
    value = dataset.get(keyword)
    return "" if value is None else str(value).strip().upper()


def whole(dataset: Dataset, keyword: str, usual: int | None = None) -> int:
    """A whole number, `usual` where there is none.

    Raises:
        ValueError, TypeError: if it is something else, or missing without being usual.
    """
    value = dataset.get(keyword)
    return int(usual if value is None or value == "" else value)


def number(dataset: Dataset, keyword: str, usual: float | None) -> float | None:
    """The first value, `usual` where there is none.

    Raises:
        ValueError: if it is not a finite number of a size that means something.
    """
    value = dataset.get(keyword)
    if value is not None and not isinstance(value, str | bytes) and hasattr(value, "__len__"):
        value = value[0] if len(value) else None
    if value is None or value == "":
        return usual
    try:
        found = float(value)
    except TypeError:
        raise ValueError(f"{keyword} is not a number") from None
    if not abs(found) < 1e12:
        raise ValueError(f"{keyword} is out of all bounds")
    return found
