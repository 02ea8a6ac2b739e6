from typing import Any

import pytest

from ci_tools.twin.agents.corpus_admin import operation_of
from ci_tools.twin.agents.failures import AgentInputError
from ci_tools.twin.agents.runs import AgentName, RunRequest, RunStatus


@pytest.mark.parametrize(
    ("message", "context", "expected"),
    [
        (
            'Create a document titled "Tariffs 2025": prices rise',
            {},
            ("create", {"title": "Tariffs 2025", "content": "prices rise"}),
        ),
        ("Tariffs", {"content": "prices rise"}, ("create", {"title": "Tariffs", "content": "prices rise"})),
        ("Find documents about power prices", {}, ("search", {"query": "power prices"})),
        ("x", {"operation": "search", "query": "tariffs"}, ("search", {"query": "tariffs"})),
    ],
)
def test_the_operation_is_read_from_context_or_message(
    message: str, context: dict[str, Any], expected: tuple[str, dict[str, str]]
) -> None:
    """A document in the request is created; everything else is a search."""
    assert operation_of(message, context) == expected


def test_an_unknown_operation_is_refused_with_the_known_ones() -> None:
    """Nothing is deleted by accident."""
    with pytest.raises(AgentInputError, match="unknown corpus operation 'delete'; allowed: create, search"):
        operation_of("", {"operation": "delete"})


async def test_a_stored_document_is_found_by_a_later_run(ask: Any) -> None:
    """Two runs share the corpus."""
    created = await ask(AgentName.CORPUS_ADMIN, "Create a document titled Tariffs: power prices rise")
    found = await ask(AgentName.CORPUS_ADMIN, "Find documents about prices")

    assert created["response"] == "Stored document 'Tariffs'."
    assert [entry["title"] for entry in found["documents"]] == ["Tariffs"]
    assert found["response"] == "1 document(s) match 'prices': Tariffs."


async def test_a_reader_cannot_create(house: Any) -> None:
    """The run ends in an error and the corpus is unchanged."""
    request = RunRequest(agent=AgentName.CORPUS_ADMIN, message="Create a document called A: text")
    run = await house.perform(request, "read")

    assert (run.status, run.error_code) == (RunStatus.FAILED, "TOOL_FORBIDDEN")
    assert house.documents.stored == []
