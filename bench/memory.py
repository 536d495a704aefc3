"""Watches the memory of a process together with all that it has started; Linux only."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

EVERY_S = 0.1


@contextmanager
def watched_memory(session: int) -> Iterator[Callable[[], int]]:
    """Look at a session's memory again and again.

    Args:
        session: the id of the process that leads it, such as a server started by `local_server`.

    Returns:
        A function that looks once more: the most bytes found so far.
    """
    most, over = 0, threading.Event()

    def look() -> int:
        nonlocal most
        most = max(most, held(session))
        return most

    def keep_looking() -> None:
        while not over.wait(EVERY_S):
            look()

    looking = threading.Thread(target=keep_looking)
    looking.start()
    try:
        yield look
    finally:
        over.set()
        looking.join()


def held(session: int) -> int:
    """Bytes that the processes of a session hold together, each shared page counted once (PSS)."""
    total = 0
    for process in Path("/proc").iterdir():
        with suppress(OSError):  # it has ended meanwhile
            if process.name.isdigit() and os.getsid(int(process.name)) == session:
                total += _proportional_bytes(process / "smaps_rollup")
    return total


def _proportional_bytes(rollup: Path) -> int:
    lines = (line.split() for line in rollup.read_text().splitlines())
    return sum(int(words[1]) * 1024 for words in lines if words[0] == "Pss:")
