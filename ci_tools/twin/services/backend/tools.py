"""``/api/tools``: the catalogue of tools, and calls of single tools."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ci_tools.twin.services.backend.agents_runs import agents_of, answered, caller_of
from ci_tools.twin.services.identity import authenticate
from ci_tools.twin.services.web import Json, read


class ToolCall(BaseModel):
    """The body of ``POST /api/tools/execute``."""

    model_config = ConfigDict(extra="forbid")

    tool_name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    parameters: dict[str, Any] = Field(default_factory=dict)


async def _list(request: Request) -> Response:
    user = await authenticate(request)
    catalogue = [
        {**tool.as_json(), "available": tool.permission is None or tool.permission in user.permissions}
        for tool in agents_of(request).toolbox.catalogue
    ]
    return Json({"tools": catalogue, "total": len(catalogue)})


async def _execute(request: Request) -> Response:
    user = await authenticate(request)
    asked = await read(request, ToolCall)
    with answered():
        answer = await agents_of(request).toolbox.use(asked.tool_name, asked.parameters, caller_of(user))
    return Json(
        {
            "tool_name": asked.tool_name,
            "result": answer.result,
            "execution_time_ms": answer.execution_time_ms,
            "status": "success",
        }
    )


routes: Final = [
    Route("/api/tools", _list, methods=["GET"]),
    Route("/api/tools/execute", _execute, methods=["POST"]),
]
