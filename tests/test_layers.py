"""Imports point down, from package to package; none goes in a circle."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = {
    "cxr_demo": (
        ("memory",),
        ("i18n",),
        ("errors",),
        ("artefacts",),
        ("reading",),
        ("models",),
        ("anomaly", "reference"),
        ("analysis",),
        ("model_card", "report", "self_test"),
        ("cli",),
        ("server",),
        ("wording",),
        ("ui",),
        ("__main__",),
    ),
    "train": (
        ("arguments", "records"),
        ("data",),
        ("metrics",),
        ("models",),
        ("recipes",),
        ("evaluate",),
        ("experiments",),
        ("documents",),
    ),
}
"""Modules and packages from the lowest layer up. Packages of one layer do not know each other."""


KNOWN = {
    f"{package}.{name}" for package, layers in LAYERS.items() for names in layers for name in names
}


def imported(file: Path) -> set[str]:
    """Names of the modules that a file imports, `from a import b` as both a and a.b."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms(package: str) -> set[str]:
    """What lies directly in a package: modules and packages, by name."""
    return {
        entry.stem
        for entry in (ROOT / package).iterdir()
        if entry.suffix == ".py" or (entry / "__init__.py").exists()
    } - {"__init__"}


def modules(place: Path) -> list[Path]:
    """The module itself, or all modules of a package."""
    return sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


@pytest.mark.parametrize(
    ("package", "layer", "room"),
    [
        (package, layer, room)
        for package, layers in LAYERS.items()
        for layer, names in enumerate(layers)
        for room in names
    ],
)
def test_imports_point_down(package, layer, room):
    layers = LAYERS[package]
    allowed = {f"{package}.{name}" for names in layers[:layer] for name in names}
    allowed |= {f"{package}.{room}", package}
    for file in modules(ROOT / package / room):
        for name in imported(file):
            if name.split(".")[0] == package and ".".join(name.split(".")[:2]) in KNOWN:
                assert ".".join(name.split(".")[:2]) in allowed, f"{file} imports {name}"


@pytest.mark.parametrize("package", LAYERS)
def test_every_room_has_a_layer(package):
    assert rooms(package) == {name for names in LAYERS[package] for name in names}


@pytest.mark.parametrize("package", LAYERS)
def test_modules_do_not_import_each_other_in_a_circle(package):
    files = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts): file
        for file in (ROOT / package).rglob("*.py")
        if file.name != "__init__.py"
    }
    imports = {name: imported(file) & files.keys() - {name} for name, file in files.items()}
    tuple(TopologicalSorter(imports).static_order())  # raises CycleError


@pytest.mark.parametrize("file", sorted((ROOT / "cxr_demo").rglob("*.py")), ids=str)
def test_serving_does_not_know_training(file):
    roots = {name.split(".")[0] for name in imported(file)}
    assert not roots & {"train", "tensorflow", "keras"}


@pytest.mark.parametrize("file", sorted((ROOT / "train").rglob("*.py")), ids=lambda f: f.stem)
def test_training_does_not_know_the_page(file):
    assert not any(
        name.startswith(("cxr_demo.server", "cxr_demo.ui", "gradio")) for name in imported(file)
    )
