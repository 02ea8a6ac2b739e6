"""The process that forks a campaign's pytest: first its controller, then a worker whenever a launcher asks for one.

A worker costs what its suites cost, and not the imports, which this process has done before. It has one thread, no
configuration of pytest and no connection, so a fork begins where ``python -u -c CODE`` would after the same imports.
It ends with the campaign and with its controller, and what it has forked ends with it, or with the launcher.

``twin/forkserver.py`` forks as well, for one supervisor over its own pipe: its children are named by it, are told
where to log, and outlive each other. Here a stranger's child is imitated, streams, directory, environment and exit
code, and asks from outside. They share how a process is tied to its parent (``process/lifeline``), and nothing else.
"""

import ast
import builtins
import gc
import inspect
import io
import os
import runpy
import secrets
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.machinery import BuiltinImporter
from types import ModuleType
from typing import TextIO

from execnet import gateway_base
from execnet.gateway_io import popen_bootstrapline

from ci_tools.process.lifeline import die_with_parent
from ci_tools.runner.launcher import ENDED, FORKED, LENGTH_BYTES, REFUSED, STREAMS, unpack
from ci_tools.runner.lifetime import PARENT

GoOn = Callable[[], int]
"""What a process does from here on; returns its exit code."""
_READ_AT_START = (b"PYTHON", b"LC_", b"LANG", b"LD_", b"MALLOC_", b"GLIBC_")
"""Beginnings of variables that an interpreter, or its C library, reads when it starts: a fork has read ours."""
_PATIENCE_S = 10.0
"""Seconds for a launcher to say what it wants; it says it at once."""
_SIGNALS = (signal.SIGINT, signal.SIGCHLD)
_LONGEST_REASON = 1000


def start(arguments: Sequence[str]) -> GoOn:
    """Fork the controller, with pytest's *arguments*. In this process: fork workers from then on, until it has ended.

    Raises:
        OSError: there is no socket to be asked on.
    """
    campaign = os.environ.get(PARENT)
    die_with_parent(int(campaign) if campaign else None)
    nursery = Nursery()
    # What is shared with the forks is never collected, hence never copied.
    gc.collect()
    gc.freeze()
    controller = nursery.fork(partial(_be_controller, [*arguments, f"--campaign-forks={nursery.address}"]))
    return controller or nursery.serve


class Nursery:
    """Forks, each with the connection of the launcher that asked for it; the controller has none."""

    def __init__(self) -> None:
        self.address = f"ci-tools-{os.getpid()}-{secrets.token_hex(16)}"
        self._environ = _read_at_start(dict(os.environb))
        self._source = inspect.getsource(gateway_base)
        self._code = compile(self._source, "<string>", "exec")
        self._asking: dict[int, socket.socket | None] = {}
        self._controller = 0
        self._status: int | None = None
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Abstract: no file stays behind, whoever is killed. Anybody may connect, so everybody is asked who it is.
        self._listening.bind("\0" + self.address)
        self._listening.listen(128)
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._handlers = {number: signal.getsignal(number) for number in _SIGNALS}
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        # Heard by the descriptor. An interrupt is for the controller and its workers, which are in the same group.
        for number in _SIGNALS:
            signal.signal(number, lambda *_: None)

    def fork(self, child: GoOn, asking: socket.socket | None = None) -> GoOn | None:
        """Fork: *child* in the fork, which has forgotten all this; None here.

        Raises:
            OSError: the system has no room for a further process.
        """
        parent_pid = os.getpid()
        pid = os.fork()
        if pid:
            self._asking[pid] = asking
            self._controller = self._controller or pid
            return None
        die_with_parent(parent_pid)
        signal.set_wakeup_fd(-1)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        for one in (self._listening, self._woken, self._waker, asking, *self._asking.values()):
            if one is not None:
                one.close()
        return child

    def serve(self) -> int:
        """Fork what is asked for until the first fork has ended; its exit code. In a fork: that of the fork."""
        with selectors.PollSelector() as selector:
            selector.register(self._listening, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while self._status is None:
                child = self._once(selector)
                if child is not None:
                    return child()
        return self._end(self._status)

    def _once(self, selector: selectors.BaseSelector) -> GoOn | None:
        for key, _ in selector.select():
            if key.fileobj is self._woken:
                self._woken.recv(_LONGEST_REASON)
                self._reap(selector)
            elif key.fileobj is self._listening:
                connection, _ = self._listening.accept()
                child = self._answer(connection)
                if child is not None:
                    return child
                if connection.fileno() >= 0:
                    selector.register(connection, selectors.EVENT_READ)
            else:
                self._leave(selector, key.fd)
        return None

    def _answer(self, connection: socket.socket) -> GoOn | None:
        """Fork what the launcher at *connection* asks for, or refuse it and close."""
        connection.settimeout(_PATIENCE_S)
        streams: list[int] = []
        try:
            argv, directory, environ = unpack(_heard(connection, streams))
            self._refuse(argv, environ)
            child = self.fork(partial(self._be_worker, argv[-1], directory, environ, streams), connection)
        except (OSError, ValueError) as error:
            _say(connection, REFUSED + str(error).encode()[:_LONGEST_REASON])
            connection.close()
            child = None
        else:
            if child is None:
                _say(connection, FORKED)
        if child is None:
            _close(streams)
        return child

    def _refuse(self, argv: Sequence[bytes], environ: Mapping[bytes, bytes]) -> None:
        """Refuse what a fork of this process would not be.

        Raises:
            ValueError: an interpreter of its own would differ.
        """
        if argv[:-1] != [os.fsencode(sys.executable), b"-u", b"-c"]:
            raise ValueError(f"{argv[:-1]!r} was asked for, not {sys.executable!r} -u -c")
        changed = sorted(set(_read_at_start(environ).items()) ^ set(self._environ.items()))
        if changed:
            names = ", ".join(dict.fromkeys(os.fsdecode(name) for name, _ in changed))
            raise ValueError(f"the suite has changed what Python reads when it starts: {names}")

    def _leave(self, selector: selectors.BaseSelector, descriptor: int) -> None:
        """A launcher has ended: so does what it stands for."""
        for pid, connection in self._asking.items():
            if connection is not None and connection.fileno() == descriptor:
                selector.unregister(connection)
                connection.close()
                self._asking[pid] = None
                os.kill(pid, signal.SIGKILL)
                return

    def _reap(self, selector: selectors.BaseSelector) -> None:
        """Tell the launchers of forks that have ended."""
        while self._asking:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            connection = self._asking.pop(pid)
            exit_code = os.waitstatus_to_exitcode(status)
            if pid == self._controller:
                self._status = exit_code
            if connection is not None:
                selector.unregister(connection)
                _say(connection, ENDED + str(exit_code).encode())
                connection.close()

    def _end(self, status: int) -> int:
        """End what is left, and then as the controller did."""
        for pid in self._asking:
            os.kill(pid, signal.SIGKILL)
        for pid in self._asking:
            os.waitpid(pid, 0)
        if status < 0:
            if -status != signal.SIGKILL:
                signal.signal(-status, signal.SIG_DFL)
            os.kill(os.getpid(), -status)
        return status

    def _be_worker(self, code: bytes, directory: bytes, environ: Mapping[bytes, bytes], streams: Sequence[int]) -> int:
        """Be ``python -u -c CODE`` in *directory* with *environ* and *streams*."""
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        _close(streams)
        os.chdir(directory)
        os.environb.clear()
        os.environb.update(environ)
        time.tzset()
        for name, one in _standard_streams().items():
            setattr(sys, name, one)
            setattr(sys, f"__{name}__", one)
        sys.argv = ["-c"]
        sys.modules["__main__"] = main = _main_module()
        self._execute(os.fsdecode(code), main.__dict__)
        return 0

    def _execute(self, code: str, names: dict[str, object]) -> None:
        """Execute *code*. What execnet sends then begins with its own source, which is compiled already."""
        if code != popen_bootstrapline:
            exec(code, names)  # noqa: S102  -c does nothing else
            return
        names["sys"] = sys
        sent: str = ast.literal_eval(sys.stdin.readline())
        if sent.startswith(self._source):
            exec(self._code, names)  # noqa: S102  so does execnet's own line
            sent = sent.removeprefix(self._source)
        exec(sent, names)  # noqa: S102  so does execnet's own line


def _be_controller(arguments: Sequence[str]) -> int:
    """Be ``python -m pytest ARGUMENTS…``."""
    sys.argv = ["pytest", *arguments]
    runpy.run_module("pytest", run_name="__main__", alter_sys=True)
    return 0


def _main_module() -> ModuleType:
    main = ModuleType("__main__")
    main.__dict__.update(__loader__=BuiltinImporter, __builtins__=builtins, __annotations__={})
    return main


def _standard_streams() -> dict[str, TextIO]:
    """The streams of ``python -u``; the encodings of ours were told by the same environment."""
    return {
        name: _stream(number, getattr(sys, name), name) for number, name in enumerate(("stdin", "stdout", "stderr"))
    }


def _stream(number: int, before: TextIO, name: str) -> TextIO:
    mode = "w" if number else "r"
    raw = io.FileIO(number, mode, closefd=False)
    raw.name = f"<{name}>"
    buffer = raw if number else io.BufferedReader(raw)
    stream = io.TextIOWrapper(buffer, encoding=before.encoding, errors=before.errors, write_through=True)
    # As the interpreter does: it is no part of the class.
    setattr(stream, "mode", mode)  # noqa: B010  to its type it is read-only
    return stream


def _read_at_start(environ: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    return {name: value for name, value in environ.items() if name.startswith(_READ_AT_START)}


def _heard(connection: socket.socket, streams: list[int]) -> bytes:
    """The request at *connection*, whose *streams* become ours.

    Raises:
        OSError: nobody says anything.
        ValueError: it is somebody else's, or no request.
    """
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    if uid != os.geteuid():
        raise ValueError(f"user {uid} asks for what belongs to user {os.geteuid()}")
    received, given, _, _ = socket.recv_fds(connection, 1 << 16, STREAMS)
    streams += given
    while len(received) < LENGTH_BYTES or len(received) < LENGTH_BYTES + int.from_bytes(received[:LENGTH_BYTES], "big"):
        part = connection.recv(1 << 16)
        if not part:
            raise ValueError("the request breaks off")
        received += part
    if len(streams) != STREAMS:
        raise ValueError(f"{len(streams)} streams came with the request, not {STREAMS}")
    return received[LENGTH_BYTES:]


def _say(connection: socket.socket, answer: bytes) -> None:
    # A launcher that is gone is told nothing; its end is noticed as such.
    with suppress(OSError):
        connection.sendall(answer)


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
