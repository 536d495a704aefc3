"""Records → a file of JSON lines, CSV or Parquet, one row after the other.

Data contract: records are those of `scorer`, parsed. The columns are a flat form of the line: those
of the page's CSV (`ui/static/batch/csv.js`) by the same names and in the same order, then what the
line has besides. What a refused file does not have is empty in CSV and null in Parquet. The last
three columns before the hashes are lists, nearest neighbour first, in CSV with spaces between.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from cxr_demo.errors import CXRError
from cxr_demo.i18n import sentence

ROW_GROUP = 10_000
"""Rows of a Parquet file that are held in memory until they are written; some 10 MB."""

TEXT, NUMBER, TRUTH, TEXTS, NUMBERS = "string", "double", "bool", "list of string", "list of double"


def _at(*names: str) -> Callable[[dict], Any]:
    """Takes one value out of a record's line, None where the line does not have it."""

    def take(record: dict) -> Any:
        value = record["line"]
        for name in names:
            value = None if value is None else value.get(name)
        return value

    return take


def _of_neighbours(name: str) -> Callable[[dict], list | None]:
    return lambda record: (
        [neighbour[name] for neighbour in record["line"]["neighbours"]]
        if "neighbours" in record["line"]
        else None
    )


def _coordinate(name: str, axis: int) -> Callable[[dict], float | None]:
    position = _at("map", name)
    return lambda record: found[axis] if (found := position(record)) else None


def _reason(record: dict) -> str | None:
    """As on the page: why it was refused, else what is unusual, else that text may be burned in."""
    warned = sentence("burned_in") if record["burned_in"] else None
    return record["line"]["error"] or _at("gate", "reason")(record) or warned


COLUMNS: dict[str, tuple[str, Callable[[dict], Any]]] = {
    "file": (TEXT, lambda record: _writable(record["line"]["file"])),
    "status": (TEXT, _at("status")),
    "reason": (TEXT, _reason),
    "gate": (TEXT, _at("gate", "grade")),
    "burned_in": (TRUTH, lambda record: record["burned_in"]),
    "p_pneumonia": (NUMBER, _at("probabilities", "binary", "pneumonia")),
    "p_normal": (NUMBER, _at("probabilities", "three_class", "normal")),
    "p_bacterial": (NUMBER, _at("probabilities", "three_class", "bacterial")),
    "p_viral": (NUMBER, _at("probabilities", "three_class", "viral")),
    "anomaly_score": (NUMBER, _at("anomaly", "score")),
    "anomaly_threshold": (NUMBER, _at("anomaly", "threshold")),
    "unusual": (TRUTH, _at("anomaly", "unusual")),
    "classifier_hash": (TEXT, _at("model", "classifier")),
    "autoencoder_score": (NUMBER, _at("anomaly", "autoencoder", "score")),
    "vote_normal": (NUMBER, _at("vote", "normal")),
    "vote_bacterial": (NUMBER, _at("vote", "bacterial")),
    "vote_viral": (NUMBER, _at("vote", "viral")),
    "umap_x": (NUMBER, _coordinate("umap", 0)),
    "umap_y": (NUMBER, _coordinate("umap", 1)),
    "tsne_x": (NUMBER, _coordinate("tsne", 0)),
    "tsne_y": (NUMBER, _coordinate("tsne", 1)),
    "neighbour_ids": (TEXTS, _of_neighbours("id")),
    "neighbour_labels": (TEXTS, _of_neighbours("label")),
    "neighbour_similarities": (NUMBERS, _of_neighbours("similarity")),
    "detector_hash": (TEXT, _at("model", "detector")),
    "autoencoder_hash": (TEXT, _at("model", "autoencoder")),
    "normality_hash": (TEXT, _at("model", "normality")),
    "gate_hash": (TEXT, _at("model", "gate")),
    "library_hash": (TEXT, _at("model", "library")),
}


def write_json(path: Path, records: Iterable[dict]) -> None:
    """One line of JSON each, as README documents it."""
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        lines.writelines(json.dumps(record["line"]) + "\n" for record in records)


def write_csv(path: Path, records: Iterable[dict]) -> None:
    """Comma-separated values, RFC 4180, that no spreadsheet takes for formulas."""
    with path.open("w", encoding="utf-8", newline="") as rows:
        table = csv.writer(rows)
        table.writerow(COLUMNS)
        table.writerows([_cell(take(record)) for _, take in COLUMNS.values()] for record in records)


def write_parquet(path: Path, records: Iterable[dict]) -> None:
    """Parquet, written a row group at a time.

    Raises:
        CXRError: if pyarrow is not installed.
    """
    arrow, parquet = check_pyarrow()
    kinds = {TEXT: arrow.string(), NUMBER: arrow.float64(), TRUTH: arrow.bool_()}
    kinds |= {TEXTS: arrow.list_(kinds[TEXT]), NUMBERS: arrow.list_(kinds[NUMBER])}
    schema = arrow.schema([(name, kinds[kind]) for name, (kind, _) in COLUMNS.items()])
    rows = ({name: take(record) for name, (_, take) in COLUMNS.items()} for record in records)
    with parquet.ParquetWriter(path, schema) as table:
        for group in _groups(rows):
            table.write_table(arrow.Table.from_pylist(group, schema))


def check_pyarrow() -> tuple:
    """The two modules that Parquet needs, which not everybody has.

    Raises:
        CXRError: if they are not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise CXRError(
            "Parquet needs the package pyarrow, which is not installed. "
            "Please run `pip install -r requirements-archives.txt`, or choose --csv."
        ) from None
    return pyarrow, pyarrow.parquet


WRITERS = {"json": write_json, "csv": write_csv, "parquet": write_parquet}


def _groups(rows: Iterator[dict]) -> Iterator[list[dict]]:
    while group := list(islice(rows, ROW_GROUP)):
        yield group


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would calculate gets an apostrophe in front; numbers stay numbers."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        value = " ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and re.match(r"[=+\-@\t\r]", value) else value


def _writable(name: str) -> str:
    """A file's name as UTF-8 can hold it: bytes of it that are none are spelled out."""
    return name.encode("utf-8", "backslashreplace").decode()
