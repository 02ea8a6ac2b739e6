import time
from email.utils import formatdate
from typing import Any

import pytest

from ci_tools.model import DependencyState
from ci_tools.questions import ClockProbe

PROBE = ClockProbe(name="clock", dependency="backend", host="there", path="/health", within_s=30, timeout_s=5.0)


@pytest.mark.parametrize(
    ("ahead_s", "state", "words"),
    [
        (0, DependencyState.UP, ""),
        (3600, DependencyState.DEGRADED, "ahead of ours"),
        (-3600, DependencyState.DEGRADED, "behind ours"),
    ],
)
async def test_the_servers_clock_is_held_against_ours(
    survey: Any, site: Any, ahead_s: float, state: DependencyState, words: str
) -> None:
    """Tokens live by it."""
    site.set("/health", {}, headers={"date": formatdate(time.time() + ahead_s, usegmt=True)})

    (seen,) = await survey(PROBE, site.url)

    assert seen.state is state
    assert words in seen.text


@pytest.mark.parametrize(
    "date", ["yesterday", "Thu, 99 Foo 2025 00:00:00 GMT", "Thu, 01 Jan 99999999999 00:00:00 GMT", ""]
)
async def test_a_date_that_is_none_tells_nothing(survey: Any, site: Any, date: str) -> None:
    """Neither right nor wrong."""
    site.set("/health", {}, headers={"date": date})

    assert [one.state for one in await survey(PROBE, site.url)] == [DependencyState.UNKNOWN]
