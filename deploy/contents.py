"""Copies what a Space needs out of the repository, under the same paths.

Only files that git tracks are copied, so that nothing private can slip in, and no weights for
training.
"""

import re
import shutil
import subprocess
from pathlib import Path

from cxr_demo.errors import CXRError

ROOT = Path(__file__).parent.parent
FILES = ("app.py", "requirements.txt", "README.md", "SECURITY.md", "LICENSE")
FOLDERS = ("cxr_demo", "assets", "docs")
TRAINING = "*.weights.h5"

_LINK = re.compile(r"!?\[([^\]]*)\]\((?![a-z][a-z0-9+.-]*:|[#/])([^)\s#]+)[^)\s]*\)")
"""A Markdown link or picture with a relative path: its text and the path."""


def assemble(folder: Path, root: Path = ROOT) -> None:
    """Copy a Space's files from the working tree, and undo links to files it lacks.

    Args:
        folder: new or empty.
        root: the repository.

    Raises:
        CXRError: if the folder is not empty, or a file that a Space needs is not tracked by git or
            not there.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CXRError(f"{folder} is not empty. Give a new folder, or delete this one first.")
    git = ["git", "ls-files", "-z", "--error-unmatch", "--", *FILES, *FOLDERS, f":!{TRAINING}"]
    listed = subprocess.run(git, cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode:
        raise CXRError(f"A Space needs what git does not track here: {listed.stderr.strip()}")
    paths = listed.stdout.rstrip("\0").split("\0")
    if gone := [path for path in paths if not (root / path).exists()]:
        raise CXRError(f"git tracks {', '.join(gone)}, which is not there. Restore or remove it.")
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, folder / path, follow_symlinks=False)
    for document in folder.rglob("*.md"):
        if not document.is_symlink():
            document.write_text(without_dead_links(document, folder))


def without_dead_links(document: Path, folder: Path) -> str:
    """A Markdown file's text, with links to files outside the folder replaced by their text."""

    def kept(link: re.Match) -> str:
        file = (document.parent / link[2]).resolve()
        inside = file.is_relative_to(folder.resolve()) and file.exists()
        return link[0] if inside else link[1]

    return _LINK.sub(kept, document.read_text())
