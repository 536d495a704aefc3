"""Many files: progress, resume, lock, order, tables, and processes that die."""

import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pyarrow.parquet
import pytest

from cxr_demo.anomaly.zones import ZONES
from cxr_demo.cli import batch, process_pool, progress, tables
from cxr_demo.cli.progress import Progress
from cxr_demo.errors import ArtefactError, CXRError
from cxr_demo.i18n import translate
from tests.cli import tiny_analysers
from tests.cli.tiny_analysers import is_alive

ROOT = Path(__file__).parents[2]
ABOUT = {"model": {"a": "1"}, "frame": None}


def record(file: str, status: str = "ok") -> str:
    return json.dumps({"burned_in": None, "line": {"file": file, "status": status}})


class FakeAnalyse:
    """An `analyse` that records the files it gets, and stops after `most`."""

    def __init__(self, most: int | None = None, order=list, status: str = "ok"):
        self.asked, self.most, self.order, self.status = [], most, order, status

    def __call__(self, files):
        for number in self.order(range(len(files))):
            if self.most is not None and len(self.asked) == self.most:
                raise KeyboardInterrupt
            self.asked.append(files[number])
            yield number, record(files[number], self.status)


def run(target, files, analyse=None, kind="json", about=ABOUT):
    analyse = analyse or FakeAnalyse()
    batch.write_file(files, analyse, target, kind, about)
    return analyse.asked


def interrupt(target, files, most):
    with pytest.raises(KeyboardInterrupt):
        run(target, files, FakeAnalyse(most))


def lines(*files):
    return "".join(json.dumps({"file": file, "status": "ok"}) + "\n" for file in files)


# --- progress and resume


def test_the_result_is_in_input_order_whatever_order_files_are_done_in(tmp_path):
    run(tmp_path / "out", ["b", "a", "c"], FakeAnalyse(order=reversed))
    assert (tmp_path / "out").read_text() == lines("b", "a", "c")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_files_that_repeat_are_done_once_and_written_each_time(tmp_path):
    assert run(tmp_path / "out", ["a", "b", "a"]) == ["a", "b"]
    assert (tmp_path / "out").read_text() == lines("a", "b", "a")


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, capsys):
    target = tmp_path / "out"
    target.write_text("of an earlier run")
    interrupt(target, ["a", "b", "c"], 2)
    assert target.read_text() == "of an earlier run"
    assert "out.part" in capsys.readouterr().err
    assert run(target, ["a", "b", "c"]) == ["c"]
    assert "2 of 3 files were done before" in capsys.readouterr().err
    assert target.read_text() == lines("a", "b", "c")
    assert not (tmp_path / "out.part").exists()


def as_a_kill_leaves_it(target, folder, files, done) -> Path:
    """Copies of what lies on the disk of a run in full swing; the path of its result there."""
    folder.mkdir(exist_ok=True)
    with Progress(target.with_name(f"{target.name}.part"), ABOUT) as held:
        for file in files[:done]:
            held.add(file, record(file))
        for path in target.parent.glob("out.part*"):
            shutil.copy(path, folder / path.name)
    return folder / target.name


def test_each_record_is_on_the_disk_at_once(tmp_path):
    """So that `kill -9` loses none."""
    (tmp_path / "run").mkdir()
    files = ["a", "é", "\udcff", "d"]
    killed = as_a_kill_leaves_it(tmp_path / "run" / "out", tmp_path / "killed", files, 3)
    assert run(killed, files) == ["d"]
    assert killed.read_text() == lines(*files)
    assert [path.name for path in killed.parent.iterdir()] == ["out"]


def test_whatever_a_power_cut_leaves_is_gone_on_with(tmp_path):
    """The last records may not have reached the disk; what is done again is the end, and whole."""
    (tmp_path / "run").mkdir()
    files = ["a", "b", "c"]
    whole = as_a_kill_leaves_it(tmp_path / "run" / "out", tmp_path / "killed", files, 2)
    log = whole.with_name("out.part-wal").read_bytes()
    left = set()
    for end in range(0, len(log), 97):
        target = tmp_path / f"cut{end}" / "out"
        shutil.copytree(whole.parent, target.parent)
        target.with_name("out.part-wal").write_bytes(log[:end])
        left.add(tuple(run(target, files)))
        assert target.read_text() == lines(*files)
    assert left == {("a", "b", "c"), ("b", "c")}


def test_a_damaged_database_is_refused_in_words(tmp_path):
    interrupt(tmp_path / "out", [str(i) for i in range(400)], 399)
    part = tmp_path / "out.part"
    content = bytearray(part.read_bytes())
    content[100:5000] = b"\xa5" * 4900
    part.write_bytes(content)
    with pytest.raises(CXRError, match=r"damaged.*delete .*out\.part"):
        run(tmp_path / "out", ["a"])


def test_a_run_can_be_interrupted_time_and_again(tmp_path):
    files = [f"{i}" for i in range(7)]
    for _ in range(7):
        interrupt_one = FakeAnalyse(1)
        try:
            run(tmp_path / "out", files, interrupt_one)
        except KeyboardInterrupt:
            continue
    assert (tmp_path / "out").read_text() == lines(*files)


def test_a_folder_may_change_in_between(tmp_path):
    interrupt(tmp_path / "out", ["a", "b", "c"], 2)
    assert run(tmp_path / "out", ["0", "b", "c"]) == ["0", "c"]
    assert (tmp_path / "out").read_text() == lines("0", "b", "c")


@pytest.mark.parametrize(
    ("about", "named"),
    [({"model": {"a": "2"}, "frame": None}, "model"), ({"model": {"a": "1"}, "frame": 2}, "frame")],
)
def test_a_database_of_another_run_is_refused_and_left_as_it_is(tmp_path, about, named):
    interrupt(tmp_path / "out", ["a", "b"], 1)
    before = (tmp_path / "out.part").read_bytes()
    with pytest.raises(CXRError, match=f"another {named}, so.*delete .*out.part"):
        run(tmp_path / "out", ["a", "b"], about=about)
    assert (tmp_path / "out.part").read_bytes() == before


def test_a_database_of_another_format_is_refused(tmp_path, monkeypatch):
    interrupt(tmp_path / "out", ["a", "b"], 1)
    monkeypatch.setattr(progress, "FORMAT", 3)
    with pytest.raises(CXRError, match=r"another format, so.*delete .*out\.part"):
        run(tmp_path / "out", ["a", "b"])


def test_the_progress_of_an_earlier_version_is_refused_in_one_line(tmp_path, capsys):
    """It was a text of one record a line."""
    header = {"journal": "cxr_demo analyse", "form": 1, **ABOUT}
    (tmp_path / "out.part").write_text(f"{json.dumps(header)}\n{record('a')}\n" * 100)
    with pytest.raises(CXRError, match=r"^\S+out\.part is no journal of this command\. .*delete"):
        run(tmp_path / "out", ["a", "b"])


@pytest.mark.parametrize(
    "content", [b"someone's", b"a line\n", b"{}\n", b"[]\n", b"\xff\n", b"7\n"]
)
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path, content):
    (tmp_path / "out.part").write_bytes(content)
    with pytest.raises(CXRError, match="no journal of this command"):
        run(tmp_path / "out", ["a"])
    assert (tmp_path / "out.part").read_bytes() == content


def test_two_runs_at_once_on_one_file_are_refused(tmp_path):
    class Another(FakeAnalyse):
        def __call__(self, files):
            with pytest.raises(CXRError, match="in use by another run"):
                run(tmp_path / "out", ["a", "b"])
            yield from super().__call__(files)

    assert run(tmp_path / "out", ["a", "b"], Another()) == ["a", "b"]
    assert (tmp_path / "out").read_text() == lines("a", "b")


def test_a_run_that_was_refused_lets_go(tmp_path):
    interrupt(tmp_path / "out", ["a", "b"], 1)
    with pytest.raises(CXRError):
        run(tmp_path / "out", ["a", "b"], about={"model": {}, "frame": None})
    assert run(tmp_path / "out", ["a", "b"]) == ["b"]


def test_a_disk_that_is_full_is_an_error_that_says_so(tmp_path):
    with Progress(tmp_path / "part", ABOUT) as held:
        (pages,) = held._database.execute("PRAGMA page_count").fetchone()
        held._database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(CXRError, match=r"disk is full.*make room"):
            held.add("a", "x" * 100_000)
        assert "a" not in held


def test_what_the_command_writes_is_not_what_it_reads(tmp_path):
    target = tmp_path / "out"
    interrupt(target, [str(tmp_path / "a"), str(tmp_path / "b")], 1)
    target.write_text("of an earlier run")
    listed = [str(path) for path in sorted(tmp_path.iterdir())]
    assert listed == [str(target), f"{target}.part"]
    assert run(target, [str(tmp_path / "b"), *listed]) == [str(tmp_path / "b")]


@pytest.mark.parametrize("target", ["", "nowhere/out"])
def test_a_result_that_cannot_be_written_is_refused_before_anything_is_done(tmp_path, target):
    with pytest.raises(CXRError, match=r"is a folder|cannot be written"):
        run(tmp_path / target, ["a"], FakeAnalyse(0))


def test_no_device_is_replaced_by_a_table(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CXRError, match="no ordinary file"):
        run(tmp_path / "pipe", ["a"], kind="csv")
    assert batch.is_pipe(tmp_path / "pipe") and not batch.is_pipe(tmp_path / "nothing")


def test_a_link_stays_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real" / "out")
    run(tmp_path / "out", ["a"])
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "real" / "out").read_text() == lines("a")


def test_refusals_of_an_earlier_run_count(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "out", ["a", "b"], FakeAnalyse(1, status="refused"))
    assert batch.write_file(["a", "b"], FakeAnalyse(), tmp_path / "out", "json", ABOUT) is True
    assert batch.write_file(["a", "b"], FakeAnalyse(), tmp_path / "out", "json", ABOUT) is False


def test_the_terminal_gets_lines_in_order_as_soon_as_they_can_be(capsys):
    """Of 2, 0, 1 the first can be said with the second answer, the others with the third."""
    heard = []

    def analyse(files):
        for number in (2, 0, 1):
            yield number, record(files[number])
            heard.append(capsys.readouterr().out)

    assert batch.write_stream(["a", "b", "c"], analyse, sys.stdout) is False
    assert heard == ["", lines("a"), lines("b", "c")]


@pytest.mark.parametrize("key", ["burned_in", "tinted"])
def test_what_to_mind_about_a_file_is_said_beside_its_line(capsys, key):
    noted = {"burned_in": False, "tinted": False, key: True, "line": {"status": "ok"}}

    def analyse(files):
        yield 0, json.dumps(noted)

    batch.write_stream(["film.png"], analyse, sys.stdout)
    assert f"warning: film.png: {translate(key)}\n" in capsys.readouterr().err


# --- tables

OK = {
    "file": "=1+1,a.png",
    "status": "ok",
    "error": None,
    "gate": {"grade": "unusual", "reason": 'Too "dark", here.'},
    "probabilities": {
        "binary": {"normal": 0.25, "pneumonia": 0.75},
        "three_class": {"normal": 0.2, "bacterial": 0.5, "viral": 0.3},
    },
    "neighbours": [
        {"id": "-p1", "label": "viral", "similarity": 0.9},
        {"id": "p2", "label": "normal", "similarity": 0.5},
    ],
    "vote": {"normal": 0.5, "bacterial": 0.0, "viral": 0.5},
    "map": {"umap": [-1.5, 2.0], "tsne": [0.0, -4.0]},
    "anomaly": {
        "score": 0.625,
        "threshold": 0.5,
        "unusual": True,
        "autoencoder": {"score": 0.001},
    },
    "model": {
        "classifier": "c1",
        "detector": "d1",
        "autoencoder": "a1",
        "padim": "p1",
        "gate": "g1",
        "library": "l1",
        "density": "e1",
        "alignment": "m1",
    },
    "alignment": {"correlation": 0.9, "aligned": True},
    "zones": {name: {"brightness": float(number)} for number, name in enumerate(ZONES)},
}
REFUSED = {"file": "\udcffb.png", "status": "refused", "error": "No image.\nSorry."}
RECORDS = [{"burned_in": True, "line": OK}, {"burned_in": None, "line": REFUSED}]
ROW = {
    "file": "=1+1,a.png",
    "status": "ok",
    "reason": 'Too "dark", here.',
    "gate": "unusual",
    "burned_in": True,
    "p_pneumonia": 0.75,
    "p_normal": 0.2,
    "p_bacterial": 0.5,
    "p_viral": 0.3,
    "anomaly_score": 0.625,
    "anomaly_threshold": 0.5,
    "unusual": True,
    "classifier_hash": "c1",
    "autoencoder_score": 0.001,
    "vote_normal": 0.5,
    "vote_bacterial": 0.0,
    "vote_viral": 0.5,
    "umap_x": -1.5,
    "umap_y": 2.0,
    "tsne_x": 0.0,
    "tsne_y": -4.0,
    "neighbour_ids": ["-p1", "p2"],
    "neighbour_labels": ["viral", "normal"],
    "neighbour_similarities": [0.9, 0.5],
    "detector_hash": "d1",
    "autoencoder_hash": "a1",
    "padim_hash": "p1",
    "gate_hash": "g1",
    "library_hash": "l1",
    "density_hash": "e1",
    "alignment_hash": "m1",
    "aligned": True,
    "alignment_correlation": 0.9,
    **{f"zone_{name}": float(number) for number, name in enumerate(ZONES)},
}


def test_csv_is_what_a_spreadsheet_should_see(tmp_path):
    tables.write_csv(tmp_path / "t.csv", RECORDS)
    header, ok, *refused = (tmp_path / "t.csv").read_bytes().decode("utf-8-sig").split("\r\n")
    assert header == ",".join(ROW)
    assert ok == (
        '"\'=1+1,a.png",ok,"Too ""dark"", here.",unusual,true,0.75,0.2,0.5,0.3,0.625,0.5,true,c1,'
        "0.001,0.5,0.0,0.5,-1.5,2.0,0.0,-4.0,'-p1 p2,viral normal,0.9 0.5,d1,a1,p1,g1,l1,"
        "e1,m1,true,0.9,0.0,1.0,2.0,3.0,4.0,5.0"
    )
    assert refused == ['\\udcffb.png,refused,"No image.\nSorry."' + "," * (len(ROW) - 3), ""]


@pytest.mark.parametrize("number", [0, 1, 2, 5])
def test_csv_has_its_mark_once_at_its_start(tmp_path, monkeypatch, number):
    """Without it Excel shows "MÃ¼ller"; in groups of rows, also none."""
    monkeypatch.setattr(tables, "ROW_GROUP", 2)
    muller = {"burned_in": None, "line": {**REFUSED, "file": "Müller.png"}}
    tables.write_csv(tmp_path / "t.csv", [muller] * number)
    content = (tmp_path / "t.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbffile,status,") and content.count(b"\xef\xbb\xbf") == 1
    header, *rows = csv.reader(content.decode("utf-8-sig").splitlines(keepends=True))
    assert header == list(ROW) and [row[0] for row in rows] == ["Müller.png"] * number


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\xa0@", "\uff1d"])
def test_no_text_is_a_formula_and_numbers_stay_numbers(start):
    assert tables._cell(f"{start}1") == f"'{start}1"
    assert tables._cell(f"1{start}") == f"1{start}"
    assert tables._cell([f"{start}1", "2"]) == f"'{start}1 2"
    assert tables._cell(-1.5) == -1.5
    assert [tables._cell(name) for name in tables.COLUMNS] == list(ROW)


def test_parquet_has_types_and_nulls(tmp_path):
    tables.write_parquet(tmp_path / "t.parquet", RECORDS)
    table = pyarrow.parquet.read_table(tmp_path / "t.parquet")
    assert table.to_pylist() == [
        ROW,
        dict.fromkeys(ROW)
        | {"file": "\\udcffb.png", "status": "refused", "reason": "No image.\nSorry."},
    ]
    kinds = {field.name: str(field.type) for field in table.schema}
    assert list(kinds) == list(ROW)
    assert kinds["burned_in"] == kinds["unusual"] == "bool"
    assert kinds["file"] == kinds["library_hash"] == "string"
    assert kinds["p_viral"] == kinds["tsne_y"] == "double"
    assert kinds["neighbour_ids"] == "list<element: string>"
    assert kinds["neighbour_similarities"] == "list<element: double>"


def test_parquet_is_written_a_group_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROW_GROUP", 2)
    tables.write_parquet(tmp_path / "t.parquet", (RECORDS[0] for _ in range(5)))
    written = pyarrow.parquet.ParquetFile(tmp_path / "t.parquet").metadata
    assert [written.row_group(i).num_rows for i in range(written.num_row_groups)] == [2, 2, 1]


@pytest.mark.parametrize("burned_in", [True, False])
def test_the_reason_of_an_ordinary_one_is_its_burned_in_text(burned_in):
    usable = {**OK, "gate": {"grade": "usable", "reason": None}}
    frame = tables.to_frame([{"burned_in": burned_in, "line": usable}])
    assert frame["reason"].isna().tolist() == [not burned_in]
    assert frame["burned_in"].tolist() == [burned_in]
    if burned_in:
        assert frame["reason"][0] == translate("burned_in")


def test_no_records_are_a_table_with_names(tmp_path):
    tables.write_csv(tmp_path / "t.csv", [])
    assert (tmp_path / "t.csv").read_text().count("\n") == 1
    tables.write_parquet(tmp_path / "t.parquet", [])
    assert pyarrow.parquet.read_table(tmp_path / "t.parquet").column_names == list(ROW)


def test_a_group_of_nothing_but_refusals_has_the_same_types(tmp_path):
    tables.write_parquet(tmp_path / "t.parquet", RECORDS[1:])
    table = pyarrow.parquet.read_table(tmp_path / "t.parquet")
    assert str(table.schema.field("p_viral").type) == "double"
    assert table.column("p_viral").to_pylist() == [None]


def test_parquet_without_pyarrow_is_said_before_anything_is_done(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CXRError, match=r"pip install -r requirements-archives\.txt"):
        run(tmp_path / "out", ["a"], FakeAnalyse(0), kind="parquet")
    assert list(tmp_path.iterdir()) == []


# --- processes


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(process_pool, "cores", lambda: 2)


def files_in(folder: Path, *names: str) -> list[str]:
    for name in names:
        (folder / name).touch()
    return [str(folder / name) for name in names]


def asked(file: str) -> list[list[str]]:
    """Who was asked about a file: process and threads."""
    return [line.split() for line in Path(file).read_text().splitlines()]


def test_two_processes_share_the_work_and_each_file_is_done_once(tmp_path, two_cores):
    files = files_in(tmp_path, *map(str, range(20)))
    found = list(process_pool.analyse_files(tiny_analysers.Slow, files))
    assert sorted(found) == [(i, tiny_analysers.record(file)) for i, file in enumerate(files)]
    who = [asked(file) for file in files]
    assert all(len(calls) == 1 and calls[0][1] == "1" for calls in who)
    workers = Counter(calls[0][0] for calls in who)
    assert len(workers) == 2 and min(workers.values()) >= 4 and str(os.getpid()) not in workers


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="on Linux only")
def test_each_process_has_a_core_of_its_own(tmp_path, two_cores):
    """Where there are two; the second of two on one core may run wherever it could before."""
    here = sorted(os.sched_getaffinity(0))
    files = files_in(tmp_path, *map(str, range(12)))
    list(process_pool.analyse_files(tiny_analysers.Placed, files))
    told = {line for file in files for line in Path(file).read_text().splitlines()}
    cores = [json.loads(line.partition(" ")[2]) for line in told]
    assert len(told) == 2, "a process changed its cores"
    assert sorted(cores) == [here[:1], here[1:2] or here]
    assert sorted(os.sched_getaffinity(0)) == here


@pytest.mark.parametrize(("names", "cores"), [(["a"], 2), (["a", "b"], 1)])
def test_one_file_or_core_needs_no_process(tmp_path, monkeypatch, names, cores):
    monkeypatch.setattr(process_pool, "cores", lambda: cores)
    files = files_in(tmp_path, *names)
    assert len(list(process_pool.analyse_files(tiny_analysers.Plain, files))) == len(names)
    assert [asked(file) for file in files] == [[[str(os.getpid()), "None"]]] * len(names)


def test_a_process_that_is_killed_costs_nothing_but_time(tmp_path, two_cores):
    names = [*map(str, range(10)), "once", *map(str, range(10, 20))]
    files = files_in(tmp_path, *names)
    found = dict(process_pool.analyse_files(tiny_analysers.Killed, files))
    assert found == {i: tiny_analysers.record(file) for i, file in enumerate(files)}
    assert len(asked(files[10])) == 2


def test_a_file_that_kills_is_given_up_and_no_other(tmp_path, two_cores):
    names = ["always1", *map(str, range(20)), "always2", "once"]
    files = files_in(tmp_path, *names)
    found = dict(process_pool.analyse_files(tiny_analysers.Killed, files))
    assert len(found) == len(files)
    for number, file in enumerate(files):
        if "always" in file:
            line = json.loads(found[number])["line"]
            assert line["file"] == file and line["status"] == "refused"
            assert "ended twice without an answer" in line["error"]
            assert 2 <= len(asked(file)) <= 3  # among others if it came to that, then alone
        else:
            assert found[number] == tiny_analysers.record(file)


def test_the_second_try_is_alone(tmp_path, two_cores):
    """Another file may have taken the memory of which the first try died."""
    names = ["once", *map(str, range(6))]
    files = files_in(tmp_path, *names)
    found = dict(process_pool.analyse_files(tiny_analysers.Crowded, files))
    assert found == {i: tiny_analysers.record(file) for i, file in enumerate(files)}


@pytest.mark.parametrize(("sent", "processes"), [(signal.SIGKILL, 3), (signal.SIGINT, 2)])
def test_a_killed_process_is_replaced_and_ctrl_c_is_not_for_it(
    tmp_path, two_cores, sent, processes
):
    files = files_in(tmp_path, *map(str, range(16)))
    found = {}
    with closing(process_pool.analyse_files(tiny_analysers.Slow, files)) as records:
        for number, said in records:
            found[number] = said
            if len(found) == 4:
                os.kill(int(asked(files[number])[0][0]), sent)
    assert found == {i: tiny_analysers.record(file) for i, file in enumerate(files)}
    workers = len({calls[0] for file in files for calls in asked(file)})
    assert workers >= processes if sent == signal.SIGKILL else workers == processes


def test_processes_that_never_begin_are_an_error(tmp_path, two_cores):
    with pytest.raises(CXRError, match="ended 3 times before it had begun"):
        list(process_pool.analyse_files(tiny_analysers.NeverBegins, files_in(tmp_path, "a", "b")))


def test_what_goes_wrong_in_a_process_is_said_here(tmp_path, two_cores):
    with pytest.raises(ArtefactError, match="not the file the manifest names"):
        list(process_pool.analyse_files(tiny_analysers.Damaged, files_in(tmp_path, "a", "b")))


def test_closing_early_ends_the_processes_at_once(tmp_path, two_cores):
    files = files_in(tmp_path, "0", "1", *[f"stuck{i}" for i in range(8)])
    records = process_pool.analyse_files(tiny_analysers.Slow, files)
    first, second = sorted(number for number, _ in (next(records), next(records)))
    assert (first, second) == (0, 1)
    before = time.monotonic()
    records.close()
    assert time.monotonic() - before < 5
    assert not any(is_alive(int(asked(file)[0][0])) for file in files[:2])


RUN = """
import signal
import sys
from pathlib import Path
from cxr_demo.cli import batch, process_pool
from tests.cli import tiny_analysers
from tests.cli.tiny_analysers import is_alive
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background ignore it
    process_pool.cores = lambda: 2
    files = sorted(map(str, Path(sys.argv[1]).iterdir()))
    analyse = lambda files: process_pool.analyse_files(tiny_analysers.Slow, files)
    try:
        batch.write_file(files, analyse, Path(sys.argv[2]), "json", {})
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.parametrize(("stop", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_run_that_is_stopped_leaves_no_process_and_loses_no_line(tmp_path, stop, status):
    """Ctrl-C reaches the whole group, as from a terminal; kill -9 the parent alone."""
    (tmp_path / "in").mkdir()
    files = sorted(files_in(tmp_path / "in", *map(str, range(40))))
    (tmp_path / "run.py").write_text(RUN)
    command = [sys.executable, tmp_path / "run.py", tmp_path / "in", tmp_path / "out"]
    part = tmp_path / "out.part"
    started = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while sum(Path(file).stat().st_size > 0 for file in files) < 11:
        assert started.poll() is None
        time.sleep(0.02)
    (os.killpg if stop == signal.SIGINT else os.kill)(started.pid, stop)
    assert started.wait(10) == status
    workers = {int(calls[0]) for file in files for calls in asked(file)}
    deadline = time.monotonic() + 5
    while any(map(is_alive, workers)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    said = started.stderr.read()
    assert "Traceback" not in said and (status == -9 or said.startswith("stopped; "))
    with closing(sqlite3.connect(part)) as database:
        names = [os.fsdecode(name) for (name,) in database.execute("SELECT file FROM records")]
    done = {file: len(asked(file)) for file in names}
    assert 8 <= len(done) < 40
    ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)
    assert ended.returncode == 0
    assert {file: len(asked(file)) for file in done} == done  # nothing was done again
    expected = [json.dumps(json.loads(tiny_analysers.record(file))["line"]) for file in files]
    assert (tmp_path / "out").read_text().splitlines() == expected
