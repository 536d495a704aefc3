"""What lies in a package, for docs/architecture.md: each file with what it says of itself first.

Data contract: the source of Python and JavaScript files in, text out; nothing is imported or run.
"""

import ast
import re
from pathlib import Path

from train.records.manifest import ROOT

SUFFIXES = (".py", ".js")

_END = re.compile(r"(?<=\.)\s|\n\n")
"""Of a sentence: a full stop before white space, or an empty line."""


def outline(package: str, root: Path = ROOT) -> list[tuple[str, str]]:
    """(path within the package, its first sentence) of each module; files before folders.

    Args:
        package: a folder's path in the repository; folders in it are gone through as well.
        root: the repository.

    Raises:
        ValueError: if a file says nothing of itself; an empty `__init__.py` is left out.
    """
    folder = root / package
    files = [path for path in folder.rglob("*") if path.suffix in SUFFIXES]
    files.sort(key=lambda path: (path.relative_to(folder).parent, path.name))
    return [
        (path.relative_to(folder).as_posix(), first_sentence(path))
        for path in files
        if path.name != "__init__.py" or path.read_text(encoding="utf-8").strip()
    ]


def first_sentence(file: Path) -> str:
    """What a module's docstring, or a script's first comment, begins with, on one line."""
    source = file.read_text(encoding="utf-8")
    said = (
        _opening_comment(source) if file.suffix == ".js" else ast.get_docstring(ast.parse(source))
    )
    if not said:
        raise ValueError(f"{file} does not say what it is; begin it with a sentence")
    return " ".join(_END.split(said.strip(), maxsplit=1)[0].split())


def _opening_comment(script: str) -> str:
    """The comment that a script begins with, without its marks."""
    lines = re.match(r"/\*.*?\*/|(?://[^\n]*\n)*", script, re.DOTALL)[0].splitlines()
    return "\n".join(line.strip("/* ") for line in lines)
