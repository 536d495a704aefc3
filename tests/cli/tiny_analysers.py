"""Analysers of a few lines for tests of `process_pool` and `ray_job`; importable elsewhere.

A "file" is a path whose name says what becomes of it. Data contract as
`file_record.FileAnalyser`.
"""

import json
import os
import signal
import time
from pathlib import Path

from cxr_demo.errors import ArtefactError


def record(file: str) -> str:
    """What the analysers here say of a file: its name, shouted."""
    return json.dumps({"burned_in": False, "line": {"file": file, "status": Path(file).name}})


class Plain:
    """Answers at once, and takes down in the file itself that it was asked."""

    def __init__(self, threads: int | None):
        self.threads = threads

    def __call__(self, file: str) -> str:
        with Path(file).open("a") as asked:
            asked.write(f"{os.getpid()} {self.threads}\n")
        return record(file)


class Placed(Plain):
    """Takes its time, and tells on which cores it may run."""

    def __call__(self, file: str) -> str:
        time.sleep(0.05)
        with Path(file).open("a") as told:
            told.write(f"{os.getpid()} {sorted(os.sched_getaffinity(0))}\n")
        return record(file)


class Killed(Plain):
    """A file called "once" kills its process when it is first seen, one called "always" always."""

    def __call__(self, file: str) -> str:
        seen = Path(file).stat().st_size > 0
        answer = super().__call__(file)
        name = Path(file).name
        if name.startswith("always") or (name.startswith("once") and not seen):
            os.kill(os.getpid(), signal.SIGKILL)
        return answer


class Crowded(Plain):
    """A file called "once" kills its process while another analyses something."""

    def __call__(self, file: str) -> str:
        folder = Path(file).parent
        if Path(file).name == "once":
            time.sleep(0.3)  # the other process is in the midst of a file then
            if any(is_alive(int(busy.name[4:])) for busy in folder.glob("busy*")):
                os.kill(os.getpid(), signal.SIGKILL)
        busy = folder / f"busy{os.getpid()}"
        busy.touch()
        time.sleep(0.3)
        busy.unlink()
        return super().__call__(file)


def is_alive(process: int) -> bool:
    """Whether it runs, rather than having ended without anybody asking how."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Slow(Plain):
    """Takes a tenth of a second for a file, and a minute for one called "stuck"."""

    def __call__(self, file: str) -> str:
        time.sleep(60 if Path(file).name.startswith("stuck") else 0.1)
        return super().__call__(file)


class NeverBegins:
    """Dies before it is there."""

    def __init__(self, threads: int | None):
        os.kill(os.getpid(), signal.SIGKILL)


class Damaged:
    """Finds its artefacts damaged."""

    def __init__(self, threads: int | None):
        raise ArtefactError("assets/x is not the file the manifest names")
