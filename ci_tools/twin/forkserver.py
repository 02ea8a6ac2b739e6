"""A process that has imported the services' code and forks one service on demand.

Importing takes seconds and forking milliseconds, so a twin is up sooner and a fault that restarts a
service costs little. ``python -m ci_tools.twin.forkserver PARENT_PID MODULE…`` reads one JSON document
a line, ``{"module", "settings", "log"}``, and writes ``{"forked": PID}``, ``{"ready": PID}`` and
``{"ended": PID, "status": STATUS}``. It ends with its parent or its input, and its children with it.
"""

import gc
import importlib
import json
import os
import select
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ci_tools.process.lifeline import die_with_parent
from ci_tools.twin.service import serve

_LONGEST_READ = 65536


def main(parent_pid: str, *modules: str) -> int:
    """Fork what is asked for until the input ends."""
    die_with_parent(int(parent_pid))
    for module in modules:
        importlib.import_module(module)
    # What is shared with the children is never collected, hence never copied.
    gc.collect()
    gc.freeze()
    return _listen()


def _listen() -> int:
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    rest = b""
    while True:
        readable, _, _ = select.select([sys.stdin.fileno(), woken], [], [])
        if woken in readable:
            os.read(woken, _LONGEST_READ)
            _reap()
        if sys.stdin.fileno() in readable:
            data = os.read(sys.stdin.fileno(), _LONGEST_READ)
            if not data:
                return 0
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                _fork(json.loads(line), (woken, waker))


def _fork(request: dict[str, str], ours: Sequence[int]) -> None:
    """A child serves; it leaves through ``sys.exit``, so that what must happen at an exit happens."""
    parent_pid = os.getpid()
    pid = os.fork()
    if pid:
        _tell(sys.stdout.fileno(), {"forked": pid})
        return
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for descriptor in ours:
        os.close(descriptor)
    os.setsid()
    die_with_parent(parent_pid)
    supervisor = _redirect(Path(request["log"]))
    tell_ready = partial(_tell, supervisor, {"ready": os.getpid()})
    sys.exit(serve(Path(request["settings"]), request["module"], tell_ready))


def _redirect(log: Path) -> int:
    """Output goes to *log* and nothing comes in; the descriptor that still reaches the supervisor."""
    supervisor = os.dup(sys.stdout.fileno())
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(written, 1)
    os.dup2(written, 2)
    os.close(nothing)
    os.close(written)
    return supervisor


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        _tell(sys.stdout.fileno(), {"ended": pid, "status": os.waitstatus_to_exitcode(status)})


def _tell(descriptor: int, document: dict[str, int]) -> None:
    """One write, shorter than a pipe's atomic size, so that lines of several processes never mix."""
    os.write(descriptor, json.dumps(document).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
