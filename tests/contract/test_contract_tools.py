from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from tests.contract.checks import check_answered, check_listed, check_refused
from tests.contract.client import SignIn, User
from tests.contract.schemas import TOOL, TOOL_RESULT


async def call(api: httpx.AsyncClient, user: User, tool: str, **parameters: object) -> httpx.Response:
    """The answer to a call of *tool*."""
    return await api.post("/api/tools/execute", headers=user.bearer, json={"tool_name": tool, "parameters": parameters})


async def result(api: httpx.AsyncClient, user: User, tool: str, **parameters: object) -> Any:
    """The result of a call of *tool*."""
    body = check_answered(await call(api, user, tool, **parameters), TOOL_RESULT)
    assert body["tool_name"] == tool
    return body["result"]


async def test_catalogue_has_valid_schemas(api: httpx.AsyncClient, user: User) -> None:
    """Every tool has a name of its own and a JSON Schema that is one, of an object."""
    tools = check_listed(await api.get("/api/tools", headers=user.bearer), TOOL, key="tools")

    assert len({tool["name"] for tool in tools}) == len(tools) >= 5
    assert {tool["parameters"]["type"] for tool in tools} == {"object"}
    assert [Draft202012Validator.check_schema(tool["parameters"]) for tool in tools] == [None] * len(tools)


async def test_every_schema_is_enforced(api: httpx.AsyncClient, user: User) -> None:
    """A parameter that no schema knows is refused by every tool that this user may call."""
    tools = check_listed(await api.get("/api/tools", headers=user.bearer), TOOL, key="tools")
    answers = {tool["name"]: (await call(api, user, tool["name"], surely_unknown=1)).status_code for tool in tools}

    assert {status for status in answers.values() if status != 403} == {422}


@pytest.mark.parametrize(
    ("expression", "value"), [("2 + 3 * 4", 14), ("(2 + 3) * 4", 20), ("2 ^ 10", 1024), ("7 / 2", 3.5), ("-3 + 1", -2)]
)
async def test_calculator_computes(api: httpx.AsyncClient, user: User, expression: str, value: float) -> None:
    """The calculator gives the value of the expression."""
    body = await result(api, user, "calculator", expression=expression)

    assert body["value"] == pytest.approx(value)


async def test_statistics_describe(api: httpx.AsyncClient, user: User) -> None:
    """Statistics depend on every value of the series."""
    first = await result(api, user, "statistics", values=[2, 4, 4, 4, 5, 5, 7, 9])
    second = await result(api, user, "statistics", values=[2, 4, 4, 4, 5, 5, 7, 17])

    assert first["mean"] == pytest.approx(5)
    assert second["mean"] == pytest.approx(6)


async def test_same_call_same_result(api: httpx.AsyncClient, user: User) -> None:
    """A tool is deterministic."""
    first = await result(api, user, "text_analysis", text="Costs rose by 12 % in July.")
    second = await result(api, user, "text_analysis", text="Costs rose by 12 % in July.")

    assert first == second


async def test_created_document_is_found(api: httpx.AsyncClient, user: User, stranger: User) -> None:
    """What one tool stores another finds, for its user only."""
    await result(api, user, "corpus_create", title="Cooling", content="Free cooling works below 18 degrees.")
    mine = await result(api, user, "corpus_search", query="cooling")
    theirs = await result(api, stranger, "corpus_search", query="cooling")

    assert "Cooling" in str(mine)
    assert "Cooling" not in str(theirs)


async def test_history_is_of_own_threads(api: httpx.AsyncClient, user: User, stranger: User) -> None:
    """The messages of a thread are told to its user, and not to another."""
    thread = (await api.post("/api/threads", headers=user.bearer, json={})).json()["id"]
    await api.post(f"/api/threads/{thread}/messages", headers=user.bearer, json={"message": "a private matter"})
    mine = await call(api, user, "thread_history", thread_id=thread)
    theirs = await call(api, stranger, "thread_history", thread_id=thread)

    assert "a private matter" in mine.text
    assert "a private matter" not in theirs.text


@pytest.mark.parametrize(
    "parameters",
    [{}, {"expression": 7}, {"expression": ""}, {"expression": "1", "more": 1}, {"expression": "x" * 10_000}],
)
async def test_bad_parameters_are_refused(api: httpx.AsyncClient, user: User, parameters: dict[str, object]) -> None:
    """Parameters that do not follow the tool's schema are 422."""
    answer = await call(api, user, "calculator", **parameters)

    check_refused(answer, 422)


@pytest.mark.parametrize("expression", ["1 / 0", "__import__('os').getcwd()", "9 ^ 9 ^ 9", "1 +", "x", "'a' * 9"])
async def test_expressions_without_a_value_are_refused(api: httpx.AsyncClient, user: User, expression: str) -> None:
    """What has no value is 422, and is never run."""
    answer = await call(api, user, "calculator", expression=expression)

    check_refused(answer, 422)


@pytest.mark.parametrize(
    "body", [{}, {"tool_name": "calculator", "parameters": []}, {"tool_name": 7, "parameters": {}}]
)
async def test_invalid_calls_are_refused(api: httpx.AsyncClient, user: User, body: object) -> None:
    """A body that is no call is 422."""
    answer = await api.post("/api/tools/execute", headers=user.bearer, json=body)

    check_refused(answer, 422)


async def test_unknown_tools_are_refused(api: httpx.AsyncClient, user: User) -> None:
    """A tool that is not in the catalogue is 404."""
    answer = await call(api, user, "crystal_ball")

    check_refused(answer, 404)


@pytest.mark.parametrize(("permissions", "status"), [(("read",), 403), (("read", "write"), 200), ((), 403)])
async def test_writing_tools_need_permission(
    api: httpx.AsyncClient, sign_in: SignIn, permissions: tuple[str, ...], status: int
) -> None:
    """A tool that writes is 403 for a user who may only read, and stores nothing then."""
    user = await sign_in(permissions=permissions)
    answer = await call(api, user, "corpus_create", title="Cooling", content="Free cooling works.")
    documents = check_listed(await api.get("/api/corpus", headers=user.bearer), {})

    assert answer.status_code == status
    assert len(documents) == (status == 200)


async def test_forbidden_is_told_before_parameters(api: httpx.AsyncClient, sign_in: SignIn) -> None:
    """Who may not call a tool learns nothing of its parameters."""
    reader = await sign_in(permissions=("read",))
    answer = await call(api, reader, "corpus_create", nonsense=True)

    check_refused(answer, 403)


async def test_admin_tools_are_for_admins(api: httpx.AsyncClient, user: User, sign_in: SignIn) -> None:
    """A tool that looks at all users' runs needs the permission admin."""
    admin = await sign_in(permissions=("read", "admin"))

    check_refused(await call(api, user, "active_runs"), 403)
    assert (await call(api, admin, "active_runs")).status_code == 200
