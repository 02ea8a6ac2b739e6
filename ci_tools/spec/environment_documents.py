"""The shape of ``[environments.*]``: where a campaign runs."""

from typing import Annotated, Literal

from pydantic import Field, Tag

from ci_tools.spec.field_types import Absolute, Document, Name, Positive, Text, Variable, tag_of


class TimeoutsDocument(Document):
    """Patience of a client, in unscaled seconds."""

    connect_s: Positive = 60.0
    """Until a connection stands."""
    receive_s: Positive = 35.0
    """Until the next WebSocket frame."""
    agent_s: Positive = 30.0
    """Until an agent's run has ended."""
    thinking_s: Positive = 10.0
    """Until an agent shows its first thought."""
    tool_s: Positive = 8.0
    """Until a tool has answered."""
    general_s: Positive = 60.0
    """Until anything else has answered."""
    health_s: Positive = 10.0
    """Until it is told whether something works, and which deployment it is."""


class SocketLimitsDocument(Document):
    """What one user may do on WebSockets; never scaled."""

    connections: Annotated[int, Field(ge=1)] = 3
    """Connections at the same time."""
    messages_per_min: Annotated[int, Field(ge=1)] = 30
    """Messages within a minute, over all connections."""
    message_bytes: Annotated[int, Field(ge=1)] = 8192
    """The largest message."""


class EdgeLimitDocument(Document):
    """What the edge allows one address; the longest matching prefix binds."""

    path_prefix: Absolute
    """Paths that the limit is for, such as /api/."""
    rate_per_min: Positive
    """Requests per minute and address, never scaled."""
    burst: Annotated[int, Field(ge=1)] = 10
    """Requests that may come at once."""


class BypassKeyDocument(Document):
    """Credentials by the door for end-to-end tests."""

    strategy: Literal["bypass_key"]
    """POST /auth/e2e/test-auth on the host auth."""
    key_env: Variable = "E2E_OAUTH_SIMULATION_KEY"
    """Environment variable that holds the key."""


class RegisterLoginDocument(Document):
    """Credentials by registering a unique user."""

    strategy: Literal["register_login"]
    """POST /auth/register and /auth/login on the host auth."""
    email_domain: Text = "e2e.example.com"
    """Domain of the users' addresses."""


class ReadyTokenDocument(Document):
    """A bearer token that stands ready."""

    strategy: Literal["ready_token"]
    """The token is taken as it is."""
    token_env: Variable
    """Environment variable that holds the token."""


class NoAuthDocument(Document):
    """The deployed system wants no credentials."""

    strategy: Literal["none"]
    """Nothing is sent."""


class DeploymentDocument(Document):
    """Where the deployed system says which build it is."""

    host: Name
    """A name of the environment's hosts."""
    path: Absolute
    """Path of a JSON document on that host."""
    revision: Text
    """Dotted path of the revision in that document."""
    sha: Text | None = None
    """Dotted path of the commit in that document."""
    dependency: Name | None = None
    """Who answers there: asked first of all, it may be the one that has no instance."""


AuthDocument = Annotated[
    Annotated[BypassKeyDocument, Tag("<bypass_key>")]
    | Annotated[RegisterLoginDocument, Tag("<register_login>")]
    | Annotated[ReadyTokenDocument, Tag("<ready_token>")]
    | Annotated[NoAuthDocument, Tag("<none>")],
    tag_of("strategy"),
]


class EnvironmentDocument(Document):
    """Where a campaign runs. Texts may hold ${VARIABLE}; secrets never stand here."""

    hosts: Annotated[dict[Name, Text], Field(min_length=1)]
    """Name to URL with scheme and without a trailing slash."""
    resolve: dict[Text, Text] = Field(default_factory=dict)
    """Host name, or *.suffix, to the address to connect to instead of asking the resolver."""
    ca_file: Text | None = None
    """Certificates to trust instead of the system's, in PEM."""
    time_scale: Positive = 1.0
    """Factor on every duration; 0.1 makes ten seconds one."""
    timeouts: TimeoutsDocument = TimeoutsDocument()
    """Patience of a client."""
    limits: tuple[EdgeLimitDocument, ...] = ()
    """What the edge allows; without a match, requests are not paced."""
    socket_limits: SocketLimitsDocument = SocketLimitsDocument()
    """What one user may do on WebSockets."""
    pacing_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Part of the limits that a campaign may use."""
    auth: AuthDocument = NoAuthDocument(strategy="none")
    """How to come by credentials."""
    deployment: DeploymentDocument | None = None
    """Where the deployed system says which build it is."""
    provision: Literal["none", "twin"] = "none"
    """twin: the local staging twin is started for the campaign."""
    probes: tuple[Name, ...] | None = None
    """Probes of this environment; without it, all."""
    survey: tuple[Name, ...] | None = None
    """Probes that look at everything once, first of all; without it, those that no gate can repeat."""
    pytest_args: tuple[Text, ...] = ()
    """Options of your suites' own conftest, for instance --env=staging; ours have the last word."""
