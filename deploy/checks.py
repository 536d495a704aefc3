"""Checks a Space's folder before it is uploaded.

Each check takes the folder and raises a CXRError with a sentence for each fault. Checks change
nothing and need no network.
"""

import io
import re
import zipfile
from pathlib import Path

import numpy as np

from cxr_demo.artefacts import Artefacts
from cxr_demo.errors import CXRError
from deploy.contents import ROOT, TRAINING
from deploy.front_matter import front_matter

MAX_BYTES = 50 * 10**6
"""The whole folder is downloaded whenever a sleeping Space wakes on another machine."""
_LEFT_OUT = {"tests", "train", "bench", "deploy", "tools", ".venv", "__pycache__"}
_PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt")
_PICKLED = re.compile(rb"\x80[\x02-\x05]")
_HERE = re.escape(bytes(ROOT)) if len(ROOT.parts) > 2 else rb"(?!)"
_OF_ONE_MACHINE = re.compile(
    rb"(?:/(?:home|Users|root|work|mnt|tmp)/|[A-Z]:\\{1,2}Users\\)\w|" + _HERE
)


def check_files(folder: Path) -> None:
    """No tests, training, links, pickles or paths of one machine; at most 50 MB."""
    wrong, total = [], 0
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder)
        if file.is_symlink():
            wrong.append(f"{path} is a symbolic link. Put the file itself there.")
        elif file.is_file():
            content = file.read_bytes()
            total += len(content)
            if _LEFT_OUT & set(path.parts) or path.match(TRAINING):
                wrong.append(f"{path} is not for a Space. Leave it out.")
            if _is_pickle(file.name, content):
                wrong.append(f"{path} is or holds a pickle, which can run code. Store plain data.")
            if found := _OF_ONE_MACHINE.search(content):
                here = content[found.start() : found.start() + 30].decode(errors="replace")
                wrong.append(f"{path} names a path of one machine ({here!r}). Take it out.")
    if total > MAX_BYTES:
        wrong.append(f"The Space has {total} bytes, more than {MAX_BYTES}. Leave something out.")
    if wrong:
        raise CXRError("\n".join(wrong))


def check_artefacts(folder: Path) -> None:
    """Every artefact of the manifest is there with the right hash, except weights for training."""
    artefacts = Artefacts(folder / "assets")
    for path in artefacts.paths:
        if not Path(path).match(TRAINING):
            artefacts.read(path)


CHECKS = (front_matter, check_files, check_artefacts)


def faults(folder: Path) -> list[str]:
    """Run all checks and print which pass; return one sentence for each fault."""
    wrong = []
    for check in CHECKS:
        count = len(wrong)
        try:
            check(folder)
        except (CXRError, OSError, ValueError) as error:
            wrong += str(error).splitlines()
        print(f"{'ok' if len(wrong) == count else 'FAILED':<8}{check.__doc__.splitlines()[0]}")
    return wrong


def _is_pickle(name: str, content: bytes) -> bool:
    """Whether a file, or a member of a ZIP archive, is a pickle or a NumPy array of objects."""
    if name.endswith(_PICKLES) or _PICKLED.match(content):
        return True
    if name.endswith(".npy"):
        try:
            np.load(io.BytesIO(content), allow_pickle=False)
        except ValueError:
            return True
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return False
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return any(_is_pickle(member, archive.read(member)) for member in archive.namelist())
