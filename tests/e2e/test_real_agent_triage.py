"""Triage reads what a request is about, how urgent it is, what it names, and who must work on it."""

import pytest

from ci_tools.target.answers import envelope, rows
from ci_tools.target.fixtures import OpenSocket, User
from tests.e2e.agent_work import chatted, in_order_of, result_of, streamed, tool_calls
from tests.e2e.run_events import GOLDEN_PATH
from tests.e2e.runs import executed

pytestmark = pytest.mark.requires("agents")

AGENT = "triage"
PRIORITIES = ("critical", "high", "medium", "low")


async def test_urgency_follows_from_the_words(user: User) -> None:
    """An outage in production is critical; the same service without hurry is a low priority."""
    outage = await executed(user, AGENT, "Outage: the production backend is down, customers see errors")
    calm = await executed(user, AGENT, "Whenever there is time, look at a minor detail of the backend")

    assert in_order_of(outage["response"], PRIORITIES) == ["critical"]
    assert in_order_of(calm["response"], PRIORITIES) == ["low"]


async def test_request_decides_who_works_on_it(user: User) -> None:
    """A purchase is routed to the supply researcher, a question of documents to the corpus, neither to the other."""
    purchase = await executed(user, AGENT, "Find a supplier or vendor for GPU hosting")
    library = await executed(user, AGENT, "Search the knowledge documents in our corpus")

    agents = {agent["name"] for agent in rows(await user.backend.get("/api/agents/status"))}
    to_purchase, to_library = (set(in_order_of(body["response"], agents)) for body in (purchase, library))
    assert {"supply_researcher", "corpus_admin"} & to_purchase == {"supply_researcher"}
    assert {"supply_researcher", "corpus_admin"} & to_library == {"corpus_admin"}
    assert AGENT not in to_purchase | to_library


async def test_named_things_are_extracted(user: User) -> None:
    """Amount, share, date, address and quotation of a request stand in the result, as they were written."""
    events = await streamed(
        user,
        AGENT,
        'The plan "Blue Harbor" may spend $4,750 until 2031-05-17, 12.5 % less than https://example.com/offer says',
    )

    entities = result_of(events, AGENT)["entities"]
    found = [thing for things in entities.values() for thing in things]
    assert {4750.0, 12.5, "2031-05-17", "Blue Harbor", "https://example.com/offer"} <= set(found)


@pytest.mark.requires("websocket")
async def test_it_works_with_its_own_tools_under_its_own_name(user: User, websocket: OpenSocket) -> None:
    """Asked for by name, triage alone speaks in the run, and uses tools of its configuration and the catalogue only."""
    status = {agent["name"]: agent for agent in rows(await user.backend.get("/api/agents/status"))}
    catalogue = {tool["name"]: tool for tool in rows(await user.backend.get("/api/tools"), "tools")}

    events = await chatted(websocket, user, AGENT, "Please reduce our spending on storage")

    calls = tool_calls(events)
    configured = set(status[AGENT]["config"]["tools"])
    assert list(dict.fromkeys(event["type"] for event in events)) == GOLDEN_PATH
    assert {event["agent_name"] for event in events} == {AGENT}
    assert {call.tool for call in calls} <= configured <= set(catalogue)
    assert [
        call.tool for call in calls if set(call.parameters) != set(catalogue[call.tool]["parameters"]["required"])
    ] == []


async def test_empty_request_is_refused(user: User) -> None:
    """A request without a word is 422, names the field that lacks them, and starts no run."""
    answer = await user.backend.post("/api/agents/execute", json={"type": AGENT, "message": "   "})

    refused = envelope(answer)
    assert answer.status == 422
    assert "message" in str(refused["details"])
    assert "run_id" not in answer.text
