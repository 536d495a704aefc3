"""A Space's folder: what goes in, what has to be true of it, that it starts, and its upload."""

import functools
import inspect
import json
import pickle
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import numpy as np
import pytest
from huggingface_hub.errors import HfHubHTTPError

from cxr_demo.errors import CXRError
from deploy import checks, local_server, space, trial, upload
from deploy.contents import FILES, ROOT, assemble
from deploy.front_matter import front_matter


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """This repository's Space; not to be changed."""
    folder = tmp_path_factory.mktemp("assembled") / "space"
    assemble(folder)
    return folder


def put(folder: Path, content: dict[str, str | bytes]) -> Path:
    """Write files into a folder by their paths."""
    for path, text in content.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def names_in(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def faults_of(check, folder: Path) -> list[str]:
    """What a check says is wrong, by sentence."""
    try:
        check(folder)
    except CXRError as error:
        return str(error).splitlines()
    return []


def is_running(status: Path) -> bool:
    """Whether a process runs, by its `/proc` file; nobody may have waited for one that does not."""
    try:
        return "(zombie)" not in status.read_text()
    except OSError:
        return False


# --- the repository's own


@pytest.mark.parametrize("check", checks.CHECKS)
def test_the_assembled_folder_passes(folder, check):
    assert faults_of(check, folder) == []


def test_what_is_in_it(folder):
    names = names_in(folder)
    assert {"cxr_demo/ui/components/viewer.js", "cxr_demo/i18n/de.json"} <= names
    assert {"assets/manifest.json", "assets/classifier/classifier.tflite"} <= names
    assert {"docs/screenshots/reading.png", "docs/input_check.md"} <= names
    assert "assets/metrics/roc.png" in names
    assert not any(name.endswith(".weights.h5") for name in names)
    assert {file.name for file in folder.iterdir()} == {*FILES, "assets", "cxr_demo", "docs"}


def test_its_server_starts_reads_an_example_and_shows_its_page(folder, monkeypatch):
    """With nothing but the folder, an environment as on Spaces, and this interpreter's packages."""
    before = names_in(folder)
    shown = {}

    def analyse(server: local_server.LocalServer, radiograph: Path) -> dict:
        for path in ("/", "/config", "/theme.css"):
            answer = server.http.get(path)
            shown[path] = answer.status_code, answer.headers["Content-Security-Policy"]
        shown["answer"] = actual_analyse(server, radiograph)
        return shown["answer"]

    actual_analyse = trial.analyse
    monkeypatch.setattr(trial, "analyse", analyse)
    monkeypatch.setenv("CXR_LOGIN", "ours:not-theirs")  # would refuse every request
    took = trial.try_out(folder, Path(sys.executable))
    assert took.startswith("page after ") and took.endswith(" s")
    answer = shown.pop("answer")
    assert answer["status"] == "ok" and answer["gate"]["grade"] == "usable"
    assert {status for status, _ in shown.values()} == {200}
    policies = {policy for _, policy in shown.values()}
    assert all(policy.endswith("https://*.hf.space") for policy in policies), "as on Spaces"
    assert names_in(folder) == before


# --- assembling


@pytest.fixture
def repository(tmp_path) -> Path:
    """A small one, whose README links to what a Space has and to what it does not."""
    root = put(
        tmp_path / "repository",
        {
            "app.py": "import cxr_demo",
            "requirements.txt": "numpy\n",
            "README.md": "![a](docs/a.png) [the *doc*](docs/doc.md#part) [t](tests/t.py)",
            "SECURITY.md": "[b](https://x.y/z) [c](mailto:a@b.c) [d](#e) `[f]` [g](gone.md#h)",
            "LICENSE": "MIT License",
            "cxr_demo/__init__.py": "",
            "docs/doc.md": "![a](a.png) ![none](../assets/no.png) [up](../README.md) [o](../../o)",
            "docs/a.png": b"\x89PNG\0",
            "tests/t.py": "",
            "assets/a.weights.h5": b"",
            "assets/n.tflite": b"\0",
        },
    )
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def test_what_is_tracked_is_copied_as_it_lies_there(repository, tmp_path):
    put(repository, {"app.py": "changed = True", "cxr_demo/private.py": "", "docs/d.png": b""})
    assemble(tmp_path / "space", repository)
    inside = {"cxr_demo/__init__.py", "docs/doc.md", "docs/a.png", "assets/n.tflite"}
    assert names_in(tmp_path / "space") == {*FILES, *inside}
    assert (tmp_path / "space/app.py").read_text() == "changed = True"


def test_links_that_lead_out_become_their_words(repository, tmp_path):
    put(tmp_path, {"o": "beside the repository, and beside the Space"})
    assemble(tmp_path / "space", repository)
    for name, expected in {
        "README.md": "![a](docs/a.png) [the *doc*](docs/doc.md#part) t",
        "SECURITY.md": "[b](https://x.y/z) [c](mailto:a@b.c) [d](#e) `[f]` g",
        "docs/doc.md": "![a](a.png) none [up](../README.md) o",
    }.items():
        assert (tmp_path / "space" / name).read_text() == expected


def test_a_symbolic_link_stays_one_and_what_it_leads_to_is_not_written(repository, tmp_path):
    """So that the check finds it."""
    secret = put(tmp_path, {"secret.md": "[a](gone.md)"}) / "secret.md"
    (repository / "SECURITY.md").unlink()
    (repository / "SECURITY.md").symlink_to(secret)
    assemble(tmp_path / "space", repository)
    assert secret.read_text() == "[a](gone.md)"
    [sentence] = faults_of(checks.check_files, tmp_path / "space")
    assert sentence.startswith("SECURITY.md is a symbolic link.")


def test_a_folder_that_is_not_empty_is_left_alone(repository, tmp_path):
    folder = put(tmp_path / "space", {"mine.txt": "kept"})
    with pytest.raises(CXRError, match=r"space is not empty\. Give a new folder"):
        assemble(folder, repository)
    assert names_in(folder) == {"mine.txt"}


def test_what_git_tracks_has_to_be_there(repository, tmp_path):
    (repository / "cxr_demo/__init__.py").unlink()
    with pytest.raises(CXRError, match=r"git tracks cxr_demo/__init__\.py, which is not there"):
        assemble(tmp_path / "space", repository)


def test_what_is_needed_has_to_be_tracked(repository, tmp_path, monkeypatch):
    subprocess.run(["git", "rm", "-q", "--cached", "LICENSE"], cwd=repository, check=True)
    with pytest.raises(CXRError, match=r"git does not track here: .*'LICENSE' did not match"):
        assemble(tmp_path / "space", repository)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(CXRError, match="not a git repository"):
        assemble(tmp_path / "space", put(tmp_path / "no_git", {"app.py": ""}))


# --- each check fails where it should


FRONT_MATTER = {
    "title": "A demo",
    "emoji": "🩻",
    "colorFrom": "gray",
    "colorTo": "blue",
    "sdk": "gradio",
    "sdk_version": "6.31.0",
    "python_version": "3.11",
    "app_file": "app.py",
    "license": "mit",
    "short_description": "x" * 60,
    "tags": ["a"],
    "suggested_hardware": "cpu-basic",
    "startup_duration_timeout": "10m",
    "disable_embedding": True,
}


def faults_of_front_matter(
    folder: Path, given: dict, asked: str = "# what serves\ngradio~=6.31\n"
) -> list[str]:
    readme = f"---\n{json.dumps(given, ensure_ascii=False)}\n---\n# A demo\n"
    put(folder, {"README.md": readme, "requirements.txt": asked, "app.py": ""})
    return faults_of(front_matter, put(folder, {"LICENSE": "MIT License\n"}))


def test_a_good_front_matter(tmp_path):
    assert faults_of_front_matter(tmp_path, FRONT_MATTER) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("title", ""),
        ("title", "x" * 51),
        ("emoji", "xray"),
        ("colorTo", "Blue"),
        ("sdk", "docker"),
        ("sdk_version", "6.30.9"),
        ("sdk_version", "7.0.0"),
        ("sdk_version", "6.31"),
        ("sdk_version", 6.31),
        ("python_version", 3.11),
        ("python_version", "3.10"),
        ("python_version", ">=3.11"),
        ("app_file", "main.py"),
        ("app_file", ""),
        ("license", "apache-2.0"),
        ("short_description", "x" * 61),
        ("tags", "research"),
        ("tags", []),
        ("suggested_hardware", "t4-small"),
        ("startup_duration_timeout", 10),
        ("disable_embedding", "yes"),
        ("apt_file", "a key that Spaces would ignore"),
    ],
)
def test_a_wrong_value_is_named(tmp_path, key, value):
    [sentence] = faults_of_front_matter(tmp_path, FRONT_MATTER | {key: value})
    assert sentence.startswith(f"README's {key} is {value!r}; ")
    assert sentence.endswith(" Correct it.")


def test_requirements_have_to_name_gradio(tmp_path):
    [sentence] = faults_of_front_matter(tmp_path, FRONT_MATTER, "numpy\n")
    assert sentence.endswith("; requirements.txt has no Gradio. Correct it.")
    with pytest.raises(ValueError, match=r"-r more\.txt"):
        faults_of_front_matter(tmp_path, FRONT_MATTER, "-r more.txt\n")


def test_missing_keys_are_named(tmp_path):
    given = {key: FRONT_MATTER[key] for key in FRONT_MATTER if key not in ("title", "tags")}
    said = [sentence.partition(";")[0] for sentence in faults_of_front_matter(tmp_path, given)]
    assert said == ["README's title is missing", "README's tags is missing"]


@pytest.mark.parametrize(
    "readme", ["# A demo\n", "---\na: 1\n", "---\na: [\n---\n", "---\na\n---\n"]
)
def test_a_broken_front_matter_is_told(tmp_path, readme):
    faults = faults_of(front_matter, put(tmp_path, {"README.md": readme}))
    assert faults[0].startswith("README's front matter is")


def test_what_is_not_for_a_space(tmp_path):
    unwanted = ("tests/a.py", "cxr_demo/tools/a.py", "cxr_demo/__pycache__/a.pyc", "a.weights.h5")
    put(tmp_path, {"cxr_demo/a.py": "", **dict.fromkeys(unwanted, "")})
    faults = faults_of(checks.check_files, tmp_path)
    assert sorted(faults) == sorted(
        f"{path} is not for a Space. Leave it out." for path in unwanted
    )


@pytest.mark.parametrize(("size", "count"), [(50_000_000, 0), (50_000_001, 1)])
def test_the_most_bytes(tmp_path, size, count):
    with (tmp_path / "a.bin").open("wb") as sparse:
        sparse.truncate(size)
    assert len(faults_of(checks.check_files, tmp_path)) == count


def test_pickles(tmp_path):
    put(tmp_path, {"a.pkl": b"", "b.dat": pickle.dumps({}), "d.dat": b"\x80\x06"})
    np.savez(tmp_path / "c.npz", x=np.array([{}], object))
    np.savez(tmp_path / "e.npz", x=np.zeros(3))
    with zipfile.ZipFile(tmp_path / "f.dat", "w") as archive:
        archive.writestr("archive/data.pkl", b"")
        archive.writestr("inner.zip", (tmp_path / "e.npz").read_bytes())
    faults = faults_of(checks.check_files, tmp_path)
    assert [sentence.split()[0] for sentence in faults] == ["a.pkl", "b.dat", "c.npz", "f.dat"]
    assert all("pickle" in sentence for sentence in faults)


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b"/ho" + b"me/ann/x", 1),
        (b'"/Us' + b'ers/ann"', 1),
        (b"C:\\Us" + b"ers\\ann", 1),
        (b"\0/tm" + b"p/tmpx\0", 1),
        (str(ROOT).encode() + b"/x", 1),
        (b"/tmp, /home and /opt/cxr-demo", 0),
    ],
)
def test_paths_of_one_machine(tmp_path, content, count):
    faults = faults_of(checks.check_files, put(tmp_path, {"a.dat": content}))
    assert len(faults) == count and all(f.startswith("a.dat names a path of") for f in faults)


def test_an_artefact_that_is_missing_or_another(tmp_path):
    entries = [{"path": name, "sha256": "0" * 64} for name in ("a.weights.h5", "n.npz")]
    put(tmp_path, {"assets/manifest.json": json.dumps(entries)})
    assert "assets/n.npz cannot be read" in faults_of(checks.check_artefacts, tmp_path)[0]
    put(tmp_path, {"assets/n.npz": b"other"})
    assert "assets/n.npz is not the file" in faults_of(checks.check_artefacts, tmp_path)[0]


# --- trying it out


def test_a_module_that_cannot_be_imported_is_told(tmp_path):
    put(tmp_path, {"cxr_demo/__init__.py": "", "cxr_demo/cli/__init__.py": "import gone"})
    with pytest.raises(CXRError, match=r"is not enough: .*No module named 'gone'"):
        trial.try_out(tmp_path, Path(sys.executable))


def test_a_server_that_ends_is_told(tmp_path):
    put(tmp_path, {"app.py": "import sys; sys.exit('Refusing to start: no reason')"})
    with pytest.raises(CXRError, match=r"it has ended.*Refusing to start: no reason"):
        trial.try_out(tmp_path, Path(sys.executable))


def test_a_server_that_never_becomes_healthy_is_told_and_ended(tmp_path, monkeypatch):
    """With what it has started."""
    monkeypatch.setattr(local_server, "START_S", 2)
    server = (
        "import pathlib, subprocess, sys; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "pathlib.Path('pid').write_text(str(child.pid)); child.wait()"
    )
    put(tmp_path, {"app.py": server})
    with pytest.raises(CXRError, match="not healthy after 2 s"):
        trial.try_out(tmp_path, Path(sys.executable))
    status = Path(f"/proc/{(tmp_path / 'pid').read_text()}/status")
    until = time.monotonic() + 10
    while is_running(status) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_running(status)


# --- uploading


@pytest.fixture
def hub(monkeypatch) -> SimpleNamespace:
    """The Hub's functions that are called, which only note it; `public` is there for all."""
    calls = []
    there = SimpleNamespace(
        calls=calls,
        create_repo=lambda *args, **named: calls.append(("create", args, named)) or "https://hub/x",
        space_info=lambda name: SimpleNamespace(private=name != "ann/public"),
        upload_folder=lambda **named: calls.append(("upload", (), named)),
    )
    monkeypatch.setattr(upload, "HfApi", lambda: there)
    monkeypatch.setattr(upload, "get_token", lambda: "a token")
    return there


@pytest.mark.parametrize(("private", "asked"), [(False, None), (True, True)])
def test_a_space_is_made_and_all_that_it_has_is_replaced(hub, tmp_path, private, asked):
    assert upload.upload(tmp_path, "ann/x", private) == "https://hub/x"
    (made, _, how), (uploaded, _, what) = hub.calls
    assert (made, uploaded) == ("create", "upload")
    where = {"repo_id": "ann/x", "repo_type": "space"}
    assert how == {**where, "space_sdk": "gradio", "exist_ok": True, "private": asked}
    assert what == {**where, "folder_path": tmp_path, "delete_patterns": "*"}
    for function, named in (("create_repo", how), ("upload_folder", what)):
        known = inspect.signature(getattr(huggingface_hub.HfApi, function)).parameters
        assert named.keys() <= known.keys(), "the real one takes them"


def test_a_space_that_is_to_be_private_and_is_not_is_left_alone(hub, tmp_path):
    with pytest.raises(CXRError, match=r"ann/public is there for all to see\. Make it private"):
        upload.upload(tmp_path, "ann/public", True)
    assert [call for call, *_ in hub.calls] == ["create"]


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(401, "Log in again"), (402, "subscription"), (403, "may write"), (404, "Correct the name")],
)
def test_what_the_hub_refuses_is_told_with_what_to_do(hub, tmp_path, status, remedy):
    def refuse(**_):
        answer = SimpleNamespace(status_code=status, headers={}, request=None)
        raise HfHubHTTPError("long", response=answer, server_message="No.")

    hub.upload_folder = refuse
    with pytest.raises(CXRError, match=rf"refuses ann/x \({status}, No\.\)\. .*{remedy}"):
        upload.upload(tmp_path, "ann/x", False)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("ann/x", "Nothing reaches the Hub .*refused.*Check the network"),
        ("x", "x is no name for a Space .*Give NAME/SPACE"),
        ("ann/x/y", "ann/x/y is no name for a Space .*Give NAME/SPACE"),
    ],
)
def test_the_real_functions_without_a_network(hub, tmp_path, monkeypatch, name, sentence):
    nowhere = functools.partial(huggingface_hub.HfApi, "http://127.0.0.1:1", token="a token")
    monkeypatch.setattr(upload, "HfApi", nowhere)
    with pytest.raises(CXRError, match=sentence):
        upload.upload(tmp_path, name, False)


def test_who_is_not_logged_in_is_told_how_to(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(upload, "get_token", lambda: None)
    with pytest.raises(CXRError, match="Run `hf auth login`"):
        upload.upload(tmp_path, "ann/x", False)
    assert hub.calls == []


# --- the command


def test_a_fault_ends_with_its_sentence_before_anything_is_started_or_uploaded(
    hub, tmp_path, monkeypatch, capsys
):
    def assemble_with_a_pickle(folder: Path) -> None:
        put(folder, {"README.md": "# none\n", "a.pkl": b""})

    monkeypatch.setattr(space, "assemble", assemble_with_a_pickle)
    command = ["space", str(tmp_path / "new"), "--start", "--upload", "ann/x"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        space.main()
    assert "README's front matter is None" in ended.value.code
    assert "a.pkl is or holds a pickle" in ended.value.code
    assert capsys.readouterr().out.count("FAILED") == 3 and hub.calls == []


def test_what_passes_is_uploaded(hub, folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(space, "assemble", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["space", str(folder), "--upload", "ann/x", "--private"])
    space.main()
    assert capsys.readouterr().out.endswith("\nUploaded to https://hub/x\n")
    assert hub.calls[-1][2]["folder_path"] == folder
