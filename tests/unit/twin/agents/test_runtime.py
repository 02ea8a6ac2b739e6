import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ci_tools.twin.agents import schemas
from ci_tools.twin.agents.events import AgentEvent
from ci_tools.twin.agents.failures import RunNotFoundError, StorageError, ThreadNotFoundError
from ci_tools.twin.agents.ports import Caller, Message
from ci_tools.twin.agents.runs import AgentName, RunRequest, RunStatus
from ci_tools.twin.agents.tools import Tool

NUMBERS = RunRequest(agent=AgentName.DATA, message="latency: 1, 2, 3")
IN_THREAD = replace(NUMBERS, thread_id="thread-1")


class Slow:
    """A statistics tool that waits until it is let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.let_go = asyncio.Event()

    async def call(self, _given: Mapping[str, Any], _caller: Caller) -> Any:
        """The figures that the agent needs."""
        self.begun.set()
        await self.let_go.wait()
        return {"count": 0, "mean": 0.0, "median": 0.0, "trend": "flat", "outliers": []}

    def tool(self) -> Tool:
        """The tool in place of the genuine one."""
        return Tool(
            name="statistics",
            description="",
            category="test",
            parameters=schemas.parameters({"values": schemas.NUMBERS}),
            call=self.call,
        )


@pytest.fixture
def slow(house: Any) -> Slow:
    """The house's statistics tool waits."""
    waiting = Slow()
    house.extra_tools.append(waiting.tool())
    house.open()
    return waiting


def _paired(events: list[AgentEvent]) -> list[tuple[str, str]]:
    return [(e.type.value, e.data["tool_name"]) for e in events if e.type.value.startswith("tool_")]


async def test_the_five_events_come_in_order(house: Any) -> None:
    """Started, thinking, executing, completed, completed: the golden path of one agent."""
    run = await house.perform(NUMBERS)

    assert [event.type.value for event in house.events] == [
        "agent_started",
        "agent_thinking",
        "tool_executing",
        "tool_completed",
        "agent_thinking",
        "agent_completed",
    ]
    assert run.status is RunStatus.COMPLETED


async def test_every_event_names_run_user_and_agent(house: Any) -> None:
    """A client can tell whose event it is."""
    run_id = await house.begin(NUMBERS)
    await house.runtime.finished(run_id, "user-1")

    assert {(e.run_id, e.user_id, e.agent_name.value) for e in house.events} == {(run_id, "user-1", "data")}


async def test_payloads_hold_what_the_contract_names(house: Any) -> None:
    """Each kind of event has exactly its fields."""
    await house.perform(NUMBERS)
    payloads = {event.type.value: set(event.data) for event in house.events}

    assert payloads == {
        "agent_started": {"message", "context"},
        "agent_thinking": {"reasoning", "step_number", "progress_percentage"},
        "tool_executing": {"tool_name", "parameters"},
        "tool_completed": {"tool_name", "result", "execution_time_ms"},
        "agent_completed": {"status", "result", "execution_time_ms"},
    }


async def test_the_models_text_is_the_first_thought(house: Any) -> None:
    """The agent shows what the language model said."""
    await house.perform(NUMBERS)

    assert house.events[1].data["reasoning"] == "[data] latency: 1, 2, 3"
    assert house.model.prompts == ["latency: 1, 2, 3"]


async def test_the_stored_run_holds_its_result_and_every_step(house: Any) -> None:
    """What can be read afterwards is what was told."""
    run_id = await house.begin(NUMBERS)
    await house.runtime.finished(run_id, "user-1")
    stored = await house.runtime.state(run_id, "user-1")

    assert [step.type for step in stored.steps] == [event.type.value for event in house.events]
    assert [step.number for step in stored.steps] == [1, 2, 3, 4, 5, 6]
    assert (stored.status, stored.result) == (RunStatus.COMPLETED, house.events[-1].data["result"])


async def test_the_end_is_stored_before_it_is_told(house: Any) -> None:
    """Who hears of the completion can read the completed state."""
    seen: list[RunStatus] = []

    def sink(event: AgentEvent) -> None:
        seen.append(house.store.runs[event.run_id].status)

    caller = Caller(user_id="user-1")
    started = await house.runtime.start(NUMBERS, caller, sink)
    await house.runtime.finished(started.run_id, "user-1")

    assert (seen[0], seen[-1]) == (RunStatus.RUNNING, RunStatus.COMPLETED)


async def test_another_users_run_is_unknown(house: Any) -> None:
    """Neither read nor waited for, cancelled or stopped."""
    run_id = await house.begin(NUMBERS)

    assert (house.runtime.cancel(run_id, "user-2"), house.runtime.stop(run_id, "user-2")) == (False, False)
    with pytest.raises(RunNotFoundError):
        await house.runtime.state(run_id, "user-2")
    with pytest.raises(RunNotFoundError):
        await house.runtime.finished(run_id, "user-2")


async def test_a_request_id_runs_once(house: Any) -> None:
    """Five concurrent requests with one id are one run."""
    request = replace(NUMBERS, request_id="r-1")
    ids = await asyncio.gather(*(house.begin(request) for _ in range(5)))
    await house.runtime.finished(ids[0], "user-1")

    assert len(set(ids)) == 1
    assert [event.type.value for event in house.events].count("agent_started") == 1


async def test_a_request_id_is_the_users_own(house: Any) -> None:
    """Two users may choose the same id."""
    request = replace(NUMBERS, request_id="r-1")

    assert await house.begin(request, "user-1") != await house.begin(request, "user-2")


async def test_both_sides_of_the_conversation_are_kept(house: Any) -> None:
    """The thread holds the user's message and the agent's answer."""
    run = await house.perform(IN_THREAD)

    assert run.result is not None
    assert house.threads.messages["thread-1"] == [
        Message(role="user", content="latency: 1, 2, 3"),
        Message(role="assistant", content=run.result["response"]),
    ]


async def test_a_foreign_thread_starts_nothing(house: Any) -> None:
    """Nothing is stored, nothing is told."""
    with pytest.raises(ThreadNotFoundError, match="no thread 'thread-2' of this user"):
        await house.begin(replace(NUMBERS, thread_id="thread-2"))

    assert (house.events, house.store.runs, house.threads.messages) == ([], {}, {})


async def test_a_message_that_cannot_be_kept_starts_nothing(house: Any) -> None:
    """The caller learns why, and the run is not left running."""
    house.threads.refused_roles = {"user"}
    with pytest.raises(StorageError, match="postgresql is unavailable: connection was closed"):
        await house.begin(IN_THREAD)

    assert [run.status for run in house.store.runs.values()] == [RunStatus.FAILED]
    assert house.events == []


async def test_an_answer_that_cannot_be_kept_fails_the_run(house: Any) -> None:
    """A result that the thread lacks is no success."""
    house.threads.refused_roles = {"assistant"}
    run = await house.perform(IN_THREAD)

    assert (run.status, run.error_code, run.result) == (RunStatus.FAILED, "STORAGE_FAILED", None)
    assert house.told()[-1] == ("data", "agent_error")


async def test_an_end_that_cannot_be_stored_is_told_as_an_error(house: Any) -> None:
    """A state store that went away mid-run does not make a success."""
    house.store.broken = True
    run = await house.perform(NUMBERS)

    assert (run.status, run.error) == (RunStatus.FAILED, "redis is unavailable: Connection refused.")
    assert [kind for _, kind in house.told()].count("agent_completed") == 0
    assert house.events[-1].data["error_context"] == {"code": "STORAGE_FAILED"}


async def test_a_refused_model_ends_in_an_error(house: Any) -> None:
    """The error is the model's, in its own words, after agent_started."""
    house.model.refusal = "the language model is unavailable: connection refused"
    run = await house.perform(NUMBERS)

    assert house.told() == [("data", "agent_started"), ("data", "agent_error")]
    assert run.error == house.events[-1].data["error_message"] == house.model.refusal
    assert run.error_code == "MODEL_UNAVAILABLE"


async def test_repeated_refusals_open_the_circuit(house: Any) -> None:
    """After three failures the model is left alone."""
    house.model.refusal = "refused"
    for _ in range(3):
        await house.perform(NUMBERS)
    run = await house.perform(NUMBERS)

    assert len(house.model.prompts) == 3
    assert run.error == "the language model failed repeatedly and is left alone for a while; try again"


async def test_a_silent_model_is_bounded(house: Any) -> None:
    """The bound of one call ends the run in an error."""
    house.model.fall_silent()
    run = await house.open(model_s=0.01).perform(NUMBERS)

    assert (run.error_code, run.error) == (
        "MODEL_TIMEOUT",
        "the language model did not answer within 0.01 s; try again later",
    )


async def test_an_unbounded_model_call_holds_the_run_until_its_own_bound(house: Any) -> None:
    """Without the bound of a call only the bound of the run is left."""
    house.model.fall_silent()
    run = await house.open(model_s=None, run_s=0.03).perform(NUMBERS)

    assert (run.error_code, run.status) == ("RUN_TIMEOUT", RunStatus.FAILED)


async def test_a_run_that_waits_says_that_it_is_at_work(house: Any) -> None:
    """A silent model does not make a silent run: thoughts come until the model answers."""
    house.model.fall_silent()
    started = await house.open(model_s=None, gap_s=0.03).runtime.start(
        NUMBERS, Caller(user_id="user-1"), house.answered_after(thoughts=2)
    )
    await house.runtime.finished(started.run_id, "user-1")
    thoughts = [event.data for event in house.events if event.type.value == "agent_thinking"]

    assert thoughts[1]["reasoning"] == "still at work after 0.024 s without news"
    assert [thought["step_number"] for thought in thoughts] == list(range(1, len(thoughts) + 1))
    assert thoughts[2]["reasoning"] == "[data] latency: 1, 2, 3"


async def test_a_tool_that_takes_too_long_is_completed_with_the_error(house: Any, slow: Slow) -> None:
    """Every tool_executing has its tool_completed, then the agent fails."""
    house.tool_s = 0.01
    run = await house.open().perform(NUMBERS)

    assert slow.begun.is_set()
    assert _paired(house.events) == [("tool_executing", "statistics"), ("tool_completed", "statistics")]
    assert house.events[-2].data["result"] == {"error": run.error}
    assert run.error_code == "TOOL_TIMEOUT"


async def test_a_cancelled_run_ends_at_once(house: Any, slow: Slow) -> None:
    """The tool is completed as interrupted, the error is the last event, the state says cancelled."""
    run_id = await house.begin(NUMBERS)
    await slow.begun.wait()
    answers = (house.runtime.cancel(run_id, "user-1"), house.runtime.cancel(run_id, "user-1"))
    run = await house.runtime.finished(run_id, "user-1")

    assert answers == (True, False)
    assert (run.status, run.error_code) == (RunStatus.CANCELLED, "RUN_CANCELLED")
    assert house.events[-2].data["result"] == {"error": "interrupted"}
    assert house.told()[-1] == ("data", "agent_error")


async def test_a_run_that_stores_its_answer_is_not_cancelled(house: Any) -> None:
    """A cancelled run never leaves an answer in its thread: once that is on its way, the run completes."""
    house.threads.let_go.clear()
    run_id = await house.begin(IN_THREAD)
    await house.threads.answering.wait()
    cancelled = house.runtime.cancel(run_id, "user-1")
    house.threads.let_go.set()
    run = await house.runtime.finished(run_id, "user-1")

    assert (cancelled, run.status) == (False, RunStatus.COMPLETED)
    assert [message.role for message in house.threads.messages["thread-1"]] == ["user", "assistant"]


async def test_a_stopped_run_finishes_its_step(house: Any, slow: Slow) -> None:
    """The tool's result is told, and no further tool begins."""
    run_id = await house.begin(replace(NUMBERS, message="a: 1; b: 2"))
    await slow.begun.wait()
    stopped = house.runtime.stop(run_id, "user-1")
    slow.let_go.set()
    run = await house.runtime.finished(run_id, "user-1")

    assert (stopped, run.status) == (True, RunStatus.STOPPED)
    assert _paired(house.events) == [("tool_executing", "statistics"), ("tool_completed", "statistics")]
    assert house.events[-3].data["result"]["count"] == 0


async def test_a_cancelled_supervisor_ends_its_agents_first(house: Any, slow: Slow) -> None:
    """The agent at work and the supervisor both tell their end, the supervisor last."""
    run_id = await house.begin(RunRequest(agent=AgentName.SUPERVISOR, message="Analyze data 1, 2"))
    await slow.begun.wait()
    house.runtime.cancel(run_id, "user-1")
    await house.runtime.finished(run_id, "user-1")

    assert house.told()[-3:] == [
        ("data", "tool_completed"),
        ("data", "agent_error"),
        ("supervisor", "agent_error"),
    ]


async def test_an_ended_run_is_neither_cancelled_nor_stopped(house: Any) -> None:
    """There is nothing left to end."""
    run_id = await house.begin(NUMBERS)
    await house.runtime.finished(run_id, "user-1")

    assert (house.runtime.cancel(run_id, "user-1"), house.runtime.stop(run_id, "user-1")) == (False, False)


async def test_the_census_counts_what_is_under_way(house: Any, slow: Slow) -> None:
    """A run counts from its start to its end, for its user."""
    run_id = await house.begin(NUMBERS)
    during = (dict(house.runtime.census()), house.runtime.active_of("user-1", AgentName.DATA))
    slow.let_go.set()
    await house.runtime.finished(run_id, "user-1")
    await house.runtime.close()

    assert during == ({"data": 1}, [run_id])
    assert (dict(house.runtime.census()), house.runtime.active_of("user-2", AgentName.DATA)) == ({}, [])


async def test_closing_tears_every_run_down(house: Any, slow: Slow) -> None:
    """A run that the service's end interrupts is stored as failed."""
    run_id = await house.begin(NUMBERS)
    await slow.begun.wait()
    await house.runtime.close()

    assert house.store.runs[run_id].error_code == "RUN_INTERRUPTED"


async def test_an_unforeseen_error_is_told_without_its_text(house: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The user learns that it was unforeseen; the log learns what it was."""

    async def broken(_given: Mapping[str, Any], _caller: Caller) -> Any:
        raise KeyError("secret detail")

    house.extra_tools.append(replace(Slow().tool(), call=broken))
    run = await house.open().perform(NUMBERS)

    assert run.error == "internal error of the agent (KeyError); see the service's log"
    assert run.error_code == "INTERNAL_ERROR"
    assert "secret detail" in caplog.text
