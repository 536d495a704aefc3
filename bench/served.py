"""Measures the servers of two ways: when they answer after a start, and how much memory they take.

Each way has an environment with the packages that it needs and no others, as where it is deployed:
Gradio imports what it finds of notebooks and clients besides, and keeps 60 MB for it. Requests are
written by hand, as for `curl`: a client library asks for more than the answer, and that would be
measured too. Files and modules are in the operating system's cache, as after a first start.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import httpx

from bench.inputs import EXAMPLES, ROOT, SYNTAXES, prepare
from bench.memory import watched_memory
from deploy.local_server import LocalServer, local_server

KERAS_MODELS = ROOT / ".work" / "bench"
"""Where `bench.keras_baseline prepare` writes, and environments are made."""
STARTS = 3
TRIES = 20
COMMANDS = {
    "ours": ("app.py",),
    "obvious": ("-m", "bench.keras_baseline", "serve", str(KERAS_MODELS)),
}
ANALYSES = {"ours": 200, "obvious": 40}
"""While how many the memory is watched; fewer for the obvious way, which is slow."""
DICOM_EVERY = 5
"""Of these, how many pictures there are to one DICOM file, itself included."""


def measure_servers() -> dict[str, dict]:
    """By way, "cold_start_s": {"first_page", "first_answer"}, median seconds after a start; and
    "peak_memory_mb": 10⁶ bytes, the most that the server held in ANALYSES after the last start,
    together with the processes in which it reads DICOM files."""
    inputs, pythons = prepare(), {way: environment(way) for way in COMMANDS}
    seconds = {way: {"first_page": [], "first_answer": []} for way in COMMANDS}
    memory = {}
    variables = os.environ | {"GRADIO_ANALYTICS_ENABLED": "False"}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # from the second start on nothing is compiled
    for start in range(STARTS):
        for way, command in COMMANDS.items():
            with local_server([pythons[way], *command], ROOT, variables) as server:
                seconds[way]["first_page"].append(server.wait_for("/"))
                analyse(server, EXAMPLES[0])
                seconds[way]["first_answer"].append(server.seconds_since_start())
                if start == STARTS - 1:
                    with watched_memory(server.process.pid) as peak:
                        for number in range(1, ANALYSES[way] + 1):
                            analyse(server, of_turn(number, inputs))
                    memory[way] = peak() / 1e6
    medians = {way: {e: median(s) for e, s in events.items()} for way, events in seconds.items()}
    return {"cold_start_s": medians, "peak_memory_mb": memory}


def environment(way: str) -> Path:
    """The Python of an environment with what a way needs, made where there is none."""
    needed = ["-r", ROOT / "requirements.txt"]
    if way == "obvious":
        more = (ROOT / "requirements-train.txt").read_text().splitlines()
        needed += [line for line in more if line.startswith(("tensorflow", "scikit-learn"))]
    folder = KERAS_MODELS / "environments" / way
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.check_call([sys.executable, "-m", "venv", folder])
    subprocess.check_call([python, "-m", "pip", "install", "--quiet", *needed])
    return python


def analyse(server: LocalServer, file: Path) -> dict:
    """Upload one file and wait for its analysis."""
    files = {"files": file.read_bytes()}
    upload = patiently(lambda: server.http.post("/gradio_api/upload", files=files))
    asked = {"image": {"path": upload.json()[0], "meta": {"_type": "gradio.FileData"}}}
    call = patiently(lambda: server.http.post("/gradio_api/call/v2/analyse", json=asked))
    events = server.http.get(f"/gradio_api/call/analyse/{call.json()['event_id']}").text
    last = events.rstrip().split("\n\n")[-1]
    if "event: complete" not in last:
        raise RuntimeError(f"no answer: {last[:200]}")
    return json.loads(last.partition("data: ")[2])[0]


def patiently(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask, and where the server says when to ask again, do so; at most TRIES times.

    Raises:
        httpx.HTTPStatusError: if it says no such time, or says it still.
    """
    for left in reversed(range(TRIES)):
        try:
            return ask()
        except httpx.HTTPStatusError as refused:
            again = refused.response.headers.get("Retry-After")
            if again is None or not left:
                raise
            time.sleep(float(again))
    raise AssertionError


def of_turn(number: int, inputs: dict[str, list[Path]]) -> Path:
    """One of the examples: every DICOM_EVERY-th as a DICOM file, by turns of each syntax."""
    turn, rest = divmod(number, DICOM_EVERY)
    kind = "jpeg" if rest else list(SYNTAXES)[turn % len(SYNTAXES)]
    return inputs[kind][number % len(EXAMPLES)]
