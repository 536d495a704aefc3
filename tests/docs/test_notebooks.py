"""Both notebooks run from top to bottom on a few small images, and what they show is clean."""

import ast
import json
from pathlib import Path

import cv2
import nbformat
import pytest
from nbclient import NotebookClient

from cxr_demo.artefacts import ASSETS
from tests.conftest import chest_like

NOTEBOOKS = Path(__file__).parent.parent.parent / "docs" / "notebooks"
OF_EACH_CLASS = {"train": (16, 48, 16), "val": (1, 1, 1), "test": (4, 4, 4)}
"""As few as folds of patients, votes and t-SNE's perplexity need."""


def read(name: str) -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def assigned(source: str) -> set[str]:
    """Names that a cell's assignments bind."""
    names = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name))
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """A data set in the Kaggle layout, each image another patient's."""
    root, number = tmp_path_factory.mktemp("chest_xray"), 0
    for split, counts in OF_EACH_CLASS.items():
        for kind, count in zip(("NORMAL", "bacteria", "virus"), counts, strict=True):
            folder = root / split / ("NORMAL" if kind == "NORMAL" else "PNEUMONIA")
            folder.mkdir(parents=True, exist_ok=True)
            for _ in range(count):
                number += 1
                normal = f"IM-{number:04}-0001.jpeg"
                name = normal if kind == "NORMAL" else f"person{number}_{kind}_{number}.jpeg"
                cv2.imwrite(str(folder / name), chest_like(number, 130, 160))
    return root


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Runs a notebook with other parameters, in a kernel that writes to a new folder only."""
    monkeypatch.delenv("CXR_ASSETS", raising=False)
    for variable in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(variable, str(tmp_path / "jupyter"))

    def run(name: str, **parameters: str | int) -> nbformat.NotebookNode:
        notebook, given = read(name), set()
        for cell in notebook.cells:
            if "parameters" in cell.metadata.get("tags", ()):
                names = assigned(cell.source)
                cell.source = "\n".join(f"{one} = {parameters[one]!r}" for one in sorted(names))
                given |= names
        assert given == parameters.keys()
        where = {"metadata": {"path": str(NOTEBOOKS)}}
        return NotebookClient(notebook, timeout=500, resources=where).execute()

    return run


def shown(notebook: nbformat.NotebookNode, kind: str) -> list[str]:
    """What the cells put on the page, of one MIME type."""
    outputs = (output for cell in code_cells(notebook) for output in cell.outputs)
    return [output.data[kind] for output in outputs if kind in output.get("data", {})]


@pytest.mark.timeout(600)
def test_train_runs_every_experiment_apart_from_what_ships(execute, data, tmp_path):
    import keras

    trunk = keras.applications.VGG16(include_top=False, weights=None)
    trunk.save_weights(tmp_path / "vgg16.weights.h5")
    before = (ASSETS / "manifest.json").read_bytes()
    ran = execute("train", DATA=str(data), WORK=str(tmp_path), EPOCHS=1, SIDE=32)
    assert (ASSETS / "manifest.json").read_bytes() == before
    found = {
        file.stem: json.loads(file.read_text())
        for file in (tmp_path / "assets/metrics/experiments").glob("*.json")
    }
    compared, confusion, history = shown(ran, "text/html")
    assert len(found) == 8 and all(f"<th>{name}</th>" in compared for name in found)
    assert found["binary_adam"]["settings"]["side"] == 32
    assert "called pneumonia" in confusion and "validation" not in history
    assert (tmp_path / "classifier/classifier.weights.h5").exists()


def test_test_evaluates_what_ships_and_looks_at_one_radiograph(execute, data):
    ran = execute("test", DATA=str(data))
    compared, confusion, zones = shown(ran, "text/html")
    assert "binary.auc" in compared and "viral, true" in confusion and "left_lower" in zones
    assert len(shown(ran, "image/jpeg")) == 3


@pytest.mark.parametrize("name", ["train", "test"])
def test_a_notebook_is_small_clean_and_shown_as_it_ran(name):
    file = NOTEBOOKS / f"{name}.ipynb"
    notebook = read(name)
    nbformat.validate(notebook)
    assert file.stat().st_size < 300_000
    assert notebook.metadata.keys() == {"kernelspec", "language_info"}
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell.metadata.keys() <= {"tags"} for cell in notebook.cells)
    streams = [one for cell in cells for one in cell.outputs if one.output_type == "stream"]
    assert all(one.name == "stdout" for one in streams), "neither warnings nor progress"
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)
    written = json.dumps([cell.get("outputs", []) for cell in cells])
    assert not any(f"/{place}/" in written for place in ("home", "tmp", "work", "content"))
    assert assigned(cells[0].source) == {"DATA"}, "the one setting comes first"
