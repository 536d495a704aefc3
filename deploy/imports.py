"""Whether the Space's code can be imported where only requirements.txt is installed.

Data contract: looks at the code and at what is known of the packages installed here; imports
nothing. A package counts if requirements.txt names it or something there brings it along.
"""

import ast
import importlib.metadata
import sys
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.front_matter import requirements

OPTIONAL = frozenset({"faiss"})
"""Imported within a function whose caller does without it; `imported` cannot see that."""


def check_imports(folder: Path) -> tuple[str, list[str]]:
    """All that the code imports is Python's, its own, or comes with requirements.txt.

    Returns:
        What was found, and what is wrong, one sentence each.
    """
    try:
        given = with_what_they_need(requirements(folder).values())
    except (OSError, ValueError) as error:
        return "", [str(error)]
    packages_of = importlib.metadata.packages_distributions()
    wrong, used = [], set()
    for file in sorted(folder.rglob("*.py")):
        path = file.relative_to(folder).as_posix()
        for name in sorted(imported(file, folder)):
            top = name.partition(".")[0]
            packages = {canonicalize_name(package) for package in packages_of.get(top, ())}
            if (folder / top).is_dir() or (folder / f"{top}.py").is_file():
                if not _is_module(folder, name):
                    wrong.append(f"{path} imports {name}, which git does not track. `git add` it.")
            elif top in sys.stdlib_module_names or top in OPTIONAL:
                continue
            elif packages & given:
                used |= packages & given
            else:
                wrong.append(f"{path} imports {top}. Add its package to requirements.txt.")
    return f"{', '.join(sorted(used))}: all by requirements.txt", wrong


def imported(file: Path, folder: Path) -> set[str]:
    """The modules a file needs, anywhere in it; `from a import b` as a.b where b is a module.

    What is imported between `try` and `except ImportError` is not needed. Relative imports count
    as nothing: the code has none.
    """
    names = set()
    waiting: list[ast.AST] = [ast.parse(file.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            package = folder / node.module.replace(".", "/") / "__init__.py"
            if package.is_file():
                said = package.read_text()
                names |= {f"{node.module}.{a.name}" for a in node.names if a.name not in said}
        optional = node.body if isinstance(node, ast.Try) and _does_without(node) else []
        waiting += [child for child in ast.iter_child_nodes(node) if child not in optional]
    return names


def with_what_they_need(asked: Iterable[Requirement]) -> set[str]:
    """Names of requirements and of all they bring along, as far as they are installed here."""
    found: set[tuple[str, str]] = set()
    waiting = [(package.name, extra) for package in asked for extra in ("", *package.extras)]
    while waiting:
        name, extra = waiting.pop()
        name = canonicalize_name(name)
        if (name, extra) in found:
            continue
        found.add((name, extra))
        try:
            lines = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:  # one for another system or Python
            continue
        for package in map(Requirement, lines):
            if package.marker is None or package.marker.evaluate({"extra": extra}):
                waiting += [(package.name, wanted) for wanted in ("", *package.extras)]
    return {name for name, _ in found}


def _does_without(node: ast.Try) -> bool:
    caught = [handler.type for handler in node.handlers]
    return any(isinstance(kind, ast.Name) and kind.id == "ImportError" for kind in caught)


def _is_module(folder: Path, name: str) -> bool:
    module = folder / name.replace(".", "/")
    return module.is_dir() or module.with_suffix(".py").is_file()
