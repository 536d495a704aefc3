"""Memory of a process and of those that it has started."""

import subprocess
import sys

from bench.memory import held, watched_memory

CHILD = "held = bytearray(60_000_000); print(flush=True); input()"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-c", {CHILD!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE
)
child.stdout.readline()
print(flush=True)
input()
child.communicate(b"\\n")
print(flush=True)
input()
"""


def test_what_others_held_for_a_while_counts_too():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command = [sys.executable, "-c", PARENT]
    with (
        subprocess.Popen(command, start_new_session=True, **pipes) as process,
        watched_memory(process.pid) as most,
    ):
        process.stdout.readline()
        both = most()
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        alone, found = held(process.pid), most()
        process.communicate(b"\n")
    assert alone < 60_000_000 < both <= found
