"""The process that forks for each input: the code that its children run is the input itself."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cxr_demo.reading import fork_server
from cxr_demo.reading.fork_server import ForkServer

pytestmark = pytest.mark.skipif(not fork_server.AVAILABLE, reason="cannot fork")
linux = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc")

ROOT = Path(fork_server.__file__).parents[2]
SERVE = """
import os, signal, sys, time
from cxr_demo.reading import fork_server
mark = []
fork_server.serve(lambda: {work}, {patience})
"""
OBEY = "exec(sys.stdin.buffer.read(), globals())"


def start(stdin: socket.socket, work: str = OBEY, patience: int = 100) -> subprocess.Popen:
    code = SERVE.format(work=work, patience=patience)
    return subprocess.Popen([sys.executable, "-c", code], stdin=stdin, cwd=ROOT)


@pytest.fixture(scope="module")
def server():
    return ForkServer(start)


def say(server: ForkServer, code: str, timeout: float = 20) -> list[int]:
    """Numbers that code prints."""
    status, said = server.run([textwrap.dedent(code).encode()], timeout)
    assert status == 0
    return [int(word) for word in said.split()]


PROCESS = "print(os.getppid(), os.getpid())"


def gone(process: int) -> bool:
    """Whether a process ends within some seconds."""
    for _ in range(200):
        state = Path(f"/proc/{process}/stat")
        try:
            os.kill(process, 0)
            # One that nobody waits for has ended, too.
            if state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def test_no_two_inputs_share_a_process(server):
    """Nor does one see what another has left in a module."""
    said = [say(server, f"mark.append(1); print(len(mark)); {PROCESS}") for _ in range(3)]
    marks, servers, processes = zip(*said, strict=True)
    assert marks == (1, 1, 1)
    assert len(set(servers)) == 1 and len({*processes, *servers, os.getpid()}) == 5


def test_much_goes_in_and_out_whole(server):
    much = bytes(range(97, 123)) * 2**20
    assert server.run([b"sys.stdout.write('", much, b"')"], 20) == (0, much)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("os._exit(7)", 7),
        ("1 / 0", 1),
        ("this is no Python", 1),
        ("os.abort()", -signal.SIGABRT),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.close(0); os.close(1); os._exit(3)", 3),
    ],
)
def test_what_becomes_of_one_is_told_and_the_next_is_none_the_worse(server, code, status):
    before, _ = say(server, PROCESS)
    assert server.run([code.encode()], 20) == (status, b"")
    assert say(server, PROCESS)[0] == before


def test_one_that_hangs_is_killed_and_the_others_go_on(server, tmp_path):
    code = f"open({str(tmp_path / 'id')!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    with ThreadPoolExecutor(1) as pool:
        hangs = pool.submit(server.run, [code.encode()], 3)
        before, _ = say(server, PROCESS)
        with pytest.raises(TimeoutError):
            hangs.result()
    assert gone(int((tmp_path / "id").read_text()))
    assert say(server, PROCESS)[0] == before


def test_one_that_does_not_listen_is_killed_too():
    deaf = ForkServer(lambda stdin: start(stdin, "time.sleep(60)"))
    with pytest.raises(TimeoutError):
        deaf.run([bytes(2**24)], 3)


def test_many_at_once_do_not_mix(server):
    with ThreadPoolExecutor(8) as pool:
        said = pool.map(lambda number: say(server, f"print({number}, *mark)"), range(24))
        assert list(said) == [[number] for number in range(24)]


@linux
def test_one_has_no_descriptors_of_another_that_is_under_way(server, tmp_path):
    begun, end = tmp_path / "begun", tmp_path / "end"
    waits = f"""if 1:
        open({str(begun)!r}, 'w').close()
        while not os.path.exists({str(end)!r}):
            time.sleep(0.02)
    """
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(server.run, [waits.encode()], 20)
        while not begun.exists():
            time.sleep(0.02)
        # The last one is of the listing.
        assert say(server, "print(*os.listdir('/proc/self/fd'))") == [0, 1, 2, 3]
        end.touch()
        assert other.result() == (0, b"")


def test_a_server_that_has_died_is_started_anew(server):
    before, _ = say(server, PROCESS)
    os.kill(before, signal.SIGKILL)
    assert say(server, PROCESS)[0] != before


def test_an_input_under_way_when_the_server_dies_is_done_by_the_next(server, tmp_path):
    path = str(tmp_path / "tried")
    code = f"""
        if not os.path.exists({path!r}):
            open({path!r}, 'w').close()
            os.kill(os.getppid(), signal.SIGKILL)
        else:
            print(1)
    """
    assert say(server, code) == [1]


def test_an_input_that_kills_every_server_is_given_up(server):
    with pytest.raises(OSError):
        server.run([b"os.kill(os.getppid(), signal.SIGKILL); time.sleep(1)"], 20)
    assert len(say(server, PROCESS)) == 2


def test_one_ends_by_itself_where_nobody_kills_it():
    own = ForkServer(lambda stdin: start(stdin, patience=1))
    assert own.run([b"time.sleep(60)"], 20) == (-signal.SIGALRM, b"")


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "sys.exit()"])
def test_all_end_with_the_process_that_asks_however_it_ends(end):
    asks = f"""
        import os, signal, sys, threading, time
        from tests.reading.test_fork_server import *
        server = ForkServer(start)
        print(*say(server, PROCESS), flush=True)
        hangs = [b"os.write(2, b'%d ' % os.getpid()); time.sleep(60)"]
        for _ in range(5):
            threading.Thread(target=server.run, args=(hangs, 50), daemon=True).start()
        time.sleep(1)
        {end}
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(asks)], cwd=ROOT, capture_output=True, timeout=60
    )
    serves, _ = map(int, ended.stdout.split())
    hanging = [int(process) for process in ended.stderr.split()]
    assert len(hanging) == 5 and all(map(gone, [serves, *hanging]))
