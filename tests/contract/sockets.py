"""A WebSocket that speaks the contract's frames, and the events of a run."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any, Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.contract.checks import check_conforms
from tests.contract.schemas import EVENT, EVENT_DATA

LAST_EVENTS = ("agent_completed", "agent_error")


@dataclass(slots=True)
class Socket:
    """A WebSocket that speaks the contract's frames."""

    connection: ClientConnection
    welcome: dict[str, Any] = field(default_factory=dict)

    async def send(self, kind: str, **data: object) -> None:
        """One frame of type *kind*."""
        await self.connection.send(json.dumps({"type": kind, "data": data}))

    async def receive(self, within_s: float = 5.0) -> dict[str, Any]:
        """The next frame."""
        frame: dict[str, Any] = json.loads(await asyncio.wait_for(self.connection.recv(), within_s))
        return frame

    async def expect(self, kind: str, within_s: float = 5.0) -> dict[str, Any]:
        """The next frame, which is of type *kind*."""
        frame = await self.receive(within_s)
        assert frame["type"] == kind, f"expected {kind}, got {json.dumps(frame)[:500]}"
        return frame

    async def until(self, *kinds: str, within_s: float = 5.0) -> list[dict[str, Any]]:
        """The frames up to the first of one of *kinds*, which comes within *within_s* from now."""
        frames: list[dict[str, Any]] = []
        async with asyncio.timeout(within_s):
            while not frames or frames[-1]["type"] not in kinds:
                frames.append(await self.receive(within_s))
        return frames

    async def run(self, kind: str = "user_message", *, within_s: float = 5.0, **data: object) -> "Events":
        """The events of the run that a message of type *kind* starts, to the last one."""
        await self.send(kind, **data)
        return await self.events(within_s=within_s)

    async def events(self, *, within_s: float = 5.0) -> "Events":
        """The events of the run under way, to its last one, which comes within *within_s* from now."""
        seen = Events()
        async with asyncio.timeout(within_s):
            while not seen or not seen.ended_by(seen[0]["agent_name"]):
                frame = await self.receive(within_s)
                assert frame["type"] != "error_message", frame
                seen += [frame] if frame["type"] in EVENT_DATA else []
        return seen

    async def silent(self, for_s: float) -> list[dict[str, Any]]:
        """What arrives within *for_s*, other than heartbeats."""
        frames: list[dict[str, Any]] = []
        deadline = time.monotonic() + for_s
        while (left := deadline - time.monotonic()) > 0:
            try:
                frames.append(await self.receive(left))
            except TimeoutError:
                break
        return [frame for frame in frames if frame["type"] != "heartbeat"]

    async def first_or_close(self, within_s: float = 5.0) -> tuple[int | None, list[dict[str, Any]]]:
        """The first frame, or the close code that came instead."""
        try:
            return None, [await self.receive(within_s)]
        except ConnectionClosed:
            return self.connection.close_code, []

    async def closed(self, within_s: float = 5.0) -> tuple[int | None, list[dict[str, Any]]]:
        """The close code, and the frames before it."""
        frames: list[dict[str, Any]] = []
        async with asyncio.timeout(within_s):
            try:
                while True:
                    frames.append(await self.receive(within_s))
            except ConnectionClosed:
                return self.connection.close_code, frames


class Events(list[dict[str, Any]]):
    """The events of one run, in order of arrival."""

    def ended_by(self, agent: str) -> bool:
        """Whether the last event is the end of *agent*."""
        return bool(self) and self[-1]["type"] in LAST_EVENTS and self[-1]["agent_name"] == agent

    @property
    def types(self) -> list[str]:
        """The type of each event."""
        return [event["type"] for event in self]

    @property
    def result(self) -> Any:
        """What the run came to."""
        assert self[-1]["type"] == "agent_completed", self[-1]
        return self[-1]["data"]["result"]

    @property
    def run_id(self) -> str:
        """The one run that every event belongs to."""
        ids = {event["run_id"] for event in self}
        assert len(ids) == 1, f"events of several runs: {sorted(ids)}"
        return str(ids.pop())

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of type *kind*."""
        return [event for event in self if event["type"] == kind]

    def check(self) -> Self:
        """Each event follows its schema, and every tool_executing has its own tool_completed after it."""
        open_tools: list[tuple[str, str]] = []
        for event in self:
            check_conforms(event, EVENT)
            check_conforms(event["data"], EVENT_DATA[event["type"]])
            if event["type"] == "tool_executing":
                open_tools.append((event["agent_name"], event["data"]["tool_name"]))
            if event["type"] == "tool_completed":
                open_tools.remove((event["agent_name"], event["data"]["tool_name"]))
        assert not open_tools, f"never completed: {open_tools}"
        return self
