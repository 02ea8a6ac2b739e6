import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ci_tools.model import DependencyState, GateState, Observation, ReliabilityGate
from ci_tools.probes.sampling import sample
from ci_tools.questions import HttpJsonProbe
from ci_tools.verdict.gates import decide
from ci_tools.verdict.statistics import Sequential

PROBE = HttpJsonProbe(name="state", dependency="backend", host="there", path="/health", timeout_s=2.0)
Sampled = tuple[Sequential, list[Observation]]
Sampling = Callable[..., Awaitable[Sampled]]


TIMED = {"under_s": 60.0}
"""A limit that nothing here exceeds: where attempts are timed one follows the other, however slow the machine is."""


def gate(**fields: Any) -> ReliabilityGate:
    """Make a gate on the probe of this file."""
    fields = {"floor": 0.80, "target": 0.95, **fields}
    return ReliabilityGate(name="backend_answers", dependency="backend", probe="state", **fields)


@pytest.fixture
def sampling(clients: Callable[..., Any]) -> Sampling:
    """Sample a gate at *url*: the decision, and what was recorded."""

    async def run(sampled: ReliabilityGate, url: str, *, time_scale: float = 1.0, **fields: Any) -> Sampled:
        recorded: list[Observation] = []
        async with clients({"there": url}, time_scale=time_scale) as opened:
            decision = await sample(sampled, PROBE, opened, decide, recorded.append, **fields)
        return decision, recorded

    return run


async def test_good_attempts_end_as_soon_as_they_suffice(sampling: Sampling, site: Any) -> None:
    """Eighteen straight good attempts show 95 % rather than 80 %; no more are made."""
    site.set("/health", {})

    decision, recorded = await sampling(gate(**TIMED), site.url)

    assert decision.state is GateState.HOLDS
    assert len(recorded) == len(site.requests) == 18


async def test_bad_attempts_end_as_soon_as_they_suffice(sampling: Sampling, site: Any) -> None:
    """Three straight bad attempts refute 95 %."""
    site.set("/health", {}, status=503)

    decision, recorded = await sampling(gate(**TIMED), site.url)

    assert decision.state is GateState.FAILS
    assert [one.code for one in recorded] == ["503", "503", "503"]


async def test_a_slow_answer_is_a_bad_attempt(sampling: Sampling, site: Any) -> None:
    """Where a gate limits the latency, an attempt above it counts against the gate."""
    site.set("/health", {})

    decision, recorded = await sampling(gate(under_s=0.000001), site.url)

    assert decision.state is GateState.FAILS
    assert {one.state for one in recorded} == {DependencyState.UP}


async def test_the_cap_ends_without_a_decision(sampling: Sampling, site: Any) -> None:
    """A gate whose cap is reached cannot tell."""
    site.set("/health", {})

    decision, recorded = await sampling(gate(cap=4), site.url)

    assert decision.state is GateState.CANNOT_TELL
    assert len(recorded) == 4


async def test_being_throttled_again_and_again_ends_early(sampling: Sampling, site: Any) -> None:
    """Five attempts in a row without evidence are the last: more would only add to what throttles us."""
    site.set("/health", {}, status=429)

    decision, recorded = await sampling(gate(**TIMED), site.url)

    assert (decision.state, decision.n) == (GateState.CANNOT_TELL, 0)
    assert [one.code for one in recorded] == ["429"] * 5


async def test_a_deadline_that_passed_lets_no_attempt_begin(sampling: Sampling, site: Any) -> None:
    """Without time left nothing is asked."""
    site.set("/health", {})

    decision, recorded = await sampling(gate(), site.url, within_s=0.0)

    assert decision.state is GateState.CANNOT_TELL
    assert recorded == site.requests == []


async def test_a_deadline_ends_a_run_of_attempts(sampling: Sampling, silent_url: str) -> None:
    """The attempt under way at the deadline is the last."""
    decision, recorded = await sampling(gate(target=0.99, floor=0.98), silent_url, within_s=0.1, time_scale=0.1)

    assert decision.state is GateState.CANNOT_TELL
    assert [one.timed_out for one in recorded] == [True]


def slow(at_once: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """A server that is slow with its first answer, and gives no other before *at_once* are asked for."""
    answers = 0
    company = asyncio.Barrier(at_once)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal answers
        await reader.readuntil(b"\r\n\r\n")
        answers += 1
        await (company.wait() if answers > 1 else asyncio.sleep(0.15))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        await writer.drain()

    return handle


async def test_slow_attempts_are_made_four_at_once(sampling: Sampling, listening: Any) -> None:
    """Most of their time is waiting."""
    url = f"http://127.0.0.1:{await listening(slow(4))}"

    decision, recorded = await sampling(gate(cap=5), url)

    assert decision.n == 5
    assert {one.state for one in recorded} == {DependencyState.UP}


async def test_what_a_gate_times_is_asked_alone(sampling: Sampling, listening: Any) -> None:
    """Company would make it slower, so one that waits for company waits in vain."""
    url = f"http://127.0.0.1:{await listening(slow(2))}"

    _, recorded = await sampling(gate(cap=2, under_s=60.0), url)

    assert [one.timed_out for one in recorded] == [False, True]


async def test_no_more_than_the_cap_are_made_at_once(sampling: Sampling, listening: Any) -> None:
    """The last round is as large as what is left."""
    url = f"http://127.0.0.1:{await listening(slow(2))}"

    decision, recorded = await sampling(gate(cap=3), url)

    assert decision.n == len(recorded) == 3
