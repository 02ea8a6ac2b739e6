import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
import trustme

from ci_tools.errors import UnreachableError, UsageError
from ci_tools.model import Environment
from ci_tools.target.evidence import Evidence
from ci_tools.target.tls import AGREED, NOT_AGREED, covers, handshake, outdated_handshake, refuses_version


def _environment(url: str, ca_file: str | None = None) -> Environment:
    return Environment(name="loopback", hosts={"backend": url}, resolve={"*.test": "127.0.0.1"}, ca_file=ca_file)


@pytest_asyncio.fixture
async def outdated_server(authority: trustme.CA) -> AsyncIterator[int]:
    """The port of a server that speaks nothing newer than TLS 1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("one.test").configure_cert(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield listener.sockets[0].getsockname()[1]
    listener.close()


ALERT_PROTOCOL_VERSION = bytes.fromhex("15 0301 0002 02 46")
"""A TLS record: alert, version 1.0, two bytes, fatal, 70."""
ALERT_INTERNAL_ERROR = bytes.fromhex("15 0301 0002 02 50")
ALERT_HANDSHAKE_FAILURE = bytes.fromhex("15 0301 0002 02 28")
PLAIN = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"
NOTHING = b""

Answering = Callable[[bytes], Awaitable[int]]


@pytest_asyncio.fixture
async def answering() -> AsyncIterator[Answering]:
    """Starts a server that answers a ClientHello with certain bytes and hangs up; gives its port."""
    async with AsyncExitStack() as stack:

        async def start(answer: bytes) -> int:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.read(65_536)
                writer.write(answer)
                writer.close()

            listener = await asyncio.start_server(serve, "127.0.0.1", 0)
            stack.callback(listener.close)
            return int(listener.sockets[0].getsockname()[1])

        yield start


async def test_handshake_tells_what_was_presented(tls_server: Any, ca_file: str) -> None:
    """A verified handshake tells the names covered, the issuer, the end of validity and the protocol."""
    seen = await handshake(_environment(f"https://one.test:{tls_server.port}/api", ca_file), "backend")

    assert (seen.name, seen.covered) == ("one.test", ("one.test",))
    assert seen.protocol in {"TLSv1.2", "TLSv1.3"}
    assert "trustme" in seen.issuer
    assert seen.days_left(seen.not_after - timedelta(days=2)) == 2
    assert seen.not_after > datetime.now(UTC)


async def test_other_name_is_not_verified(tls_server: Any, ca_file: str) -> None:
    """A certificate for another name is an unreachable error of kind tls."""
    with pytest.raises(UnreachableError, match=r"two\.test") as mismatch:
        await handshake(_environment(f"https://two.test:{tls_server.port}", ca_file), "backend")

    assert (mismatch.value.kind, mismatch.value.code) == ("tls", "CERTIFICATE_VERIFY_FAILED")


async def test_plain_server_is_no_tls(server: Any, ca_file: str) -> None:
    """A server that answers in plain text is an unreachable error."""
    with pytest.raises(UnreachableError):
        await handshake(_environment(f"https://one.test:{server.port}", ca_file), "backend", timeout_s=2)


async def test_plain_host_is_a_usage_error() -> None:
    """A host that is configured without TLS cannot be asked for it."""
    with pytest.raises(UsageError, match="allowed for TLS: https, wss"):
        await handshake(_environment("http://one.test"), "backend")


async def test_outdated_server_agrees(outdated_server: int) -> None:
    """A server that speaks TLS 1.1 is found out: the handshake is agreed to."""
    protocol = await outdated_handshake(_environment(f"https://one.test:{outdated_server}"), "backend")

    assert protocol == "TLSv1.1"


async def test_outdated_server_is_unreachable_for_us(outdated_server: int, ca_file: str) -> None:
    """Our own handshakes agree to nothing below TLS 1.2."""
    with pytest.raises(UnreachableError) as refused:
        await handshake(_environment(f"https://one.test:{outdated_server}", ca_file), "backend")

    assert refused.value.kind in {"tls", "tcp"}


async def test_current_server_turns_the_outdated_away(tls_server: Any) -> None:
    """A current server refuses what is outdated by itself: the refusal is its own, not our library's."""
    with pytest.raises(UnreachableError) as refused:
        await outdated_handshake(_environment(f"https://one.test:{tls_server.port}"), "backend")

    assert refuses_version(refused.value)


@pytest.mark.parametrize(
    ("answer", "refuses"),
    [
        (ALERT_PROTOCOL_VERSION, True),
        (ALERT_INTERNAL_ERROR, True),
        (NOTHING, True),
        (ALERT_HANDSHAKE_FAILURE, False),
        (PLAIN, False),
    ],
)
async def test_only_the_host_itself_refuses_the_version(answering: Answering, answer: bytes, *, refuses: bool) -> None:
    """The alerts for it and hanging up refuse the version; another alert and plain text do not."""
    port = await answering(answer)
    with pytest.raises(UnreachableError) as refused:
        await outdated_handshake(_environment(f"https://one.test:{port}"), "backend")

    assert refuses_version(refused.value) is refuses


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("tls", "NO_PROTOCOLS_AVAILABLE"),
        ("tls", "NO_CIPHERS_AVAILABLE"),
        ("tcp", "ECONNREFUSED"),
        ("timeout", None),
    ],
)
def test_other_failures_refuse_no_version(kind: str, code: str | None) -> None:
    """What our library or the network says is no refusal of a version."""
    assert not refuses_version(UnreachableError("no answer", kind=kind, code=code))


async def test_completed_handshake_is_evidence(tls_server: Any, ca_file: str, evidence: Evidence) -> None:
    """A completed handshake is kept as an exchange with the host's URL and the protocol."""
    url = f"https://one.test:{tls_server.port}/api"
    seen = await handshake(_environment(url, ca_file), "backend", evidence=evidence)

    kept = evidence.as_dict()["exchanges"][0]
    assert (kept["method"], kept["url"], kept["status"]) == ("TLS", url, AGREED)
    assert kept["text"] == f"agreed on {seen.protocol}"
    assert kept["elapsed_s"] > 0


@pytest.mark.parametrize(("answer", "status"), [(ALERT_PROTOCOL_VERSION, NOT_AGREED), (PLAIN, None), (NOTHING, None)])
async def test_refused_handshake_is_evidence(
    answering: Answering, evidence: Evidence, answer: bytes, status: int | None
) -> None:
    """An alert is an answer and has a status; plain text and hanging up are none."""
    port = await answering(answer)
    with pytest.raises(UnreachableError) as refused:
        await outdated_handshake(_environment(f"https://one.test:{port}"), "backend", evidence=evidence)

    kept = evidence.as_dict()["exchanges"][0]
    assert kept["status"] == status
    assert kept["text"] == str(refused.value)


async def test_untrusted_certificate_is_evidence(tls_server: Any, ca_file: str, evidence: Evidence) -> None:
    """A certificate that we do not trust was an answer all the same."""
    with pytest.raises(UnreachableError):
        await handshake(_environment(f"https://two.test:{tls_server.port}", ca_file), "backend", evidence=evidence)

    assert evidence.as_dict()["exchanges"][0]["status"] == NOT_AGREED


@pytest.mark.parametrize(
    ("pattern", "name", "covered"),
    [
        ("api.staging.netrasystems.ai", "api.staging.netrasystems.ai", True),
        ("API.staging.netrasystems.ai", "api.STAGING.netrasystems.ai.", True),
        ("*.staging.netrasystems.ai", "api.staging.netrasystems.ai", True),
        ("*.netrasystems.ai", "api.staging.netrasystems.ai", False),
        ("*.netrasystems.ai", "netrasystems.ai", False),
        ("*.netrasystems.ai", ".netrasystems.ai", False),
        ("a*.netrasystems.ai", "api.netrasystems.ai", False),
        ("api.*.netrasystems.ai", "api.staging.netrasystems.ai", False),
    ],
)
def test_wildcard_is_one_whole_label(pattern: str, name: str, *, covered: bool) -> None:
    """A wildcard covers exactly one whole left-most label (RFC 9525, section 6.3)."""
    assert covers(pattern, name) is covered
