"""Command lines as a module declares them and as they are read."""

import sys
from pathlib import Path

import pytest

from train.arguments import parse


@pytest.fixture
def command(monkeypatch):
    return lambda *words: monkeypatch.setattr(sys, "argv", ["module", *words])


def test_shared_options_are_paths_and_work_has_a_folder_of_its_own(command):
    command("--data", "d", "--trunk", "t.h5")
    found = vars(parse("What it does.", "data", "trunk", "native", work=".work/x"))
    assert found == {
        "data": Path("d"),
        "trunk": Path("t.h5"),
        "native": None,
        "work": Path(".work/x"),
    }


def test_what_is_given_replaces_the_default(command):
    command("--work", "elsewhere", "--first-stage", "w.h5", "--most", "3")
    own = {"first_stage": {"type": Path}, "most": {"type": int, "default": 36}}
    found = parse("What it does.", work=".work/x", **own)
    assert (found.work, found.first_stage, found.most) == (Path("elsewhere"), Path("w.h5"), 3)


@pytest.mark.parametrize("words", [[], ["--data", "d", "--work", "x"], ["--data", "d", "--trunk"]])
def test_what_is_missing_or_not_declared_is_refused(command, words, capsys):
    command(*words)
    with pytest.raises(SystemExit):
        parse("What it does.", "data")
    assert "error:" in capsys.readouterr().err


def test_help_begins_with_the_first_line_of_the_docstring(command, capsys):
    command("--help")
    with pytest.raises(SystemExit):
        parse("What it does.\n\nMore of it.", "data")
    shown = capsys.readouterr().out
    assert "What it does." in shown
    assert "More of it." not in shown
