"""HTTP/1.1 messages as bytes: what the edge reads, rewrites and says itself."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from uuid import uuid4

Header = tuple[bytes, bytes]

_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_VIA = (b"via", b"1.1 edge")


@dataclass(slots=True)
class Head:
    """The start of a request as the client sent it."""

    target: bytes = b""
    headers: list[Header] = field(default_factory=list)
    method: bytes = b""
    version: str = "1.1"
    keep_alive: bool = True
    request_id: bytes = b""

    def value(self, name: bytes) -> bytes:
        """The first value of the header *name* (lower case), empty if absent."""
        return next((value for key, value in self.headers if key == name), b"")

    @property
    def path(self) -> bytes:
        """The target without its query."""
        return self.target.partition(b"?")[0]

    @property
    def host(self) -> str:
        """The host that is asked for, without its port, in lower case."""
        name = self.value(b"host").decode("latin-1").strip().lower()
        return name if name.endswith("]") else name.rpartition(":")[0] or name

    @property
    def chunked(self) -> bool:
        """Whether the body comes in chunks."""
        return b"chunked" in self.value(b"transfer-encoding").lower()

    @property
    def websocket(self) -> bool:
        """Whether the client asks for a WebSocket."""
        return self.value(b"upgrade").strip().lower() == b"websocket"

    def identify(self) -> None:
        """The request has an id: the client's, or a new one."""
        self.request_id = self.value(b"x-request-id") or uuid4().hex.encode()

    def forwarded(self, address: str) -> bytes:
        """The head for the service behind, with what the edge knows of the client."""
        lines = [b"%s %s HTTP/1.1\r\n" % (self.method, self.target)]
        dropped = (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-request-id")
        lines += _lines(header for header in self.headers if header[0] not in dropped)
        seen = self.value(b"x-forwarded-for")
        client = address.encode()
        lines += _lines(
            (
                (b"x-forwarded-for", b"%s, %s" % (seen, client) if seen else client),
                (b"x-forwarded-proto", b"https"),
                (b"x-forwarded-host", self.value(b"host")),
                (b"x-request-id", self.request_id),
                _VIA,
            )
        )
        if self.chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        if self.websocket:
            lines.append(b"connection: Upgrade\r\nupgrade: websocket\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)


@dataclass(slots=True)
class Answer:
    """The start of a service's response, and how its body reaches the client."""

    status: int = 0
    reason: bytes = b""
    headers: list[Header] = field(default_factory=list)

    def sized(self) -> bool:
        """Whether the body's end is known before it: a length, chunks, or no body at all."""
        names = {name for name, _ in self.headers}
        return self.status in _BODILESS or b"content-length" in names or b"transfer-encoding" in names

    def needs_chunks(self, head: Head) -> bool:
        """Whether the edge must frame the body itself: its length is unknown at the start."""
        if self.status in _BODILESS or head.method == b"HEAD" or head.version != "1.1":
            return False
        return not any(name == b"content-length" for name, _ in self.headers)

    def relayed(self, head: Head, *, chunked: bool, close: bool) -> bytes:
        """The head for the client that sent *head*."""
        lines = [b"HTTP/1.1 %d %s\r\n" % (self.status, self.reason)]
        lines += _lines(self.headers)
        if not any(name == b"x-request-id" for name, _ in self.headers):
            lines += _lines([(b"x-request-id", head.request_id)])
        lines += _lines([_VIA])
        if chunked:
            lines.append(b"transfer-encoding: chunked\r\n")
        if close:
            lines.append(b"connection: close\r\n")
        elif head.version != "1.1":
            lines.append(b"connection: keep-alive\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def switched(self, head: Head) -> bytes:
        """The head of a 101: hop-by-hop headers are what it is about."""
        lines = [b"HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"]
        lines += _lines(self.headers)
        lines += _lines([(b"x-request-id", head.request_id), _VIA])
        lines.append(b"\r\n")
        return b"".join(lines)


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def page(status: HTTPStatus, text: str, *, head: Head | None, close: bool, retry_after_s: int | None = None) -> bytes:
    """A whole answer of the edge itself: HTML, as a load balancer's, unlike any service's JSON."""
    title = f"{status.value} {status.phrase}"
    body = (
        f"<!doctype html>\n<html><head><title>{title}</title></head>\n"
        f"<body><h1>Error: {status.phrase}</h1><h2>{text}</h2></body></html>\n"
    ).encode()
    headers: list[Header] = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if retry_after_s is not None:
        headers.append((b"retry-after", str(retry_after_s).encode()))
    asked = head or Head(request_id=uuid4().hex.encode())
    answer = Answer(status.value, status.phrase.encode(), headers)
    start = answer.relayed(asked, chunked=False, close=close)
    return start if asked.method == b"HEAD" else start + body


def _lines(headers: Iterable[Header]) -> list[bytes]:
    return [b"%s: %s\r\n" % header for header in headers if header[0] not in _HOP_BY_HOP]
