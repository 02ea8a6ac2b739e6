import signal
import subprocess
import sys

import pytest

CODE = """
import asyncio
from ci_tools.twin.lifetime import Lifetime

async def live():
    lifetime = Lifetime()
    lifetime.begin()
    print("alive", flush=True)
    try:
        await asyncio.wait_for(lifetime.over.wait(), 20)
    finally:
        lifetime.end()
    print("over", flush=True)

asyncio.run(live())
"""
GRANDPARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdin=0, stdout=1)
sys.stdin.buffer.raw.read(1)
"""


def alive(stdin: int) -> subprocess.Popen[bytes]:
    """A process that lives until its lifetime is over."""
    process = subprocess.Popen([sys.executable, "-c", CODE], stdin=stdin, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"alive\n"
    return process


def test_the_end_of_the_input_ends_it() -> None:
    """Whoever holds the pipe has gone."""
    with alive(subprocess.PIPE) as process:
        said, _ = process.communicate(timeout=10)

    assert said == b"over\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it(number: signal.Signals) -> None:
    """It ends in order, without a traceback."""
    with alive(subprocess.PIPE) as process:
        process.send_signal(number)
        assert process.stdout is not None
        said = process.stdout.read()

    assert said == b"over\n"
    assert process.returncode == 0


def test_no_input_is_no_end() -> None:
    """A service manager's /dev/null does not end it; a signal does."""
    with alive(subprocess.DEVNULL) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.terminate()
        said, _ = process.communicate(timeout=10)

    assert said == b"over\n"


def test_the_parents_death_ends_it_although_the_input_stays_open() -> None:
    """Somebody else may hold the input: the parent itself is watched too."""
    with subprocess.Popen(
        [sys.executable, "-c", GRANDPARENT, CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        first = parent.stdout.readline()
        parent.kill()
        second = parent.stdout.readline()

    assert (first, second) == (b"alive\n", b"over\n")
