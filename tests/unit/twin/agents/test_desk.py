import asyncio
from typing import Any

import pytest

from ci_tools.twin.agents.desk import Desk, Office, Report, Task, code_of, explained
from ci_tools.twin.agents.events import Emitter
from ci_tools.twin.agents.failures import AgentFailureError, RunTimeoutError, ToolForbiddenError
from ci_tools.twin.agents.ports import Caller
from ci_tools.twin.agents.roster import STAFF
from ci_tools.twin.agents.runs import AgentName
from ci_tools.twin.services.breaker import Breaker


@pytest.fixture
def desk(house: Any) -> Desk:
    """The corpus administrator's desk on behalf of a user without permissions."""
    office = Office(
        caller=Caller(user_id="user-1"),
        emitter=Emitter(run_id="r", user_id="user-1", sink=house.events.append, gap_s=60.0, changed=lambda: None),
        toolbox=house.runtime._world.toolbox,
        model=house.model,
        gate=Breaker("llm", 3, 60.0),
        model_limit_s=1.0,
        staff=STAFF,
        stop_asked=asyncio.Event(),
    )
    return Desk(office, STAFF[AgentName.CORPUS_ADMIN], Task(message="hi"))


async def test_an_agent_uses_its_own_tools_only(desk: Desk) -> None:
    """A tool of another agent is refused although it exists."""
    with pytest.raises(AgentFailureError, match="agent corpus_admin has no tool 'calculator'"):
        await desk.use("calculator", {"expression": "1"})


async def test_a_call_that_may_not_be_made_emits_nothing(desk: Desk, house: Any) -> None:
    """There is no tool_executing without its tool_completed."""
    with pytest.raises(ToolForbiddenError):
        await desk.use("corpus_create", {"title": "a", "content": "b"})

    assert house.events == []


def test_a_report_is_a_response_with_its_data() -> None:
    """The text comes first."""
    assert list(Report(text="done", data={"n": 1}).as_result().items()) == [("response", "done"), ("n", 1)]


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (RunTimeoutError("too long"), "RUN_TIMEOUT", "too long"),
        (asyncio.CancelledError(), "RUN_INTERRUPTED", "the run was interrupted"),
        (ValueError("inner"), "INTERNAL_ERROR", "internal error of the agent (ValueError); see the service's log"),
    ],
)
def test_an_error_is_told_in_our_own_words_only(error: BaseException, code: str, text: str) -> None:
    """What was unforeseen may hold what users must not read."""
    assert (code_of(error), explained(error)) == (code, text)
