"""Starts an assembled Space as Spaces would, and asks it for one reading.

Data contract: the server sees PATH, a HOME and a TMPDIR of its own and those of Spaces' variables
that the page or Gradio reads; it listens on loopback. Its processes and files end with the trial.
"""

import os
import signal
import socket
import subprocess
import tempfile
import time
import venv
from contextlib import suppress
from pathlib import Path

import httpx
from gradio_client import Client, handle_file

from cxr_demo.errors import CXRError

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # else the client tells Hugging Face of a trial

INSTALL_S = 900
START_S = 120
ANSWER_S = 60
HOST = "someone-chest-x-ray.hf.space"
HTTP = {"timeout": ANSWER_S, "trust_env": False}  # past any proxy
SPACES = {
    "SYSTEM": "spaces",
    "SPACE_ID": "someone/chest-x-ray",
    "SPACE_HOST": HOST,
    "SPACE_AUTHOR_NAME": "someone",
    "GRADIO_NUM_PORTS": "1",
    "GRADIO_SERVER_NAME": "127.0.0.1",  # 0.0.0.0 on Spaces
    "PYTHONDONTWRITEBYTECODE": "1",  # into what will be uploaded
}


def install(folder: Path, gradio: str, environment: Path) -> Path:
    """Make a virtual environment of a Space's requirements and a version of Gradio, no more.

    Returns:
        Its interpreter.

    Raises:
        CXRError: if that fails or takes longer than INSTALL_S.
    """
    python = environment / "bin/python"
    pip = [python, "-I", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    command = [*pip, "-r", folder / "requirements.txt", f"gradio=={gradio}"]
    try:
        venv.create(environment, symlinks=True, with_pip=True)
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_S)
    except subprocess.SubprocessError as error:
        said = _end_of(str(error.stderr or error))
        raise CXRError(f"requirements.txt cannot be installed. Correct it: {said}") from None
    return python


def try_out(folder: Path, python: Path) -> str:
    """Start a Space, wait until it is healthy, and have one of its examples read.

    Args:
        folder: the assembled Space; nothing is written into it.
        python: an interpreter that has its requirements.

    Returns:
        How long each took.

    Raises:
        CXRError: if it does not start, become healthy or answer in time.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="space-") as own:
        log = Path(own, "server.log")
        given = {"PATH": os.environ["PATH"], "HOME": own, "TMPDIR": own, "GRADIO_SERVER_PORT": port}
        with log.open("w") as said:
            server = subprocess.Popen(
                [python, "app.py"], cwd=folder, env=SPACES | given,
                stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            page = _seconds_until(f"{address}/", server)
            rest = _seconds_until(f"{address}/health", server)
            began = time.monotonic()
            answer = read(address, min((folder / "assets/examples").glob("*.jpeg")))
            if answer["status"] != "ok":
                raise ValueError(answer["error"])
            reading = time.monotonic() - began
        except Exception as error:  # of many kinds where the client fails
            what, said = _end_of(str(error)), _end_of(log.read_text(errors="replace"))
            raise CXRError(f"The Space does not work ({what}). It said last: {said}") from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)
            server.wait()
    healthy = page + rest
    return (
        f"page after {page:.1f} s, healthy after {healthy:.1f} s; then a reading in {reading:.1f} s"
    )


def read(address: str, radiograph: Path) -> dict:
    """What a Space's /analyse answers, asked as from its page on Spaces.

    Raises:
        Exception: as the client raises it, if the answer is refused, late, or none.
    """
    client = Client(
        address, token=False, headers={"Origin": f"https://{HOST}"}, httpx_kwargs=dict(HTTP),
        download_files=False, analytics_enabled=False, verbose=False,
    )  # fmt: skip
    asked = client.submit(image=handle_file(radiograph), api_name="/analyse")
    return asked.result(ANSWER_S)


def _seconds_until(url: str, server: subprocess.Popen) -> float:
    """How long it takes until a server answers with success."""
    began = time.monotonic()
    while time.monotonic() - began < START_S:
        if server.poll() is not None:
            raise RuntimeError("it has ended")
        with suppress(httpx.HTTPError):  # not there yet, or not healthy
            httpx.get(url, **HTTP).raise_for_status()
            return time.monotonic() - began
        time.sleep(0.05)
    raise TimeoutError(f"not healthy after {START_S} s")


def _end_of(text: str) -> str:
    return " ".join(text.split())[-600:] or "no word"
