"""What a host presents when TLS is spoken to it."""

import asyncio
import ssl
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ci_tools.errors import UsageError
from ci_tools.model import Environment
from ci_tools.target.addresses import Endpoint, endpoint, trust
from ci_tools.target.failures import unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """A verified handshake with *name*."""

    name: str
    protocol: str
    """As OpenSSL calls it: ``TLSv1.3``."""
    covered: tuple[str, ...]
    """The DNS names that the certificate speaks for."""
    issuer: str
    not_after: datetime

    def days_left(self, now: datetime) -> float:
        """Days of validity from *now*; negative after the end."""
        return (self.not_after - now).total_seconds() / 86400


async def handshake(environment: Environment, host: str, *, timeout_s: float = 10.0) -> Handshake:
    """Speak TLS with *host* and verify chain, name and dates; *timeout_s* is unscaled.

    Raises:
        UnreachableError: no connection (kind ``dns``, ``tcp``, ``timeout``), or not verified (``tls``).
        UsageError: *host* does not speak TLS.
    """
    there = endpoint(environment, host)
    if not there.secure:
        raise UsageError(f"host {host!r} of {environment.name!r} is {there.url!r}; allowed for TLS: https, wss")
    secured = await _connect(there, trust(environment), environment.scaled(timeout_s))
    certificate: Mapping[str, Any] = secured.getpeercert() or {}
    return Handshake(
        name=there.name,
        protocol=secured.version() or "",
        covered=tuple(value for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS"),
        issuer=", ".join(f"{key}={value}" for part in certificate.get("issuer", ()) for key, value in part),
        not_after=datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC),
    )


def covers(pattern: str, name: str) -> bool:
    """Whether a certificate's DNS name covers *name*: a wildcard is one whole left-most label (RFC 9525, 6.3)."""
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    if not pattern.startswith("*."):
        return pattern == name
    return name.partition(".")[2] == pattern[2:] and not name.startswith(".")


def outdated_context() -> ssl.SSLContext:
    """A context that offers nothing newer than TLS 1.1, and verifies nothing: it only asks whether it is let in."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # OpenSSL 3 signs no TLS 1.1 handshake above security level 0.
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


async def outdated_handshake(environment: Environment, host: str, *, timeout_s: float = 10.0) -> str:
    """Offer *host* TLS 1.0 and 1.1 only; the protocol it agreed to.

    Raises:
        UnreachableError: it did not agree; of kind ``tls`` when it said so.
    """
    secured = await _connect(endpoint(environment, host), outdated_context(), environment.scaled(timeout_s))
    return secured.version() or ""


async def _connect(there: Endpoint, context: ssl.SSLContext, timeout_s: float) -> ssl.SSLObject:
    asked = f"a TLS handshake with {there.name}:{there.port}"
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(
                there.address, there.port, ssl=context, server_hostname=there.name
            )
    except OSError as error:
        raise unreachable(error, asked) from error
    secured: ssl.SSLObject = writer.get_extra_info("ssl_object")
    writer.transport.abort()
    return secured
