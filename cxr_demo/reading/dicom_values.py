"""Get the values of untrusted DICOM elements as text or numbers.

An element of zero length, or of blanks alone, counts as absent.
"""

from pydicom.dataset import Dataset


def is_empty(value: object) -> bool:
    """Whether an element's value is missing, of zero length, or text of blanks alone."""
    if isinstance(value, str):
        return not value.strip(" \0")
    return value is None or (hasattr(value, "__len__") and len(value) == 0)


def get_text(dataset: Dataset, keyword: str) -> str:
    """The stripped value in capitals, "" where there is none."""
    value = dataset.get(keyword)
    return "" if is_empty(value) else str(value).strip().upper()


def get_int(dataset: Dataset, keyword: str, default: int | None = None) -> int:
    """A whole number, `default` where there is none.

    Raises:
        ValueError, TypeError: if it is no number, or missing without a default.
    """
    value = dataset.get(keyword)
    return int(default if is_empty(value) else value)


def get_float(dataset: Dataset, keyword: str, default: float | None) -> float | None:
    """The first value, `default` where there is none.

    Raises:
        ValueError: if it is not a number, or its magnitude is not below 1e12.
    """
    first = next(iter(_values(dataset, keyword)), None)
    return default if is_empty(first) else _number(first)


def get_floats(dataset: Dataset, keyword: str) -> list[float | None]:
    """Every value: None for one that is empty, no number or out of the bounds of `get_float`; []
    where the element is absent or unreadable."""
    try:
        return [_number_or_none(value) for value in _values(dataset, keyword)]
    except (ArithmeticError, TypeError, ValueError):  # raised as pydicom parses the element
        return []


def _values(dataset: Dataset, keyword: str) -> list:
    value = dataset.get(keyword)
    if is_empty(value):
        return []
    return (
        list(value) if hasattr(value, "__len__") and not isinstance(value, str | bytes) else [value]
    )


def _number(value: object) -> float:
    try:
        found = float(value)
    except TypeError:
        raise ValueError("not a number") from None
    if not abs(found) < 1e12:
        raise ValueError("out of bounds")
    return found


def _number_or_none(value: object) -> float | None:
    try:
        return _number(value)
    except ValueError:
        return None
