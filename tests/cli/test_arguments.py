"""`python -m cxr_demo analyse`: one line per file, whatever the files are."""

import csv
import json
import os
import re
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pyarrow.parquet
import pytest

from cxr_demo.analysis import Analyser
from cxr_demo.anomaly.zones import ZONES
from cxr_demo.cli import arguments as command_line
from cxr_demo.cli import process_pool, ray_job
from cxr_demo.cli.file_record import FileAnalyser, model_hashes
from cxr_demo.cli.progress import Progress
from cxr_demo.cli.tables import COLUMNS
from tests.conftest import chest_like, png

ROOT = Path(__file__).parent.parent.parent
KEYS = [
    *("file", "status", "error", "gate", "alignment", "probabilities", "neighbours"),
    *("vote", "map", "anomaly", "zones", "model"),
]


@pytest.fixture
def analyse(monkeypatch, tiny_assets, capsys):
    """Run the command on tiny networks; gives (exit status, parsed lines)."""
    monkeypatch.setattr(command_line, "FileAnalyser", partial(FileAnalyser, root=tiny_assets))
    monkeypatch.setattr(command_line, "model_hashes", partial(model_hashes, tiny_assets))
    monkeypatch.setattr(process_pool, "cores", lambda: 1)  # tests of more say so

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
    assert set(line["model"]) == networks | {"alignment", "density", "padim", "gate", "library"}
    assert set(line["alignment"]) == {"correlation", "aligned", "note"}
    assert list(line["zones"]) == list(ZONES)
    assert set(line["zones"]["left_lower"]) == {"brightness", "percentile", "level", "reading"}


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


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5"])
def test_frames_are_counted_from_1(analyse, folder, capsys, number):
    with pytest.raises(SystemExit) as caught:
        analyse(folder / "a.png", f"--frame={number}")
    assert caught.value.code == 2 and "counted from 1" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["--csv", "--parquet"])
def test_a_table_is_not_written_to_the_terminal(analyse, folder, capsys, kind):
    with pytest.raises(SystemExit) as caught:
        analyse(folder / "a.png", kind, "-")
    assert caught.value.code == 2 and "needs a file" in capsys.readouterr().err


def test_every_column_is_described():
    described = re.findall(r"`(\w+)`", (ROOT / "docs" / "command_line.md").read_text())
    said = [name for name in COLUMNS if not re.search("_hash$|^zone_", name)]
    assert set(said) <= set(described)


def test_input_order_is_kept_and_files_may_repeat(analyse, folder):
    _, lines = analyse(folder / "deeper", folder / "a.png", folder / "a.png")
    assert [line["file"][-5:] for line in lines] == ["c.png", "a.png", "a.png"]
    assert lines[1] == lines[2]


def test_lines_go_to_a_file(analyse, folder, tmp_path):
    status, printed = analyse(folder / "a.png", "--json", tmp_path / "out.jsonl")
    assert (status, printed) == (0, [])
    assert json.loads((tmp_path / "out.jsonl").read_text())["status"] == "ok"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["analyse"],
        ["analyse", "x", "--nonsense"],
        ["analyse", "x", "--csv", "a", "--parquet", "b"],
        ["analyse", "--ray", "x"],
        ["other"],
    ],
)
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        command_line.main(arguments)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_a_missing_path_is_wrong_usage_and_says_so(analyse, tmp_path, capsys):
    assert command_line.main(["analyse", str(tmp_path / "nowhere.png")]) == 2
    assert "nowhere.png does not exist" in capsys.readouterr().err


def test_a_folder_that_cannot_be_listed_is_refused_and_the_rest_analysed(
    analyse, folder, monkeypatch, capsys
):
    really = os.scandir

    def scandir(path):
        if Path(path) == folder / "deeper":
            raise PermissionError(13, "Permission denied")
        return really(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (folder / "z.png").symlink_to("nothing")
    status, lines = analyse(folder)
    assert status == 3
    assert [Path(line["file"]).name for line in lines] == ["a.png", "b.png", "deeper", "z.png"]
    assert [line["status"] for line in lines] == ["ok", "refused", "refused", "refused"]
    assert "folder could not be listed" in lines[2]["error"]
    assert "link that leads nowhere" in lines[3]["error"]
    assert command_line.main(["analyse", str(folder / "deeper")]) == 2
    assert "deeper cannot be listed (Permission denied)" in capsys.readouterr().err


def test_what_has_gone_since_it_was_listed_is_refused(tiny_assets, tmp_path):
    line = json.loads(FileAnalyser(None, None, tiny_assets)(str(tmp_path / "gone.png")))["line"]
    assert line["status"] == "refused" and "gone when it was to be read" in line["error"]


def test_what_is_left_out_is_said_in_one_line(analyse, folder, capsys):
    (folder / "0").symlink_to("deeper")
    assert command_line.main(["analyse", str(folder)]) == 3
    said, errors = capsys.readouterr()
    assert len(said.splitlines()) == 3
    assert errors == "left out: hidden entries (1), folders found by another path (1)\n"


def test_a_pipe_is_analysed_like_a_file_in_any_process(analyse, folder, monkeypatch):
    """`analyse <(cat a.png) b.png`"""
    monkeypatch.setattr(process_pool, "cores", lambda: 2)
    with subprocess.Popen(["cat", folder / "a.png"], stdout=subprocess.PIPE) as cat:
        piped = f"/dev/fd/{cat.stdout.fileno()}"
        status, lines = analyse(piped, folder / "a.png")
    assert status == 0 and lines[0] == {**lines[1], "file": piped}


def test_another_pipe_of_the_same_name_is_not_taken_for_done(
    analyse, tmp_path, monkeypatch, capsys
):
    os.mkfifo(tmp_path / "pipe")

    def run(content: bytes) -> int:
        writing = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[content])
        writing.start()
        arguments = ["analyse", str(tmp_path / "pipe"), "--json", str(tmp_path / "out")]
        status = command_line.main(arguments)
        writing.join()
        return status

    assert run(b"not an image") == 3
    said = (tmp_path / "out").read_text()
    with monkeypatch.context() as stopped:
        stopped.setattr(Progress, "remove", Mock(side_effect=KeyboardInterrupt))
        assert run(b"not an image") == 130
    assert run(b"another") == 2
    assert "was begun with another content of pipes" in capsys.readouterr().err
    assert run(b"not an image") == 3 and (tmp_path / "out").read_text() == said


def test_an_unwritable_output_is_wrong_usage(analyse, folder, capsys):
    assert command_line.main(["analyse", str(folder / "a.png"), "--json", "/nowhere/out"]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_stop_by_the_user_is_no_traceback(analyse, folder, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Analyser, "analyse", stop)
    assert analyse(folder / "a.png") == (130, [])


def test_all_cores_say_what_one_says(analyse, folder, monkeypatch, capsys):
    _, expected = analyse(folder)
    assert len(expected) == 3
    monkeypatch.setattr(process_pool, "cores", lambda: 2)
    assert analyse(folder) == (3, expected)


def test_a_stopped_run_goes_on_and_counts_what_was_refused_before(
    analyse, folder, tmp_path_factory, monkeypatch, capsys
):
    target = tmp_path_factory.mktemp("result") / "out.jsonl"
    assert analyse(folder, "--json", target) == (3, [])
    expected = target.read_bytes()
    target.unlink()
    really, begun = Analyser.analyse, []

    def stop_at_the_second(analyser, radiograph):
        begun.append(radiograph)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return really(analyser, radiograph)

    monkeypatch.setattr(Analyser, "analyse", stop_at_the_second)
    assert command_line.main(["analyse", str(folder), "--json", str(target)]) == 130
    assert "stopped; the same command goes on" in capsys.readouterr().err
    assert not target.exists()
    monkeypatch.setattr(Analyser, "analyse", really)
    assert command_line.main(["analyse", str(folder), "--json", str(target)]) == 3
    assert "2 of 3 files were done before" in capsys.readouterr().err
    assert target.read_bytes() == expected
    assert [path.name for path in target.parent.iterdir()] == ["out.jsonl"]


def test_progress_with_other_models_is_wrong_usage(analyse, folder, tmp_path, capsys):
    Progress(tmp_path / "out.part", {"model": {}, "frame": None}).__exit__(None, None, None)
    arguments = ["analyse", str(folder / "a.png"), "--json", str(tmp_path / "out")]
    assert command_line.main(arguments) == 2
    said = capsys.readouterr().err
    assert "was begun with another model, so" in said and "delete" in said


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_says_what_the_lines_say(analyse, folder, tmp_path_factory, kind):
    target = tmp_path_factory.mktemp("result") / "table"
    _, lines = analyse(folder)
    assert analyse(folder, f"--{kind}", target) == (3, [])
    if kind == "csv":
        rows = list(csv.DictReader(target.open(encoding="utf-8-sig", newline="")))
    else:
        rows = pyarrow.parquet.read_table(target).to_pylist()
    assert [row["file"] for row in rows] == [line["file"] for line in lines]
    assert [row["status"] for row in rows] == ["ok", "refused", "ok"]
    assert rows[1]["reason"] == lines[1]["error"] and not rows[1]["p_viral"]
    viral = lines[0]["probabilities"]["three_class"]["viral"]
    assert float(rows[0]["p_viral"]) == viral
    assert rows[2]["library_hash"] == lines[2]["model"]["library"]


def test_lines_can_go_through_a_pipe(analyse, folder):
    """`--json >(gzip > lines.gz)`"""
    reader, writer = os.pipe()
    assert analyse(folder / "a.png", "--json", f"/dev/fd/{writer}") == (0, [])
    os.close(writer)
    with os.fdopen(reader) as lines:
        assert json.loads(lines.read())["status"] == "ok"


def test_ray_gets_the_same_analyser(analyse, folder, monkeypatch):
    """`tests/cli/test_ray_job.py` runs a real one."""
    addresses = []

    def analyse_files(make, files, address):
        addresses.append(address)
        yield from process_pool.analyse_files(make, files)

    _, expected = analyse(folder)
    monkeypatch.setattr(ray_job, "analyse_files", analyse_files)
    assert analyse(folder, "--ray") == (3, expected)
    assert analyse(folder, "--ray", "ray://head:10001") == (3, expected)
    assert addresses == ["local", "ray://head:10001"]


def test_large_packages_are_loaded_when_they_are_asked_for():
    loaded = "import sys, cxr_demo.__main__; print({'ray', 'pyarrow', 'pandas'} & set(sys.modules))"
    said = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    assert said.stdout == "set()\n"


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
