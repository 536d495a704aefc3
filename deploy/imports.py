"""Whether the Space's code can be imported where only its requirements.txt is installed.

Data contract: looks at the code and at what is known of the packages installed here; imports
nothing. A package counts if requirements.txt names it, or if one named there needs it.
"""

import ast
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cxr_demo.errors import CXRError

OPTIONAL = {"faiss"}
"""Imported within a function whose caller does without it; `imported` cannot see that."""


def check_imports(folder: Path) -> None:
    """All that the code imports is Python's, its own, or comes with requirements.txt.

    Raises:
        CXRError: with one sentence for each module that does not.
    """
    asked = requirements(folder)
    needed = [Requirement(line) for name in asked for line in metadata.requires(name) or []]
    needed = [one for one in needed if not one.marker or one.marker.evaluate({"extra": ""})]
    given = {*asked, *(canonicalize_name(one.name) for one in needed)}
    packages_of = metadata.packages_distributions().items()
    known = {top for top, packages in packages_of if given & set(map(canonicalize_name, packages))}
    known |= sys.stdlib_module_names | OPTIONAL
    wrong = []
    for file in sorted(folder.rglob("*.py")):
        for name in sorted(imported(file, folder)):
            own = folder / name.replace(".", "/")
            is_own = own.is_dir() or own.with_suffix(".py").is_file()
            if not is_own and name.partition(".")[0] not in known:
                wrong.append(f"{file.relative_to(folder)} imports {name}, which nothing gives.")
    if wrong:
        remedy = "`git add` what is ours; name other packages in requirements.txt."
        raise CXRError("\n".join([*wrong, remedy]))


def requirements(folder: Path) -> dict[str, Requirement]:
    """What requirements.txt asks for, by name.

    Raises:
        ValueError: if a line is not a package with its versions.
    """
    lines = (folder / "requirements.txt").read_text().splitlines()
    asked = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in asked}


def imported(file: Path, folder: Path) -> set[str]:
    """The modules a file needs, anywhere in it; `from a import b` as a.b where b is a module.

    What is imported between `try` and `except ImportError` is not needed. Relative imports count
    as nothing: the code has none.
    """
    names: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(file.read_text())]
    while waiting:
        node = waiting.pop()
        caught = [getattr(handler.type, "id", "") for handler in getattr(node, "handlers", [])]
        optional = node.body if "ImportError" in caught else []
        waiting += [child for child in ast.iter_child_nodes(node) if child not in optional]
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            package = folder / node.module.replace(".", "/") / "__init__.py"
            if package.is_file():
                said = package.read_text()
                names |= {f"{node.module}.{a.name}" for a in node.names if a.name not in said}
    return names
