"""`python -m cxr_demo`: analyse files and folders, or pack reference pictures."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

from tqdm import tqdm

from cxr_demo import report
from cxr_demo.analysis import LIBRARY, Analyser
from cxr_demo.artefacts import Artefacts
from cxr_demo.errors import CXRError, RadiographRefused
from cxr_demo.library import ReferenceLibrary
from cxr_demo.pictures import PACKED, pack
from cxr_demo.radiograph import MAX_FILE_BYTES, read_radiograph
from cxr_demo.wording import sentence

WELL, WRONG_USAGE, SOME_REFUSED, INTERRUPTED = 0, 2, 3, 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0 all went well, 3 some files were refused, 2 wrong usage (a path that
        does not exist or artefacts that cannot be trusted, too), 130 stopped by the user.
    """
    chosen = _parser().parse_args(arguments)
    try:
        return chosen.run(chosen)
    except CXRError as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG_USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the lines has gone (`… | head`); Python's last flush must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WELL


def _analyse(chosen: argparse.Namespace) -> int:
    files = [file for path in chosen.paths for file in _files(path)]
    if not files:
        print("no files found", file=sys.stderr)
    analyser = Analyser(Artefacts())
    some_refused = False
    with _output(chosen.json) as lines:
        for file in tqdm(files, unit="image", disable=not sys.stderr.isatty()):
            try:
                radiograph = read_radiograph(_bytes_of(file), chosen.frame)
                line = report.accepted(str(file), analyser.analyse(radiograph))
                if radiograph.burned_in:
                    tqdm.write(f"warning: {file}: {sentence('burned_in')}", file=sys.stderr)
            except RadiographRefused as error:
                line = {"file": str(file), **report.refused(error)}
                some_refused = True
            print(json.dumps(line), file=lines, flush=True)
    return SOME_REFUSED if some_refused else WELL


def _pack(chosen: argparse.Namespace) -> int:
    library = ReferenceLibrary(Artefacts().read(LIBRARY))
    print(f"{pack(chosen.folder, library):,} of {len(library):,} references now have a picture")
    return WELL


def _files(path: Path) -> Iterator[Path]:
    """A file itself, or a folder's files at any depth in name order, hidden ones left out."""
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from sorted(
            file
            for file in path.rglob("*")
            if file.is_file() and not any(p.startswith(".") for p in file.relative_to(path).parts)
        )
    else:
        raise CXRError(f"{path} does not exist. Please check the path.")


def _bytes_of(file: Path) -> bytes:
    """Read one file, no further than `read_radiograph` needs to see that it is too large."""
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise RadiographRefused("refused.not_opened", why=error.strerror) from None


def _output(target: str):
    if target == "-":
        return nullcontext(sys.stdout)
    try:
        return Path(target).open("w", encoding="utf-8")
    except OSError as error:
        raise CXRError(f"{target} cannot be written ({error.strerror}).") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cxr_demo",
        description="Research demo on paediatric chest radiographs. Not for diagnosis.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    analyse = commands.add_parser(
        "analyse",
        help="analyse PNG, JPEG and DICOM files, one JSON line each",
        description="One JSON line per file, in input order. Exit status: 0 all went well, "
        "3 some files were refused, 2 wrong usage.",
    )
    analyse.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="file or folder")
    analyse.add_argument(
        "--json",
        default="-",
        metavar="FILE",
        help="where the lines go (default: -, the terminal)",
    )
    analyse.add_argument(
        "--frame", type=int, metavar="N", help="which frame of a DICOM file with several, from 1"
    )
    analyse.set_defaults(run=_analyse)
    pictures = commands.add_parser(
        "pictures", help="pack small pictures of the references from your copy of the data set"
    )
    pictures.add_argument("folder", type=Path, help=f"the data set; written to {PACKED.name}")
    pictures.set_defaults(run=_pack)
    return parser


if __name__ == "__main__":
    sys.exit(main())
