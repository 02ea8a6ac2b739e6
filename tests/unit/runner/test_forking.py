import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ci_tools.runner import launcher
from tests.unit.processes import running

LISTENING = """\
import os, sys
from ci_tools.runner.forking import Nursery
nursery = Nursery()
def controller():
    print(nursery.address, os.getpid(), flush=True)
    said = sys.stdin.readline()
    if said.startswith("signal"):
        os.kill(os.getpid(), int(said.split()[1]))
    return int(said)
sys.exit((nursery.fork(controller) or nursery.serve)())
"""
"""Forks a controller that ends with the exit code that it is told."""
IMAGE = """\
import json, os, random, signal, sys
main = sys.modules["__main__"]
print(json.dumps({
    "argv": sys.argv,
    "cwd": os.getcwd(),
    "environ": dict(os.environ),
    "main": sorted(set(vars(main)) - {"main"}),
    "spec": repr(main.__spec__),
    "descriptors": sorted(os.listdir("/proc/self/fd")),
    "streams": [
        [one.encoding, one.errors, one.write_through, one.fileno(), one.mode, one.name, type(one.buffer).__name__]
        for one in (sys.stdin, sys.stdout, sys.stderr)
    ],
    "originals": [sys.stdin is sys.__stdin__, sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__],
    "handlers": [repr(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
    "executable": sys.executable,
    "dont_write_bytecode": sys.dont_write_bytecode,
    "wakeup": signal.set_wakeup_fd(-1),
}))
"""
"""What a process can see of how it was started."""
SLEEPING = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
Eventually = Callable[..., None]


class Forking:
    """A process that forks, and launchers that ask it to."""

    def __init__(self, cwd: Path) -> None:
        self.cwd = cwd
        environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
        pipe = subprocess.PIPE
        argv = [sys.executable, "-c", LISTENING]
        self.process = subprocess.Popen(argv, env=environ, cwd="/", stdin=pipe, stdout=pipe, text=True)
        self.environ = environ
        self.address, controller = self._said(self.process).split()
        self.controller = psutil.Process(int(controller))
        self.launchers: list[subprocess.Popen[str]] = []

    def _said(self, process: "subprocess.Popen[str]") -> str:
        assert process.stdout is not None
        return process.stdout.readline()

    def argv(self, code: str, *options: str) -> list[str]:
        """The command line of a launcher."""
        words = [sys.executable, "-IS", launcher.__file__, self.address, sys.executable, "-u", *options, "-c", code]
        return [str(word) for word in words]

    def launch(self, code: str, *options: str, **environ: str) -> "subprocess.Popen[str]":
        """Have *code* executed in a fork."""
        pipe = subprocess.PIPE
        self.launchers.append(
            subprocess.Popen(
                self.argv(code, *options),
                cwd=self.cwd,
                env={**self.environ, **environ},
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                text=True,
            )
        )
        return self.launchers[-1]

    def sleeping(self) -> tuple["subprocess.Popen[str]", psutil.Process]:
        """A launcher, and the fork that it waits for."""
        waiting = self.launch(SLEEPING)
        return waiting, psutil.Process(int(self._said(waiting)))

    def say(self, word: str) -> int:
        """Let the controller end; the exit code of the process that forked it."""
        self.process.communicate(word)
        return self.process.returncode

    def end(self) -> None:
        """Nothing stays behind."""
        for process in (self.process, *self.launchers):
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def forking(tmp_path: Path) -> Iterator[Forking]:
    """It listens, and is gone afterwards."""
    one = Forking(tmp_path)
    yield one
    one.end()


def image(argv: list[str], forking: Forking, **environ: str) -> dict[str, object]:
    """What a process that is started so sees of it."""
    seen = subprocess.run(
        argv, cwd=forking.cwd, env={**forking.environ, **environ}, input="", capture_output=True, text=True, check=True
    )
    assert seen.stderr == ""
    described: dict[str, object] = json.loads(seen.stdout)
    return described


def test_a_fork_is_what_a_start_would_be(forking: Forking) -> None:
    """In all that a program can see of how it was started: also what the process that forks has not given it."""
    started = image([sys.executable, "-u", "-c", IMAGE], forking, SHOP="öpen", TZ="Asia/Tokyo")

    assert image(forking.argv(IMAGE), forking, SHOP="öpen", TZ="Asia/Tokyo") == started


def test_a_fork_is_a_child_of_the_process_that_forks(forking: Forking) -> None:
    """So it was forked, not started."""
    said, _ = forking.launch("import os; print(os.getppid())").communicate()

    assert int(said) == forking.process.pid


def test_streams_are_the_launchers(forking: Forking) -> None:
    """Each for itself, and without a word of ours."""
    code = "import sys; heard = sys.stdin.read(); print('out', heard); sys.stderr.write('err ' + heard); sys.exit(7)"

    process = forking.launch(code)

    assert process.communicate("spoken") == ("out spoken\n", "err spoken")
    assert process.returncode == 7


def test_the_time_zone_is_the_launchers(forking: Forking) -> None:
    """The C library would keep the one that it has read."""
    said, _ = forking.launch(
        "import time; print(time.strftime('%Z', time.localtime(0)))", TZ="Asia/Tokyo"
    ).communicate()

    assert said == "JST\n"


def test_every_fork_has_a_chance_of_its_own(forking: Forking) -> None:
    """Random numbers differ between forks."""
    codes = ["import random, uuid; print(random.random())"] * 3

    said = [forking.launch(code).communicate()[0] for code in codes]

    assert len(set(said)) == 3


def test_an_error_ends_a_fork_as_it_ends_a_program(forking: Forking) -> None:
    """With its traceback."""
    process = forking.launch("raise ValueError('spilt milk')")

    assert process.communicate()[1].endswith("ValueError: spilt milk\n")
    assert process.returncode == 1


def test_what_an_exit_brings_along_happens(forking: Forking) -> None:
    """Functions that are registered for it are called."""
    said, _ = forking.launch("import atexit; atexit.register(print, 'tidied')").communicate()

    assert said == "tidied\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_launcher_dies_as_its_fork_did(forking: Forking, number: int) -> None:
    """Whoever waits for it sees the signal."""
    process = forking.launch(f"import os; os.kill(os.getpid(), {int(number)})")
    process.communicate()

    assert process.returncode == -number


def test_a_fork_dies_with_its_launcher(forking: Forking, eventually: Eventually) -> None:
    """Killing the launcher is how execnet ends a worker; others live on."""
    waiting, fork = forking.sleeping()
    _, other = forking.sleeping()

    waiting.kill()

    eventually(lambda: not running([fork]), within_s=10, what="the fork is gone")
    assert running([other])


def test_all_die_with_the_process_that_forks(forking: Forking, eventually: Eventually) -> None:
    """The controller, the forks and their launchers."""
    waiting, fork = forking.sleeping()

    forking.process.kill()

    eventually(lambda: not running([fork, forking.controller]), within_s=10, what="the forks are gone")
    assert waiting.wait(10) == 1


@pytest.mark.parametrize(("word", "exit_code"), [("3\n", 3), ("0\n", 0), ("signal 15\n", -15), ("signal 9\n", -9)])
def test_all_end_as_the_controller_does(forking: Forking, eventually: Eventually, word: str, exit_code: int) -> None:
    """Whoever waits for the process that forks sees the controller's end; no worker outlives it."""
    waiting, fork = forking.sleeping()

    assert forking.say(word) == exit_code
    eventually(lambda: not running([fork]), within_s=10, what="the fork is gone")
    assert waiting.wait(10) != 0


def test_an_interrupt_is_for_the_forks(forking: Forking) -> None:
    """Process and launcher stay, so that a worker that tidies up is waited for."""
    code = "import time\ntry:\n    print(flush=True)\n    time.sleep(60)\nexcept KeyboardInterrupt: print('tidied')"
    process = forking.launch("import os; print(os.getpid(), flush=True)\n" + code)
    assert process.stdout is not None
    fork = int(process.stdout.readline())
    process.stdout.readline()

    for pid in (forking.process.pid, process.pid, fork):
        os.kill(pid, signal.SIGINT)

    assert process.communicate()[0] == "tidied\n"
    assert process.returncode == 0
    assert forking.process.poll() is None


@pytest.mark.parametrize(
    ("options", "environ", "reason"),
    [
        ((), {"PYTHONHASHSEED": "7"}, "the suite has changed what Python reads when it starts: PYTHONHASHSEED"),
        ((), {"LC_ALL": "C", "LANG": "C"}, "the suite has changed what Python reads when it starts: LANG, LC_ALL"),
        (("-B",), {}, "b'-B', b'-c'] was asked for, not "),
    ],
)
def test_what_a_fork_could_not_be_is_started(
    forking: Forking, options: tuple[str, ...], environ: dict[str, str], reason: str
) -> None:
    """An interpreter reads some things only when it starts; the log says why it was."""
    process = forking.launch("import os; print(os.getppid())", *options, **environ)
    said, logged = process.communicate("")

    assert int(said) == os.getpid()
    assert logged.startswith("ci-tools: a worker is started instead of forked: ")
    assert reason in logged


@pytest.mark.parametrize("words", [b"", b"x", b"\0" * 8, (3).to_bytes(8, "big") + b"a\0b"])
def test_a_senseless_request_disturbs_nobody(forking: Forking, words: bytes) -> None:
    """Whoever connects and is no launcher is refused, and the next one is served."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect("\0" + forking.address)
        line.sendall(words)
        line.shutdown(socket.SHUT_WR)

        assert line.recv(1000).startswith(launcher.REFUSED)
    assert forking.launch("print('served')").communicate()[0] == "served\n"
