"""The actions agent makes a plan that can be carried out: complete, and each step after what it depends on."""

import pytest

from ci_tools.target.fixtures import OpenSocket, User
from tests.e2e.agent_work import chatted, in_order_of, refusal, result_of, streamed, tool_calls
from tests.e2e.runs import executed

pytestmark = pytest.mark.requires("agents")

AGENT = "actions"
STEPS = [
    {"name": "announce the release", "priority": "low", "after": ["deploy the build"]},
    {"name": "deploy the build", "priority": "high", "after": ["build the image", "migrate the tables"]},
    {"name": "tidy the wiki", "priority": "low"},
    {"name": "migrate the tables", "priority": "critical", "after": ["back up the tables"]},
    {"name": "build the image", "priority": "medium"},
    {"name": "back up the tables", "priority": "high"},
]
ORDER = [
    "back up the tables",
    "migrate the tables",
    "build the image",
    "deploy the build",
    "announce the release",
    "tidy the wiki",
]
"""Each after what it depends on; of those that are free the most urgent, then the first given."""


async def test_steps_follow_what_they_depend_on(user: User) -> None:
    """Six steps in any order become a plan of all six, each after its dependencies and the urgent ones first."""
    events = await streamed(user, AGENT, "Plan it", context={"actions": STEPS})

    (ordering,) = tool_calls(events)
    assert in_order_of(result_of(events, AGENT)["response"], ORDER) == ORDER
    assert sorted(step["name"] for step in ordering.parameters["steps"]) == sorted(ORDER)


@pytest.mark.requires("websocket")
async def test_sentences_become_steps_in_their_order(user: User, websocket: OpenSocket) -> None:
    """What a request asks for step by step is planned step by step; what is no task is no step."""
    events = await chatted(
        websocket, user, AGENT, "Good morning all. Measure the load, then move the cache; review the bill. We had rain."
    )

    response = result_of(events, AGENT)["response"]
    wanted = ["measure the load", "move the cache", "review the bill"]
    assert [in_order_of(line.lower(), wanted) for line in response.splitlines()] == [[name] for name in wanted]
    assert "rain" not in response
    assert {event["agent_name"] for event in events} == {AGENT}


async def test_steps_that_wait_for_each_other_are_refused(user: User) -> None:
    """A circle of steps is refused with the names of those in it; nobody is handed half a plan."""
    circle = [
        {"name": "hire", "after": ["train"]},
        {"name": "train", "after": ["hire"]},
        {"name": "celebrate"},
    ]

    answer = await executed(user, AGENT, "Plan it", context={"actions": circle})

    assert set(in_order_of(refusal(answer), ["hire", "train", "celebrate"])) == {"hire", "train"}


async def test_chosen_optimizations_become_steps(user: User) -> None:
    """What the optimization agent chose is what the plan does, between recording the state before and verifying."""
    options = [
        {"name": "archive cold data", "cost": 40, "value": 30},
        {"name": "drop idle nodes", "cost": 60, "value": 50},
        {"name": "renegotiate support", "cost": 900, "value": 60},
    ]
    chosen = await executed(
        user, "optimization", "Choose", context={"items": options, "constraints": {"min_value": 75}}
    )

    plan = await executed(user, AGENT, "Carry it out", context={"optimization": chosen["result"]})

    lines = plan["response"].splitlines()
    names = [str(option["name"]) for option in options]
    assert in_order_of(plan["response"], names) == ["archive cold data", "drop idle nodes"]
    assert len(lines) == 4
    assert in_order_of(lines[0] + lines[-1], names) == []


async def test_urgency_of_the_request_is_that_of_its_steps(user: User) -> None:
    """The same task is urgent in an urgent request and unhurried in another."""
    urgent = await executed(user, AGENT, "Urgent and blocking: please help. Fix the login page")
    calm = await executed(user, AGENT, "Whenever you like, something minor. Fix the login page")

    assert "fix the login page (high)" in urgent["response"].lower()
    assert "fix the login page (low)" in calm["response"].lower()
