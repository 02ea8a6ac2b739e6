"""Tools: what agents and users may call, with which parameters, with which permission, and how long."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from ci_tools.twin.agents.failures import (
    ToolForbiddenError,
    ToolParametersError,
    ToolTimeoutError,
    ToolUnknownError,
)
from ci_tools.twin.agents.ports import Caller

Call = Callable[[Mapping[str, Any], Caller], Awaitable[Any]]
"""From validated parameters to a JSON value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One entry of the catalogue."""

    name: str
    description: str
    category: str
    parameters: Mapping[str, Any]
    """JSON Schema (2020-12) of the parameters."""
    call: Call
    permission: str | None = None

    def as_json(self) -> dict[str, Any]:
        """What the catalogue shows."""
        return {
            "name": self.name,
            "description": self.description,
            "category": self.category,
            "parameters": dict(self.parameters),
            "permission": self.permission,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """The result of one call."""

    result: Any
    execution_time_ms: float


class Toolbox:
    """The tools by name, each call checked and bounded."""

    def __init__(self, tools: Iterable[Tool], *, limit_s: float) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._validators = {name: _validator(tool) for name, tool in self._tools.items()}
        self._limit_s = limit_s

    @property
    def catalogue(self) -> Sequence[Tool]:
        """Every tool, in order of name."""
        return [self._tools[name] for name in sorted(self._tools)]

    def check(self, name: str, parameters: Mapping[str, Any], caller: Caller) -> None:
        """The call may be made.

        Raises:
            ToolUnknownError, ToolForbiddenError, ToolParametersError: It may not.
        """
        tool = self._tools.get(name)
        if tool is None:
            raise ToolUnknownError(f"unknown tool {name!r}; known: {', '.join(sorted(self._tools))}")
        if tool.permission is not None and tool.permission not in caller.permissions:
            raise ToolForbiddenError(
                f"tool {name!r} needs permission {tool.permission!r}; "
                f"granted: {', '.join(sorted(caller.permissions)) or 'none'}"
            )
        error = best_match(self._validators[name].iter_errors(dict(parameters)))
        if error is not None:
            raise ToolParametersError(f"tool {name!r} at {error.json_path}: {error.message[:300]}")

    async def use(self, name: str, parameters: Mapping[str, Any], caller: Caller) -> ToolAnswer:
        """Check and make the call.

        Raises:
            ToolError: As :meth:`check`, or nothing could be computed, or it took too long.
        """
        self.check(name, parameters, caller)
        return await self.run(name, parameters, caller)

    async def run(self, name: str, parameters: Mapping[str, Any], caller: Caller) -> ToolAnswer:
        """Make a call that :meth:`check` has admitted.

        Raises:
            ToolError: Nothing could be computed, or it took too long.
        """
        started = time.perf_counter()
        bound = asyncio.timeout(self._limit_s)
        try:
            async with bound:
                result = await self._tools[name].call(parameters, caller)
        except TimeoutError as error:
            if not bound.expired():
                raise
            raise ToolTimeoutError(
                f"tool {name!r} took longer than {self._limit_s:g} s; ask for less at once"
            ) from error
        return ToolAnswer(result=result, execution_time_ms=milliseconds_since(started))


def milliseconds_since(started: float) -> float:
    """Milliseconds since *started* of :func:`time.perf_counter`."""
    return round((time.perf_counter() - started) * 1000, 3)


def _validator(tool: Tool) -> Draft202012Validator:
    Draft202012Validator.check_schema(dict(tool.parameters))
    return Draft202012Validator(dict(tool.parameters))
