"""Runs of agents over HTTP: waited for, and read from their stream."""

import asyncio
import json
from typing import Any

import httpx

from tests.contract.checks import check_answered
from tests.contract.client import User
from tests.contract.schemas import RUN_STATUS

POLL_S = 0.02
UNDER_WAY = ("started", "running", "pending")


async def ended(api: httpx.AsyncClient, user: User, run_id: str, within_s: float = 5.0) -> dict[str, Any]:
    """The run *run_id* once it has ended, at most *within_s* from now."""
    async with asyncio.timeout(within_s):
        while True:
            answer = await api.get(f"/api/agent/{run_id}/status", headers=user.bearer)
            run: dict[str, Any] = check_answered(answer, RUN_STATUS)
            if run["status"] not in UNDER_WAY:
                return run
            await asyncio.sleep(POLL_S)


async def streamed(api: httpx.AsyncClient, user: User, body: object) -> list[tuple[str, dict[str, Any]]]:
    """The server-sent events of a run, each with its name and data."""
    async with api.stream("POST", "/api/agents/stream", headers=user.bearer, json=body) as answer:
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        text = "".join([part async for part in answer.aiter_text()])
    return [_parsed(block) for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]


def _parsed(block: str) -> tuple[str, dict[str, Any]]:
    fields = dict(line.split(": ", 1) for line in block.splitlines())
    data: dict[str, Any] = json.loads(fields["data"])
    return fields["event"], data
