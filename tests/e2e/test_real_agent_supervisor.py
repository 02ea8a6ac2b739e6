"""The supervisor lets the right agents work on a request, one after the other, and answers with what they found."""

import asyncio
from statistics import fmean

import pytest

from ci_tools.target.answers import rows
from ci_tools.target.fixtures import OpenSocket, User
from tests.e2e.agent_work import chatted, figures, result_of, streamed, tool_calls
from tests.e2e.runs import executed
from tests.e2e.threads import contents_of, thread_id, thread_of

pytestmark = pytest.mark.requires("agents")

AGENT = "supervisor"


async def test_figures_of_the_data_agent_reach_the_answer(user: User, second_user: User) -> None:
    """The mean that the data agent computed stands in the supervisor's answer; each of two users reads their own."""
    own, other = [4111, 3862, 4507, 4028], [917, 1206, 1033, 1488]

    mine, theirs = await asyncio.gather(
        executed(user, AGENT, f"Analyse the data: usage was {', '.join(map(str, own))}"),
        executed(second_user, AGENT, f"Analyse the data: usage was {', '.join(map(str, other))}"),
    )

    assert fmean(own) in figures(mine["response"])
    assert fmean(other) in figures(theirs["response"])
    assert fmean(other) not in figures(mine)
    assert fmean(own) not in figures(theirs)


@pytest.mark.requires("websocket")
async def test_agents_work_one_after_the_other_within_the_run(user: User, websocket: OpenSocket) -> None:
    """Inside the supervisor's own start and end each agent starts, works and ends before the next one starts."""
    events = await chatted(websocket, user, AGENT, "Find a vendor or supplier who stores our archive")

    inner = [event for event in events if event["agent_name"] != AGENT]
    bounds = [(e["type"], e["agent_name"]) for e in inner if e["type"] in {"agent_started", "agent_completed"}]
    agents = [name for type_, name in bounds if type_ == "agent_started"]
    assert (events[0]["agent_name"], events[-1]["agent_name"]) == (AGENT, AGENT)
    assert bounds == [(type_, name) for name in agents for type_ in ("agent_started", "agent_completed")]
    assert list(dict.fromkeys(event["agent_name"] for event in inner)) == agents
    assert {"triage", "supply_researcher"} <= set(agents)


async def test_it_knows_the_agents_it_chooses(user: User) -> None:
    """The capabilities that it looks up are those that the agents' status tells, for exactly the agents that worked."""
    status = {agent["name"]: agent for agent in rows(await user.backend.get("/api/agents/status"))}

    events = await streamed(user, AGENT, "Summarise the documents of our corpus")

    looked_up = next(call for call in tool_calls(events) if call.agent == AGENT)
    worked = {event["agent_name"] for event in events if event["type"] == "agent_completed"} - {AGENT}
    assert looked_up.tool in status[AGENT]["config"]["tools"]
    assert looked_up.result == {name: status[name]["capabilities"] for name in worked}


async def test_conversation_so_far_is_read(user: User) -> None:
    """In a thread the supervisor reads what was said there before, and not what was said in another."""
    async with thread_of(user, "ours") as thread, thread_of(user, "aside") as aside:
        await user.backend.post(f"{thread}/messages", json={"message": "My budget is 7,300 USD"})
        await user.backend.post(f"{aside}/messages", json={"message": "My cat is called Minka"})

        events = await streamed(user, AGENT, "What can I afford?", thread_id=thread_id(thread))

    history = tool_calls(events)[0]
    assert result_of(events, AGENT)["response"]
    assert history.agent == AGENT
    assert "My budget is 7,300 USD" in str(history.result)
    assert "Minka" not in str(history.result)


async def test_thread_hears_one_answer_of_many_agents(user: User) -> None:
    """However many agents worked on a question, its thread holds the question and one answer, the supervisor's."""
    async with thread_of(user, "one voice") as thread:
        answer = await executed(
            user, AGENT, "Reduce our costs: rent 812, power 377, water 96", thread_id=thread_id(thread)
        )

        kept = await contents_of(user, thread)
    assert kept == [
        ("user", "Reduce our costs: rent 812, power 377, water 96"),
        ("assistant", answer["response"]),
    ]
    assert {812.0, 377.0, 96.0} <= figures(answer["result"])
