"""What of the repository a Space needs, and how it is laid out there.

Data contract: paths are relative to the repository, with `/` between their parts, and are the same
in the Space's folder. Only what git tracks is ever taken, so that nothing private can slip in.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath

from cxr_demo.errors import CXRError

ROOT = Path(__file__).parent.parent
FILES = ("app.py", "requirements.txt", "README.md", "SECURITY.md", "LICENSE")
CODE = "cxr_demo/"
MANIFEST = "assets/manifest.json"
PAGE_METRICS = frozenset(
    {
        "metrics/evaluation.json",
        "metrics/localisation.json",
        "metrics/self_test.json",
        "metrics/classifier_history.json",
        "metrics/detector_history.json",
        "metrics/autoencoder_history.json",
    }
)
"""What the page's About tab shows; all other metrics are for the documents."""

MOST_IN_GIT = 10 * 10**6
"""Bytes of a file; the Hub takes larger ones only as large files (LFS, Xet)."""
_LOOKED_AT = 8000
"""Bytes in which git, too, looks for a zero to tell a binary file from a text."""

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|#|/")
_SHOWN = frozenset({".md", ".png"})


def is_served(path: str) -> bool:
    """Whether `cxr_demo` reads an artefact: no Keras weights, and of the metrics the page's only.

    Args:
        path: as the manifest names it, relative to `assets/`.
    """
    if path.endswith(".weights.h5"):
        return False
    return path in PAGE_METRICS or not path.startswith("metrics/")


def chosen(root: Path = ROOT) -> list[str]:
    """What goes into the Space: code, artefacts that are served, and what README shows.

    README's documents are taken with what they show in turn; links to anything else are undone.

    Raises:
        CXRError: if git cannot say what it tracks, or a file of it is missing.
    """
    tracked = _tracked(root)
    served = {f"assets/{entry['path']}" for entry in json.loads((root / MANIFEST).read_text())}
    served = {path for path in served if is_served(path.removeprefix("assets/"))}
    taken = {*FILES, MANIFEST, *served, *(path for path in tracked if path.startswith(CODE))}
    if missing := sorted(path for path in taken if path not in tracked):
        raise CXRError(f"git does not track {', '.join(missing)}. `git add` it, then try again.")
    waiting = ["README.md"]
    while waiting:
        document = waiting.pop()
        for target in targets((root / document).read_text(), document):
            if target in tracked and target not in taken and Path(target).suffix in _SHOWN:
                taken.add(target)
                waiting += [target] * target.endswith(".md")
    if gone := sorted(path for path in taken if not (root / path).exists()):
        raise CXRError(f"git tracks {', '.join(gone)}, but it is not there. Restore or remove it.")
    return sorted(taken)


def assemble(folder: Path, root: Path = ROOT) -> list[str]:
    """Copy what is chosen, with a `.gitattributes` for the Hub, and undo links that lead out.

    Args:
        folder: new or empty.
        root: the repository; its working tree is copied, not its last commit.

    Returns:
        The paths of all files, sorted.

    Raises:
        CXRError: if the folder holds something, or as `chosen` does.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CXRError(f"{folder} is not empty. Give a new folder, or delete this one first.")
    paths = chosen(root)
    for path in paths:
        copy = folder / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, copy, follow_symlinks=False)
    for path in paths:
        copy = folder / path
        if path.endswith(".md") and not copy.is_symlink():
            copy.write_text(without_dead_links(copy.read_text(), path, folder))
    (folder / ".gitattributes").write_text(large_files(folder, paths))
    return sorted([*paths, ".gitattributes"])


def targets(document: str, path: str) -> list[str]:
    """What a Markdown text at `path` links to or shows within the repository."""
    found = (_target(match, path) for match in _LINK.finditer(document))
    return [target for target in found if target]


def without_dead_links(document: str, path: str, folder: Path) -> str:
    """A Markdown text whose links to what the folder lacks are only their words."""

    def kept(match: re.Match) -> str:
        target = _target(match, path)
        return match[2] if target and not (folder / target).exists() else match[0]

    return _LINK.sub(kept, document)


def needs_large_file(file: Path) -> bool:
    """Whether the Hub refuses a file in plain git: it is over 10 MB, or binary."""
    with file.open("rb") as opened:
        return file.stat().st_size > MOST_IN_GIT or b"\0" in opened.read(_LOOKED_AT)


def large_files(folder: Path, paths: list[str]) -> str:
    """`.gitattributes` that name, by their endings, the files that plain git must not hold."""
    large = (path for path in paths if needs_large_file(folder / path))
    patterns = sorted({f"*{suffix}" if (suffix := Path(path).suffix) else path for path in large})
    return "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in patterns)


def _target(match: re.Match, path: str) -> str | None:
    """Where a link leads within the repository; None if it leads elsewhere."""
    if _ELSEWHERE.match(match[3]):
        return None
    parts: list[str] = []
    for part in (PurePosixPath(path).parent / match[3].partition("#")[0]).parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _tracked(root: Path) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        raise CXRError(
            f"git cannot list the files of {root} ({listed.stderr.strip()}). "
            "A Space is assembled from a git checkout only."
        )
    return set(filter(None, listed.stdout.split("\0")))
