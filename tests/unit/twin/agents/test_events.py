from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from ci_tools.twin.agents.events import GOLDEN_PATH, AgentEvent, Emitter, EventType
from ci_tools.twin.agents.runs import AgentName


@dataclass
class Seen:
    """An emitter and what came out of it."""

    events: list[AgentEvent] = field(default_factory=list)
    changes: list[int] = field(default_factory=list)
    emitter: Emitter = field(init=False)


@pytest.fixture
async def seen() -> AsyncIterator[Seen]:
    """An emitter that is patient for a minute."""
    made = Seen()
    made.emitter = Emitter(
        run_id="run-1",
        user_id="user-1",
        sink=made.events.append,
        gap_s=60.0,
        changed=lambda: made.changes.append(len(made.emitter.steps)),
    )
    yield made
    made.emitter.close()


async def test_an_event_is_recorded_before_it_is_told(seen: Seen) -> None:
    """The record has grown when the change is announced."""
    seen.emitter.emit(EventType.TOOL_EXECUTING, AgentName.DATA, {"tool_name": "statistics", "parameters": {}})

    assert seen.changes == [1]
    assert (seen.emitter.steps[0].type, seen.emitter.steps[0].tool_name) == ("tool_executing", "statistics")


async def test_an_event_reads_as_the_contract_says(seen: Seen) -> None:
    """Type, run, user, agent, timestamp and data, in this order."""
    seen.emitter.emit(EventType.AGENT_STARTED, AgentName.DATA, {"message": "hi"})
    told = seen.events[0].as_json()

    assert list(told) == ["type", "run_id", "user_id", "agent_name", "timestamp", "data"]
    assert (told["type"], told["agent_name"], told["data"]) == ("agent_started", "data", {"message": "hi"})


async def test_a_draft_is_seen_by_nobody(seen: Seen) -> None:
    """Only publishing records and tells."""
    draft = seen.emitter.draft(EventType.AGENT_COMPLETED, AgentName.DATA, {})
    before = (list(seen.events), list(seen.emitter.steps))
    seen.emitter.publish(draft)

    assert before == ([], [])
    assert seen.events == [draft]


async def test_thoughts_are_counted_per_agent_and_progress_never_goes_back(seen: Seen) -> None:
    """An agent that knows less than before does not say so in percent."""
    seen.emitter.think(AgentName.DATA, "a", 50)
    seen.emitter.think(AgentName.TRIAGE, "b", 10)
    seen.emitter.think(AgentName.DATA, "c", 20)
    seen.emitter.think(AgentName.DATA, "d")

    assert [(e.data["step_number"], e.data["progress_percentage"]) for e in seen.events] == [
        (1, 50),
        (1, 10),
        (2, 50),
        (3, 50),
    ]


def test_the_golden_path_is_the_contracts() -> None:
    """The five events that a client is told to expect."""
    assert [event.value for event in GOLDEN_PATH] == [
        "agent_started",
        "agent_thinking",
        "tool_executing",
        "tool_completed",
        "agent_completed",
    ]
