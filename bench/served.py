"""A server started, asked over HTTP and ended: when its page comes, when its first answer, and how
much memory it has taken.

Files and modules lie in the operating system's cache, as after a first start.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from cxr_demo.artefacts import ASSETS

ROOT = ASSETS.parent
PATIENCE_S = 180


class Served:
    """A server in a process of its own; a context manager.

    Args:
        command: what starts it, a Python module or file with arguments; `{port}` stands for where
            it is to listen.

    Attributes:
        page_s: seconds from its start until its page came.
    """

    def __init__(self, *command: str):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._address = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, *(part.format(port=port) for part in command)]
        self._environment = {
            **os.environ,
            "GRADIO_SERVER_PORT": str(port),
            "GRADIO_ANALYTICS_ENABLED": "False",
        }

    def __enter__(self) -> "Served":
        self._began = time.perf_counter()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(self._command, cwd=ROOT, env=self._environment, **quiet)
        while True:
            try:
                urllib.request.urlopen(self._address, timeout=PATIENCE_S).close()
                break
            except OSError:
                if self._process.poll() is not None or self.since_start() > PATIENCE_S:
                    self._process.kill()
                    raise RuntimeError(f"{self._command} did not serve") from None
                time.sleep(0.02)
        self.page_s = self.since_start()
        return self

    def __exit__(self, *_) -> None:
        self._process.terminate()
        self._process.wait(30)

    def since_start(self) -> float:
        """Seconds."""
        return time.perf_counter() - self._began

    def peak_mb(self) -> float:
        """The most memory it has had so far, in 10⁶ bytes, as Linux counts it."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6

    def ask(self, file: Path) -> dict:
        """Have one file analysed, as `curl` would."""
        form = (
            b'--b\r\nContent-Disposition: form-data; name="files"; filename="radiograph.jpeg"'
            b"\r\n\r\n" + file.read_bytes() + b"\r\n--b--\r\n"
        )
        (path,) = json.loads(self._post("upload", form, "multipart/form-data; boundary=b"))
        image = {"path": path, "meta": {"_type": "gradio.FileData"}}
        asked = json.dumps({"data": [image]}).encode()
        event = json.loads(self._post("call/analyse", asked, "application/json"))["event_id"]
        address = f"{self._address}/gradio_api/call/analyse/{event}"
        answer = urllib.request.urlopen(address, timeout=PATIENCE_S).read().decode()
        last = answer.rstrip().split("\n\n")[-1]
        if "event: complete" not in last:
            raise RuntimeError(f"no answer: {last[:200]}")
        return json.loads(last.partition("data: ")[2])[0]

    def _post(self, path: str, body: bytes, kind: str) -> bytes:
        address = f"{self._address}/gradio_api/{path}"
        request = urllib.request.Request(address, body, {"Content-Type": kind})
        return urllib.request.urlopen(request, timeout=PATIENCE_S).read()
