import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ci_tools.errors import UsageError
from ci_tools.model import DependencyState, Observation
from ci_tools.questions import TlsProbe

Look = Callable[..., Awaitable[Observation]]
Listen = Callable[..., Awaitable[int]]
Open = Callable[..., Awaitable[Observation]]

LOOPBACK = {"*.localhost": "127.0.0.1"}


async def quiet(*_: Any) -> None:
    """Say nothing and part."""


async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak HTTP to whoever connects."""
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()


def probe(*hosts: str, days_left: float = 0.0, timeout_s: float = 5.0) -> TlsProbe:
    """Make a probe of *hosts*."""
    return TlsProbe(name="certificates", dependency="edge", hosts=hosts, days_left=days_left, timeout_s=timeout_s)


@pytest.fixture
def shaking(look: Look, listening: Listen, authority: Any) -> Open:
    """Look at api.twin.localhost while it presents a certificate for *names*, valid between *days* from now."""

    async def once(*names: str, days: tuple[float, float] = (-1, 365), **fields: Any) -> Observation:
        port = await listening(quiet, authority.context(*names, days=days))
        url = f"https://api.twin.localhost:{port}"
        return await look(probe("there", **fields), url, resolve=LOOPBACK, ca_file=authority.ca_file)

    return once


async def test_a_certificate_that_covers_its_host_is_up(shaking: Open) -> None:
    """A verified handshake is up, and says which name covers the host for how long."""
    seen = await shaking("*.example.com", "*.twin.localhost")

    assert seen.state is DependencyState.UP
    assert seen.text == "api.twin.localhost is covered by *.twin.localhost for 365.0 days"
    assert seen.latency_s is not None


async def test_a_certificate_that_ends_soon_is_degraded(shaking: Open) -> None:
    """A certificate with fewer days left than wanted still works, and is degraded."""
    seen = await shaking("api.twin.localhost", days=(-1, 3), days_left=14)

    assert seen.state is DependencyState.DEGRADED
    assert seen.text.endswith("for 3.0 days, fewer than 14")


async def test_a_certificate_for_an_address_is_up(look: Look, listening: Listen, authority: Any) -> None:
    """A host that is an address is covered by that address."""
    port = await listening(quiet, authority.context("127.0.0.1"))

    seen = await look(probe("there"), f"https://127.0.0.1:{port}", ca_file=authority.ca_file)

    assert (seen.state, seen.text) == (
        DependencyState.UP,
        "127.0.0.1 is covered by its address for 365.0 days",
    )


async def test_an_uncovered_host_is_down_in_openssls_words(shaking: Open) -> None:
    """A wildcard one label too high does not cover the host; the names that it does cover are told."""
    seen = await shaking("*.localhost")

    assert (seen.state, seen.code) == (DependencyState.DOWN, "CERTIFICATE_VERIFY_FAILED")
    assert "Hostname mismatch, certificate is not valid for 'api.twin.localhost'" in seen.text
    assert seen.text.endswith("; it is valid for *.localhost")


async def test_an_uncovered_host_that_does_not_answer_again_is_down(
    look: Look, listening: Listen, authority: Any
) -> None:
    """The names that a certificate covers are left out where a second handshake is refused."""
    context = authority.context("*.localhost")
    replies = iter((None, ssl.ALERT_DESCRIPTION_INTERNAL_ERROR))
    context.sni_callback = lambda *_: next(replies)
    url = f"https://api.twin.localhost:{await listening(quiet, context)}"

    seen = await look(probe("there"), url, resolve=LOOPBACK, ca_file=authority.ca_file)

    assert (seen.state, seen.code) == (DependencyState.DOWN, "CERTIFICATE_VERIFY_FAILED")
    assert "it is valid for" not in seen.text


async def test_an_expired_certificate_is_down(shaking: Open) -> None:
    """A certificate past its end is down, in OpenSSL's words."""
    seen = await shaking("api.twin.localhost", days=(-30, -1))

    assert (seen.state, seen.code) == (DependencyState.DOWN, "CERTIFICATE_VERIFY_FAILED")
    assert "certificate has expired" in seen.text


async def test_a_certificate_of_a_stranger_is_down(look: Look, listening: Listen, authority: Any) -> None:
    """A certificate that the environment's CA file does not vouch for is down."""
    port = await listening(quiet, authority.context("api.twin.localhost"))

    seen = await look(probe("there"), f"https://api.twin.localhost:{port}", resolve=LOOPBACK)

    assert (seen.state, seen.code) == (DependencyState.DOWN, "CERTIFICATE_VERIFY_FAILED")
    assert "self-signed certificate" in seen.text or "unable to get local issuer" in seen.text


async def test_a_server_that_speaks_no_tls_is_down(look: Look, listening: Listen) -> None:
    """A plain HTTP server behind an https URL is down, in OpenSSL's words."""
    seen = await look(probe("there"), f"https://127.0.0.1:{await listening(plain)}")

    assert seen.state is DependencyState.DOWN
    assert "[SSL" in seen.text


async def test_a_refused_connection_is_down(look: Look, refusing_url: str) -> None:
    """A host that refuses connections is down with the errno's name."""
    seen = await look(probe("there"), refusing_url.replace("http:", "https:"))

    assert (seen.state, seen.code, seen.latency_s) == (DependencyState.DOWN, "ECONNREFUSED", None)


async def test_a_silent_server_times_out(look: Look, silent_url: str) -> None:
    """A handshake that nobody answers is down with a censored latency."""
    seen = await look(probe("there", timeout_s=2.0), silent_url.replace("http:", "https:"), time_scale=0.1)

    assert (seen.state, seen.timed_out) == (DependencyState.DOWN, True)
    assert seen.latency_s is not None
    assert seen.latency_s >= 0.2


async def test_one_bad_host_among_good_ones_degrades(look: Look, listening: Listen, authority: Any) -> None:
    """The observation is that of the worst host, and speaks of that host alone."""
    port = await listening(quiet, authority.context("api.twin.localhost"))
    hosts = {name: f"https://{name}.twin.localhost:{port}" for name in ("api", "app")}

    seen = await look(probe("api", "app"), hosts=hosts, resolve=LOOPBACK, ca_file=authority.ca_file)

    assert seen.state is DependencyState.DEGRADED
    assert "not valid for 'app.twin.localhost'" in seen.text
    assert "is covered by" not in seen.text


async def test_a_host_without_tls_is_a_configuration_error(look: Look) -> None:
    """A TLS probe of an http URL is refused: nothing of the deployed system could make it pass."""
    with pytest.raises(UsageError, match="allowed for TLS: https, wss"):
        await look(probe("there"), "http://127.0.0.1:9")
