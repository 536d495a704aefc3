"""Installs an assembled Space, starts it as Spaces would, and has it analyse an example.

This is what shows that requirements.txt is complete and that git tracks every module: the virtual
environment holds what is required and nothing else, all modules are imported in it, and the server
has to start and answer.

The server gets PATH, a HOME and a TMPDIR of its own, and those of Spaces' variables that the page
or Gradio reads. It listens on 127.0.0.1 only.
"""

import os
import subprocess
import sys
from pathlib import Path

from gradio_client import Client, handle_file

from cxr_demo.errors import CXRError
from deploy.local_server import ANSWER_S, LocalServer, last_words, local_server

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # else the client reports the trial

INSTALL_S = 900
HOST = "someone-chest-x-ray.hf.space"
SPACES = {
    "PATH": os.environ["PATH"],
    "SYSTEM": "spaces",
    "SPACE_ID": "someone/chest-x-ray",
    "SPACE_HOST": HOST,
    "SPACE_AUTHOR_NAME": "someone",
    "GRADIO_NUM_PORTS": "1",
    "GRADIO_SERVER_NAME": "127.0.0.1",  # 0.0.0.0 on Spaces
    "PYTHONDONTWRITEBYTECODE": "1",  # keeps the folder as it will be uploaded
}
IMPORT_ALL = """
import importlib, pkgutil
for module in pkgutil.walk_packages(["cxr_demo"], "cxr_demo."):
    importlib.import_module(module.name)
"""


def install(folder: Path, gradio: str, environment: Path) -> Path:
    """Install requirements.txt and a version of Gradio, no more, into a new virtual environment.

    Returns:
        Its interpreter.

    Raises:
        CXRError: if that fails or takes longer than INSTALL_S.
    """
    python = environment / "bin/python"
    pip = [python, "-I", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    _run([sys.executable, "-m", "venv", environment], folder)
    _run([*pip, "-r", "requirements.txt", f"gradio=={gradio}"], folder)
    return python


def try_out(folder: Path, python: Path) -> str:
    """Import a Space's modules, start it, wait until it is healthy, have an example analysed.

    Args:
        folder: the assembled Space; nothing is written into it.
        python: an interpreter that has its requirements.

    Returns:
        How long each took.

    Raises:
        CXRError: if a module cannot be imported, or the Space does not answer in time.
    """
    _run([python, "-c", IMPORT_ALL], folder, SPACES)
    with local_server([python, "app.py"], folder, SPACES) as server:
        page, healthy = server.wait_for("/"), server.wait_for("/health")
        examples = (folder / "assets/examples").iterdir()
        answer = analyse(server, min(path for path in examples if path.suffix != ".md"))
        if answer["status"] != "ok":
            raise CXRError(answer["error"])
        took = server.seconds_since_start() - healthy
    return f"page after {page:.1f} s, healthy after {healthy:.1f} s; then a reading in {took:.1f} s"


def analyse(server: LocalServer, radiograph: Path) -> dict:
    """What a Space's /analyse answers, asked as from its page on Spaces."""
    client = Client(
        str(server.http.base_url), token=False, headers={"Origin": f"https://{HOST}"},
        httpx_kwargs={"timeout": ANSWER_S, "trust_env": False},
        download_files=False, analytics_enabled=False, verbose=False,
    )  # fmt: skip
    return client.submit(image=handle_file(radiograph), api_name="/analyse").result(ANSWER_S)


def _run(command: list[str | Path], folder: Path, variables: dict[str, str] | None = None) -> None:
    try:
        subprocess.run(
            command, cwd=folder, env=variables, timeout=INSTALL_S,
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    except subprocess.SubprocessError as error:
        said = last_words(str(error.stderr or error))
        raise CXRError(f"requirements.txt cannot be installed, or is not enough: {said}") from None
