"""What a probe is to ask: values, one class for each kind.

Frozen, free of I/O. Durations are unscaled seconds; hosts are names of the environment's hosts. A *gate* repeats a
probe of a kind that sees one thing at a time; the other kinds tell several things of one look, for a survey.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpJsonProbe:
    """Ask *path* on *host*; every dotted path in *expect* must hold one of its values."""

    name: str
    dependency: str
    host: str
    path: str
    status: int = 200
    expect: Mapping[str, tuple[str | int | float | bool | None, ...]] = field(default_factory=dict)
    latency_ms: str | None = None
    """Dotted path of a server-side latency in milliseconds; without it the client's time counts."""
    body: Mapping[str, str | int | float | bool | None] | None = None
    """Sent as JSON by POST; without it the probe is a GET."""
    authenticated: bool = False
    timeout_s: float = 30.0
    kind: Literal["http_json"] = "http_json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpProbe:
    """A TCP connection to the host and port of the URL *host*."""

    name: str
    dependency: str
    host: str
    timeout_s: float = 10.0
    kind: Literal["tcp"] = "tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsProbe:
    """A verified TLS handshake with every host in *hosts*, with at least *days_left* of validity."""

    name: str
    dependency: str
    hosts: tuple[str, ...]
    days_left: float = 0.0
    timeout_s: float = 10.0
    kind: Literal["tls"] = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketProbe:
    """A handshake on *host*, and the frame type *welcome* as the first frame (empty: no frame)."""

    name: str
    dependency: str
    host: str
    welcome: str = "connection_established"
    authenticated: bool = True
    timeout_s: float = 60.0
    kind: Literal["websocket"] = "websocket"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenProbe:
    """Credentials by the environment's auth strategy; good when fresh and not expired."""

    name: str
    dependency: str
    timeout_s: float = 30.0
    kind: Literal["token"] = "token"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandProbe:
    """A command of the user's own; exit status 0 is good."""

    name: str
    dependency: str
    argv: tuple[str, ...]
    timeout_s: float = 30.0
    kind: Literal["command"] = "command"


GateProbe = HttpJsonProbe | TcpProbe | TlsProbe | WebSocketProbe | TokenProbe | CommandProbe
"""Sees one thing in one attempt, so a gate can count attempts."""


# --- several things of one look ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsProbe:
    """The names of *hosts*, resolved as we would to reach them."""

    name: str
    dependency: str
    hosts: tuple[str, ...]
    timeout_s: float = 10.0
    kind: Literal["dns"] = "dns"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksProbe:
    """The checks that a health document lists below *under*, each told as what it names; looked at *times* times."""

    name: str
    dependency: str
    host: str
    path: str
    under: str = "checks"
    times: int = 3
    timeout_s: float = 30.0
    kind: Literal["checks"] = "checks"


@dataclass(frozen=True, slots=True, kw_only=True)
class VariablesProbe:
    """Facts about variables, by name, in the list below *under*: present, length_ok, has_whitespace, is_placeholder."""

    name: str
    dependency: str
    host: str
    path: str
    under: str = "variables"
    about: Mapping[str, str] = field(default_factory=dict)
    """The beginning of a variable's name to the dependency that it is about."""
    timeout_s: float = 10.0
    kind: Literal["variables"] = "variables"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionProbe:
    """A token of our own: taken by another service, renewed once, and its used refresh token refused."""

    name: str
    dependency: str
    host: str
    """Of the service that gives tokens out."""
    accepted_by: str
    """The host of the service that has to take them."""
    accepted_path: str
    refresh_path: str = "/auth/refresh"
    timeout_s: float = 10.0
    kind: Literal["session"] = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnonymousProbe:
    """WebSocket handshakes without credentials, *times* one after the other, which have to be refused each time."""

    name: str
    dependency: str
    host: str
    times: int = 12
    timeout_s: float = 10.0
    kind: Literal["anonymous"] = "anonymous"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationProbe:
    """One real agent run over a WebSocket: its events from the first to the terminal one, and what it came to."""

    name: str
    dependency: str
    host: str
    message: Mapping[str, str]
    """The frame that asks for the run; its ``type`` among the fields."""
    timeout_s: float = 30.0
    kind: Literal["conversation"] = "conversation"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorsProbe:
    """The recent errors that a service lists below *under*; each distinct text is told once."""

    name: str
    dependency: str
    host: str
    path: str
    under: str = "data"
    text: str = "message"
    timeout_s: float = 10.0
    kind: Literal["errors"] = "errors"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockProbe:
    """How far the server's clock is from ours, by the ``Date`` of its answer."""

    name: str
    dependency: str
    host: str
    path: str
    within_s: float = 30.0
    timeout_s: float = 10.0
    kind: Literal["clock"] = "clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadProbe:
    """A few reads one after the other, then *together* at once: what fails only together is capacity."""

    name: str
    dependency: str
    host: str
    path: str
    together: int = 16
    authenticated: bool = False
    timeout_s: float = 10.0
    kind: Literal["load"] = "load"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreProbe:
    """PostgreSQL or Redis asked directly, read-only, where variable *dsn_env* holds its address."""

    name: str
    dependency: str
    dsn_env: str
    timeout_s: float = 10.0
    kind: Literal["store"] = "store"


SurveyProbe = (
    DnsProbe
    | ChecksProbe
    | VariablesProbe
    | SessionProbe
    | AnonymousProbe
    | ConversationProbe
    | ErrorsProbe
    | ClockProbe
    | LoadProbe
    | StoreProbe
)
"""Tells several things of one look, or takes several looks to tell one."""
Probe = GateProbe | SurveyProbe
