"""What the events of agent runs say when they are read together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from ci_tools.target.answers import instant, mocked
from ci_tools.target.websocket import TERMINAL_EVENTS, Frame

GOLDEN_PATH = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]
"""The five kinds of events, in the order in which a run shows them first."""


def result_of(events: Sequence[Frame]) -> str:
    """What the run that *events* tell of came to, as text; fails if that is an error or a stand-in."""
    assert events[-1].type == "agent_completed", events[-1].document
    result = events[-1].data["result"]
    assert not mocked(str(result.get("response") if isinstance(result, Mapping) else result))
    return str(result)


def kinds(events: Sequence[Frame]) -> list[str]:
    """The kinds of events, in the order in which they were first seen."""
    return list(dict.fromkeys(event.type for event in events))


def ends(events: Sequence[Frame]) -> list[str]:
    """The starts and ends among the events, of which a run of one agent has one each."""
    return [event.type for event in events if event.type in {"agent_started", *TERMINAL_EVENTS}]


def users(events: Sequence[Frame]) -> set[object]:
    """Whom the events speak of."""
    return {event.document["user_id"] for event in events}


def times(events: Sequence[Frame]) -> list[datetime]:
    """When each event happened, by the server's clock."""
    return [instant(str(event.document["timestamp"])) for event in events]


def longest_gap_s(events: Sequence[Frame]) -> float:
    """The longest silence between two events, in real seconds of the client."""
    return max(later.t_s - earlier.t_s for earlier, later in pairwise(events))


def out_of_place(events: Sequence[Frame]) -> list[object]:
    """Events of agents that were not at work, and the names of agents that are still at work after the last one."""
    at_work: Counter[str] = Counter()
    misplaced: list[object] = []
    for event in events:
        at_work[event.agent_name] += event.type == "agent_started"
        if at_work[event.agent_name] < 1:
            misplaced.append(event.document)
        at_work[event.agent_name] -= event.type in TERMINAL_EVENTS
    return misplaced + [agent for agent, count in at_work.items() if count]
