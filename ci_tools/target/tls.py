"""What a host presents when TLS is spoken to it."""

import ssl
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ci_tools.errors import UnreachableError, UsageError
from ci_tools.model import Environment
from ci_tools.target.addresses import Endpoint, endpoint, trust
from ci_tools.target.connecting import connect
from ci_tools.target.evidence import Evidence, Exchange

AGREED = 200
"""An exchange's status when the handshake was completed."""
NOT_AGREED = 0
"""An exchange's status when the host answered in TLS and nothing came of it: its alert, or what we do not trust."""

_ALERTS = ("SSLV3_", "TLSV1_", "TLSV13_")
"""How OpenSSL begins its reason for an alert of the other side."""
_OURS = {"CERTIFICATE_VERIFY_FAILED", "UNSUPPORTED_PROTOCOL"}
"""OpenSSL's reasons for ending a handshake that the other side would have gone on with."""
_VERSION_REFUSED = {
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "TLSV1_ALERT_INTERNAL_ERROR",
    "ECONNRESET",
    "UNEXPECTED_EOF_WHILE_READING",
}
"""The alert for it (RFC 8446, 6.2); that of OpenSSL 3.0 where its security level leaves no version; and how a host
hangs up on a ClientHello without a word."""


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


async def handshake(
    environment: Environment, host: str, *, timeout_s: float = 10.0, evidence: Evidence | None = None
) -> Handshake:
    """Speak TLS with *host* and verify chain, name and dates; *timeout_s* is unscaled.

    It is kept in *evidence*, also when it fails.

    Raises:
        UnreachableError: no connection (kind ``dns``, ``tcp``, ``timeout``), or not verified (``tls``).
        UsageError: *host* does not speak TLS.
    """
    there = endpoint(environment, host)
    if not there.secure:
        raise UsageError(f"host {host!r} of {environment.name!r} is {there.url!r}; allowed for TLS: https, wss")
    secured = await _connect(there, trust(environment), environment.scaled(timeout_s), evidence)
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


async def outdated_handshake(
    environment: Environment, host: str, *, timeout_s: float = 10.0, evidence: Evidence | None = None
) -> str:
    """Offer *host* TLS 1.0 and 1.1 only; the protocol it agreed to. It is kept in *evidence*.

    Raises:
        UnreachableError: it did not agree; :func:`refuses_version` tells whether that was the reason.
    """
    there = endpoint(environment, host)
    secured = await _connect(there, outdated_context(), environment.scaled(timeout_s), evidence)
    return secured.version() or ""


def refuses_version(error: UnreachableError) -> bool:
    """Whether *error* is a host's own refusal of the protocol versions that were offered.

    A connection that is closed after the ClientHello says so only of a host that completes a current handshake.
    """
    return error.code in _VERSION_REFUSED


async def _connect(
    there: Endpoint, context: ssl.SSLContext, timeout_s: float, evidence: Evidence | None
) -> ssl.SSLObject:
    asked = f"a TLS handshake with {there.name}:{there.port}"
    asked_s = time.perf_counter()
    try:
        writer = await connect(there, asked, timeout_s, context)
    except UnreachableError as error:
        _keep(evidence, there, _status(error), time.perf_counter() - asked_s, str(error))
        raise
    secured: ssl.SSLObject = writer.get_extra_info("ssl_object")
    writer.transport.abort()
    _keep(evidence, there, AGREED, time.perf_counter() - asked_s, f"agreed on {secured.version()}")
    return secured


def _status(error: UnreachableError) -> int | None:
    """What is not TLS is no answer to a handshake."""
    code = error.code or ""
    answered = error.kind == "tls" and (code in _OURS or code.startswith(_ALERTS))
    return NOT_AGREED if answered else None


def _keep(evidence: Evidence | None, there: Endpoint, status: int | None, elapsed_s: float, text: str) -> None:
    if evidence is not None:
        evidence.exchanged(
            Exchange(request_id="", method="TLS", url=there.url, status=status, elapsed_s=elapsed_s, text=text)
        )
