"""Get the values of untrusted DICOM elements as text or numbers."""

from pydicom.dataset import Dataset


def get_text(dataset: Dataset, keyword: str) -> str:
    """The stripped value in capitals, "" where there is none."""
    value = dataset.get(keyword)
    return "" if value is None else str(value).strip().upper()


def get_int(dataset: Dataset, keyword: str, default: int | None = None) -> int:
    """A whole number, `default` where there is none.

    Raises:
        ValueError, TypeError: if it is no number, or missing without a default.
    """
    value = dataset.get(keyword)
    return int(default if value is None or value == "" else value)


def get_float(dataset: Dataset, keyword: str, default: float | None) -> float | None:
    """The first value, `default` where there is none.

    Raises:
        ValueError: if it is not a number, or its magnitude is not below 1e12.
    """
    value = dataset.get(keyword)
    if value is not None and not isinstance(value, str | bytes) and hasattr(value, "__len__"):
        value = value[0] if len(value) else None
    if value is None or value == "":
        return default
    try:
        found = float(value)
    except TypeError:
        raise ValueError(f"{keyword} is not a number") from None
    if not abs(found) < 1e12:
        raise ValueError(f"{keyword} is out of bounds")
    return found
