"""Every host proves who it is, with a current certificate and a current protocol, and never without."""

import asyncio
from datetime import UTC, datetime

import pytest

from ci_tools.errors import UnreachableError
from ci_tools.model import Environment
from ci_tools.target.addresses import endpoint
from ci_tools.target.evidence import Evidence
from ci_tools.target.tls import covers, handshake, outdated_handshake, refuses_version

HOSTS = ["backend", "api", "websocket", "auth", "frontend"]
SERVERS = ["backend", "auth", "frontend"]
MIN_DAYS_LEFT = 7.0


@pytest.mark.parametrize("host", HOSTS)
async def test_certificate_covers_the_host(environment: Environment, evidence: Evidence, host: str) -> None:
    """The certificate is trusted and names the host; a wildcard counts for one whole label only."""
    seen = await handshake(environment, host, evidence=evidence)
    evidence.note(f"{seen.name}: {seen.covered} by {seen.issuer} until {seen.not_after:%Y-%m-%d} over {seen.protocol}")

    assert any(covers(pattern, seen.name) for pattern in seen.covered)


@pytest.mark.parametrize("host", SERVERS)
async def test_certificate_outlives_the_week(environment: Environment, evidence: Evidence, host: str) -> None:
    """The certificate is valid for at least seven more days."""
    seen = await handshake(environment, host, evidence=evidence)
    evidence.note(f"{seen.name}: valid until {seen.not_after.isoformat()}")

    assert seen.days_left(datetime.now(UTC)) >= MIN_DAYS_LEFT


@pytest.mark.parametrize("host", SERVERS)
async def test_outdated_protocols_are_refused(environment: Environment, evidence: Evidence, host: str) -> None:
    """A host that speaks TLS 1.2 or newer turns a client away, by itself, that offers TLS 1.0 and 1.1 only."""
    current = await handshake(environment, host, evidence=evidence)
    with pytest.raises(UnreachableError) as refused:
        await outdated_handshake(environment, host, evidence=evidence)

    assert current.protocol in {"TLSv1.2", "TLSv1.3"}
    assert refuses_version(refused.value), str(refused.value)


@pytest.mark.parametrize("host", SERVERS)
async def test_plain_http_is_not_served(environment: Environment, evidence: Evidence, host: str) -> None:
    """A port that speaks TLS does not answer plain HTTP as if it were encrypted."""
    await handshake(environment, host, evidence=evidence)
    there = endpoint(environment, host)
    async with asyncio.timeout(environment.scaled(environment.timeouts.connect_s)):
        reader, writer = await asyncio.open_connection(there.address, there.port)
        writer.write(f"GET /health HTTP/1.1\r\nHost: {there.name}\r\nConnection: close\r\n\r\n".encode())
        head = await _first_line(reader)
    writer.close()
    evidence.note(f"{there.name}:{there.port} answered plain HTTP with {head!r}")

    assert b" 200 " not in head


async def _first_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ConnectionError:
        return b""
