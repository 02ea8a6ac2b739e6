import socket
import ssl

import httpx
import pytest

from ci_tools.target.failures import unreachable


def _caused(outer: Exception, inner: BaseException) -> Exception:
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "dns", "EAI_NONAME"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), "dns", "EAI_AGAIN"),
        (ConnectionRefusedError(111, "Connection refused"), "tcp", "ECONNREFUSED"),
        (ConnectionResetError(104, "Connection reset by peer"), "tcp", "ECONNRESET"),
        (OSError(113, "No route to host"), "tcp", "EHOSTUNREACH"),
        (ConnectionResetError(), "tcp", "ECONNRESET"),
        (TimeoutError(110, "Connection timed out"), "timeout", "ETIMEDOUT"),
        (TimeoutError(), "timeout", None),
        (httpx.ReadTimeout("slow"), "timeout", None),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), "protocol", None),
    ],
)
def test_genuine_error_is_classified(error: Exception, kind: str, code: str | None) -> None:
    """Each genuine error has its kind, its own symbol, and its words in the text."""
    meant = unreachable(error, "GET http://one.test/")

    assert (meant.kind, meant.code) == (kind, code)
    assert str(meant).startswith(f"no answer to GET http://one.test/: {kind}: ")
    assert (code or "") in str(meant)


def test_only_a_time_out_took_the_whole_wait() -> None:
    """What is refused at once is not told as if it had been waited for."""
    late = unreachable(httpx.ReadTimeout("slow"), "GET http://one.test/", 30.0)
    refused = unreachable(ConnectionRefusedError(111, "refused"), "GET http://one.test/", 30.0)

    assert str(late).startswith("no answer to GET http://one.test/ within 30 s: timeout: ")
    assert str(refused).startswith("no answer to GET http://one.test/: tcp: ")


def test_cause_within_a_chain_is_found() -> None:
    """The telling error is found below those of the libraries that wrapped it."""
    genuine = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    wrapped = _caused(httpx.ConnectError("All connection attempts failed"), _caused(OSError("failed"), genuine))

    meant = unreachable(wrapped, "GET http://one.test/")

    assert meant.kind == "dns"
    assert "Name or service not known" in str(meant)


def test_cause_within_a_group_is_found() -> None:
    """An address that refused is found in the group of all addresses that were tried."""
    group = ExceptionGroup("multiple", [ConnectionRefusedError(111, "Connection refused")])

    meant = unreachable(_caused(OSError("All connection attempts failed"), group), "GET http://one.test/")

    assert (meant.kind, meant.code) == ("tcp", "ECONNREFUSED")


def test_certificate_error_keeps_its_reason() -> None:
    """A certificate that does not fit is of kind tls, with OpenSSL's reason."""
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    error.reason = "CERTIFICATE_VERIFY_FAILED"

    meant = unreachable(_caused(httpx.ConnectError("failed"), error), "GET https://one.test/")

    assert (meant.kind, meant.code) == ("tls", "CERTIFICATE_VERIFY_FAILED")


def test_waiting_for_tls_is_no_failure_of_tls() -> None:
    """A deadline that interrupts a read over TLS is a timeout."""
    waiting = ssl.SSLWantReadError(2, "The operation did not complete (read)")

    meant = unreachable(_caused(TimeoutError(), _caused(httpx.ReadError(""), waiting)), "GET https://one.test/")

    assert (meant.kind, meant.code) == ("timeout", None)


def test_chain_that_bites_its_tail_ends() -> None:
    """A chain of causes that leads back to itself is read once."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first

    meant = unreachable(first, "GET http://one.test/")

    assert (meant.kind, "first" in str(meant)) == ("protocol", True)
