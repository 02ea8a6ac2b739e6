import json
from datetime import UTC, datetime

from ci_tools.twin.agents.runs import AgentName, RunState, RunStatus, StepRecord, instant

STEP = StepRecord(number=1, type="tool_completed", agent_name="data", timestamp="t", tool_name="calculator")
RUN = RunState(
    run_id="run-1",
    user_id="user-1",
    agent=AgentName.DATA,
    status=RunStatus.FAILED,
    message="hello",
    thread_id="thread-1",
    request_id=None,
    created_at="a",
    updated_at="b",
    steps=(STEP,),
    error="no",
)


def test_a_run_survives_json() -> None:
    """What is stored is what is read."""
    assert RunState.from_json(json.loads(json.dumps(RUN.as_json()))) == RUN


def test_an_instant_is_written_with_milliseconds() -> None:
    """Clients compare instants as text."""
    assert instant(datetime(2025, 9, 16, 12, tzinfo=UTC)) == "2025-09-16T12:00:00.000+00:00"
