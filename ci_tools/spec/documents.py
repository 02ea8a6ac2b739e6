"""The shape of ``campaign.toml``: what a table may hold, with the words that editors show."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag
from pydantic.json_schema import WithJsonSchema
from pydantic_core import PydanticCustomError

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
VARIABLE_PATTERN = r"^[A-Z_][A-Z0-9_]*$"
ABSOLUTE_PATTERN = r"^/\S*$"
RELATIVE_PATTERN = r"^[^/\s]"
SUITE_PATTERN = r"^(?:[a-z][a-z0-9_]*|\*)$"
TEXT_PATTERN = r"\S"

IN_WORDS = {
    NAME_PATTERN: "lower-case letters, digits and _, beginning with a letter",
    VARIABLE_PATTERN: "the name of an environment variable in capitals, never its value",
    ABSOLUTE_PATTERN: "a path that begins with / and holds no space",
    RELATIVE_PATTERN: "a path relative to the folder of campaign.toml, without ../",
    SUITE_PATTERN: 'the name of a suite, or "*" for all',
    TEXT_PATTERN: "a text that is not empty",
}
"""Each pattern that a text can miss, as a person would say it."""


def _scalar(value: Any) -> Any:
    if isinstance(value, (str, int, float)):
        return value
    raise PydanticCustomError("scalar", "a string, a number or a boolean")


def _inside(path: str) -> str:
    if ".." in path.partition("::")[0].split("/"):
        raise PydanticCustomError("inside", IN_WORDS[RELATIVE_PATTERN])
    return path


Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Variable = Annotated[str, StringConstraints(pattern=VARIABLE_PATTERN)]
Absolute = Annotated[str, StringConstraints(pattern=ABSOLUTE_PATTERN)]
Relative = Annotated[str, StringConstraints(pattern=RELATIVE_PATTERN), AfterValidator(_inside)]
SuiteChoice = Annotated[str, StringConstraints(pattern=SUITE_PATTERN)]
Text = Annotated[str, StringConstraints(pattern=TEXT_PATTERN)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Scalar = Annotated[Any, AfterValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})]


class Document(BaseModel):
    """A table of the file: no unknown keys, no coercion, unchangeable."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def tag_of(field: str) -> Discriminator:
    """Choose a union's member by the table's own *field*.

    Tags stand in angle brackets so that they never look like a key of the file in an error's path.
    """
    return Discriminator(lambda table: f"<{table.get(field)}>" if isinstance(table, dict) else None)


# The environment.


class PolicyDocument(Document):
    """What counts."""

    inconclusive: Literal["block", "warn"] = "block"
    """Whether a campaign without a clear answer stops a delivery."""


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
    resolve: dict[Text, Text] = {}
    """Host name, or *.suffix, to the address to connect to instead of asking the resolver."""
    ca_file: Text | None = None
    """Certificates to trust instead of the system's, in PEM."""
    time_scale: Positive = 1.0
    """Factor on every duration; 0.1 makes ten seconds one."""
    timeouts: TimeoutsDocument = TimeoutsDocument()
    """Patience of a client."""
    limits: tuple[EdgeLimitDocument, ...] = ()
    """What the edge allows; without a match, requests are not paced."""
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


# Probes: one read-only attempt each.


class ProbeDocument(Document):
    """What every probe says."""

    dependency: Name
    """The dependency that the probe observes."""
    timeout_s: Positive = 30.0
    """Patience of one attempt, in unscaled seconds."""


class HttpJsonProbeDocument(ProbeDocument):
    """GET a JSON document and compare what stands in it."""

    kind: Literal["http_json"]
    """One GET request."""
    host: Name
    """A name of the environment's hosts."""
    path: Absolute
    """Path and query on that host."""
    status: Annotated[int, Field(ge=100, le=599)] = 200
    """The HTTP status that is good."""
    expect: dict[Text, Annotated[tuple[Scalar, ...], Field(min_length=1)]] = {}
    """Dotted path in the document to the values that are good."""
    latency_ms: Text | None = None
    """Dotted path of a server-side latency in milliseconds; without it the client's time counts."""
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


# What runs, and what is asked of it.


class PhaseDocument(Document):
    """An ordered part of a campaign."""

    number: Annotated[int, Field(ge=1)]
    """Place in the order, counted from 1."""
    budget_min: Positive
    """Minutes that the phase may take, unscaled."""


class SuiteDocument(Document):
    """A named set of tests with its value and what it needs."""

    phase: Name
    """The phase that runs it."""
    paths: Annotated[tuple[Relative, ...], Field(min_length=1)]
    """Files, folders or node ids, relative to the folder of campaign.toml."""
    expected: Annotated[int, Field(ge=1)] | None = None
    """Tests that must be collected; fewer is inconclusive."""
    requires: tuple[Name, ...] = ()
    """Dependencies without which the tests say nothing."""
    value: Text
    """What the business loses while the suite fails."""
    loads_system: bool = False
    """Runs alone, after all others."""


class GateDocument(Document):
    """What every gate says."""

    phase: Name
    """The phase that is judged by it."""
    dependency: Name
    """The dependency that is at fault when the gate fails."""


class CoverageGateDocument(GateDocument):
    """A share of the planned tests passes."""

    kind: Literal["coverage"]
    """passed / planned, without an interval."""
    suites: Annotated[tuple[Name, ...], Field(min_length=1)]
    """The suites whose tests count."""
    floor: Share
    """The share below which the gate fails."""
    target: Share | None = None
    """The share that is wished for; only described."""


class ReliabilityGateDocument(GateDocument):
    """A probe is good often enough, by a sequential probability ratio test."""

    kind: Literal["reliability"]
    """Attempts are repeated until the rate is shown to be target or floor."""
    probe: Name
    """The probe that is repeated."""
    floor: Annotated[float, Field(gt=0, lt=1)]
    """The rate at which the gate fails."""
    target: Annotated[float, Field(gt=0, le=1)]
    """The rate at which the gate holds; 1.0 tolerates no bad attempt."""
    under_s: Positive | None = None
    """An attempt is good only below this latency, in unscaled seconds."""
    target_s: Positive | None = None
    """The latency that is wished for, in unscaled seconds; only described."""
    cap: Annotated[int, Field(ge=1)] = 60
    """Attempts after which the gate cannot tell."""


AnyGateDocument = Annotated[
    Annotated[CoverageGateDocument, Tag("<coverage>")] | Annotated[ReliabilityGateDocument, Tag("<reliability>")],
    tag_of("kind"),
]


class FixedPlanDocument(Document):
    """Phases that are known before the campaign."""

    about: Text
    """What the plan is for, in a few words."""
    phases: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Phases that it runs."""
    only: dict[Name, Annotated[tuple[Name, ...], Field(min_length=1)]] = {}
    """Phase to the only suites that it runs of it; without an entry, all."""
    budget_min: Positive | None = None
    """Minutes for the whole plan, unscaled; phases shrink in proportion."""
    stop_early: bool = False
    """End after the first phase that does not pass."""


class ChoicePlanDocument(Document):
    """One phase first; its verdict chooses what follows."""

    about: Text
    """What the plan is for, in a few words."""
    first: Name
    """The phase that runs first."""
    healthy: Name
    """The plan that follows when that phase passes."""
    unhealthy: Name
    """The plan that follows when it does not pass."""


def _plan_tag(table: Any) -> str | None:
    if not isinstance(table, dict):
        return None
    return "<choice>" if table.keys() & {"first", "healthy", "unhealthy"} else "<fixed>"


AnyPlanDocument = Annotated[
    Annotated[FixedPlanDocument, Tag("<fixed>")] | Annotated[ChoicePlanDocument, Tag("<choice>")],
    Discriminator(_plan_tag),
]


class KpiDocument(Document):
    """A figure that people follow over campaigns. It is shown, never judged."""

    about: Text
    """What is followed, in a few words."""
    target: Share | None = None
    """The share that is wished for; this or under_s."""
    under_s: Positive | None = None
    """The latency that is wished for, in unscaled seconds; this or target."""
    gate: Name | None = None
    """The reliability gate whose attempts are counted; this or suites."""
    suites: tuple[SuiteChoice, ...] = ()
    """The suites whose tests are counted; "*" for all. With neither, it is not measured yet."""


class CampaignDocument(Document):
    """Post-deploy verification: where it runs, what runs, and what is asked of it."""

    name: Name = "campaign"
    """Name of the system under test."""
    policy: PolicyDocument = PolicyDocument()
    """What counts."""
    dependencies: dict[Name, tuple[Name, ...]] = {}
    """Part of the deployed system to the parts that it needs."""
    environments: dict[Name, EnvironmentDocument] = {}
    """Where a campaign can run."""
    probes: dict[Name, AnyProbeDocument] = {}
    """Read-only attempts on dependencies."""
    phases: dict[Name, PhaseDocument] = {}
    """Ordered parts of a campaign."""
    suites: dict[Name, SuiteDocument] = {}
    """Named sets of tests."""
    gates: dict[Name, AnyGateDocument] = {}
    """What the evidence must show."""
    plans: dict[Name, AnyPlanDocument] = {}
    """Selections of phases and suites."""
    kpis: dict[Name, KpiDocument] = {}
    """Figures that people follow."""


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``campaign.toml`` for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **CampaignDocument.model_json_schema(),
        "title": "campaign.toml",
    }
