"""Measures the servers of two ways: when they answer after a start, and how much memory they take.

Requests are written by hand, as for `curl`: a client library asks for more than the answer, and
that would be measured too. Files and modules are in the operating system's cache, as after a first
start.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import httpx

from cxr_demo.artefacts import ASSETS
from deploy.local_server import LocalServer, local_server

ROOT = Path(__file__).parent.parent
KERAS_MODELS = ROOT / ".work" / "bench"
"""Where `bench.keras_baseline prepare` writes."""
EXAMPLES = [path for path in sorted((ASSETS / "examples").iterdir()) if path.suffix != ".md"]
STARTS = 3
TRIES = 20
COMMANDS = {
    "ours": ("app.py",),
    "obvious": ("-m", "bench.keras_baseline", "serve", str(KERAS_MODELS)),
}
ANALYSES = {"ours": 200, "obvious": 40}
"""After how many the memory is read; fewer for the obvious way, which is slow."""


def measure_servers() -> dict[str, dict]:
    """By way, "cold_start_s": {"first_page", "first_answer"}, median seconds after a start; and
    "peak_memory_mb": 10⁶ bytes, the most that the server's process held in ANALYSES after the last
    start."""
    seconds = {way: {"first_page": [], "first_answer": []} for way in COMMANDS}
    memory = {}
    variables = os.environ | {"GRADIO_ANALYTICS_ENABLED": "False", "CXR_PER_MINUTE": "1000000"}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # from the second start on nothing is compiled
    for start in range(STARTS):
        for way, command in COMMANDS.items():
            with local_server([sys.executable, *command], ROOT, variables) as server:
                seconds[way]["first_page"].append(server.wait_for("/"))
                analyse(server, EXAMPLES[0])
                seconds[way]["first_answer"].append(server.seconds_since_start())
                if start == STARTS - 1:
                    for number in range(1, ANALYSES[way]):
                        analyse(server, EXAMPLES[number % len(EXAMPLES)])
                    memory[way] = peak_megabytes(server)
    medians = {way: {e: median(s) for e, s in events.items()} for way, events in seconds.items()}
    return {"cold_start_s": medians, "peak_memory_mb": memory}


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


def peak_megabytes(server: LocalServer) -> float:
    """The most memory that the server's process has held, in 10⁶ bytes; Linux only."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6
