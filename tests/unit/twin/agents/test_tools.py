import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from ci_tools.twin.agents import schemas
from ci_tools.twin.agents.failures import (
    ToolForbiddenError,
    ToolParametersError,
    ToolTimeoutError,
    ToolUnknownError,
)
from ci_tools.twin.agents.ports import Caller
from ci_tools.twin.agents.tools import Tool, Toolbox

NOBODY = Caller(user_id="user-1")
WRITER = Caller(user_id="user-1", permissions=frozenset({"write"}))


async def _echo(given: Mapping[str, Any], caller: Caller) -> Any:
    return {"given": dict(given), "user": caller.user_id}


async def _never(_given: Mapping[str, Any], _caller: Caller) -> Any:
    await asyncio.get_running_loop().create_future()


def _tool(name: str, **fields: Any) -> Tool:
    filled = {"description": "", "category": "test", "parameters": schemas.parameters({"n": schemas.COUNT})}
    return Tool(name=name, **{"call": _echo, **filled, **fields})


TOOLBOX = Toolbox(
    [_tool("echo"), _tool("write", permission="write"), _tool("endless", call=_never)],
    limit_s=0.02,
)


async def test_a_permitted_call_has_the_tools_result() -> None:
    """The tool sees the parameters and on whose behalf it works."""
    answer = await TOOLBOX.use("write", {"n": 3}, WRITER)

    assert answer.result == {"given": {"n": 3}, "user": "user-1"}
    assert answer.execution_time_ms >= 0


async def test_an_unknown_tool_is_refused_with_the_known_ones() -> None:
    """The refusal lists the catalogue."""
    with pytest.raises(ToolUnknownError, match="unknown tool 'shell'; known: echo, endless, write"):
        await TOOLBOX.use("shell", {}, WRITER)


async def test_a_tool_without_its_permission_is_forbidden() -> None:
    """The refusal names what is needed and what is granted."""
    with pytest.raises(ToolForbiddenError, match="'write' needs permission 'write'; granted: none"):
        await TOOLBOX.use("write", {"n": 3}, NOBODY)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "'n' is a required property"),
        ({"n": "3"}, r"at \$.n: '3' is not of type 'integer'"),
        ({"n": 101}, "greater than the maximum of 100"),
        ({"n": 1, "m": 2}, "'m' was unexpected"),
    ],
)
async def test_parameters_that_do_not_fit_the_schema_are_refused(parameters: dict[str, Any], message: str) -> None:
    """The refusal says where and why."""
    with pytest.raises(ToolParametersError, match=message):
        await TOOLBOX.use("echo", parameters, NOBODY)


async def test_a_call_that_takes_too_long_is_ended() -> None:
    """The bound is the toolbox's, and the error says it."""
    with pytest.raises(ToolTimeoutError, match=r"tool 'endless' took longer than 0.02 s"):
        await TOOLBOX.use("endless", {"n": 1}, NOBODY)


def test_the_catalogue_is_ordered_and_complete() -> None:
    """Every tool is shown with its schema and permission."""
    shown = [tool.as_json() for tool in TOOLBOX.catalogue]

    assert [(entry["name"], entry["permission"]) for entry in shown] == [
        ("echo", None),
        ("endless", None),
        ("write", "write"),
    ]
    assert shown[0]["parameters"]["required"] == ["n"]
