"""The values that every part of the project speaks of.

Frozen, free of I/O, and free of behaviour beyond what follows from their own fields. Durations are
seconds as float, unscaled unless a name says otherwise; instants are aware UTC; hosts are URLs
without a trailing slash; mappings are never changed after construction. The module is long because
each word of the project has its one definition here, where who looks it up finds it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, NewType

from ci_tools.questions import Probe, StoreProbe

NodeId = NewType("NodeId", str)
"""A test as pytest names it: ``path::class::name[parameters]``."""


DEPLOYMENT = "deployment"
"""The kind of an observation that is made by asking which deployment answers."""
EDGE = "edge"
"""The dependency that limits our own traffic: what it refuses is no evidence about the system behind it."""


class Verdict(StrEnum):
    """The answer of a campaign, phase or suite. No evidence is never a pass."""

    PASS = "pass"  # noqa: S105 - a verdict, no credential
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class GateState(StrEnum):
    """What the evidence says of one gate."""

    HOLDS = "holds"
    FAILS = "fails"
    CANNOT_TELL = "cannot tell"


class KpiState(StrEnum):
    """Whether a figure is what people wish for."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """How a planned test ended. Flaky exists only across attempts on one deployment."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    NOT_RUN = "not_run"


FAILURES = (Outcome.FAILED, Outcome.ERRORED)
"""The outcomes of a test that saw something wrong; neither these nor a pass: it saw nothing."""


class Change(StrEnum):
    """How a test's outcome compares with the campaign before. Neither way of not passing counts as fixed."""

    NEWLY_FAILING = "newly failing"
    STILL_FAILING = "still failing"
    FIXED = "fixed"


class DependencyState(StrEnum):
    """What a probe saw of a dependency; *unknown* is a good answer (throttled, not asked)."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"

    @property
    def is_failing(self) -> bool:
        """Whether it was seen not to be well."""
        return self in {DependencyState.DEGRADED, DependencyState.DOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Patience of a client, in unscaled seconds (contract, section 5)."""

    connect_s: float = 60.0
    receive_s: float = 35.0
    agent_s: float = 30.0
    thinking_s: float = 10.0
    tool_s: float = 8.0
    general_s: float = 60.0
    health_s: float = 10.0
    """For whether something works at all: whoever is this slow about its own health is not well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """What one user may do on WebSockets (contract, section 5); not scaled by ``time_scale``."""

    connections: int = 3
    messages_per_min: int = 30
    message_bytes: int = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLimit:
    """Requests per minute and address that the edge allows on paths below *path_prefix*.

    Not scaled by ``time_scale``: an environment declares its own limits.
    """

    path_prefix: str
    rate_per_min: float
    burst: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class BypassKey:
    """``POST /auth/e2e/test-auth`` with the key in environment variable *key_env*."""

    strategy: Literal["bypass_key"] = "bypass_key"
    key_env: str = "E2E_OAUTH_SIMULATION_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterLogin:
    """``POST /auth/register``, then ``/auth/login``, as a unique user under *email_domain*."""

    strategy: Literal["register_login"] = "register_login"
    email_domain: str = "e2e.example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyToken:
    """A bearer token that stands ready in environment variable *token_env*."""

    strategy: Literal["ready_token"] = "ready_token"
    token_env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAuth:
    """The deployed system wants no credentials."""

    strategy: Literal["none"] = "none"


AuthStrategy = BypassKey | RegisterLogin | ReadyToken | NoAuth


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentSource:
    """Where a deployment says which one it is: dotted paths into the JSON at *host* + *path*."""

    host: str
    path: str
    revision: str
    sha: str | None = None
    dependency: str | None = None
    """Who answers there: that it cannot is seen of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One deployed build. Two with equal fields are the same deployment."""

    revision: str
    sha: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where a campaign runs: the only owner of hosts, patience, pace and time scale."""

    name: str
    hosts: Mapping[str, str]
    resolve: Mapping[str, str] = field(default_factory=dict)
    """Host name, or ``*.suffix``, to the address to connect to instead of asking the resolver."""
    ca_file: str | None = None
    time_scale: float = 1.0
    timeouts: Timeouts = field(default_factory=Timeouts)
    limits: tuple[EdgeLimit, ...] = ()
    """The longest matching prefix binds; no match means unpaced."""
    socket_limits: SocketLimits = field(default_factory=SocketLimits)
    pacing_share: float = 1.0
    """Part of the limits that this process tree may use (parallel jobs get a static share)."""
    auth: AuthStrategy = field(default_factory=NoAuth)
    deployment: DeploymentSource | None = None
    provision: Literal["none", "twin"] = "none"
    probes: tuple[Probe, ...] = ()
    survey: tuple[str, ...] = ()
    """Names of the probes that look at everything once, before anything else runs."""
    pytest_args: tuple[str, ...] = ()
    """What the suites' own conftest wants to be told."""

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The environment variables whose values we read as secrets: never to be shown, whatever their names."""
        addresses = tuple(probe.dsn_env for probe in self.probes if isinstance(probe, StoreProbe))
        match self.auth:
            case BypassKey(key_env=name) | ReadyToken(token_env=name):
                return (name, *addresses)
            case _:
                return addresses

    def scaled(self, seconds: float) -> float:
        """Real seconds for a duration stated unscaled. The one place that applies the scale."""
        return seconds * self.time_scale


# --- what was seen ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one attempt of a probe saw."""

    probe: str
    dependency: str
    state: DependencyState
    kind: str = ""
    """The kind of the probe; empty in journals from before it was recorded."""
    at: datetime | None = None
    """When the attempt ended."""
    latency_s: float | None = None
    """Real seconds; the server's own figure where the probe names one. None: never measured."""
    timed_out: bool = False
    """The latency is censored: at least this long."""
    code: str | None = None
    """HTTP status, close code, errno or exit status, as text: ``429``, ``1011``, ``ECONNREFUSED``."""
    text: str = ""
    """The exact words of the answer or error, shortened, for people."""
    source: str = ""
    """What was asked: a URL or command without secrets."""
    samples_s: tuple[float, ...] = ()
    """Real seconds of each try, where a probe tries more than once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A part of the deployed system."""

    name: str
    needs: tuple[str, ...] = ()
    """The parts without which it does not work."""
    owners: tuple[str, ...] = ()
    """Who is responsible for it, as CODEOWNERS mentions them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A named set of tests with its value and the dependencies it needs."""

    name: str
    paths: tuple[str, ...]
    """Files, folders or node ids, relative to the folder of ``campaign.toml``."""
    expected: int | None = None
    """Node ids that must be collected; fewer is inconclusive. None: not declared."""
    requires: tuple[str, ...] = ()
    value: str = ""
    """What the business loses while this suite fails, for people."""
    loads_system: bool = False
    """Runs alone, after all others."""
    evidence: bool = False
    """A pass counts only with a recorded exchange with the deployed system (our own clients record)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageGate:
    """passed / planned over *suites* is at least *floor*. No interval: the tests are distinct."""

    name: str
    dependency: str
    suites: tuple[str, ...]
    floor: float
    target: float | None = None
    kind: Literal["coverage"] = "coverage"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityGate:
    """A probe repeated under a sequential probability ratio test.

    An attempt is good when the probe says *up* and, where *under_s* is set, its latency is below it.
    The gate holds when the rate is shown to be *target* rather than *floor* (alpha = beta = 0.05),
    fails on the opposite, and cannot tell when *cap* attempts decide neither. A *target* of 1.0
    tolerates no bad attempt.
    """

    name: str
    dependency: str
    probe: str
    floor: float
    target: float
    under_s: float | None = None
    target_s: float | None = None
    """Described in the report, never judged: percentiles only describe."""
    cap: int = 60
    holds_back: bool = True
    """Whether what requires its dependency is held back while it fails; else only if every attempt found it down."""
    requires: tuple[str, ...] = ()
    """Dependencies through which the probe sees its own; while one is down, it cannot tell."""
    kind: Literal["reliability"] = "reliability"


Gate = CoverageGate | ReliabilityGate


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """A figure that people follow over campaigns; shown, no part of the verdict.

    Either *target* (a share) or *under_s* (unscaled seconds) is wished for, of the attempts of *gate*
    or the tests of *suites* (``*``: all). With neither, nothing measures it yet.
    """

    name: str
    about: str
    target: float | None = None
    under_s: float | None = None
    gate: str | None = None
    suites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """An ordered part of a campaign."""

    number: int
    name: str
    budget_s: float
    suites: tuple[Suite, ...] = ()
    gates: tuple[Gate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will run and why, decided before anything runs."""

    name: str
    reason: str
    environment: str
    time_scale: float
    phases: tuple[Phase, ...]
    left_out: tuple[str, ...] = ()
    """Names of phases that the plan asks for and that declare no suite yet."""
    stop_early: bool = False
    """End after the first phase that does not pass."""
    inconclusive: Literal["block", "warn"] = "block"
    identifies_deployment: bool = False
    """The environment can say which deployment it is, so it must, and must not change its mind."""
    kpis: tuple[Kpi, ...] = ()
    """Figures to show; those that this plan does not measure are passed over."""


class Runs(StrEnum):
    """What of its phases a shard runs."""

    ALL = "all"
    """All of its part; what loads the system is in the last part."""
    TOGETHER = "together"
    """What may run while other shards do: neither suites that load the system nor samples of its speed."""
    ALONE = "alone"
    """What needs the system for itself: just those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """A part of some phases, run by one job: part *part* of *parts*, both counted from 1."""

    number: int
    phases: tuple[int, ...]
    part: int = 1
    parts: int = 1
    runs: Runs = Runs.ALL
    at_once: int = 1
    """Shards that may run at the same time, this one included: what the edge's limits allow is divided by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousTest:
    """How a test ended in the campaign before, and how many real seconds it took."""

    node_id: NodeId
    outcome: Outcome
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """What the campaign before saw: the one to compare with.

    Tests are no mapping: a redactor masks what stands under a name like ``test_token``.
    """

    campaign: str
    revision: str | None
    sha: str | None = None
    """The commit that was deployed; None: not known, or from before it was recorded."""
    tests: tuple[PreviousTest, ...] = ()
    damage: str = ""
    """Why it did not see everything; a test that it lost counts as one that did not fail then."""

    @property
    def outcomes(self) -> Mapping[NodeId, Outcome]:
        """How each test ended."""
        return {test.node_id: test.outcome for test in self.tests}

    @property
    def durations_s(self) -> Mapping[NodeId, float]:
        """Real seconds of the tests that ran to an end of their own: how long others took says nothing."""
        ran = (Outcome.PASSED, Outcome.FAILED, Outcome.ERRORED)
        return {test.node_id: test.duration_s for test in self.tests if test.outcome in ran}
