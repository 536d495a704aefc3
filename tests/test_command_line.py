"""`python -m cxr_demo analyse`: one line per file, whatever the files are."""

import json
import subprocess
import sys

import numpy as np
import pytest

from cxr_demo import __main__ as command_line
from tests.conftest import chest_like, png

KEYS = [
    *("file", "status", "error", "gate", "probabilities", "neighbours"),
    *("vote", "map", "anomaly", "model"),
]


@pytest.fixture
def analyse(monkeypatch, tiny_analyser, capsys):
    """Run the command on tiny networks; gives (exit status, parsed lines)."""
    monkeypatch.setattr(command_line, "Artefacts", lambda: None)
    monkeypatch.setattr(command_line, "Analyser", lambda _: tiny_analyser)

    def run(*arguments):
        status = command_line.main(["analyse", *map(str, arguments)])
        return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


@pytest.fixture
def folder(tmp_path):
    """Two good files, one bad one between them by name, a subfolder and a hidden file."""
    (tmp_path / "a.png").write_bytes(png(chest_like(1)))
    (tmp_path / "b.png").write_text("not an image")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "c.png").write_bytes(png(chest_like(2)))
    (tmp_path / ".hidden").write_text("left alone")
    return tmp_path


def test_a_folder_gives_a_line_per_file_in_name_order(analyse, folder):
    status, lines = analyse(folder, "--json", "-")
    assert status == 3
    assert [line["file"] for line in lines] == [
        str(folder / name) for name in ("a.png", "b.png", "deeper/c.png")
    ]
    assert [line["status"] for line in lines] == ["ok", "refused", "ok"]


def test_an_accepted_line_has_exactly_the_documented_names(analyse, folder):
    status, (line,) = analyse(folder / "a.png")
    assert status == 0
    assert list(line) == KEYS
    assert line["error"] is None
    assert set(line["probabilities"]["binary"]) == {"normal", "pneumonia"}
    assert set(line["probabilities"]["three_class"]) == {"normal", "bacterial", "viral"}
    assert set(line["neighbours"][0]) == {"id", "label", "similarity"}
    assert set(line["vote"]) == {"normal", "bacterial", "viral"}
    assert {name: len(xy) for name, xy in line["map"].items()} == {"umap": 2, "tsne": 2}
    assert set(line["anomaly"]) == {"score", "threshold", "unusual", "autoencoder"}
    networks = {"classifier", "detector", "autoencoder"}
    assert set(line["model"]) == networks | {"normality", "gate", "library"}


def test_a_refused_line_has_only_three_names_and_a_reason(analyse, folder):
    status, (line,) = analyse(folder / "b.png")
    assert status == 3
    assert list(line) == KEYS[:3]
    assert line["status"] == "refused" and "PNG, JPEG or DICOM" in line["error"]


def test_what_is_no_chest_says_so_in_its_line(analyse, tmp_path):
    """The tiny gate takes what is bright throughout for something else, dark for unusual."""
    for name, grey in (("bright.png", 250), ("dark.png", 8)):
        image = np.full((100, 120), grey, np.uint8)
        image[0, 0] = 128
        (tmp_path / name).write_bytes(png(image))
    status, (bright, dark) = analyse(tmp_path)
    assert status == 3
    assert list(bright) == ["file", "status", "error", "gate"]
    assert bright["status"] == "refused" and "chest radiograph" in bright["error"]
    assert bright["gate"]["grade"] == "not_a_chest_radiograph" and bright["gate"]["reason"]
    assert dark["status"] == "ok"
    assert dark["gate"]["grade"] == "unusual" and "white" in dark["gate"]["reason"]


def test_a_frame_of_a_file_that_has_one_only(analyse, folder):
    assert analyse(folder / "a.png", "--frame", 1)[0] == 0
    status, (line,) = analyse(folder / "a.png", "--frame", 2)
    assert status == 3 and "Frame 2" in line["error"]


def test_input_order_is_kept_and_files_may_repeat(analyse, folder):
    _, lines = analyse(folder / "deeper", folder / "a.png", folder / "a.png")
    assert [line["file"][-5:] for line in lines] == ["c.png", "a.png", "a.png"]
    assert lines[1] == lines[2]


def test_lines_go_to_a_file(analyse, folder, tmp_path):
    status, printed = analyse(folder / "a.png", "--json", tmp_path / "out.jsonl")
    assert (status, printed) == (0, [])
    assert json.loads((tmp_path / "out.jsonl").read_text())["status"] == "ok"


@pytest.mark.parametrize("arguments", [[], ["analyse"], ["analyse", "x", "--nonsense"], ["other"]])
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        command_line.main(arguments)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_missing_path_is_wrong_usage_and_says_so(analyse, tmp_path, capsys):
    assert command_line.main(["analyse", str(tmp_path / "nowhere.png")]) == 2
    assert "nowhere.png does not exist" in capsys.readouterr().err


def test_an_unwritable_output_is_wrong_usage(analyse, folder, capsys):
    assert command_line.main(["analyse", str(folder / "a.png"), "--json", "/nowhere/out"]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_stop_by_the_user_is_no_traceback(analyse, folder, tiny_analyser, monkeypatch):
    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(tiny_analyser, "analyse", stop)
    assert analyse(folder / "a.png") == (130, [])


def test_a_closed_pipe_ends_quietly(tmp_path):
    """`… | head -1` closes the pipe early; that is no reason for a traceback."""
    for i in range(3):
        (tmp_path / f"{i}.png").write_text("not an image")
    piped = subprocess.Popen(
        [sys.executable, "-m", "cxr_demo", "analyse", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    piped.stdout.close()
    assert piped.stderr.read() == ""
    assert piped.wait(60) == 0
