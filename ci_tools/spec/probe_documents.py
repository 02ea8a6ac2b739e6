"""The shape of ``[probes.*]``: one read-only attempt each."""

from typing import Annotated, Literal

from pydantic import Field, Tag

from ci_tools.spec.field_types import Absolute, Document, Name, Positive, Scalar, Text, tag_of


class ProbeDocument(Document):
    """What every probe says."""

    dependency: Name
    """The dependency that the probe observes."""
    timeout_s: Positive = 30.0
    """Patience of one attempt, in unscaled seconds."""


class HttpJsonProbeDocument(ProbeDocument):
    """Ask for a JSON document and compare what stands in it."""

    kind: Literal["http_json"]
    """One request: a GET, or a POST where it has a body."""
    host: Name
    """A name of the environment's hosts."""
    path: Absolute
    """Path and query on that host."""
    status: Annotated[int, Field(ge=100, le=599)] = 200
    """The HTTP status that is good."""
    expect: dict[Text, Annotated[tuple[Scalar, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """Dotted path in the document to the values that are good."""
    latency_ms: Text | None = None
    """Dotted path of a server-side latency in milliseconds; without it the client's time counts."""
    body: dict[Text, Scalar] | None = None
    """Sent as JSON by POST; only where asking changes nothing that others rely on."""
    authenticated: bool = False
    """Whether the request carries credentials."""


class TcpProbeDocument(ProbeDocument):
    """Connect to a host's port."""

    kind: Literal["tcp"]
    """One TCP connection."""
    host: Name
    """A name of the environment's hosts."""
    timeout_s: Positive = 10.0
    """Patience of one attempt, in unscaled seconds."""


class TlsProbeDocument(ProbeDocument):
    """Verify the certificates of hosts."""

    kind: Literal["tls"]
    """One verified handshake per host."""
    hosts: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Names of the environment's hosts."""
    days_left: Annotated[float, Field(ge=0)] = 0.0
    """Days that every certificate must still be valid."""
    timeout_s: Positive = 10.0
    """Patience of one attempt, in unscaled seconds."""


class WebSocketProbeDocument(ProbeDocument):
    """Shake hands and wait for the first frame."""

    kind: Literal["websocket"]
    """One WebSocket connection."""
    host: Name
    """A name of the environment's hosts, with scheme ws or wss."""
    welcome: str = "connection_established"
    """Type of the first frame; empty: no frame is awaited."""
    authenticated: bool = True
    """Whether the handshake carries credentials."""
    timeout_s: Positive = 60.0
    """Patience of one attempt, in unscaled seconds."""


class TokenProbeDocument(ProbeDocument):
    """Ask for fresh credentials."""

    kind: Literal["token"]
    """Credentials by the environment's auth strategy."""


class CommandProbeDocument(ProbeDocument):
    """Run a command of one's own; exit status 0 is good."""

    kind: Literal["command"]
    """One process."""
    argv: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Program and arguments; no shell is used."""


AnyProbeDocument = Annotated[
    Annotated[HttpJsonProbeDocument, Tag("<http_json>")]
    | Annotated[TcpProbeDocument, Tag("<tcp>")]
    | Annotated[TlsProbeDocument, Tag("<tls>")]
    | Annotated[WebSocketProbeDocument, Tag("<websocket>")]
    | Annotated[TokenProbeDocument, Tag("<token>")]
    | Annotated[CommandProbeDocument, Tag("<command>")],
    tag_of("kind"),
]
