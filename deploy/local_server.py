"""Starts a server on a free port of 127.0.0.1, waits until it answers, and ends it."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from cxr_demo.errors import CXRError

START_S = 120
ANSWER_S = 60


class LocalServer:
    """A server that was just started.

    Args:
        process: the server; it may have child processes.
        http: a client for its paths; it ignores proxies and raises if an answer is no success.
    """

    def __init__(self, process: subprocess.Popen, http: httpx.Client):
        self.process, self.http = process, http
        self._started = time.monotonic()

    def seconds_since_start(self) -> float:
        return time.monotonic() - self._started

    def wait_for(self, path: str) -> float:
        """Ask for a path until the answer is a success; return the seconds since the start.

        Raises:
            RuntimeError: if the server ends before that.
            TimeoutError: if START_S pass before that.
        """
        while self.seconds_since_start() < START_S:
            if self.process.poll() is not None:
                raise RuntimeError("it has ended")
            with suppress(httpx.HTTPError):  # not listening yet, or not healthy
                self.http.get(path)
                return self.seconds_since_start()
            time.sleep(0.02)
        raise TimeoutError(f"not healthy after {START_S} s")


@contextmanager
def local_server(
    command: Sequence[str | Path], folder: Path, environment: Mapping[str, str]
) -> Iterator[LocalServer]:
    """Run a server during a `with` block; its processes and temporary files end with the block.

    Args:
        command: a program with arguments, which listens on the port GRADIO_SERVER_PORT.
        folder: its working directory.
        environment: its variables, except GRADIO_SERVER_PORT and TMPDIR, which are set here, and
            HOME, which is set here if it is not given.

    Raises:
        CXRError: if anything fails in the block; it quotes the end of the server's output.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    client = httpx.Client(
        base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_S, trust_env=False,
        event_hooks={"response": [httpx.Response.raise_for_status]},
    )  # fmt: skip
    with client, tempfile.TemporaryDirectory(prefix="server-") as own:
        log = Path(own, "server.log")
        variables = {"HOME": own, **environment, "TMPDIR": own, "GRADIO_SERVER_PORT": port}
        with log.open("w") as output:
            process = subprocess.Popen(
                command, cwd=folder, env=variables, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        try:
            yield LocalServer(process, client)
        except Exception as error:  # of many kinds
            why, said = last_words(str(error)), last_words(log.read_text(errors="replace"))
            raise CXRError(f"The server does not work ({why}). Its last output: {said}") from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def last_words(output: str) -> str:
    """The end of a program's output, on one line."""
    return " ".join(output.split())[-600:] or "none"
