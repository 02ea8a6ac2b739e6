"""The reporting agent writes down what other agents found: all of it, nothing else, and nothing that bites."""

import pytest

from ci_tools.target.answers import rows
from ci_tools.target.fixtures import OpenSocket, User
from tests.e2e.agent_work import chatted, result_of, streamed, tool_calls, tool_result
from tests.e2e.runs import executed
from tests.e2e.threads import contents_of, thread_id, thread_of

pytestmark = pytest.mark.requires("agents")

AGENT = "reporting"


def headings(report: str) -> list[str]:
    """The headings of the report's sections."""
    return [line.removeprefix("## ") for line in report.splitlines() if line.startswith("## ")]


async def test_results_of_other_agents_are_reported(user: User) -> None:
    """What two agents found stands in the report word for word, each under a heading of its own."""
    data = await executed(user, "data", "Analyse the values 317, 402, 288, 351")
    actions = await executed(user, "actions", "Review the invoice, then cut the quota")
    context = {name: {"response": body["response"]} for name, body in (("data", data), ("actions", actions))}

    report = (await executed(user, AGENT, "Report on June", context=context))["response"]

    assert report.splitlines()[0].endswith("Report on June")
    assert len(headings(report)) == 2
    assert data["response"] in report
    assert actions["response"] in report


@pytest.mark.requires("websocket")
async def test_absent_results_are_not_invented(user: User, websocket: OpenSocket) -> None:
    """Without earlier results the report says that there is nothing to report, and has no section."""
    events = await chatted(websocket, user, AGENT, "Report on July")

    report = result_of(events, AGENT)["response"]
    assert headings(report) == []
    assert "nothing to report" in report.lower()


async def test_hostile_text_becomes_harmless(user: User) -> None:
    """A script or link in a reported text arrives as text: no tag and no link of Markdown is left."""
    hostile = "<script>alert(1)</script> see [invoice](https://example.com/steal) 5 > 3"

    report = (await executed(user, AGENT, hostile, context={"data": {"response": hostile}}))["response"]

    assert "alert(1)" in report
    assert "5 > 3" in report
    assert "<script" not in report
    assert "](" not in report


async def test_report_is_kept_in_its_thread_as_it_was_given(user: User) -> None:
    """The thread of the request holds question and report to the letter; another thread of the user holds nothing."""
    context = {"actions": {"response": "1. Größe prüfen — £ 300\n\n2. 終わり"}}
    async with thread_of(user, "report") as thread, thread_of(user, "aside") as aside:
        report = await executed(user, AGENT, "Report on August", context=context, thread_id=thread_id(thread))

        kept, elsewhere = await contents_of(user, thread), await contents_of(user, aside)
    assert "Größe prüfen — £ 300\n\n2. 終わり" in report["response"]
    assert kept == [("user", "Report on August"), ("assistant", report["response"])]
    assert elsewhere == []


async def test_told_length_is_that_of_the_report(user: User) -> None:
    """The words that the agent counts are those of the very report it gives, as the tool counts them."""
    context = {"triage": {"response": "A high-priority request of category incident; needs data and actions."}}
    offered = {tool["name"] for tool in rows(await user.backend.get("/api/tools"), "tools")}

    events = await streamed(user, AGENT, "Report on September", context=context)

    result = result_of(events, AGENT)
    (counting,) = tool_calls(events)
    assert counting.tool in offered
    assert counting.parameters["text"] == result["response"]
    assert result["words"] == (await tool_result(user, counting.tool, counting.parameters))["words"]
    assert result["words"] > result["response"].count("\n")
