import json
from typing import Any

import pytest

from ci_tools.twin.agents.failures import UnknownAgentError
from ci_tools.twin.agents.runs import AgentName, RunRequest
from ci_tools.twin.services.backend.websocket_frames import RefusedFrameError, parsed
from ci_tools.twin.services.backend.websocket_router import request_of


def _request(**data: Any) -> RunRequest:
    return request_of(parsed(json.dumps({"type": "chat", **data})))


def test_a_message_without_an_agent_goes_to_the_supervisor() -> None:
    """Thread, context and request id come along."""
    request = _request(content="hi", thread_id="t-1", context={"a": 1}, request_id="r-1")

    assert request == RunRequest(
        agent=AgentName.SUPERVISOR, message="hi", thread_id="t-1", context={"a": 1}, request_id="r-1"
    )


def test_a_named_agent_is_asked_itself() -> None:
    """Each agent can be reached."""
    assert _request(content="hi", agent="data").agent is AgentName.DATA


def test_an_unknown_agent_is_refused_with_the_known_ones() -> None:
    """The refusal lists the agents."""
    with pytest.raises(UnknownAgentError, match="unknown agent 'chef'; known: triage, data"):
        _request(content="hi", agent="chef")


@pytest.mark.parametrize("data", [{}, {"content": " "}, {"content": 7}, {"content": "a\x00"}, {"content": "x" * 8193}])
def test_a_message_without_content_is_refused(data: dict[str, Any]) -> None:
    """No run is started on nothing."""
    with pytest.raises(RefusedFrameError, match="chat needs a text in 'content'"):
        _request(**data)


def test_a_context_that_is_no_object_is_refused() -> None:
    """Agents read names from it."""
    with pytest.raises(RefusedFrameError, match="'context' is not an object"):
        _request(content="hi", context=[1])
