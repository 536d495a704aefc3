"""The same analyser in a Ray job: every file once, even if workers die."""

import json
import os
import signal
import sys
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from cxr_demo.cli import process_pool, ray_job
from cxr_demo.cli.files import Piped
from cxr_demo.errors import CXRError
from tests.cli import tiny_analysers


def test_a_local_job_is_complete_though_a_worker_is_killed_in_the_middle(tmp_path, monkeypatch):
    """One is killed from outside, and one file kills whoever takes it; that one is given up."""
    monkeypatch.setattr(process_pool, "cores", lambda: 2)
    files = [tmp_path / f"{i}" for i in range(60)] + [tmp_path / "always"]
    for file in files:
        file.touch()
    files = [*map(str, files)]
    found, killed = [], None
    with closing(ray_job.analyse_files(tiny_analysers.Killed, files)) as records:
        for number, record in records:
            found.append((number, record))
            if len(found) == 20:
                killed = int(Path(files[number]).read_text().split()[0])
                assert killed != os.getpid()
                os.kill(killed, signal.SIGKILL)
    assert sorted(number for number, _ in found) == [*range(61)]
    *others, (_, given_up) = sorted(found)
    assert [record for _, record in others] == [*map(tiny_analysers.record, files[:-1])]
    line = json.loads(given_up)["line"]
    assert line["file"] == files[-1] and "ended twice without an answer" in line["error"]
    import ray

    assert not ray.is_initialized()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_nothing_to_do_starts_no_ray(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert list(ray_job.analyse_files(tiny_analysers.Plain, [])) == []


def test_what_came_through_a_pipe_is_analysed_on_this_machine(tmp_path, monkeypatch):
    files = [Piped(str(tmp_path / "piped"), b"pixels"), str(tmp_path / "file")]
    sent = []

    def rows(ray, make, names):
        sent.extend(names)
        yield {"number": 1, "record": "of a cluster"}

    monkeypatch.setattr(ray_job, "_connected", lambda address: nullcontext())
    monkeypatch.setattr(ray_job, "_rows", rows)
    found = dict(ray_job.analyse_files(tiny_analysers.Plain, files))
    assert [name["number"] for name in sent] == [1]
    assert found == {0: tiny_analysers.record(files[0]), 1: "of a cluster"}


def test_without_ray_the_command_to_install_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(CXRError, match=r"pip install -r requirements-ray\.txt"):
        list(ray_job.analyse_files(tiny_analysers.Plain, ["a"]))


def test_an_address_without_a_ray_is_an_error(monkeypatch):
    with pytest.raises(CXRError, match=r"There is no Ray at nonsense://1"):
        list(ray_job.analyse_files(tiny_analysers.Plain, ["a"], "nonsense://1"))
