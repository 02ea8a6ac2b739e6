from typing import Any

from ci_tools.twin.agents.runs import AgentName, RunRequest, RunStatus

COSTS = "Reduce our cost by 25%: compute 600, storage 300, network 100"


async def test_the_request_is_handed_from_agent_to_agent(ask: Any) -> None:
    """A cost request passes all five agents, each knowing those before."""
    result = await ask(AgentName.SUPERVISOR, COSTS)

    assert result["agents"] == ["triage", "data", "optimization", "actions", "reporting"]
    assert [(handoff["from"], handoff["to"]) for handoff in result["handoffs"]] == [
        ("supervisor", "triage"),
        ("triage", "data"),
        ("data", "optimization"),
        ("optimization", "actions"),
        ("actions", "reporting"),
    ]
    assert list(result["handoffs"][-1]["carried"]) == ["triage", "data", "optimization", "actions"]


async def test_what_is_handed_over_shows_in_the_result(ask: Any) -> None:
    """The plan that the optimization chose is a step of the actions and a line of the report."""
    result = await ask(AgentName.SUPERVISOR, COSTS)

    assert "storage" in [step["name"] for step in result["results"]["actions"]["plan"]]
    assert result["response"].startswith("# Report: Reduce our cost by 25%")
    assert "Cheapest feasible plan: storage" in result["response"]
    assert "2. storage (medium)" in result["response"]


async def test_only_the_agents_that_are_needed_work(ask: Any) -> None:
    """A search of suppliers needs no statistics."""
    result = await ask(AgentName.SUPERVISOR, "Find a supplier of storage")

    assert result["agents"] == ["triage", "supply_researcher", "actions", "reporting"]
    assert "request an offer from Ember Storage" in result["response"]


async def test_the_users_context_reaches_every_agent(ask: Any) -> None:
    """Numbers given as context are described although the message holds none."""
    result = await ask(AgentName.SUPERVISOR, "Analyze our metrics", series={"latency": [1, 2, 3]})

    assert result["results"]["data"]["statistics"]["latency"]["mean"] == 2.0


async def test_every_agents_events_lie_within_the_supervisors(house: Any) -> None:
    """The supervisor starts first and completes last; each agent starts and completes once."""
    await house.perform(RunRequest(agent=AgentName.SUPERVISOR, message="Write a summary report"))
    bounds = [event for event in house.told() if event[1] in {"agent_started", "agent_completed"}]

    assert bounds == [
        ("supervisor", "agent_started"),
        ("triage", "agent_started"),
        ("triage", "agent_completed"),
        ("data", "agent_started"),
        ("data", "agent_completed"),
        ("reporting", "agent_started"),
        ("reporting", "agent_completed"),
        ("supervisor", "agent_completed"),
    ]
    assert len({event.run_id for event in house.events}) == 1


async def test_the_thread_is_read_before_the_work(house: Any) -> None:
    """Earlier messages are part of what is handed over."""
    run = await house.perform(
        RunRequest(agent=AgentName.SUPERVISOR, message="Write a summary report", thread_id="thread-1")
    )

    assert run.status is RunStatus.COMPLETED
    assert "history" in run.result["handoffs"][0]["context"]
    assert [step.tool_name for step in run.steps if step.agent_name == "supervisor"].count("thread_history") == 2


async def test_a_failing_agent_fails_the_run_with_both_errors_told(house: Any) -> None:
    """The failing agent's error comes before the supervisor's."""
    request = RunRequest(agent=AgentName.SUPERVISOR, message="Analyze the data", context={"series": "none"})
    run = await house.perform(request)

    assert (run.status, run.error_code) == (RunStatus.FAILED, "AGENT_INPUT_INVALID")
    assert house.told()[-2:] == [("data", "agent_error"), ("supervisor", "agent_error")]
