"""Write the result of many files: to a stream as they are done, or to a file once all are.

Data contract: `analyse` is `process_pool.analyse_files` or `ray_job.analyse_files`: file names →
(number, record), in any order. The result is in input order. A file is put together from `progress`
at the end, so it is the same whether or not the run was interrupted.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TextIO

from tqdm import tqdm

from cxr_demo.cli.files import printable
from cxr_demo.cli.progress import SIDE_FILES, Progress
from cxr_demo.cli.tables import WRITERS, check_pyarrow
from cxr_demo.errors import CXRError
from cxr_demo.i18n import translate

Analyse = Callable[[Sequence[str]], Iterator[tuple[int, str]]]


def write_stream(files: Sequence[str], analyse: Analyse, lines: TextIO) -> bool:
    """Write a line of JSON for each file, in order, as soon as those before it are written.

    Returns:
        Whether some files were refused.
    """
    some_refused = False
    early: dict[int, str] = {}
    following = 0
    for number, record in _with_progress_bar(files, analyse, len(files)):
        early[number] = record
        while following in early:
            line = json.loads(early.pop(following))["line"]
            some_refused |= line["status"] == "refused"
            print(json.dumps(line), file=lines, flush=True)
            following += 1
    return some_refused


def write_file(
    files: Sequence[str], analyse: Analyse, target: Path, kind: str, options: dict
) -> bool:
    """Write the result to a file, resuming an interrupted run.

    Args:
        files: names; those that repeat are analysed once and written each time.
        analyse: analyses those that are not done yet.
        target: the result; until then FILE.part beside it keeps the records, see `progress`.
        kind: "json", "csv" or "parquet".
        options: models and options, which an earlier run must share to be resumed.

    Returns:
        Whether some files were refused.

    Raises:
        CXRError: if the result cannot be written, or FILE.part is another run's.
    """
    target = Path(os.path.realpath(target))  # a link stays one
    if S_ISDIR(_mode(target)):
        raise CXRError(f"{target} is a folder. Please name a file for the result.")
    if is_pipe(target):
        raise CXRError(f"{target} is no ordinary file, which a table needs. Please name one.")
    if kind == "parquet":
        check_pyarrow()
    part, new = (target.with_name(f"{target.name}.part{end}") for end in ("", ".new"))
    # The command may write into the folder that it reads.
    own = {str(target), str(new), *(f"{part}{ending}" for ending in SIDE_FILES)}
    names = {Path(path).name for path in own}
    files = [f for f in files if Path(f).name not in names or os.path.realpath(f) not in own]
    with Progress(part, options) as progress:
        distinct = list(dict.fromkeys(files))
        left = [file for file in distinct if file not in progress]
        if found := len(distinct) - len(left):
            print(f"{found:,} of {len(distinct):,} files were done before", file=sys.stderr)
        try:
            for number, record in _with_progress_bar(left, analyse, len(distinct)):
                progress.add(left[number], record)
        except KeyboardInterrupt:
            print(f"stopped; the same command goes on from {part}", file=sys.stderr)
            raise
        statuses = set()
        try:
            WRITERS[kind](new, _noting_statuses(progress.records(files), statuses))
            with new.open("rb+") as written:
                os.fsync(written.fileno())
            new.replace(target)
        except OSError as error:
            raise CXRError(f"{target} cannot be written ({error.strerror}).") from None
        progress.remove()
    return "refused" in statuses


def is_pipe(target: Path) -> bool:
    """Whether it can only be written as a stream, as `>(gzip > lines.gz)`."""
    mode = _mode(target)
    return bool(mode) and not S_ISREG(mode) and not S_ISDIR(mode)


def _mode(target: Path) -> int:
    """What it leads to; 0 if that is nothing, or nothing to be looked at."""
    try:
        return target.stat().st_mode
    except OSError:
        return 0


def _noting_statuses(records: Iterator[dict], statuses: set[str]) -> Iterator[dict]:
    for record in records:
        statuses.add(record["line"]["status"])
        yield record


def _with_progress_bar(
    files: Sequence[str], analyse: Analyse, total: int
) -> Iterator[tuple[int, str]]:
    """Analyse files with a progress bar that starts where an earlier run stopped."""
    bar = tqdm(
        total=total, initial=total - len(files), unit="image", disable=not sys.stderr.isatty()
    )
    with bar, closing(analyse(files)) as records:
        for number, record in records:
            parsed = json.loads(record)
            for key in filter(parsed.get, ("burned_in", "tinted")):
                warning = printable(f"warning: {files[number]}: {translate(key)}")
                tqdm.write(warning, file=sys.stderr)
            yield number, record
            bar.update()
