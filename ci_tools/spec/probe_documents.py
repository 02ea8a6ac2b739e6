"""The shape of ``[probes.*]``: one read-only attempt each."""

from typing import Annotated, Literal

from pydantic import Field, Tag

from ci_tools.spec.field_types import Absolute, Document, Name, Positive, Scalar, Text, Variable, tag_of


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


class DnsProbeDocument(ProbeDocument):
    """Resolve the names of hosts."""

    kind: Literal["dns"]
    """One look-up per host."""
    hosts: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Names of the environment's hosts."""
    timeout_s: Positive = 10.0
    """Patience of one look-up, in unscaled seconds."""


class ChecksProbeDocument(ProbeDocument):
    """Read the checks that a health document lists, each as what it names."""

    kind: Literal["checks"]
    """A few requests, one after the other."""
    host: Name
    """A name of the environment's hosts."""
    path: Absolute
    """Path and query on that host."""
    under: Text = "checks"
    """Dotted path of the object that maps a dependency to its check."""
    times: Annotated[int, Field(ge=1, le=20)] = 3
    """How often it is read: latencies that cluster are told from those that spread."""


class VariablesProbeDocument(ProbeDocument):
    """Read facts about required variables, never their values."""

    kind: Literal["variables"]
    """One request."""
    host: Name
    """A name of the environment's hosts."""
    path: Absolute
    """Path and query on that host."""
    under: Text = "variables"
    """Dotted path of the list; its entries have a name and facts."""
    about: dict[Text, Name] = Field(default_factory=dict)
    """The beginning of a variable's name to the dependency that it is about."""
    timeout_s: Positive = 10.0
    """Patience of one attempt, in unscaled seconds."""


class SessionProbeDocument(ProbeDocument):
    """Use a token of our own across services, and renew it."""

    kind: Literal["session"]
    """Four requests of a user of its own."""
    host: Name
    """The host of the service that gives tokens out."""
    accepted_by: Name
    """The host of the service that has to take them."""
    accepted_path: Absolute
    """What is asked of it."""
    refresh_path: Absolute = "/auth/refresh"
    """Where a refresh token becomes a new pair."""
    timeout_s: Positive = 10.0
    """Patience of one request, in unscaled seconds."""


class AnonymousProbeDocument(ProbeDocument):
    """Shake hands without credentials, which has to be refused."""

    kind: Literal["anonymous"]
    """A few WebSocket handshakes, one after the other."""
    host: Name
    """A name of the environment's hosts, with scheme ws or wss."""
    times: Annotated[int, Field(ge=1, le=60)] = 12
    """How often: a door that is sometimes out of order is told from one that always is."""
    timeout_s: Positive = 10.0
    """Patience of one attempt, in unscaled seconds."""


class ConversationProbeDocument(ProbeDocument):
    """Have one real agent run over a WebSocket."""

    kind: Literal["conversation"]
    """One connection, one message, and its events."""
    host: Name
    """A name of the environment's hosts, with scheme ws or wss."""
    message: Annotated[dict[Text, Text], Field(min_length=1)]
    """The frame that asks for the run, its type among the fields."""
    timeout_s: Positive = 30.0
    """Patience until the terminal event, in unscaled seconds."""


class ErrorsProbeDocument(ProbeDocument):
    """Read the recent errors that a service lists."""

    kind: Literal["errors"]
    """One request, with credentials where there are some."""
    host: Name
    """A name of the environment's hosts."""
    path: Absolute
    """Path and query on that host."""
    under: Text = "data"
    """Dotted path of the list."""
    text: Text = "message"
    """The field of an entry that holds its words."""
    timeout_s: Positive = 10.0
    """Patience of one attempt, in unscaled seconds."""


class ClockProbeDocument(ProbeDocument):
    """Compare the server's clock with ours."""

    kind: Literal["clock"]
    """One request."""
    host: Name
    """A name of the environment's hosts."""
    path: Absolute
    """Path and query on that host."""
    within_s: Positive = 30.0
    """Real seconds that the two may be apart."""
    timeout_s: Positive = 10.0
    """Patience of one attempt, in unscaled seconds."""


class LoadProbeDocument(ProbeDocument):
    """Read a few times alone and a few times at once."""

    kind: Literal["load"]
    """A small burst, paced below the environment's limits."""
    host: Name
    """A name of the environment's hosts."""
    path: Absolute
    """Path and query on that host; reading it must change nothing."""
    together: Annotated[int, Field(ge=2, le=64)] = 16
    """Requests at once."""
    authenticated: bool = False
    """Whether the requests carry credentials."""
    timeout_s: Positive = 10.0
    """Patience of one request, in unscaled seconds."""


class StoreProbeDocument(ProbeDocument):
    """Ask PostgreSQL or Redis directly, read-only."""

    kind: Literal["store"]
    """One connection; nothing is asked where the variable is not set."""
    dsn_env: Variable
    """Environment variable with the address: postgresql://… or redis://…"""
    timeout_s: Positive = 10.0
    """Patience of one attempt, in unscaled seconds."""


AnyProbeDocument = Annotated[
    Annotated[HttpJsonProbeDocument, Tag("<http_json>")]
    | Annotated[TcpProbeDocument, Tag("<tcp>")]
    | Annotated[TlsProbeDocument, Tag("<tls>")]
    | Annotated[WebSocketProbeDocument, Tag("<websocket>")]
    | Annotated[TokenProbeDocument, Tag("<token>")]
    | Annotated[CommandProbeDocument, Tag("<command>")]
    | Annotated[DnsProbeDocument, Tag("<dns>")]
    | Annotated[ChecksProbeDocument, Tag("<checks>")]
    | Annotated[VariablesProbeDocument, Tag("<variables>")]
    | Annotated[SessionProbeDocument, Tag("<session>")]
    | Annotated[AnonymousProbeDocument, Tag("<anonymous>")]
    | Annotated[ConversationProbeDocument, Tag("<conversation>")]
    | Annotated[ErrorsProbeDocument, Tag("<errors>")]
    | Annotated[ClockProbeDocument, Tag("<clock>")]
    | Annotated[LoadProbeDocument, Tag("<load>")]
    | Annotated[StoreProbeDocument, Tag("<store>")],
    tag_of("kind"),
]
