"""The commands of `python -m cxr_demo`: analyse files and folders, or pack reference thumbnails."""

import argparse
import hashlib
import os
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from tqdm import tqdm

from cxr_demo.artefacts import LIBRARY, Artefacts
from cxr_demo.cli import batch, process_pool, ray_job
from cxr_demo.cli.file_record import FileAnalyser, model_hashes
from cxr_demo.cli.files import Piped, find_files, printable
from cxr_demo.errors import CXRError
from cxr_demo.reference.fetch_thumbnails import fetch_thumbnails
from cxr_demo.reference.library import ReferenceLibrary
from cxr_demo.reference.thumbnails import PACKED, pack_folder

SUCCESS, WRONG_USAGE, SOME_REFUSED, INTERRUPTED = 0, 2, 3, 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit status: 0 success, 3 some files were refused, 2 wrong usage (also a path that does
        not exist or is a folder that cannot be listed, or artefacts that fail their check), 130
        stopped by the user.
    """
    chosen = _parser().parse_args(arguments)
    try:
        return chosen.run(chosen)
    except CXRError as error:
        print(f"error: {printable(str(error))}", file=sys.stderr)
        return WRONG_USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the lines has closed (`… | head`); Python's last flush must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SUCCESS


def _analyse(chosen: argparse.Namespace) -> int:
    files, left_out = find_files(chosen.paths)
    if left_out:
        counts = ", ".join(f"{kind} ({number:,})" for kind, number in left_out.items())
        print(f"left out: {counts}", file=sys.stderr)
    if not files:
        print("no files found", file=sys.stderr)
    make = partial(FileAnalyser, chosen.frame)
    analyse = partial(process_pool.analyse_files, make)
    if chosen.ray:
        analyse = partial(ray_job.analyse_files, make, address=chosen.ray)
    kind = "csv" if chosen.csv else "parquet" if chosen.parquet else "json"
    target = getattr(chosen, kind)
    if kind == "json" and (target == "-" or batch.is_pipe(Path(target))):
        with nullcontext(sys.stdout) if target == "-" else Path(target).open("w") as lines:
            some_refused = batch.write_stream(files, analyse, lines)
    else:
        options = {"model": model_hashes(), "frame": chosen.frame}
        if piped := b"".join(file.content for file in files if isinstance(file, Piped)):
            # Other pipes have the same names.
            options["content of pipes"] = hashlib.sha256(piped).hexdigest()
        some_refused = batch.write_file(files, analyse, Path(target), kind, options)
    return SOME_REFUSED if some_refused else SUCCESS


def _pack(chosen: argparse.Namespace) -> int:
    artefacts = Artefacts()
    library = ReferenceLibrary(artefacts.arrays(LIBRARY))
    if chosen.folder:
        number = pack_folder(chosen.folder, library)
    else:
        form = "{desc}: {percentage:3.0f} %|{bar}| {elapsed}"
        with tqdm(total=1.0, bar_format=form, disable=not sys.stderr.isatty()) as bar:

            def show(stage: str, share: float) -> None:
                bar.n = share
                bar.set_description(stage)

            number = fetch_thumbnails(library, artefacts, show)
    print(f"{number:,} of {len(library):,} references now have a picture")
    return SUCCESS


def _table(file: str) -> str:
    if file == "-":
        raise argparse.ArgumentTypeError("a table needs a file; only --json writes to the terminal")
    return file


def _frame(number: str) -> int:
    if not number.isdecimal() or int(number) < 1:
        raise argparse.ArgumentTypeError(f"frames are counted from 1, not {number!r}")
    return int(number)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m cxr_demo",
        description="Research demo on paediatric chest radiographs. Not for diagnosis.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    analyse = commands.add_parser(
        "analyse",
        help="analyse PNG, JPEG and DICOM files: JSON lines, CSV or Parquet",
        description="One JSON line per file, in input order, on all cores. A FILE is written when "
        "all is done; until then FILE.part holds what is, and the same command goes on from it. "
        "Of a folder, hidden entries and what is neither file nor folder are left out and counted. "
        "Exit status: 0 all went well, 3 some files were refused, 2 wrong usage, 130 stopped.",
    )
    analyse.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="file, folder or pipe")
    result = analyse.add_mutually_exclusive_group()
    result.add_argument(
        "--json", default="-", metavar="FILE", help="where the lines go (default: -, the terminal)"
    )
    result.add_argument(
        "--csv", type=_table, metavar="FILE", help="a table for a spreadsheet instead"
    )
    result.add_argument(
        "--parquet",
        type=_table,
        metavar="FILE",
        help="a Parquet table instead; needs requirements-archives.txt",
    )
    analyse.add_argument(
        "--ray",
        nargs="?",
        const=ray_job.THIS_MACHINE,
        metavar="ADDRESS",
        help="run on a Ray cluster, or without ADDRESS on a Ray of this machine; after the PATHs; "
        "needs requirements-ray.txt, and files and checkout at the same path on all machines",
    )
    analyse.add_argument(
        "--frame", type=_frame, metavar="N", help="which frame of DICOM files with several, from 1"
    )
    analyse.set_defaults(run=_analyse)
    pictures = commands.add_parser(
        "pictures",
        help="pack small pictures of the references",
        description="Downloads PneumoniaMNIST (below 100 MB; CXR_PICTURES_URL names a mirror) and "
        "packs the middle of each reference, or packs them whole from your copy of the data set.",
    )
    pictures.add_argument(
        "folder", type=Path, nargs="?", help=f"your copy of the data set; written to {PACKED.name}"
    )
    pictures.set_defaults(run=_pack)
    return parser
