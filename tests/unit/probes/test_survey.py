import asyncio
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from ci_tools.model import DependencyState
from ci_tools.probes.survey import OUT_OF_TIME
from ci_tools.probes.survey import survey as survey_all
from ci_tools.questions import (
    ChecksProbe,
    ClockProbe,
    ConversationProbe,
    ErrorsProbe,
    HttpJsonProbe,
    LoadProbe,
    TcpProbe,
)

HOST = {"dependency": "backend", "host": "there"}


async def test_everything_is_told_in_the_order_of_the_probes(clients: Any, site: Any) -> None:
    """Whatever the order in which it was asked."""
    site.set("/errors", {"data": []})
    site.set("/ready", {"checks": {"redis": {"connected": True}}})
    site.set("/health", {})
    probes = [
        ErrorsProbe(name="errors", path="/errors", **HOST),
        LoadProbe(name="load", path="/health", together=2, **HOST),
        HttpJsonProbe(name="health", path="/health", **HOST),
        ChecksProbe(name="checks", path="/ready", times=1, **HOST),
        TcpProbe(name="port", **HOST),
    ]
    async with clients({"there": site.url}) as opened:
        seen = await survey_all(probes, opened)

    assert [(one.probe, one.kind, one.state) for one in seen] == [
        ("errors", "errors", DependencyState.UP),
        ("load", "load", DependencyState.UP),
        ("health", "http_json", DependencyState.UP),
        ("checks", "checks", DependencyState.UP),
        ("port", "tcp", DependencyState.UP),
    ]


async def test_measurements_come_first_and_what_was_logged_last(clients: Any, site: Any) -> None:
    """Load would spoil the ones, and cause the others."""
    site.set("/errors", {"data": []})
    site.set("/ready", {"checks": {}})
    site.set("/health", {})
    probes = [
        ErrorsProbe(name="errors", path="/errors", **HOST),
        ClockProbe(name="clock", path="/health", **HOST),
        ChecksProbe(name="checks", path="/ready", times=1, **HOST),
    ]
    async with clients({"there": site.url}) as opened:
        await survey_all(probes, opened)

    assert [request.split(" ")[1] for request in site.requests] == ["/ready", "/health", "/errors"]


async def test_services_are_asked_for_their_checks_side_by_side(clients: Any, listening: Any) -> None:
    """Where each takes seconds, nobody waits for one after the other."""
    both = asyncio.Barrier(2)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await both.wait()
        body = b'{"checks": {"redis": {"connected": true}}}'
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (len(body), body))
        await writer.drain()

    probes = [ChecksProbe(name=name, path="/ready", times=1, **HOST) for name in ("checks", "auth_checks")]
    async with clients({"there": f"http://127.0.0.1:{await listening(handle)}"}) as opened:
        seen = await survey_all(probes, opened, within_s=30.0)

    assert [(one.probe, one.state) for one in seen] == [
        ("checks", DependencyState.UP),
        ("auth_checks", DependencyState.UP),
    ]


async def test_who_never_answers_does_not_hold_a_survey_up(clients: Any, site: Any, silent_url: str) -> None:
    """What could not be seen in its time is unknown, and says so; what answers elsewhere is seen all the same."""
    site.set("/health", {})
    probes = [
        ChecksProbe(name="checks", path="/ready", **HOST),
        ClockProbe(name="clock", path="/health", **HOST),
        HttpJsonProbe(name="health", dependency="auth", host="elsewhere", path="/health"),
        ErrorsProbe(name="errors", path="/errors", **HOST),
    ]
    async with clients({"there": silent_url, "elsewhere": site.url}) as opened:
        seen = await survey_all(probes, opened, within_s=3.0)

    assert [(one.probe, one.state, one.code) for one in seen] == [
        ("checks", DependencyState.UNKNOWN, OUT_OF_TIME),
        ("clock", DependencyState.UNKNOWN, OUT_OF_TIME),
        ("health", DependencyState.UP, "200"),
        ("errors", DependencyState.UNKNOWN, OUT_OF_TIME),
    ]


async def test_an_answer_that_cannot_be_read_tells_nothing(clients: Any, site: Any) -> None:
    """Garbled compression is no reason to stop."""
    site.set("/errors", "no gzip", headers={"content-encoding": "gzip"})
    async with clients({"there": site.url}) as opened:
        seen = await survey_all([ErrorsProbe(name="errors", path="/errors", **HOST)], opened)

    assert [one.state for one in seen] == [DependencyState.UNKNOWN]


class Starting:
    """A site that answers its first requests with *status*, and all later ones with a date."""

    def __init__(self, status: str, times: int) -> None:
        self.left = times
        self.asked = 0
        self._status = status

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request."""
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        status = self._status if self.left else "200 OK"
        self.left = max(0, self.left - 1)
        body = b'{"data": []}'
        head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()


@pytest.mark.parametrize(
    ("status", "times", "states", "asked"),
    [
        ("500 Internal Server Error", 2, ["unknown", "up"], 3),
        ("503 Service Unavailable", 3, ["unknown"], 3),
        ("429 Too Many Requests", 1, ["unknown"], 1),
    ],
)
async def test_a_service_between_two_instances_is_asked_again(
    clients: Any, listening: Any, *, status: str, times: int, states: list[str], asked: int
) -> None:
    """Twice, a moment later, and what was met is told once; who throttles us is left alone."""
    site = Starting(status, times)
    async with clients({"there": f"http://127.0.0.1:{await listening(site.handle)}"}) as opened:
        seen = await survey_all([ErrorsProbe(name="errors", path="/errors", **HOST)], opened)

    assert ([str(one.state) for one in seen], site.asked) == (states, asked)


async def test_who_refuses_is_not_asked_again(clients: Any, serving: Any) -> None:
    """No instance that starts would change that."""
    refused = 0

    async def talk(connection: ServerConnection) -> None:
        nonlocal refused
        refused += 1
        await connection.close(1008, "not you")

    probe = ConversationProbe(name="talk", dependency="agents", host="there", message={"type": "user_message"})
    async with clients({"there": await serving(talk)}) as opened:
        (seen,) = await survey_all([probe], opened)

    assert (seen.state, seen.code, refused) == (DependencyState.UNKNOWN, "1008", 1)
