"""The catalogue of tools: those that compute, and those that look something up or store it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from ci_tools.twin.agents import computing, schemas, suppliers
from ci_tools.twin.agents.failures import ToolParametersError
from ci_tools.twin.agents.ports import Caller, Documents, Threads
from ci_tools.twin.agents.runs import AgentName
from ci_tools.twin.agents.tools import Tool

Parameters = Mapping[str, Any]
Census = Callable[[], Mapping[str, int]]
"""How many runs of each agent are under way."""


def tools(
    *, documents: Documents, threads: Threads, roster: Mapping[AgentName, Sequence[str]], census: Census
) -> list[Tool]:
    """Every tool; *roster* holds each agent's capabilities."""
    return [
        *computing.TOOLS,
        _catalogue_lookup(),
        _agent_directory(roster),
        _active_runs(census),
        *_corpus(documents),
        _thread_history(threads),
    ]


def _catalogue_lookup() -> Tool:
    async def call(given: Parameters, _caller: Caller) -> Any:
        found = suppliers.matching(product=given.get("product"), region=given.get("region"))
        return {"suppliers": [asdict(supplier) for supplier in found]}

    return Tool(
        name="catalogue_lookup",
        description="List the suppliers of a product in a region.",
        category="research",
        parameters=schemas.parameters(
            {"product": {"enum": list(suppliers.PRODUCTS)}, "region": {"enum": list(suppliers.REGIONS)}},
            optional=("product", "region"),
        ),
        call=call,
    )


def _agent_directory(roster: Mapping[AgentName, Sequence[str]]) -> Tool:
    async def call(given: Parameters, _caller: Caller) -> Any:
        return {name: list(roster[AgentName(name)]) for name in given["agents"]}

    return Tool(
        name="agent_directory",
        description="Tell the capabilities of the named agents.",
        category="orchestration",
        parameters=schemas.parameters(
            {"agents": schemas.listing({"enum": [name.value for name in roster]}, limit=len(roster))}
        ),
        call=call,
    )


def _active_runs(census: Census) -> Tool:
    async def call(_given: Parameters, _caller: Caller) -> Any:
        return {"active": dict(census())}

    return Tool(
        name="active_runs",
        description="Count the runs under way of all users, by agent.",
        category="administration",
        parameters=schemas.parameters({}),
        call=call,
        permission="admin",
    )


def _corpus(documents: Documents) -> list[Tool]:
    async def search(given: Parameters, caller: Caller) -> Any:
        found = await documents.search(caller, given["query"], given.get("limit", 5))
        return {"documents": [asdict(document) for document in found]}

    async def create(given: Parameters, caller: Caller) -> Any:
        return asdict(await documents.create(caller, given["title"], given["content"]))

    return [
        Tool(
            name="corpus_search",
            description="Search the user's documents.",
            category="corpus",
            parameters=schemas.parameters({"query": schemas.NAME, "limit": schemas.COUNT}, optional=("limit",)),
            call=search,
        ),
        Tool(
            name="corpus_create",
            description="Store a document in the user's corpus.",
            category="corpus",
            parameters=schemas.parameters({"title": schemas.NAME, "content": schemas.TEXT}),
            call=create,
            permission="write",
        ),
    ]


def _thread_history(threads: Threads) -> Tool:
    async def call(given: Parameters, caller: Caller) -> Any:
        reader = replace(caller, thread_id=given["thread_id"])
        if not await threads.owns(reader):
            raise ToolParametersError(f"no thread {given['thread_id']!r} of this user; list them: GET /api/threads")
        messages = await threads.history(reader, given.get("limit", 20))
        return {"messages": [asdict(message) for message in messages]}

    return Tool(
        name="thread_history",
        description="Read the latest messages of one of the user's threads.",
        category="conversation",
        parameters=schemas.parameters({"thread_id": schemas.NAME, "limit": schemas.COUNT}, optional=("limit",)),
        call=call,
    )
