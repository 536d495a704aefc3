"""Write records to a file of JSON lines, CSV or Parquet, a group of rows at a time.

Data contract: records are those of `file_record`, parsed. COLUMNS is the schema of both tables;
the page's CSV is that of the command line. Values that a refused file lacks are empty in CSV and
null in Parquet. Lists have the nearest neighbour first, in CSV with spaces between.
"""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from cxr_demo.anomaly.zones import ZONES
from cxr_demo.errors import CXRError
from cxr_demo.i18n import translate

if TYPE_CHECKING:
    import pandas as pd

BOM = "\ufeff"
"""Without it Excel takes UTF-8 for the code page of its country."""

ROW_GROUP = 10_000
"""Rows held in memory until they are written, some 10 MB."""

_FORMULA = re.compile(r"[\s\u200b\ufeff]*[=+@\-\uff1d\uff0b\uff20\uff0d]|[\t\r\n]")
"""How text begins that a spreadsheet would calculate: also after blanks, also in full width."""

TEXT, NUMBER, TRUTH, LIST = "string", "Float64", "boolean", "object"

COLUMNS: dict[str, tuple[str, str]] = {
    "file": ("file", TEXT),
    "status": ("status", TEXT),
    "reason": ("reason", TEXT),
    "gate": ("gate.grade", TEXT),
    "burned_in": ("burned_in", TRUTH),
    "p_pneumonia": ("probabilities.binary.pneumonia", NUMBER),
    "p_normal": ("probabilities.three_class.normal", NUMBER),
    "p_bacterial": ("probabilities.three_class.bacterial", NUMBER),
    "p_viral": ("probabilities.three_class.viral", NUMBER),
    "anomaly_score": ("anomaly.score", NUMBER),
    "anomaly_threshold": ("anomaly.threshold", NUMBER),
    "unusual": ("anomaly.unusual", TRUTH),
    "classifier_hash": ("model.classifier", TEXT),
    "autoencoder_score": ("anomaly.autoencoder.score", NUMBER),
    "vote_normal": ("vote.normal", NUMBER),
    "vote_bacterial": ("vote.bacterial", NUMBER),
    "vote_viral": ("vote.viral", NUMBER),
    "umap_x": ("map.umap.x", NUMBER),
    "umap_y": ("map.umap.y", NUMBER),
    "tsne_x": ("map.tsne.x", NUMBER),
    "tsne_y": ("map.tsne.y", NUMBER),
    "neighbour_ids": ("neighbours.id", LIST),
    "neighbour_labels": ("neighbours.label", LIST),
    "neighbour_similarities": ("neighbours.similarity", LIST),
    "detector_hash": ("model.detector", TEXT),
    "autoencoder_hash": ("model.autoencoder", TEXT),
    "padim_hash": ("model.padim", TEXT),
    "gate_hash": ("model.gate", TEXT),
    "library_hash": ("model.library", TEXT),
    "density_hash": ("model.density", TEXT),
    "alignment_hash": ("model.alignment", TEXT),
    "aligned": ("alignment.aligned", TRUTH),
    "alignment_correlation": ("alignment.correlation", NUMBER),
    **{f"zone_{zone}": (f"zones.{zone}.brightness", NUMBER) for zone in ZONES},
}
"""By name, its key in the line, with dots between levels, and its pandas dtype."""


def to_frame(records: Iterable[dict]) -> "pd.DataFrame":
    """A table of all COLUMNS."""
    import pandas as pd  # takes 0.4 s, which only tables need

    lines = pd.json_normalize([_without_lists(record) for record in records])
    return pd.DataFrame(
        {
            name: (lines[key] if key in lines else pd.Series(index=lines.index, dtype=kind))
            .astype(object)
            .where(lambda values: values.notna(), None)
            .astype(kind)
            for name, (key, kind) in COLUMNS.items()
        }
    )


def write_json(path: Path, records: Iterable[dict]) -> None:
    """A line of JSON for each record, as README documents it."""
    with path.open("w", encoding="utf-8", newline="\n") as lines:
        lines.writelines(json.dumps(record["line"]) + "\n" for record in records)


def write_csv(path: Path, records: Iterable[dict]) -> None:
    """Comma-separated values, RFC 4180, in UTF-8 with its mark at the start ("utf-8-sig" reads
    it), none of which a spreadsheet takes for a formula."""
    with path.open("w", encoding="utf-8", newline="") as rows:
        write_csv_rows(rows, records)


def write_csv_rows(rows: TextIO, records: Iterable[dict]) -> None:
    """The same to an open file; mark and names where nothing is written yet."""
    for frame in _frames(records):
        cells = frame.apply(lambda column: column.astype(object).map(_cell))
        is_first = not rows.tell()
        if is_first:
            rows.write(BOM)
        cells.to_csv(rows, index=False, header=is_first, lineterminator="\r\n")


def write_parquet(path: Path, records: Iterable[dict]) -> None:
    """Parquet, written a row group at a time.

    Raises:
        CXRError: if pyarrow is not installed.
    """
    arrow, parquet = check_pyarrow()
    kinds = {TEXT: arrow.string(), NUMBER: arrow.float64(), TRUTH: arrow.bool_()}
    lists = {"neighbour_similarities": arrow.list_(arrow.float64())}
    schema = arrow.schema(
        [
            (name, kinds.get(kind) or lists.get(name, arrow.list_(arrow.string())))
            for name, (_, kind) in COLUMNS.items()
        ]
    )
    with parquet.ParquetWriter(path, schema) as table:
        for frame in _frames(records):
            if len(frame):
                table.write_table(arrow.Table.from_pandas(frame, schema, preserve_index=False))


def check_pyarrow() -> tuple:
    """The two modules that Parquet needs, an optional package.

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


def _frames(records: Iterable[dict]) -> Iterator["pd.DataFrame"]:
    """Tables of up to ROW_GROUP records, at least one."""
    rest = iter(records)
    yield to_frame(islice(rest, ROW_GROUP))
    while group := list(islice(rest, ROW_GROUP)):
        yield to_frame(group)


def _without_lists(record: dict) -> dict:
    """The line of a record with a key for each coordinate, one list for each property of the
    neighbours, and one reason, as on the page: why the file is refused, else what is unusual, else
    that text may be burned in."""
    line = record["line"]
    warning = translate("burned_in") if record["burned_in"] else None
    found = {
        **line,
        "file": line["file"].encode("utf-8", "backslashreplace").decode(),  # bytes not UTF-8
        "burned_in": record["burned_in"],
        "reason": line["error"] or line.get("gate", {}).get("reason") or warning,
        "map": {name: {"x": x, "y": y} for name, (x, y) in line.get("map", {}).items()},
    }
    if "neighbours" in line:
        found["neighbours"] = {
            name: [neighbour[name] for neighbour in line["neighbours"]]
            for name in ("id", "label", "similarity")
        }
    return found


def _cell(value: Any) -> Any:
    """Put an apostrophe before text that a spreadsheet would calculate; numbers stay numbers."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        value = " ".join(map(str, value))
    is_formula = isinstance(value, str) and _FORMULA.match(value)
    return f"'{value}" if is_formula else value
