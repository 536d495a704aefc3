"""Writes results, and `assets/manifest.json`: what each artefact is and how to make it again."""

import hashlib
import json
import shlex
import subprocess
import sys
from pathlib import Path

from cxr_demo.artefacts import ASSETS

ROOT = Path(__file__).parent.parent.parent
"""The repository that the code stands in; `ASSETS` may lie elsewhere."""

KERMANY = "Kermany, Zhang, Goldbaum (2018), Mendeley Data v2, doi:10.17632/rscbjbr9sj.2, CC BY 4.0"


def register(
    path: Path,
    command: str | None = None,
    data: str = KERMANY,
    root: Path = ASSETS,
    commit: str | None = None,
) -> None:
    """Add or renew one artefact's entry.

    Args:
        path: the artefact, below `root`.
        command: what makes it; None for the one that runs.
        data: what it was made from, with its source.
        root: the folder of the manifest.
        commit: the code that made it; None for the current one.
    """
    manifest = root / "manifest.json"
    entries = json.loads(manifest.read_text()) if manifest.exists() else []
    name = path.relative_to(root).as_posix()
    content = path.read_bytes()
    entry = {
        "path": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "command": command or current_command(),
        "commit": commit or current_commit(),
        "data": data,
    }
    entries = sorted(
        [other for other in entries if other["path"] != name] + [entry], key=lambda e: e["path"]
    )
    manifest.write_text(json.dumps(entries, indent=1) + "\n")


def write_json(path: Path, content: dict | list, command: str | None = None) -> None:
    """Write a result below `ASSETS` and register it.

    Args:
        path: where.
        content: what, plain enough for JSON.
        command: as for `register`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")
    register(path, command)


def current_command() -> str:
    """What started this process, as it can be typed again from the repository's root."""
    return shlex.join(["python", *sys.orig_argv[1:]])


def current_commit() -> str:
    """The commit this code stands on, marked when it holds changes to the code."""
    described = subprocess.run(
        ["git", "describe", "--always", "--abbrev=12", "--exclude=*"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    ).stdout.strip()  # fmt: skip
    changed = subprocess.run(
        ["git", "status", "--porcelain", "--", "cxr_demo", "train", "bench"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    ).stdout  # fmt: skip
    return described + ("+changes" if changed else "")
