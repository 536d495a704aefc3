"""Entries of `manifest.json`, and the commit they name."""

import json
import shutil
import subprocess
import sys

import pytest

from cxr_demo.artefacts import Artefacts
from train.records import manifest
from train.records.manifest import KERMANY, register

# From FIPS 180-2, the standard's own examples.
SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
SHA256_OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "current_commit", lambda: "0123456789ab")
    return tmp_path


def write(root, name: str, content: bytes = b"abc"):
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def entries(root) -> list[dict]:
    return json.loads((root / "manifest.json").read_text())


def test_an_entry_says_what_it_is_and_how_to_make_it_again(root):
    register(write(root, "folder/abc.bin"), "python -m train.abc", root=root)
    assert entries(root) == [
        {
            "path": "folder/abc.bin",
            "sha256": SHA256_OF_ABC,
            "bytes": 3,
            "command": "python -m train.abc",
            "commit": "0123456789ab",
            "data": KERMANY,
        }
    ]


def test_without_a_command_the_running_one_is_named(root, monkeypatch):
    words = ["/usr/bin/python3", "-m", "train.recipes.padim", "--data", "my data"]
    monkeypatch.setattr(sys, "orig_argv", words)
    register(write(root, "a.bin"), root=root)
    assert entries(root)[0]["command"] == "python -m train.recipes.padim --data 'my data'"


def test_other_data_can_be_named(root):
    register(write(root, "a.bin"), "make", data="ImageNet", root=root)
    assert entries(root)[0]["data"] == "ImageNet"


def test_entries_are_sorted_by_path(root):
    for name in ("b.bin", "c/a.bin", "a.bin", "c.bin"):
        register(write(root, name), "make", root=root)
    assert [entry["path"] for entry in entries(root)] == ["a.bin", "b.bin", "c.bin", "c/a.bin"]


def test_registering_again_replaces_the_entry_and_keeps_the_others(root):
    for name in ("a.bin", "b.bin", "c.bin"):
        register(write(root, name), "first", root=root)
    register(write(root, "b.bin", b""), "second", root=root)
    assert [(entry["path"], entry["command"], entry["bytes"]) for entry in entries(root)] == [
        ("a.bin", "first", 3),
        ("b.bin", "second", 0),
        ("c.bin", "first", 3),
    ]
    assert entries(root)[1]["sha256"] == SHA256_OF_NOTHING


def test_what_is_registered_can_be_read(root):
    register(write(root, "folder/abc.bin"), "make", root=root)
    assert Artefacts(root).read("folder/abc.bin") == b"abc"


@pytest.mark.parametrize("name", ["missing.bin", "../outside.bin"])
def test_a_file_that_is_not_there_or_not_below_the_root_leaves_the_manifest(root, name):
    inner = root / "assets"
    register(write(root, "assets/a.bin"), "make", root=inner)
    before = entries(inner)
    with pytest.raises((OSError, ValueError)):
        register(inner / name, "make", root=inner)
    assert entries(inner) == before


# The commit


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A committed repository with the folders that count and one that does not."""
    if not shutil.which("git"):
        pytest.skip("needs git")
    for folder in ("cxr_demo", "train", "bench", "assets"):
        write(tmp_path, f"{folder}/file.py", b"a = 1\n")
    monkeypatch.setattr(manifest, "ROOT", tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


def git(folder, *arguments: str) -> str:
    settings = ("user.name=Test", "user.email=test@example.org", "commit.gpgsign=false")
    options = [option for setting in settings for option in ("-c", setting)]
    return subprocess.run(
        ["git", *options, *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def registeredcurrent_commit(repository) -> str:
    root = repository / "assets"
    register(write(root, "a.bin"), "make", root=root)
    return entries(root)[0]["commit"]


def test_a_clean_tree_is_named_by_itscurrent_commit(repository):
    assert registeredcurrent_commit(repository) == git(repository, "rev-parse", "HEAD")[:12]


def test_a_tag_does_not_hide_thecurrent_commit(repository):
    git(repository, "tag", "v1", "--annotate", "--message", "v1")
    assert registeredcurrent_commit(repository) == git(repository, "rev-parse", "HEAD")[:12]


@pytest.mark.parametrize("name", ["assets/file.py", "README.md"])
def test_changes_outside_the_code_do_not_count(repository, name):
    write(repository, name, b"changed\n")
    assert "+" not in registeredcurrent_commit(repository)


@pytest.mark.parametrize(
    "name",
    ["cxr_demo/file.py", "train/file.py", "bench/file.py", "cxr_demo/new.py", "train/new.py"],
)
@pytest.mark.parametrize("staged", [False, True], ids=["unstaged", "staged"])
def test_changes_to_the_code_are_marked(repository, name, staged):
    write(repository, name, b"a = 2\n")
    if staged:
        git(repository, "add", ".")
    assert (
        registeredcurrent_commit(repository)
        == git(repository, "rev-parse", "HEAD")[:12] + "+changes"
    )
