"""Run code on each input in a process that has seen no other, without waiting for its start.

One process, the server, imports what the code needs, and forks for each input. It sees no input
itself, has one thread, and no descriptors or environment but what it is started with. It ends with
the process that has started it, however that ends, and so do those that it has forked.

Data contract: the server's stdin is a socket, on which it is sent messages of 4 bytes: 0, with a
socket for stdin and stdout of a new process and one on which to tell its end; or the id of a
process to kill. It tells (id, 0) of a process once it is forked, or (0, 0) if that is impossible,
and (id, status) once it has ended.
"""

import gc
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple, NoReturn

AVAILABLE = hasattr(os, "fork") and hasattr(socket, "send_fds")

_MESSAGE = struct.Struct("i")
_TOLD = struct.Struct("ii")
_CHUNK_BYTES = 2**20


class _Server(NamedTuple):
    process: subprocess.Popen
    control: socket.socket

    def send(self, number: int, *descriptors: int) -> None:
        socket.send_fds(self.control, [_MESSAGE.pack(number)], descriptors)


class ForkServer:
    """A server that is started when it is needed, and anew when it has died; for many threads.

    Args:
        start: starts its process with this socket as stdin, to run `serve`.
    """

    def __init__(self, start: Callable[[socket.socket], subprocess.Popen]):
        self._start = start
        self._lock = threading.Lock()
        self._server: _Server | None = None

    def start(self) -> _Server:
        """The server, started if there is none; does not wait until it has imported anything.

        Raises:
            OSError: if there can be no other process.
        """
        with self._lock:
            if self._server is None or self._server.process.poll() is not None:
                ours, theirs = socket.socketpair()
                with theirs:
                    self._server = _Server(self._start(theirs), ours)
            return self._server

    def run(self, inputs: Sequence[bytes], timeout: float) -> tuple[int, bytearray]:
        """What the code writes for an input, in a process of its own.

        Args:
            inputs: its stdin, in parts.
            timeout: seconds after which it is killed.

        Returns:
            (exit status, or minus the signal that has ended it; its stdout).

        Raises:
            TimeoutError: if it was killed.
            OSError: if there can be no process.
        """
        until = time.monotonic() + timeout
        with suppress(ConnectionError):
            return self._run(self.start(), inputs, until)
        return self._run(self.start(), inputs, until)  # by another server

    def _run(self, server: _Server, inputs: Sequence[bytes], until: float) -> tuple[int, bytearray]:
        ours, theirs = socket.socketpair()
        told, tell = socket.socketpair()
        process = 0
        with ours, told:
            try:
                with theirs, tell:
                    server.send(0, theirs.fileno(), tell.fileno())
                process, _ = _told(told, until)
                answer = _exchange(ours, inputs, until)
                return _told(told, until)[1], answer
            except ConnectionError:  # the server has died, or is about to
                server.process.kill()
                server.process.wait()
                raise
            except BaseException:
                if process:
                    with suppress(OSError):
                        server.send(process)
                raise


def _exchange(stream: socket.socket, inputs: Sequence[bytes], until: float) -> bytearray:
    """Send the inputs, and receive everything that comes back."""
    received, chunk = bytearray(), memoryview(bytearray(_CHUNK_BYTES))
    with suppress(ConnectionError):  # a process need not read
        for data in inputs:
            _within(stream, until).sendall(data)
        stream.shutdown(socket.SHUT_WR)
    with suppress(ConnectionError):  # or not everything
        while size := _within(stream, until).recv_into(chunk):
            received += chunk[:size]
    return received


def _told(told: socket.socket, until: float) -> tuple[int, int]:
    """What the server tells of a process."""
    message = _within(told, until).recv(_TOLD.size)
    if not message:
        raise ConnectionResetError("the server has died")
    process, status = _TOLD.unpack(message)
    if not process:
        raise BlockingIOError("the server cannot fork")
    return process, status


def _within(waiting: socket.socket, until: float) -> socket.socket:
    """The socket, which waits no longer than that."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    waiting.settimeout(left)
    return waiting


# --- in the server


def serve(work: Callable[[], object], patience: int) -> None:
    """Fork for each input, until the process that has started this one is gone.

    Args:
        work: what to do in each process: read stdin and write to stdout.
        patience: seconds after which a process ends that nobody is left to kill.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that is asked
    control = socket.socket(fileno=os.dup(0))
    running: dict[int, int] = {}

    def reap(*_: object) -> None:
        while running:
            process, status = os.waitpid(-1, os.WNOHANG)
            if not process:
                break
            _tell(running[process], process, os.waitstatus_to_exitcode(status))
            os.close(running.pop(process))

    signal.signal(signal.SIGCHLD, reap)
    gc.collect()
    gc.freeze()  # what is never looked at again stays shared
    while True:
        message, given, _, _ = socket.recv_fds(control, _MESSAGE.size, 2)
        if not message:
            break
        # A process may end before it is known here.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        (number,) = _MESSAGE.unpack(message)
        if number in running:
            os.kill(number, signal.SIGKILL)
        elif given:
            _fork(work, patience, given, control, running)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # `reap` would change `running`
    for process in running:
        os.kill(process, signal.SIGKILL)
    for process in running:
        os.waitpid(process, 0)


def _fork(
    work: Callable[[], object],
    patience: int,
    given: list[int],
    control: socket.socket,
    running: dict[int, int],
) -> None:
    """Fork once, and tell so."""
    stream, tell = given
    try:
        process = os.fork()
    except OSError:
        _tell(tell, 0, 0)
        os.close(tell)
    else:
        if process == 0:
            _begin(work, patience, stream, (*given, control.fileno(), *running.values()))
        running[process] = tell
        _tell(tell, process, 0)
    os.close(stream)


def _begin(
    work: Callable[[], object], patience: int, stream: int, descriptors: Iterable[int]
) -> NoReturn:
    """Work in this process and end it: whatever is raised must not go on as a server."""
    status = 1
    try:
        signal.alarm(patience)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        os.dup2(stream, 0)
        os.dup2(stream, 1)
        for descriptor in descriptors:
            os.close(descriptor)
        work()
        sys.stdout.flush()
        status = 0
    finally:
        os._exit(status)


def _tell(tell: int, process: int, status: int) -> None:
    with suppress(OSError):  # nobody waits any more
        os.write(tell, _TOLD.pack(process, status))
