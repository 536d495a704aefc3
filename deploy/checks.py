"""What has to be true of a Space's folder before it is uploaded.

Data contract: each check takes the folder and returns what it found, for the table, and what is
wrong, one sentence each. The checks change nothing and need no network.
"""

import importlib.metadata
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from cxr_demo.artefacts import Artefacts
from cxr_demo.errors import CXRError
from deploy.contents import MOST_IN_GIT, ROOT, is_served, needs_large_file, targets
from deploy.front_matter import faults, front_matter
from deploy.imports import check_imports

Finding = tuple[str, list[str]]

MOST_BYTES = 50 * 10**6
"""All of it is fetched whenever a Space that slept is woken elsewhere."""
LEFT_OUT = ("tests", "train", "bench", "deploy", ".ci", ".github", ".venv", "__pycache__")
_PICKLES = (".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt")
_PICKLED = re.compile(rb"\x80[\x02-\x05]")
_OF_ONE_MACHINE = re.compile(rb"(?:/(?:home|Users|root|work|mnt|tmp)/|[A-Z]:\\{1,2}Users\\)\w")


def check_front_matter(folder: Path) -> Finding:
    """Complete, consistent with requirements.txt and LICENSE, and nothing that Spaces ignores."""
    try:
        given = front_matter(folder)
        wrong = faults(given, folder)
    except (OSError, ValueError) as error:
        return "", [str(error)]
    if wrong:
        return "", wrong
    installed = importlib.metadata.version("gradio")
    other = "" if installed == given["sdk_version"] else f" ({installed} is installed here)"
    names = ("python_version", "app_file", "license")
    return f"gradio {given['sdk_version']}{other}, Python " + ", ".join(map(given.get, names)), []


def check_links(folder: Path) -> Finding:
    """Every relative link and picture of every document leads to something in the folder."""
    found, wrong = 0, []
    for document in files(folder, "*.md"):
        path = _name(document, folder)
        for target in targets(document.read_text(), path):
            found += 1
            if not (folder / target).exists():
                wrong.append(f"{path} links to {target}, which the Space does not have.")
    return f"{found} lead to files of the Space", wrong


def check_size(folder: Path) -> Finding:
    """Not more than is sensible to fetch at each start."""
    total = sum(file.stat().st_size for file in files(folder))
    if total > MOST_BYTES:
        most = MOST_BYTES // 10**6
        return "", [f"The Space has {total / 1e6:.1f} MB, more than {most}. Leave something out."]
    return f"{total / 1e6:.1f} MB in {len(list(files(folder)))} files", []


def check_large_files(folder: Path) -> Finding:
    """What plain git may not hold on the Hub has a pattern in `.gitattributes`."""
    attributes = folder / ".gitattributes"
    lines = attributes.read_text().splitlines() if attributes.is_file() else []
    patterns = [line.split()[0] for line in lines if "filter=lfs" in line.split()[1:]]
    wrong = []
    for file in files(folder):
        path = _name(file, folder)
        if needs_large_file(file) and not any(
            fnmatch(path if "/" in pattern else file.name, pattern) for pattern in patterns
        ):
            kind = "over 10 MB" if file.stat().st_size > MOST_IN_GIT else "binary"
            wrong.append(f"{path} is {kind} and has no filter=lfs pattern in .gitattributes.")
    largest = sorted(files(folder), key=lambda file: -file.stat().st_size)[:3]
    shown = (f"{file.name} {file.stat().st_size / 1e6:.1f} MB" for file in largest)
    return f"{' '.join(patterns)}; largest: {', '.join(shown)}", wrong


def check_nothing_else(folder: Path) -> Finding:
    """No tests, no training, no weights to train from, nothing that Python left behind."""
    wrong = []
    for file in files(folder):
        path = _name(file, folder)
        if set(LEFT_OUT) & set(path.split("/")) or path.endswith(".weights.h5"):
            wrong.append(f"{path} is not for a Space. Delete it there.")
    return "no tests, training code or training weights", wrong


def check_safe(folder: Path) -> Finding:
    """No symbolic link, no pickle, which could run code, and no path of the machine it is from."""
    wrong = []
    own = str(ROOT).encode() if len(ROOT.parts) > 2 else b"\0no path has this"
    for file in folder.rglob("*"):
        path = _name(file, folder)
        if file.is_symlink():
            wrong.append(f"{path} is a symbolic link. Put the file itself there.")
        elif file.is_file():
            content = file.read_bytes()
            if file.suffix in _PICKLES or _PICKLED.match(content) or _has_objects(content):
                wrong.append(f"{path} is or holds a pickle, which can run code. Store plain data.")
            if found := _OF_ONE_MACHINE.search(content) or re.search(re.escape(own), content):
                here = content[found.start() : found.start() + 30].decode(errors="replace")
                wrong.append(f"{path} names a path of one machine ({here!r}). Take it out.")
    return "no links, pickles or paths of one machine", wrong


def check_artefacts(folder: Path) -> Finding:
    """Every artefact that is served is there, and is the one the manifest names."""
    try:
        artefacts = Artefacts(folder / "assets")
        served = [path for path in artefacts.paths if is_served(path)]
        for path in served:
            artefacts.read(path)
    except CXRError as error:
        return "", [str(error)]
    return f"{len(served)} are what the manifest names", []


CHECKS: dict[str, Callable[[Path], Finding]] = {
    "front matter": check_front_matter,
    "links": check_links,
    "size": check_size,
    "large files": check_large_files,
    "nothing else": check_nothing_else,
    "safe": check_safe,
    "artefacts": check_artefacts,
    "imports": check_imports,
}


def files(folder: Path, pattern: str = "*") -> Iterator[Path]:
    """All files below a folder whose name fits; git's own are not the Space's."""
    for file in sorted(folder.rglob(pattern)):
        if file.is_file() and ".git" not in file.relative_to(folder).parts:
            yield file


def _has_objects(content: bytes) -> bool:
    """Whether an archive holds pickled objects, as PyTorch's and some of NumPy's do."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return False
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if any(name.endswith(_PICKLES) for name in archive.namelist()):
            return True
        arrays = [archive.read(name) for name in archive.namelist() if name.endswith(".npy")]
    try:
        for array in arrays:
            np.load(io.BytesIO(array), allow_pickle=False)
    except ValueError:
        return True
    return False


def _name(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()
