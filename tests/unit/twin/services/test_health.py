import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ci_tools.twin.services.health import Board, measure
from ci_tools.twin.services.web import UnavailableError


class Dependency:
    """Counts how often it is asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked = 0
        self.error = error

    async def __call__(self) -> None:
        """Answer, or fail as told."""
        self.asked += 1
        if self.error:
            raise self.error


async def _silent() -> None:
    await asyncio.Event().wait()


def _board(cache_s: float = 60.0, **checks: Any) -> Board:
    return Board(checks, timeout_s=5.0, cache_s=cache_s)


async def test_an_answer_is_connected_with_its_time() -> None:
    """A check that returns is connected, without error, with a measured time."""
    checked = await measure(Dependency(), timeout_s=5.0)

    assert (checked.status, checked.connected, checked.error) == ("healthy", True, None)
    assert checked.response_time_ms is not None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(111, "Connection refused"), "[Errno 111] Connection refused"),
        (UnavailableError("postgresql", "too many clients already"), "too many clients already"),
        (TimeoutError(), "TimeoutError"),
    ],
)
async def test_a_failure_is_told_in_the_words_of_its_client(error: Exception, words: str) -> None:
    """The error of a check is what its client said, and nothing else."""
    checked = await measure(Dependency(error), timeout_s=5.0)

    assert (checked.connected, checked.error) == (False, words)


async def test_silence_ends_at_the_timeout() -> None:
    """A check that never returns is not connected, and took as long as it was given."""
    checked = await measure(_silent, timeout_s=0.02)

    assert checked.error == "no answer within 0.02 s"
    assert checked.response_time_ms is not None
    assert checked.response_time_ms >= 15


async def test_one_failure_does_not_touch_the_others() -> None:
    """Each dependency has its own result."""
    seen = await _board(good=Dependency(), bad=Dependency(OSError("down"))).read()

    assert {name: checked.connected for name, checked in seen.items()} == {"good": True, "bad": False}


async def test_checks_run_at_the_same_time() -> None:
    """A check that waits for the start of the next one returns: they are not run in turn."""
    started = asyncio.Event()

    async def second() -> None:
        started.set()

    seen = await _board(first=started.wait, second=second).read()

    assert {name: checked.connected for name, checked in seen.items()} == {"first": True, "second": True}


async def test_what_was_seen_is_told_again() -> None:
    """Within the cache time nobody is asked twice."""
    dependency = Dependency()
    board = _board(one=dependency)
    await board.read()
    await board.read()

    assert dependency.asked == 1


async def test_force_asks_again() -> None:
    """With force the dependency is asked each time."""
    dependency = Dependency()
    board = _board(one=dependency)
    await board.read(force=True)
    await board.read(force=True)

    assert dependency.asked == 2


async def test_what_is_too_old_is_not_told_again() -> None:
    """After the cache time the dependency is asked again."""
    dependency = Dependency()
    board = _board(cache_s=0.0, one=dependency)
    await board.read()
    await board.read()

    assert dependency.asked == 2


async def test_those_who_come_together_share_one_reading() -> None:
    """Requests at the same time do not multiply the checks."""
    dependency = Dependency()
    board = _board(one=dependency)
    await asyncio.gather(*(board.read() for _ in range(5)))

    assert dependency.asked == 1


async def test_a_glance_does_not_wait_for_the_silent() -> None:
    """A glance gives up after its patience and says nothing of what it has not seen."""
    board = Board({"one": _silent}, timeout_s=0.05, cache_s=60.0)
    seen = dict(await board.glance(0.001))
    await board.read()

    assert seen == {}
    assert not board.seen["one"].connected


async def test_a_check_outlasts_the_limits_of_its_client(settings_of: Callable[..., Any]) -> None:
    """The board waits longer than connecting and querying may take, so that their own errors come first."""
    settings = settings_of()
    board = Board.of(settings, {})

    assert board.timeout_s > settings.pool.timeout_s + 6 * settings.durations.dependency_connect_s
