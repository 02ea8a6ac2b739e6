import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ci_tools.model import DependencyState, Observation
from ci_tools.questions import CommandProbe

Look = Callable[..., Awaitable[Observation]]


def probe(*argv: str, timeout_s: float = 20.0) -> CommandProbe:
    """Make a probe that runs *argv*."""
    return CommandProbe(name="own_check", dependency="cloud_sql", argv=argv, timeout_s=timeout_s)


async def test_exit_status_zero_is_up_with_the_last_line(look: Look) -> None:
    """A command that ends well is up; its last line that is not blank is the text."""
    seen = await look(probe("printf", r"one\ntwo\n\n"))

    assert (seen.state, seen.code, seen.text) == (DependencyState.UP, "0", "two")
    assert seen.latency_s is not None


async def test_another_exit_status_is_down_with_its_words(look: Look) -> None:
    """A command that ends badly is down with its status; words on standard error count."""
    seen = await look(probe("sh", "-c", "echo instance not ready >&2; exit 3"))

    assert (seen.state, seen.code, seen.text) == (DependencyState.DOWN, "3", "instance not ready")


async def test_no_shell_reads_the_arguments(look: Look) -> None:
    """Arguments reach the command as they are."""
    seen = await look(probe("echo", "$HOME; exit 1"))

    assert (seen.state, seen.text) == (DependencyState.UP, "$HOME; exit 1")


@pytest.mark.parametrize(("number", "name"), [(11, "SIGSEGV"), (35, "signal 35")])
async def test_a_signal_is_told_by_name(look: Look, number: int, name: str) -> None:
    """A command that a signal ended is down with the signal's name, or its number where it has none."""
    seen = await look(probe("sh", "-c", f"kill -{number} $$"))

    assert (seen.state, seen.code) == (DependencyState.DOWN, name)


async def test_a_command_that_does_not_end_is_ended(look: Look) -> None:
    """A command that outlasts the scaled patience is down with a censored latency and what it said."""
    seen = await look(probe("sh", "-c", "echo waiting; sleep 600", timeout_s=10.0), time_scale=0.1)

    assert (seen.state, seen.timed_out, seen.code) == (DependencyState.DOWN, True, None)
    assert seen.text == "still running after 1 s; last line: waiting"


async def test_what_a_command_leaves_running_is_ended(look: Look, eventually: Callable[..., None]) -> None:
    """A process that the command started goes with it, and is not waited for."""
    seen = await look(probe("sh", "-c", "sleep 600 & echo $!"))

    assert seen.state is DependencyState.UP
    eventually(lambda: not _runs(int(seen.text)), within_s=5, what=f"process {seen.text} is gone")


async def test_endless_output_is_bounded(look: Look) -> None:
    """However much a command writes, its last line is kept, and shortened."""
    code = "import sys; [print('x' * 4096) for _ in range(2000)]; print('end')"
    seen = await look(probe(sys.executable, "-c", code))

    assert (seen.state, seen.text) == (DependencyState.UP, "end")


async def test_a_command_that_does_not_exist_is_no_evidence(look: Look) -> None:
    """A command that cannot be started says nothing of the deployed system."""
    seen = await look(probe("/nonexistent/check"))

    assert (seen.state, seen.code) == (DependencyState.UNKNOWN, "ENOENT")


async def test_standard_input_is_empty(look: Look) -> None:
    """A command that asks for input finds its end."""
    seen = await look(probe("sh", "-c", "read answer || echo no input"))

    assert seen.text == "no input"


async def test_a_secret_in_the_output_is_masked(look: Look) -> None:
    """A credential that a command prints, or carries in its arguments, does not leave."""
    seen = await look(probe("echo", "key is hunter-2-hunter"), environ={"DB_PASSWORD": "hunter-2-hunter"})

    assert "hunter" not in seen.text + seen.source
    assert seen.text == "key is [redacted]"


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")  # noqa: PTH110 - one look, no path is kept
