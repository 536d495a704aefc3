"""Many users at once, with good files and bad ones, against `python app.py`.

    python -m tools.load_test --users 40 --minutes 5

Each user comes from an address of its own (127.0.1.x; needs Linux) and does what people do: mostly
they wait for a reading, from the page or from the API, and look at it for a while; some send what
is no radiograph, leave in the middle of an upload, close the page before the answer, or upload and
never ask. Prints a report as
JSON. Exit status 1 if any of these fails: no request fails but for clear answers that the server is
busy; memory grows by less than 10 % after the first fifth of the time; nothing is left in the
temporary folder; the health check is well throughout; the log tells of no failure and no file.
"""

import argparse
import http.client
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from cxr_demo.artefacts import ASSETS

ROOT = Path(__file__).parent.parent
EXAMPLES = [path for path in sorted((ASSETS / "examples").iterdir()) if path.suffix != ".md"]
NAME = "Doe^Jane_1990-02-03.png"
READ = "radiograph"
"""The event of the page's drop zone."""
BUSY = {"call.full", "call.share", "call.often"}
PARTS = ["embedding", "maps", "saliency", "view", "square", "reconstruction"]
START_S = 120
LOOK_S = 5
CORES = 2
MAX_GROWTH = 0.10
SWEPT_S = 120
SAMPLE_S = 2


class BusyError(Exception):
    """Told, clearly, that there is too much to do; `args[0]` is when to come back."""


class Server:
    """`python app.py` in a process of its own, on two cores and with a temporary folder of its own.

    Args:
        folder: an empty folder for its temporary files and its log.
    """

    def __init__(self, folder: Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.log = folder / "server.log"
        self._process = subprocess.Popen(
            [sys.executable, "app.py"],
            cwd=ROOT,
            env={**os.environ, "GRADIO_SERVER_PORT": str(self.port), "TMPDIR": str(self.temporary)},
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
        )
        if hasattr(os, "sched_setaffinity"):
            cores = sorted(os.sched_getaffinity(0))[:CORES]
            os.sched_setaffinity(self._process.pid, cores)
        deadline = time.monotonic() + START_S
        while not self.is_well():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                sys.exit(f"The server did not start: {self.log.read_text()}")
            time.sleep(1)

    def is_well(self) -> bool:
        try:
            return User(self.port, 0, {}).ask("GET", "/health")[0] == 200
        except OSError:
            return False

    def page_reading(self) -> dict:
        """What the page joins the queue with when a radiograph is dropped; the first of "data" is
        to be the radiograph."""
        config = json.loads(User(self.port, 0, {}).ask("GET", "/config")[1])
        (event,) = (
            one
            for one in config["dependencies"]
            if one["backend_fn"] and one["inputs"] and [one["inputs"][0], READ] in one["targets"]
        )
        values = {one["id"]: one["props"].get("value") for one in config["components"]}
        return {"fn_index": event["id"], "data": [values[number] for number in event["inputs"]]}

    def memory(self) -> int:
        """Resident bytes."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return 1024 * int(status.partition("VmRSS:")[2].split()[0])

    def files(self) -> list[str]:
        """What lies in its temporary folder."""
        return [path.name for path in self.temporary.rglob("*") if path.is_file()]

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class User:
    """Somebody at an address of their own.

    Args:
        port: of the server.
        number: tells users apart, and what each does.
        page_reading: of the server.
    """

    def __init__(self, port: int, number: int, page_reading: dict):
        self._port, self._page_reading = port, page_reading
        self._from = f"127.0.{1 + number // 250}.{1 + number % 250}"
        self._chance = random.Random(number)

    def visit(self) -> str:
        """Do one thing; returns what came of it.

        Raises:
            BusyError: if the server cannot take it now.
            RuntimeError, OSError: if something fails.
        """
        chance = self._chance.random()
        if chance < 0.30:
            self._read_on_page(self._chance.choice(EXAMPLES).read_bytes())
            return "answered"
        if chance < 0.60:
            self._expect(self._chance.choice(EXAMPLES).read_bytes(), "ok")
            return "answered"
        if chance < 0.80:
            self._expect(self._bad(), "refused")
            return "refused"
        content = self._chance.choice(EXAMPLES).read_bytes()
        if chance < 0.88:
            self._upload(content)
            return "uploaded, never asked"
        if chance < 0.94:
            self._break_off(content)
            return "left while uploading"
        self._question("analyse", self._asked(content))
        return "left before the answer"

    def look(self) -> None:
        """Be busy with what is on the page."""
        time.sleep(min(4 * LOOK_S, self._chance.expovariate(1 / LOOK_S)))

    def ask(self, method: str, path: str, body: bytes = b"", kind: str = "") -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=120, source_address=(self._from, 0)
        )
        try:
            connection.request(method, path, body, {"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            said = answer.read()
            if method == "POST" and answer.status != 200:
                key = json.loads(said)["refusal"]["key"]
                if key in BUSY:
                    raise BusyError(float(answer.headers["Retry-After"]))
            return answer.status, said
        finally:
            connection.close()

    def _read_on_page(self, content: bytes) -> None:
        """Drop a file, wait for its reading, close the page."""
        session = f"{self._chance.getrandbits(60):x}"
        dropped = {"path": self._upload(content), "frame": None}
        asked = {**self._page_reading, "session_hash": session}
        asked["data"] = [dropped, *asked["data"][1:]]
        where, kind = "/gradio_api/queue/join", "application/json"
        status, said = self.ask("POST", where, json.dumps(asked).encode(), kind)
        if status == 200:
            status, said = self.ask("GET", f"/gradio_api/queue/data?session_hash={session}")
        if status != 200 or b'"success":true' not in said or b"status done" not in said:
            raise RuntimeError(f"page: {status} {said[-200:]}")

    def _expect(self, content: bytes, status: str) -> None:
        """Send a file, ask about it as the page does, and move a slider."""
        answer = self._answer("analyse", self._asked(content))
        if answer["status"] != status:
            raise RuntimeError(f"{answer['status']}: {answer['error']}")
        if status == "ok":
            found = self._answer("neighbours", {"embedding": answer["embedding"], "k": 5})
            if len(found["neighbours"]) != 5:
                raise RuntimeError(f"{len(found['neighbours'])} neighbours")

    def _bad(self) -> bytes:
        good = self._chance.choice(EXAMPLES).read_bytes()
        noise = self._chance.randbytes(5000)
        return self._chance.choice(
            [b"", b"GIF89a" + noise, noise, good[: len(good) // 2], b"PK\3\4"]
        )

    def _form(self, content: bytes) -> tuple[bytes, str]:
        head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{NAME}"\r\n\r\n'
        return head.encode() + content + b"\r\n--b--\r\n", "multipart/form-data; boundary=b"

    def _upload(self, content: bytes) -> str:
        status, said = self.ask("POST", "/gradio_api/upload", *self._form(content))
        if status != 200:
            raise RuntimeError(f"upload: {status} {said[:200]}")
        return json.loads(said)[0]

    def _asked(self, content: bytes) -> dict:
        image = {"path": self._upload(content), "meta": {"_type": "gradio.FileData"}}
        return {"image": image, "include": PARTS}

    def _question(self, endpoint: str, asked: dict) -> str:
        body, where = json.dumps(asked).encode(), f"/gradio_api/call/v2/{endpoint}"
        status, said = self.ask("POST", where, body, "application/json")
        if status != 200:
            raise RuntimeError(f"{endpoint}: {status} {said[:200]}")
        return f"/gradio_api/call/{endpoint}/{json.loads(said)['event_id']}"

    def _answer(self, endpoint: str, asked: dict) -> dict:
        status, said = self.ask("GET", self._question(endpoint, asked))
        *_, event, told = said.decode().strip().split("\n") if status == 200 else (said[:200], "")
        if event != "event: complete":
            raise RuntimeError(f"{endpoint}: {status} {event} {told}")
        return json.loads(told.removeprefix("data: "))[0]

    def _break_off(self, content: bytes) -> None:
        body, kind = self._form(content)
        connection = socket.create_connection(("127.0.0.1", self._port), 60, (self._from, 0))
        with connection:
            head = (
                f"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
            )
            head += f"Content-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body[: len(body) // 2])
            time.sleep(0.2)


class Load:
    """Users at a server for a time, and what came of it."""

    def __init__(self, server: Server, users: int, seconds: float):
        self._server, self._page_reading = server, server.page_reading()
        self._began = time.monotonic()
        self._ends = self._began + seconds
        self._lock = threading.Lock()
        self.outcomes: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.memory: list[tuple[float, int]] = []
        self.unwell = 0
        threads = [threading.Thread(target=self._use, args=[i]) for i in range(1, users + 1)]
        for thread in threads:
            thread.start()
        self._watch()
        for thread in threads:
            thread.join()

    def _use(self, number: int) -> None:
        user = User(self._server.port, number, self._page_reading)
        user.look()  # not all come in the same second
        while time.monotonic() < self._ends:
            began = time.monotonic()
            failure = None
            try:
                outcome = user.visit()
            except BusyError as busy:
                outcome = "busy"
                time.sleep(*busy.args)
            except Exception as error:
                outcome, failure = "failed", f"{type(error).__name__}: {error}"[:200]
            with self._lock:
                self.outcomes[outcome] += 1
                if failure:
                    self.failures[failure] += 1
                if outcome in ("answered", "refused"):
                    self.seconds.append(time.monotonic() - began)
            user.look()

    def _watch(self) -> None:
        while (now := time.monotonic()) < self._ends:
            self.memory.append((now - self._began, self._server.memory()))
            self.unwell += not self._server.is_well()
            time.sleep(SAMPLE_S)

    def report(self) -> dict:
        """What came of it, as plain values."""
        sizes = [size for _, size in self.memory]
        fifth = len(sizes) // 5
        warm, end = (
            statistics.median(part) for part in (sizes[fifth : 2 * fifth + 1], sizes[-fifth - 1 :])
        )
        step = max(1, len(self.memory) // 30)
        cuts = statistics.quantiles(self.seconds, n=100)
        return {
            "requests": dict(self.outcomes.most_common()),
            "failures": dict(self.failures.most_common(10)),
            "latency_s": {"p50": round(cuts[49], 2), "p95": round(cuts[94], 2)},
            "memory_mb": {
                "warm": round(warm / 2**20),
                "end": round(end / 2**20),
                "growth": round(end / warm - 1, 4),
                "over_time": [[round(at), size >> 20] for at, size in self.memory[::step]],
            },
            "unwell": self.unwell,
        }


def swept(server: Server) -> list[str]:
    """Files left when everything has had the time to go."""
    deadline = time.monotonic() + SWEPT_S
    while server.files() and time.monotonic() < deadline:
        time.sleep(1)
    return server.files()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--minutes", type=float, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        try:
            report = Load(server, chosen.users, chosen.minutes * 60).report()
            report["files_left"] = swept(server)
        finally:
            server.stop()
        report["folders_left"] = len(list(server.temporary.iterdir()))
        log = server.log.read_text()
    report["log"] = {word: log.count(word) for word in ("Traceback", "ERROR", "Jane")}
    wrong = {
        "failed requests": report["requests"].get("failed", 0),
        "memory growth": report["memory_mb"]["growth"] >= MAX_GROWTH,
        "files left": report["files_left"],
        "folders left": report["folders_left"],
        "unwell": report["unwell"],
        "log": any(report["log"].values()),
    }
    report["wrong"] = [name for name, found in wrong.items() if found]
    print(json.dumps({"users": chosen.users, "minutes": chosen.minutes, **report}, indent=1))
    if any(report["log"].values()):
        print(log[-5000:], file=sys.stderr)
    return 1 if report["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
