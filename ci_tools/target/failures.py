"""What kept a request from being answered: the genuine error's kind, symbol and words."""

import errno
import re
import socket
import ssl
from collections.abc import Iterator, Mapping

from ci_tools.errors import UnreachableError

_RESOLVER_SYMBOLS = {
    value: name for name, value in vars(socket).items() if name.startswith("EAI_") and isinstance(value, int)
}
_UNFINISHED = (ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""No failures, only how TLS waits; they stand in the chain of whatever interrupted the wait."""
_UNNUMBERED: Mapping[type[OSError], int] = {
    ConnectionResetError: errno.ECONNRESET,
    ConnectionAbortedError: errno.ECONNABORTED,
    BrokenPipeError: errno.EPIPE,
}
"""asyncio raises these by itself, without a number."""
_PRECEDENCE = (socket.gaierror, ssl.SSLError, TimeoutError, OSError)
"""``gaierror`` and ``SSLError`` are ``OSError``s: the most telling one of a chain comes first."""


def unreachable(error: BaseException, asked: str, within_s: float | None = None) -> UnreachableError:
    """What *error* means for *asked* (a method and URL without secrets); raise it ``from`` *error*.

    *within_s*, for which an answer was waited, is told of a time-out alone: all else came sooner.
    """
    genuine = _genuine(error)
    kind, code = _classified(genuine)
    words = str(genuine) or str(error) or f"nothing came ({type(genuine).__name__})"
    symbol = f" ({code})" if code and code not in words else ""
    waited = f" within {within_s:g} s" if kind == "timeout" and within_s is not None else ""
    return UnreachableError(f"no answer to {asked}{waited}: {kind}: {words}{symbol}", kind=kind, code=code)


def _genuine(error: BaseException) -> BaseException:
    chain = [link for link in _chain(error) if not isinstance(link, _UNFINISHED)]
    for wanted in _PRECEDENCE:
        for link in chain:
            if isinstance(link, wanted) and (wanted is not OSError or getattr(link, "errno", None) is not None):
                return link
    return error


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        waiting += link.exceptions if isinstance(link, BaseExceptionGroup) else ()
        # A context without a cause may be an error that somebody further out is still handling.
        # httpcore suppresses the context that holds the genuine error, so suppressed ones are read, too.
        waiting += [next_ for next_ in (link.__cause__, link.__context__) if next_ is not None]


def _classified(error: BaseException) -> tuple[str, str | None]:
    if isinstance(error, socket.gaierror):
        return "dns", _RESOLVER_SYMBOLS.get(error.errno or 0, str(error.errno))
    if isinstance(error, ssl.SSLError):
        return "tls", error.reason
    if isinstance(error, TimeoutError) or "Timeout" in type(error).__name__:
        return "timeout", errno.errorcode.get(getattr(error, "errno", None) or 0)
    if isinstance(error, OSError):
        return "tcp", errno.errorcode.get(error.errno or _UNNUMBERED.get(type(error)) or _last_errno(str(error)))
    return "protocol", None


def _last_errno(words: str) -> int:
    """The last number in *words*: asyncio joins the errors of a name's several addresses into one without its own."""
    return int(next(reversed(re.findall(r"\[Errno (\d+)\]", words)), "0"))
