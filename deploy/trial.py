"""Starts an assembled Space as Spaces would, and asks it for one reading over plain HTTP.

Data contract: the server sees PATH, a HOME and a TMPDIR of its own and the variables that Spaces
sets, nothing else of ours; it listens on loopback. Whatever is made is removed, whatever happens.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cxr_demo.errors import CXRError

INSTALL_S = 900
START_S = 120
ANSWER_S = 60
END_S = 20
HOST = "someone-chest-x-ray.hf.space"
SPACE = {
    "SYSTEM": "spaces",
    "SPACE_ID": "someone/chest-x-ray",
    "SPACE_HOST": HOST,
    "SPACE_AUTHOR_NAME": "someone",
    "SPACE_REPO_NAME": "chest-x-ray",
    "SPACE_TITLE": "Chest X-ray reading demo",
    "CPU_CORES": "2",
    "MEMORY": "16Gi",
    "GRADIO_ALLOW_FLAGGING": "never",
    "GRADIO_NUM_PORTS": "1",
    "GRADIO_THEME": "huggingface",
    "PYTHONUNBUFFERED": "1",
}


@dataclass(frozen=True)
class Trial:
    """Seconds from the start of the process to the page and to a good health check, and how long
    the first reading took after that."""

    page_s: float
    well_s: float
    reading_s: float


def install(folder: Path, gradio: str, environment: Path) -> Path:
    """Make a virtual environment with what Spaces would install, and nothing more.

    Args:
        folder: the assembled Space.
        gradio: the version that README's front matter names.
        environment: a folder to make it in.

    Returns:
        Its interpreter.

    Raises:
        CXRError: if that fails or takes longer than INSTALL_S.
    """
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for command in (
        [sys.executable, "-m", "venv", environment],
        [*pip, "-r", folder / "requirements.txt", f"gradio=={gradio}"],
    ):
        try:
            done = subprocess.run(
                command, env=outside, capture_output=True, text=True, timeout=INSTALL_S, check=False
            )
        except subprocess.TimeoutExpired:
            raise CXRError(f"Installing took more than {INSTALL_S} s. Try again.") from None
        if done.returncode:
            raise CXRError(f"requirements.txt cannot be installed: {_last(done.stderr)}")
    return python


def try_out(folder: Path, python: Path) -> Trial:
    """Start the Space, wait until it is well, and have one of its examples read.

    Args:
        folder: the assembled Space; nothing is written into it.
        python: an interpreter that has its requirements.

    Raises:
        CXRError: if it does not start, does not get well or does not answer in time.
    """
    with (
        tempfile.TemporaryDirectory(prefix="space-") as temporary,
        _served(folder, python, Path(temporary)) as (address, log, server),
    ):
        began = time.monotonic()
        seen: dict[str, float] = {}
        while len(seen) < 2:
            for path in [path for path in ("/", "/health") if path not in seen]:
                with suppress(OSError):  # not there yet, or not well
                    _ask(f"{address}{path}")
                    seen[path] = time.monotonic() - began
            if server.poll() is not None:
                raise CXRError(f"The Space has ended: {_end_of(log)}")
            if time.monotonic() - began > START_S:
                raise CXRError(f"The Space is not well after {START_S} s: {_end_of(log)}")
            time.sleep(0.05)
        example = min((folder / "assets/examples").glob("*.jpeg"))
        asked = time.monotonic()
        try:
            answer = read(address, example.read_bytes())
        except (OSError, ValueError) as error:
            raise CXRError(f"The Space gave no reading ({error}): {_end_of(log)}") from None
        if answer.get("status") != "ok":
            raise CXRError(f"The Space did not read {example.name}: {answer.get('error', answer)}")
        return Trial(seen["/"], seen["/health"], time.monotonic() - asked)


def read(address: str, radiograph: bytes) -> dict:
    """Upload a radiograph and have it read, as a page on Spaces does.

    Raises:
        OSError, ValueError: if the answer is refused, late, or none.
    """
    api, border = f"{address}/gradio_api", secrets.token_hex(8)
    part = f'--{border}\r\nContent-Disposition: form-data; name="files"; filename="x"\r\n\r\n'
    body = part.encode() + radiograph + f"\r\n--{border}--\r\n".encode()
    (path,) = json.loads(_ask(f"{api}/upload", body, f"multipart/form-data; boundary={border}"))
    question = {"image": {"path": path, "meta": {"_type": "gradio.FileData"}}}
    said = _ask(f"{api}/call/v2/analyse", json.dumps(question).encode(), "application/json")
    stream = _ask(f"{api}/call/analyse/{json.loads(said)['event_id']}").decode()
    event, _, data = stream.strip().rpartition("\n")
    if not event.endswith("event: complete"):
        raise ValueError(f"the answer ended with {event[-40:]!r}")
    (answer,) = json.loads(data.removeprefix("data: "))
    return answer


@contextmanager
def _served(
    folder: Path, python: Path, temporary: Path
) -> Iterator[tuple[str, Path, subprocess.Popen]]:
    """A running server: its address, its log and its process, which is ended at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
        **SPACE,
        # Spaces has 0.0.0.0 here; this machine's network has no business with a trial.
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "HOME": str(temporary),
        "TMPDIR": str(temporary),
        "PYTHONDONTWRITEBYTECODE": "1",  # into what will be uploaded
    }
    log = temporary / "server.log"
    with log.open("w") as opened:
        server = subprocess.Popen(
            [python, "app.py"], cwd=folder, env=environment, stdout=opened, stderr=opened
        )
    try:
        yield f"http://127.0.0.1:{port}", log, server
    finally:
        server.terminate()
        try:
            server.wait(END_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _ask(url: str, body: bytes | None = None, kind: str = "", timeout: float = ANSWER_S) -> bytes:
    headers = {"Content-Type": kind, "Origin": f"https://{HOST}"} if body else {}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=timeout) as got:
        return got.read()


def _end_of(log: Path) -> str:
    return _last(log.read_text(errors="replace"))


def _last(text: str) -> str:
    """What a program said last, short enough for one message."""
    return " ".join(text.split())[-600:] or "it said nothing."
