"""The supervisor puts agents to work on one request: the right ones, each on what the others found."""

import secrets
from collections.abc import Sequence

import pytest

from ci_tools.target.fixtures import Eventually, OpenSocket, User
from ci_tools.target.websocket import TERMINAL_EVENTS, Frame
from tests.e2e.connections import answered, runs_on, welcomed
from tests.e2e.questions import NO_NUMBERS, costs, tells
from tests.e2e.run_events import result_of
from tests.e2e.runs import ended, executed, started

pytestmark = pytest.mark.requires("agents", "llm")

SUPERVISOR = "supervisor"


def sub_agents(events: Sequence[Frame]) -> list[str]:
    """The agents that began work in a run of the supervisor, in their order."""
    names = (event.agent_name for event in events if event.type == "agent_started")
    return [name for name in dict.fromkeys(names) if name != SUPERVISOR]


def part_of(agent: str, events: Sequence[Frame]) -> list[Frame]:
    """What *agent* did in a run."""
    return [event for event in events if event.agent_name == agent]


@pytest.mark.requires("websocket")
async def test_sub_agents_work_inside_the_supervisors_run(user: User, websocket: OpenSocket) -> None:
    """Between the supervisor's start and its end several agents each start first, think, and complete last, once."""
    async with welcomed(websocket, user) as socket:
        events = await answered(socket, user, costs(307))

    agents = sub_agents(events)
    parts = [[event.type for event in part_of(agent, events)] for agent in agents]
    assert [(event.agent_name, event.type) for event in (events[0], events[-1])] == [
        (SUPERVISOR, "agent_started"),
        (SUPERVISOR, "agent_completed"),
    ]
    assert len(agents) >= 2
    assert [(part[0], part[-1]) for part in parts] == [("agent_started", "agent_completed")] * len(agents)
    assert ["agent_thinking" in part for part in parts] == [True] * len(agents)
    assert [len(TERMINAL_EVENTS & set(part[:-1])) for part in parts] == [0] * len(agents)


@pytest.mark.requires("websocket")
async def test_what_an_agent_found_ends_in_the_result(user: User, websocket: OpenSocket) -> None:
    """The average that the data agent was first to find is handed on: to an agent after it, and into the result."""
    async with welcomed(websocket, user) as socket:
        events = await answered(socket, user, costs(311))

    completed = [event for event in events if event.type == "agent_completed"]
    knowing = [event.agent_name for event in completed if tells(event.data["result"], 933)]
    assert (knowing[0], knowing[-1]) == ("data", SUPERVISOR)
    assert set(knowing) > {"data", SUPERVISOR}
    assert tells(result_of(events), 933)


async def test_users_context_reaches_the_agents(user: User, eventually: Eventually) -> None:
    """Numbers that stand in the context alone, not in the message, are what the sub-agents work on."""
    context = {"data": [313, 626, 1878]}

    run = await started(user, "Analyse the data in the context and tell me the average.", context=context)
    state = await eventually(
        ended(user, run["run_id"]), within_s=user.backend.environment.timeouts.agent_s, what="the run has ended"
    )

    assert state["status"] == "completed"
    assert tells(state["result"], 939)


@pytest.mark.requires("websocket")
async def test_request_decides_who_works_on_it(user: User, websocket: OpenSocket) -> None:
    """A request for suppliers is put to the researcher of suppliers, one about numbers to the data agent instead."""
    async with welcomed(websocket, user) as socket:
        on_suppliers = sub_agents(await answered(socket, user, "Find suppliers and vendors of GPU hosting in Europe."))
        on_numbers = sub_agents(await answered(socket, user, costs(317)))

    assert "supply_researcher" in on_suppliers
    assert "supply_researcher" not in on_numbers
    assert "data" in on_numbers
    assert "data" not in on_suppliers


@pytest.mark.requires("websocket")
async def test_failure_of_a_sub_agent_is_told(user: User, websocket: OpenSocket, eventually: Eventually) -> None:
    """Where a sub-agent fails, it and then the supervisor say so in the same words, and the run is kept as failed."""
    async with welcomed(websocket, user) as socket:
        events = await answered(socket, user, "Analyse the data and tell me the average.", context=NO_NUMBERS)
        after = await answered(socket, user, costs(331), agent="data")
    within_s = user.backend.environment.timeouts.receive_s
    state = await eventually(ended(user, events[0].run_id), within_s=within_s, what="the run has ended")

    errors = [event for event in events if event.type == "agent_error"]
    assert [event.agent_name for event in errors] == ["data", SUPERVISOR]
    assert errors[0].data["error_message"] == errors[1].data["error_message"]
    assert errors[0].data["error_message"]
    assert (state["status"], state["result"]) == ("failed", None)
    assert tells(result_of(after), 993)


@pytest.mark.requires("websocket")
async def test_parallel_runs_come_to_their_own_results(user: User, websocket: OpenSocket) -> None:
    """Three requests put to the supervisor at once end in three runs, each whole and with its own figures only."""
    units = [337, 347, 349]
    async with welcomed(websocket, user) as socket:
        for unit in units:
            await socket.send("user_message", content=costs(unit))
        runs = await runs_on(socket, user, len(units))

    told = sorted([unit for unit in units if tells(result_of(run), 3 * unit)] for run in runs)
    assert told == [[337], [347], [349]]
    assert [sub_agents(run) for run in runs] == [sub_agents(runs[0])] * 3
    assert [run[0].agent_name for run in runs] == [SUPERVISOR] * 3


@pytest.mark.requires("websocket")
async def test_runs_without_a_thread_know_nothing_of_each_other(user: User, websocket: OpenSocket) -> None:
    """What a user told one run, in message and context, turns up in no event of the next and in no other agent's."""
    codeword = f"codeword{secrets.token_hex(8)}"
    told = f"{costs(353)}. The project is called {codeword}."
    async with welcomed(websocket, user) as socket:
        first = await answered(socket, user, told, context={"project": codeword})
        second = await answered(socket, user, "Report on all that you know about the project.")
    reported = await executed(user, "reporting", "Report on all that you know about the project.")

    assert codeword in str([event.document for event in first])
    assert tells(result_of(first), 1059)
    assert result_of(second)
    assert codeword not in str([event.document for event in second])
    assert reported["status"] == "success"
    assert codeword not in str(reported)
