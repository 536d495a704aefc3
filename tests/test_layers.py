"""Imports point one way: the order of README's list."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ORDER = (
    "wording",
    "errors",
    "artefacts",
    "download",
    "pixels",
    "structure",
    "decode",
    "elements",
    "grayscale",
    "transfer_syntax",
    "dicom",
    "sandbox",
    "radiograph",
    "preprocess",
    "occlusion",
    "network",
    "prediction",
    "saliency",
    "search",
    "library",
    "atlas",
    "detail",
    "public_archive",
    "pictures",
    "normality",
    "gate",
    "anomaly",
    "screening",
    "analysis",
    "report",
    "scorer",
    "tables",
    "journal",
    "pool",
    "ray_job",
    "archive",
    "fetch_pictures",
    "__main__",
    "ui.settings",
    "ui.later",
    "ui.fetching",
    "ui.uploads",
    "ui.reading",
    "ui.endpoints",
    "ui.briefing",
    "ui.clients",
    "ui.routes",
    "ui.arrival",
    "ui.health",
    "ui.payload",
    "ui.guard",
    "ui.tidy",
    "ui.gradio_side",
    "ui.server",
)


def imported(file: Path) -> set[str]:
    """Names of the modules that a file imports, `from a import b` as both a and a.b."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("module", ORDER)
def test_a_module_imports_only_from_those_above_it(module):
    names = imported(ROOT / "cxr_demo" / f"{module.replace('.', '/')}.py")
    below = {f"cxr_demo.{other}" for other in ORDER[ORDER.index(module) :]}
    assert names & below == set()
    assert not any(name.split(".")[0] == "train" for name in names)


def test_the_order_names_every_module():
    files = {
        ".".join(file.relative_to(ROOT / "cxr_demo").with_suffix("").parts)
        for file in (ROOT / "cxr_demo").rglob("*.py")
        if file.name != "__init__.py"
    }
    assert files == set(ORDER)


@pytest.mark.parametrize("file", sorted((ROOT / "train").rglob("*.py")), ids=lambda f: f.stem)
def test_training_does_not_know_the_page(file):
    assert not any(name.startswith(("cxr_demo.ui", "gradio")) for name in imported(file))
