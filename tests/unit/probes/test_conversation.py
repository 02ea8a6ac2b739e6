import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from ci_tools.model import DependencyState
from ci_tools.probes.conversation import judged
from ci_tools.questions import ConversationProbe
from ci_tools.target.websocket import Frame
from tests.unit.probes.frames import WELCOME, Talk, event, saying

PROBE = ConversationProbe(
    name="conversation",
    dependency="agents",
    host="there",
    message={"type": "user_message", "content": "what is the mean?"},
    timeout_s=0.4,
)
RUN = (event("agent_started"), event("tool_executing"), event("tool_completed"), event("agent_completed", result="15"))


def answering(*frames: str) -> Talk:
    """Welcome, wait for the message, and say *frames*, a moment after each other."""

    async def talk(connection: ServerConnection) -> None:
        await connection.send(WELCOME)
        assert json.loads(await connection.recv()) == {"type": "user_message", "content": "what is the mean?"}
        for frame in frames:
            await connection.send(frame)
            await asyncio.sleep(0.01)
        await connection.wait_closed()

    return talk


async def talked(survey: Any, serving: Any, talk: Talk) -> tuple[DependencyState, str | None, str]:
    """State, code and words of one conversation."""
    (seen,) = await survey(PROBE, await serving(talk))
    return seen.state, seen.code, seen.text


async def test_a_run_that_comes_to_a_result_is_up(survey: Any, serving: Any) -> None:
    """With the time it took."""
    (seen,) = await survey(PROBE, await serving(answering(*RUN)))

    assert (seen.state, seen.code) == (DependencyState.UP, "completed")
    assert seen.latency_s > 0.02


async def test_a_swallowed_message_is_silence(survey: Any, serving: Any) -> None:
    """Connection and welcome are fine, and not one event comes."""
    state, code, text = await talked(survey, serving, answering())

    assert (state, code) == (DependencyState.DOWN, "no_event")
    assert "no agent event at all" in text


async def test_a_run_that_never_ends_is_told_with_how_far_it_came(survey: Any, serving: Any) -> None:
    """That separates a hanging run from a swallowed message."""
    state, code, text = await talked(survey, serving, answering(event("agent_started"), event("agent_thinking")))

    assert (state, code) == (DependencyState.DOWN, "no_terminal_event")
    assert "agent_started, agent_thinking" in text


async def test_a_message_that_is_refused_is_no_silence(survey: Any, serving: Any) -> None:
    """The service says why."""
    refusal = json.dumps({"type": "error_message", "data": {"code": "STORAGE_FAILED", "message": "redis is away"}})
    state, code, text = await talked(survey, serving, answering(refusal))

    assert (state, code) == (DependencyState.DOWN, "error_message")
    assert "redis is away" in text


async def test_a_run_that_ends_in_an_error_is_told_with_its_words(survey: Any, serving: Any) -> None:
    """They name what failed it."""
    frames = (event("agent_started"), event("agent_error", error_message="the model refuses"))
    state, code, text = await talked(survey, serving, answering(*frames))

    assert (state, code) == (DependencyState.DOWN, "agent_error")
    assert "the model refuses" in text


async def test_a_stand_in_is_no_result(survey: Any, serving: Any) -> None:
    """However well its events are."""
    frames = (event("agent_started"), event("agent_completed", result={"response": "Mock response"}))

    assert (await talked(survey, serving, answering(*frames)))[:2] == (DependencyState.DOWN, "mocked")


async def test_without_a_connection_nothing_is_said_of_agents(survey: Any, serving: Any) -> None:
    """Connections have a probe of their own."""
    assert (await talked(survey, serving, saying(code=1011)))[:2] == (DependencyState.UNKNOWN, "1011")


@pytest.mark.parametrize(
    ("types", "words"),
    [
        (["agent_thinking", "agent_completed"], "the first event is agent_thinking, not agent_started"),
        (["agent_started", "tool_executing", "agent_completed"], "1 tools began and 0 completed"),
    ],
)
def test_events_out_of_order_are_told(types: list[str], words: str) -> None:
    """A user would see something begin and never end."""
    seen = judged([Frame(type=kind, document={}, t_s=number) for number, kind in enumerate(types)], asked_s=0.0)

    assert (seen.state, seen.code, seen.text) == (DependencyState.DOWN, "out_of_order", words)


def test_a_run_of_no_time_executed_nothing() -> None:
    """Five milliseconds are not enough for a tool."""
    frames = [Frame(type=kind, document={}, t_s=0.101) for kind in ("agent_started", "agent_completed")]

    assert judged(frames, asked_s=0.1).code == "too_fast"


def test_events_that_are_read_all_at_once_are_no_quick_run() -> None:
    """Whoever asks was busy; the run has had the time since it was asked for."""
    frames = [Frame(type=kind, document={}, t_s=0.2) for kind in ("agent_started", "agent_completed")]

    assert judged(frames, asked_s=0.1).code == "completed"
