from typing import Any

import pytest

from ci_tools.twin.agents.failures import ToolForbiddenError, ToolParametersError
from ci_tools.twin.agents.ports import Caller, Message
from ci_tools.twin.agents.roster import CAPABILITIES, STAFF
from ci_tools.twin.agents.runs import AgentName

READER = Caller(user_id="user-1", permissions=frozenset({"read"}))
WRITER = Caller(user_id="user-1", permissions=frozenset({"read", "write"}))


@pytest.fixture
def toolbox(house: Any) -> Any:
    """The toolbox of the house."""
    return house.runtime._world.toolbox


def test_every_agent_only_names_tools_that_exist(toolbox: Any) -> None:
    """No agent can ask for a tool that the catalogue lacks."""
    known = {tool.name for tool in toolbox.catalogue}

    assert set().union(*(agent.tools for agent in STAFF.values())) <= known
    assert set(STAFF) == set(AgentName)


async def test_the_directory_tells_the_agents_capabilities(toolbox: Any) -> None:
    """The answer holds exactly the agents that were asked for."""
    answer = await toolbox.use("agent_directory", {"agents": ["data"]}, READER)

    assert answer.result == {"data": list(CAPABILITIES[AgentName.DATA])}


async def test_suppliers_are_looked_up_by_product_and_region(toolbox: Any) -> None:
    """A product that nobody offers is no legal parameter."""
    answer = await toolbox.use("catalogue_lookup", {"product": "storage", "region": "us"}, READER)

    assert [entry["name"] for entry in answer.result["suppliers"]] == ["Ember Storage"]
    with pytest.raises(ToolParametersError, match="'coffee' is not one of"):
        await toolbox.use("catalogue_lookup", {"product": "coffee"}, READER)


async def test_a_created_document_is_found_again(toolbox: Any) -> None:
    """Creation and search meet in the same corpus."""
    await toolbox.use("corpus_create", {"title": "Tariffs", "content": "power prices"}, WRITER)
    answer = await toolbox.use("corpus_search", {"query": "prices"}, READER)

    assert [entry["title"] for entry in answer.result["documents"]] == ["Tariffs"]


async def test_creation_needs_the_permission_to_write(toolbox: Any) -> None:
    """Who may only read creates nothing."""
    with pytest.raises(ToolForbiddenError, match="needs permission 'write'; granted: read"):
        await toolbox.use("corpus_create", {"title": "a", "content": "b"}, READER)


async def test_the_census_is_for_administrators(toolbox: Any) -> None:
    """An administrator sees that nothing runs; a user sees nothing."""
    admin = Caller(user_id="user-9", permissions=frozenset({"admin"}))

    assert (await toolbox.use("active_runs", {}, admin)).result == {"active": {}}
    with pytest.raises(ToolForbiddenError):
        await toolbox.use("active_runs", {}, WRITER)


async def test_a_thread_is_read_by_its_owner_only(house: Any, toolbox: Any) -> None:
    """Another user's thread is as unknown as none."""
    house.threads.messages = {"thread-1": [Message(role="user", content="hello")]}

    answer = await toolbox.use("thread_history", {"thread_id": "thread-1"}, READER)

    assert answer.result == {"messages": [{"role": "user", "content": "hello"}]}
    with pytest.raises(ToolParametersError, match="no thread 'thread-2' of this user"):
        await toolbox.use("thread_history", {"thread_id": "thread-2"}, READER)
