"""Many files → one result: to the terminal as it goes, or into a file by way of a journal.

Data contract: `scored` is what `pool.scored` or `ray_job.scored` gives for the file names it is
asked about, in whatever order. The result is in input order, and the same whether or not the run
was interrupted on the way: it is put together from the journal when all is done.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TextIO

from tqdm import tqdm

from cxr_demo.cli.journal import Journal
from cxr_demo.cli.tables import WRITERS, check_pyarrow
from cxr_demo.errors import CXRError
from cxr_demo.i18n import sentence

Scored = Callable[[Sequence[str]], Iterator[tuple[int, str]]]


def to_stream(files: Sequence[str], scored: Scored, lines: TextIO) -> bool:
    """Write a line of JSON for each file, in order, as soon as those before it are there.

    Returns:
        Whether some were refused.
    """
    some_refused = False
    early: dict[int, str] = {}
    following = 0
    for number, record in _watched(files, scored, len(files)):
        early[number] = record
        while following in early:
            line = json.loads(early.pop(following))["line"]
            some_refused |= line["status"] == "refused"
            print(json.dumps(line), file=lines, flush=True)
            following += 1
    return some_refused


def to_file(files: Sequence[str], scored: Scored, target: Path, kind: str, about: dict) -> bool:
    """Write a file of the result, going on from the journal of an interrupted run.

    Args:
        files: names; those that repeat are analysed once and written each time.
        scored: analyses those that are not done yet.
        target: the result; its journal lies beside it as FILE.part, see `journal`.
        kind: "json", "csv" or "parquet".
        about: models and options, which an earlier run must share to be gone on with.

    Returns:
        Whether some were refused.

    Raises:
        CXRError: if the result cannot be written, or the journal is another run's.
    """
    target = Path(os.path.realpath(target))  # what is a link stays one
    _check(target)
    if kind == "parquet":
        check_pyarrow()
    part, new = (target.with_name(f"{target.name}.part{end}") for end in ("", ".new"))
    # What this command writes may lie in the folder that it reads.
    own = {path.name: str(path) for path in (target, part, new)}
    files = [file for file in files if not _is_own(file, own)]
    with Journal(part, about) as journal:
        distinct = list(dict.fromkeys(files))
        left = [file for file in distinct if file not in journal]
        if found := len(distinct) - len(left):
            print(f"{found:,} of {len(distinct):,} files were done before", file=sys.stderr)
        try:
            for number, record in _watched(left, scored, len(distinct)):
                journal.add(left[number], record)
        except KeyboardInterrupt:
            print(f"stopped; the same command goes on from {part}", file=sys.stderr)
            raise
        refused = _Refused(journal.records(files))
        try:
            WRITERS[kind](new, refused)
            with new.open("rb+") as written:
                os.fsync(written.fileno())
            new.replace(target)
        except OSError as error:
            raise CXRError(f"{target} cannot be written ({error.strerror}).") from None
        journal.remove()
    return refused.some


def is_pipe(target: Path) -> bool:
    """Whether lines can only go through it as they come, as with `>(gzip > lines.gz)`."""
    return target.exists() and not target.is_file() and not target.is_dir()


def _check(target: Path) -> None:
    """Refuse what cannot become the result, before anything is analysed for it.

    Raises:
        CXRError: with what is in the way.
    """
    if target.is_dir():
        raise CXRError(f"{target} is a folder. Please name a file for the result.")
    if is_pipe(target):
        raise CXRError(f"{target} is no ordinary file, which a table needs. Please name one.")


def _is_own(file: str, own: dict[str, str]) -> bool:
    name = Path(file).name
    return name in own and os.path.realpath(file) == own[name]


class _Refused:
    """Hands records on and notes whether there is a refusal among them."""

    def __init__(self, records: Iterator[dict]):
        self._records = records
        self.some = False

    def __iter__(self) -> Iterator[dict]:
        for record in self._records:
            self.some |= record["line"]["status"] == "refused"
            yield record


def _watched(files: Sequence[str], scored: Scored, total: int) -> Iterable[tuple[int, str]]:
    """Score files under a progress bar that starts where an earlier run stopped."""
    bar = tqdm(
        total=total, initial=total - len(files), unit="image", disable=not sys.stderr.isatty()
    )
    with bar, closing(scored(files)) as records:
        for number, record in records:
            if json.loads(record)["burned_in"]:
                tqdm.write(f"warning: {files[number]}: {sentence('burned_in')}", file=sys.stderr)
            yield number, record
            bar.update()
