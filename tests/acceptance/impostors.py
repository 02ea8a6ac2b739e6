"""Servers that are no such system, behind a certificate that is beyond doubt: each answers whatever it is asked."""

import base64
import hashlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import BinaryIO, Final
from uuid import uuid4

import jwt
import trustme

NAMES: Final = ("api.impostor.localhost", "auth.impostor.localhost", "app.impostor.localhost")
_PAGE: Final = b"<!doctype html><html><head><title>Welcome</title></head><body>It works!</body></html>"
_DOORS: Final = ("/auth/e2e/test-auth", "/auth/register", "/auth/login", "/auth/refresh")
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LARGEST_HEAD: Final = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One HTTP request."""

    method: str
    path: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes


Answering = Callable[[Asked], bytes | None]
"""The bytes of an answer; None: it never comes."""


def static(asked: Asked) -> bytes:
    """A web server with one page in its folder."""
    if asked.method not in {"GET", "HEAD"}:
        return _answer(501, "text/html", b"<html><body>Unsupported method</body></html>")
    if asked.path.partition("?")[0] in {"/", "/index.html"}:
        return _answer(200, "text/html", _PAGE)
    return _answer(404, "text/html", b"<html><body>File not found</body></html>")


def one_page(_: Asked) -> bytes:
    """A host of single-page applications: whatever is asked, the page is the answer."""
    return _answer(200, "text/html", _PAGE)


def empty_object(_: Asked) -> bytes:
    """An API that agrees to everything and says nothing."""
    return _answer(200, "application/json", b"{}")


def yes(_: Asked) -> bytes:
    """An API that calls itself healthy, whatever it is asked."""
    return _answer(200, "application/json", b'{"status": "healthy"}')


def echo(asked: Asked) -> bytes:
    """An API that gives back what it is told, the request id included."""
    said = asked.body or json.dumps({"path": asked.path, "headers": dict(asked.headers)}).encode()
    return _answer(200, "application/json", said, {"x-request-id": asked.headers.get("x-request-id", "")})


def admitting(answering: Answering) -> Answering:
    """An auth service in front of *answering* that lets everybody in, with a token of its own."""

    def answer(asked: Asked) -> bytes | None:
        if asked.method != "POST" or not asked.path.startswith(_DOORS):
            return answering(asked)
        now_s = int(time.time())
        claims = {"sub": uuid4().hex, "iat": now_s, "exp": now_s + 900, "jti": uuid4().hex}
        pair = {
            "access_token": jwt.encode(claims, "of nobody but this impostor, and long enough", "HS256"),
            "refresh_token": uuid4().hex,
            "token_type": "Bearer",
            "expires_in": 900,
            "user": {"id": claims["sub"], "email": f"{claims['sub']}@example.com"},
        }
        return _answer(200, "application/json", json.dumps(pair).encode())

    return answer


def upgrade(asked: Asked) -> bytes | None:
    """A server that accepts every WebSocket and never says anything on one; over HTTP it says ``{}``."""
    key = asked.headers.get("sec-websocket-key")
    if key is None:
        return empty_object(asked)
    accepted = base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accepted}\r\n\r\n"
    ).encode()


def silence(_: Asked) -> None:
    """A server that takes requests and never answers."""


SERVERS: Final[Mapping[str, Answering | None]] = {
    "static": static,
    "one_page": one_page,
    "empty_object": empty_object,
    "yes": yes,
    "static, admitting": admitting(static),
    "empty_object, admitting": admitting(empty_object),
    "yes, admitting": admitting(yes),
    "echo, admitting": admitting(echo),
    "upgrade, admitting": admitting(upgrade),
    "silence": silence,
    "silent_tcp": None,
}
"""By name; None: it accepts connections and never speaks TLS."""
IMPOSTORS: Final = ("static", "empty_object", "yes", "silence", "silent_tcp")
"""Those that whole campaigns are sent to."""
TALKATIVE: Final = tuple(name for name in SERVERS if not name.startswith("silen"))
"""Those that suites are sent to without a campaign, which would hold most tests back."""


@contextmanager
def served(name: str, folder: Path, *, time_scale: float) -> Iterator[str]:
    """The impostor *name* on a port of its own: the TOML of an environment whose hosts it all is."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*NAMES).configure_cert(context)
    with _Server(SERVERS[name], context) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield _environment(server.server_address[1], ca_file, time_scale)
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, answering: Answering | None, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.answering = answering
        self.context = context

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that give up are no trouble."""


class _Connection(BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        # A client that gives up ends a connection in whatever way it likes.
        with suppress(OSError):
            if self.server.answering is None:
                _wait_for_the_end(self.request)
                return
            with self.server.context.wrap_socket(self.request, server_side=True) as secured:
                _converse(secured, self.server.answering)


def _converse(connection: socket.socket, answering: Answering) -> None:
    with closing(connection.makefile("rb")) as stream:
        while (asked := _read(stream)) is not None:
            said = answering(asked)
            if said is not None:
                connection.sendall(said)
            if said is None or said.startswith(b"HTTP/1.1 101"):
                _wait_for_the_end(connection)
                return


def _wait_for_the_end(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def _read(stream: BinaryIO) -> Asked | None:
    lines = []
    while (line := stream.readline(_LARGEST_HEAD)) not in {b"\r\n", b""}:
        lines.append(line.decode("latin-1").strip())
    if not lines:
        return None
    method, path, _ = lines[0].split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines[1:])}
    body = stream.read(int(headers.get("content-length", "0")))
    return Asked(method=method, path=path, headers=headers, body=body)


def _answer(status: int, media_type: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    lines = {"content-type": media_type, "content-length": str(len(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} OK\r\n{head}\r\n".encode() + body


def _environment(port: int, ca_file: Path, time_scale: float) -> str:
    api, auth, app = (f"{name}:{port}" for name in NAMES)
    return f"""
[environments.impostor]
time_scale = {time_scale}
ca_file = "{ca_file}"
resolve = {{ "*.impostor.localhost" = "127.0.0.1" }}
limits = [{{ path_prefix = "/", rate_per_min = 60000, burst = 1000 }}]

[environments.impostor.hosts]
backend = "https://{api}"
api = "https://{api}/api"
websocket = "wss://{api}/api/v1/websocket"
auth = "https://{auth}"
frontend = "https://{app}"

[environments.impostor.auth]
strategy = "bypass_key"
key_env = "E2E_OAUTH_SIMULATION_KEY"

[environments.impostor.deployment]
host = "backend"
path = "/api/system/info"
revision = "revision"
sha = "build_sha"
"""
