"""A Space's folder: what goes in, what has to be true of it, and that it starts."""

import json
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from cxr_demo.analysis import Analyser
from cxr_demo.artefacts import Artefacts
from cxr_demo.errors import CXRError
from cxr_demo.reference.thumbnails import Thumbnails
from cxr_demo.ui import briefing
from deploy import checks, contents, imports, space, trial
from deploy.checks import CHECKS
from deploy.contents import ROOT, assemble, chosen, is_served, large_files, without_dead_links
from deploy.front_matter import OLDEST_PYTHON


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


# --- the repository's own


@pytest.mark.parametrize("name", CHECKS)
def test_the_assembled_folder_passes(folder, name):
    found, wrong = CHECKS[name](folder)
    assert wrong == [] and found


def test_what_is_in_it(folder):
    names = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert {"app.py", "requirements.txt", "README.md", "LICENSE", ".gitattributes"} <= names
    assert {"cxr_demo/ui/static/index.html", "cxr_demo/i18n/de.json"} <= names
    assert {"assets/manifest.json", "assets/classifier/classifier.tflite"} <= names
    assert {"docs/screenshots/reading.png", "assets/metrics/roc.png", "docs/gate.md"} <= names
    assert "assets/metrics/reliability.png" in names, "docs/released_classifier.md shows it"
    assert "assets/metrics/test_predictions.json" not in names
    assert "docs/screenshots/phone.png" not in names, "README does not show it"
    assert not any(name.endswith(".weights.h5") for name in names)
    assert {name.split("/")[0] for name in names if "/" in name} == {"assets", "cxr_demo", "docs"}


def test_of_the_metrics_exactly_those_are_served_that_the_page_reads():
    read = set()

    class Watched(Artefacts):
        def read(self, path: str) -> bytes:
            read.add(path)
            return super().read(path)

    artefacts = Watched()
    analyser = Analyser(artefacts)
    Thumbnails(analyser.library, artefacts)  # which reads the examples
    briefing.about(artefacts)
    assert len(read) > 20
    assert [path for path in read if not is_served(path)] == []
    assert {path for path in read if path.startswith("metrics/")} == contents.PAGE_METRICS


def test_its_server_starts_reads_an_example_and_shows_its_page(folder, monkeypatch):
    """With nothing but the folder, an environment as on Spaces, and this interpreter's packages."""
    before = sorted(folder.rglob("*"))
    shown = {}

    def read(address: str, radiograph: bytes) -> dict:
        for path in ("/start.json", "/about.json", "/pictures/0", "/examples/0"):
            with urllib.request.urlopen(address + path, timeout=60) as answer:
                shown[path] = answer.status, answer.headers["Content-Security-Policy"]
        shown["answer"] = actually_read(address, radiograph)
        return shown["answer"]

    actually_read = trial.read
    monkeypatch.setattr(trial, "read", read)
    monkeypatch.setenv("CXR_LOGIN", "ours:not-theirs")  # would refuse every request
    took = trial.try_out(folder, Path(sys.executable))
    assert 0 < took.well_s <= trial.START_S and took.page_s > 0 and took.reading_s > 0
    answer = shown.pop("answer")
    assert answer["status"] == "ok" and answer["gate"]["grade"] == "usable"
    assert {status for status, _ in shown.values()} == {200}
    policies = {policy for _, policy in shown.values()}
    assert all(policy.endswith("https://*.hf.space") for policy in policies), "as on Spaces"
    assert sorted(folder.rglob("*")) == before


def test_the_oldest_python_is_the_projects():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert str(OLDEST_PYTHON) == project["requires-python"]


# --- assembling


@pytest.fixture
def repository(tmp_path) -> Path:
    """A small one, whose README shows a picture and a document that shows another."""
    root = put(
        tmp_path / "repository",
        {
            "app.py": "import cxr_demo",
            "requirements.txt": "numpy\n",
            "README.md": "![a](docs/a.png) [the *doc*](docs/doc.md#part) [t](tests/t.py) [x](http://x.y)",
            "SECURITY.md": "[t](tests/t.py)",
            "LICENSE": "MIT License",
            "cxr_demo/__init__.py": "",
            "docs/doc.md": "![b](b.png) ![none](../assets/none.png) [up](../README.md) [top](#top)",
            "docs/a.png": b"\x89PNG\0",
            "docs/b.png": b"\x89PNG\0",
            "docs/c.png": b"\x89PNG\0",
            "tests/t.py": "",
            "assets/a.weights.h5": b"",
            "assets/n.tflite": b"\0",
            "assets/manifest.json": json.dumps([{"path": "n.tflite"}, {"path": "a.weights.h5"}]),
        },
    )
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return root


def test_what_is_chosen(repository):
    put(repository, {"cxr_demo/private.py": "", "docs/d.png": b""})
    assert chosen(repository) == [
        "LICENSE",
        "README.md",
        "SECURITY.md",
        "app.py",
        "assets/manifest.json",
        "assets/n.tflite",
        "cxr_demo/__init__.py",
        "docs/a.png",
        "docs/b.png",
        "docs/doc.md",
        "requirements.txt",
    ]


def test_how_it_is_copied(repository, tmp_path):
    """As it lies there, not as it was added, and with links to what is left out undone."""
    put(repository, {"app.py": "changed = True"})
    folder = tmp_path / "space"
    assert assemble(folder, repository) == sorted([*chosen(repository), ".gitattributes"])
    assert (folder / "app.py").read_text() == "changed = True"
    readme = "![a](docs/a.png) [the *doc*](docs/doc.md#part) t [x](http://x.y)"
    assert (folder / "README.md").read_text() == readme
    assert (folder / "SECURITY.md").read_text() == "t"
    document = "![b](b.png) none [up](../README.md) [top](#top)"
    assert (folder / "docs/doc.md").read_text() == document
    lfs = "filter=lfs diff=lfs merge=lfs -text\n"
    assert (folder / ".gitattributes").read_text() == f"*.png {lfs}*.tflite {lfs}"


def test_a_symbolic_link_stays_one_and_what_it_leads_to_is_not_written(repository, tmp_path):
    """So that the check finds it."""
    secret = tmp_path / "secret.md"
    secret.write_text("[a](gone.md)")
    (repository / "SECURITY.md").unlink()
    (repository / "SECURITY.md").symlink_to(secret)
    assemble(tmp_path / "space", repository)
    assert (tmp_path / "space/SECURITY.md").is_symlink()
    assert secret.read_text() == "[a](gone.md)"
    (_, [sentence]) = checks.check_safe(tmp_path / "space")
    assert sentence.startswith("SECURITY.md is a symbolic link.")


def test_a_folder_that_is_not_empty_is_left_alone(repository, tmp_path):
    folder = put(tmp_path / "space", {"mine.txt": "kept"})
    with pytest.raises(CXRError, match=r"space is not empty\. Give a new folder"):
        assemble(folder, repository)
    assert [file.name for file in folder.iterdir()] == ["mine.txt"]


def test_what_git_tracks_has_to_be_there(repository):
    (repository / "cxr_demo/__init__.py").unlink()
    with pytest.raises(CXRError, match=r"git tracks cxr_demo/__init__\.py, but it is not there"):
        chosen(repository)


def test_what_is_needed_has_to_be_tracked(repository):
    subprocess.run(["git", "rm", "-q", "--cached", "LICENSE"], cwd=repository, check=True)
    with pytest.raises(CXRError, match="git does not track LICENSE"):
        chosen(repository)


def test_a_folder_without_git_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    put(tmp_path, {"assets/manifest.json": "[]"})
    with pytest.raises(CXRError, match="from a git checkout only"):
        chosen(tmp_path)


def test_links_are_undone_only_within_the_space(tmp_path):
    text = "[a](gone.md) [b](https://x.y/z) [c](mailto:a@b.c) [d](#e) `[f]` [g](here.md#h)"
    put(tmp_path, {"here.md": ""})
    expected = text.replace("[a](gone.md)", "a")
    assert without_dead_links(text, "README.md", tmp_path) == expected


def test_large_and_binary_files_are_named_by_their_endings(tmp_path):
    put(tmp_path, {"a.txt": b"x" * 10_000_000, "b.txt": b"x", "c.bin": b"x\0"})
    assert large_files(tmp_path, ["a.txt", "b.txt", "c.bin"]).split()[::5] == ["*.bin"]
    put(tmp_path, {"a.txt": b"x" * 10_000_001})
    assert large_files(tmp_path, ["a.txt", "b.txt", "c.bin"]).split()[::5] == ["*.bin", "*.txt"]


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


def front_matter_of(folder: Path, given: dict) -> tuple[str, list[str]]:
    readme = f"---\n{json.dumps(given, ensure_ascii=False)}\n---\n# A demo\n"
    asked = "# what serves\ngradio~=6.31\n"
    put(folder, {"README.md": readme, "requirements.txt": asked, "app.py": ""})
    put(folder, {"LICENSE": "MIT License\n"})
    return checks.check_front_matter(folder)


def test_a_good_front_matter(tmp_path):
    found, wrong = front_matter_of(tmp_path, FRONT_MATTER)
    assert wrong == [] and found.endswith(", Python 3.11, app.py, mit")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("title", ""),
        ("title", "x" * 51),
        ("emoji", "xray"),
        ("colorFrom", "black"),
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
    ],
)
def test_a_wrong_value_is_named(tmp_path, key, value):
    _, wrong = front_matter_of(tmp_path, FRONT_MATTER | {key: value})
    assert len(wrong) == 1 and wrong[0].startswith(f"README's {key} is {value!r}; it has to be ")


@pytest.mark.parametrize("key", FRONT_MATTER)
def test_a_missing_key_is_named(tmp_path, key):
    given = {name: value for name, value in FRONT_MATTER.items() if name != key}
    assert front_matter_of(tmp_path, given)[1] == [f"README's front matter lacks {key}."]


def test_a_misspelt_key_is_named(tmp_path):
    _, wrong = front_matter_of(tmp_path, FRONT_MATTER | {"apt_file": "x"})
    assert wrong == ["README's front matter has apt_file, which is none of Spaces' keys."]


@pytest.mark.parametrize(
    "readme",
    ["# A demo\n", "---\nsdk: gradio\n", "---\na: [\n---\n", "---\na\n---\n", "\n---\na: 1\n---\n"],
)
def test_a_broken_front_matter_is_told(tmp_path, readme):
    (_, [sentence]) = checks.check_front_matter(put(tmp_path, {"README.md": readme}))
    assert sentence.startswith("README") and "front matter" in sentence


def test_a_requirement_that_is_none_is_told(tmp_path):
    front_matter_of(tmp_path, FRONT_MATTER)
    put(tmp_path, {"requirements.txt": "-r more.txt\n"})
    for check in (checks.check_front_matter, imports.check_imports):
        (_, [sentence]) = check(tmp_path)
        assert sentence.startswith("requirements.txt has a line that is no package")


def test_a_dead_link(tmp_path):
    put(tmp_path, {"docs/a.md": "[b](b.md) ![c](../c.png) [d](https://d.e)", "docs/b.md": ""})
    sentence = "docs/a.md links to c.png, which the Space does not have."
    assert checks.check_links(tmp_path)[1] == [sentence]


@pytest.mark.parametrize(("size", "faults"), [(50_000_000, 0), (50_000_001, 1)])
def test_the_most_bytes(tmp_path, size, faults):
    with (tmp_path / "a.bin").open("wb") as sparse:
        sparse.truncate(size)
    assert len(checks.check_size(tmp_path)[1]) == faults


@pytest.mark.parametrize(
    ("attributes", "content", "fault"),
    [
        ("*.bin filter=lfs -text", b"\0", None),
        ("large/a.bin filter=lfs", b"\0", None),
        ("other/a.bin filter=lfs", b"\0", "binary"),
        ("*.bin text", b"\0", "binary"),
        ("", b"x" * 10_000_000, None),
        ("", b"x" * 10_000_001, "over 10 MB"),
    ],
)
def test_what_plain_git_may_not_hold(tmp_path, attributes, content, fault):
    put(tmp_path, {"large/a.bin": content})
    put(tmp_path, {".gitattributes": attributes})
    sentence = f"large/a.bin is {fault} and has no filter=lfs pattern in .gitattributes."
    assert checks.check_large_files(tmp_path)[1] == ([sentence] if fault else [])


@pytest.mark.parametrize(
    "path",
    [
        "tests/a.py",
        "train/a.py",
        "bench/a.py",
        ".ci/run",
        "cxr_demo/__pycache__/a.pyc",
        "assets/a.weights.h5",
    ],
)
def test_what_is_not_for_a_space(tmp_path, path):
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).touch()
    wrong = checks.check_nothing_else(tmp_path)[1]
    assert wrong == [f"{path} is not for a Space. Delete it there."]


def test_a_symbolic_link(tmp_path):
    put(tmp_path, {"a.txt": "x"})
    (tmp_path / "b.txt").symlink_to("a.txt")
    (_, [sentence]) = checks.check_safe(tmp_path)
    assert sentence.startswith("b.txt is a symbolic link.")


def test_pickles(tmp_path):
    import pickle
    import zipfile

    put(tmp_path, {"a.pkl": b"", "b.dat": pickle.dumps({}), "d.dat": b"\x80\x06"})
    np.savez(tmp_path / "c.npz", x=np.array([{}], object))
    np.savez(tmp_path / "e.npz", x=np.zeros(3))
    with zipfile.ZipFile(tmp_path / "f.dat", "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    wrong = checks.check_safe(tmp_path)[1]
    assert sorted(sentence.split()[0] for sentence in wrong) == ["a.pkl", "b.dat", "c.npz", "f.dat"]
    assert all("pickle" in sentence for sentence in wrong)


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (b"/ho" + b"me/ann/x", 1),
        (b'"/Us' + b'ers/ann"', 1),
        (b"C:\\Us" + b"ers\\ann", 1),
        (b"\0/tm" + b"p/tmpx\0", 1),
        (str(ROOT).encode() + b"/x", 1),
        (b"/tmp, /home and /opt/cxr-demo", 0),
    ],
)
def test_paths_of_one_machine(tmp_path, content, faults):
    wrong = checks.check_safe(put(tmp_path, {"a.dat": content}))[1]
    assert len(wrong) == faults and all(w.startswith("a.dat names a path of") for w in wrong)


def test_an_artefact_that_is_missing_or_another(tmp_path):
    entries = [{"path": name, "sha256": "0" * 64} for name in ("n.npz", "a.weights.h5")]
    put(tmp_path, {"assets/manifest.json": json.dumps(entries)})
    assert "assets/n.npz cannot be read" in checks.check_artefacts(tmp_path)[1][0]
    put(tmp_path, {"assets/n.npz": b"other"})
    assert "assets/n.npz is not the file" in checks.check_artefacts(tmp_path)[1][0]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("import json, cxr_demo.reading.types, numpy.linalg", None),
        ("from cxr_demo import errors, __version__", None),
        ("def f():\n    import starlette", None),  # comes with gradio
        ("try:\n    import ray.data\nexcept ImportError:\n    import json", None),
        ("try:\n    import ray\nexcept ValueError:\n    pass", "ray"),
        ("try:\n    import json\nexcept ImportError:\n    import ray", "ray"),
        ("def f():\n    import pytest", "pytest"),
        ("def f():\n    import faiss", None),
        ("import cxr_demo.gone", "cxr_demo.gone"),
        ("from cxr_demo import gone", "cxr_demo.gone"),
        ("from cxr_demo.reading.types import gone", None),
        ("from train.models.training import fit", "train"),
    ],
)
def test_what_the_code_imports(tmp_path, code, fault):
    put(
        tmp_path,
        {
            "app.py": code,
            "cxr_demo/__init__.py": "__version__ = ''",
            "cxr_demo/errors.py": "",
            "cxr_demo/reading/types.py": "",
            "requirements.txt": "numpy~=2.4\ngradio~=6.31\n",
        },
    )
    wrong = imports.check_imports(tmp_path)[1]
    assert [sentence.split()[:3] for sentence in wrong] == (
        [["app.py", "imports", f"{fault}{',' if '.' in fault else '.'}"]] if fault else []
    )


# --- the command


def test_a_fault_ends_with_its_sentence(tmp_path, monkeypatch, capsys):
    def assemble_with_a_pickle(folder: Path) -> None:
        put(folder, {"README.md": "# none\n", "requirements.txt": "", "a.pkl": b""})

    monkeypatch.setattr(space, "assemble", assemble_with_a_pickle)
    monkeypatch.setattr(sys, "argv", ["space", str(tmp_path / "new"), "--start"])
    with pytest.raises(SystemExit) as ended:
        space.main()
    assert "README.md does not begin with front matter" in ended.value.code
    assert "a.pkl is or holds a pickle" in ended.value.code
    said = capsys.readouterr().out
    assert "front matter  FAILED" in said and "size          ok" in said and "started" not in said


def test_a_server_that_ends_is_told(tmp_path, monkeypatch):
    put(tmp_path, {"app.py": "import sys; sys.exit('Refusing to start: no reason')"})
    with pytest.raises(CXRError, match="The Space has ended: Refusing to start: no reason"):
        trial.try_out(tmp_path, Path(sys.executable))


def test_a_server_that_never_gets_well_is_told_and_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "START_S", 1)
    server = (
        "import os, pathlib, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(60)"
    )
    put(tmp_path, {"app.py": server})
    with pytest.raises(CXRError, match="not well after 1 s"):
        trial.try_out(tmp_path, Path(sys.executable))
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists()
