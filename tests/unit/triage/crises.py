"""Campaigns as a system would leave them in a crisis: one outage, two at once, and one that nobody understands."""

from dataclasses import replace
from datetime import timedelta

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.incidents import UNKNOWN, Consequence, Incident, Link, Proof, RuledOut, Why
from ci_tools.diagnosis.knowledge import Remedy
from ci_tools.diagnosis.owners import parse
from ci_tools.model import (
    CoverageGate,
    DependencyState,
    Deployment,
    GateState,
    Observation,
    Outcome,
    ReliabilityGate,
    Verdict,
)
from ci_tools.spec.values import TriageRules
from ci_tools.triage.decide import Surroundings
from ci_tools.triage.surroundings import Commit
from ci_tools.verdict.judgement import Judgement
from ci_tools.verdict.statistics import Latency
from tests.unit.triage.scenarios import AROUND, START, ended, gate, judgement, suite

REDIS = ReliabilityGate(name="redis_reachable", dependency="redis", probe="redis", floor=0.9, target=1.0)
DATABASE = ReliabilityGate(
    name="database_response", dependency="postgresql", probe="postgresql", floor=0.8, target=0.95, under_s=3.0
)
SOCKET = ReliabilityGate(
    name="websocket_connects", dependency="websocket", probe="websocket", floor=0.85, target=0.95, requires=("redis",)
)
REDIS_TESTS = CoverageGate(name="redis_tests", dependency="redis", suites=("redis",), floor=1.0)
AGENTS = CoverageGate(name="agent_execution_tests", dependency="agents", suites=("agent_execution",), floor=1.0)

BEGAN = START + timedelta(hours=1)
AROUND_STAGING: Surroundings = replace(
    AROUND,
    owners=parse("/dependencies/ @netra/platform\n/dependencies/agents @netra/agents"),
    run_url="https://github.com/acme/verify/actions/runs/7",
    rules=TriageRules(dashboards={"redis": "https://grafana.example/d/redis", "all": "https://grafana.example/d/all"}),
    commits=(
        Commit("c3d4e5f6", "feat: stream answers of agents in pieces"),
        Commit("b2c3d4e5", "fix: read redis host from the secret again"),
        Commit("a1b2c3d4", "chore: the release before"),
    ),
    explained={
        "redis_down": "Redis is not running, or refuses connections",
        "network_route": "no route to the network",
    },
)


def _exchange(number: int, path: str, status: int) -> dict[str, object]:
    return {
        "request_id": f"e2e-{number}",
        "method": "GET",
        "url": f"https://api.staging.example{path}",
        "status": status,
    }


FAILED = tuple(
    ended(
        "redis",
        name,
        Outcome.FAILED,
        reason="503 instead of 200: redis: Error -2 connecting to 10.166.204.83:6379. Name or service not known.",
        excerpt="def test_keeps():\n    assert 503 == 200",
        evidence={"exchanges": [_exchange(number, "/api/health/ready", 503)]},
    )
    for number, name in enumerate(("keeps", "forgets", "revokes"), 41)
)
HELD = tuple(
    ended("agent_execution", f"answers[{number}]", Outcome.BLOCKED, blocked_by="redis") for number in range(12)
)
OUTAGE = Incident(
    id="redis-1",
    certainty=Certainty.CONFIRMED,
    cause="secret_dirty",
    summary="a secret's value carries whitespace, or belongs to another instance",
    dependency="redis",
    owned_because="CODEOWNERS of /dependencies/secret_manager",
    evidence=(
        Proof(
            ref="redis#1",
            says="an address needs no resolver, so failing to resolve it means that the value is no clean address",
            text="Error -2 connecting to 10.166.204.83:6379. Name or service not known.",
            discriminates=True,
            at=BEGAN + timedelta(minutes=2),
        ),
        Proof(
            ref="variables#3",
            says="the service itself says that the value contains whitespace",
            text="variable REDIS_HOST contains whitespace",
            discriminates=True,
            at=BEGAN + timedelta(minutes=1),
        ),
    ),
    rivals=(
        RuledOut(
            cause="redis_down",
            separates="nobody was asked: a server that is down refuses or stays silent",
            by=("redis#1",),
        ),
        RuledOut(
            cause="network_route", separates="a resolver's error comes before any packet is sent", by=("redis#1",)
        ),
    ),
    consequences=(Consequence(dependency="websocket", cause="", says="it stands on redis"),),
    failed=tuple(test.node_id for test in FAILED),
    blocked=tuple(test.node_id for test in HELD),
    masked=("websocket_connects", "agent_execution_tests"),
    first_seen=BEGAN + timedelta(minutes=1),
    last_seen=BEGAN + timedelta(minutes=31),
    value=(
        "runs are forgotten and revoked tokens still work (redis)",
        "agents do not answer: $500K+ ARR (agent_execution)",
    ),
    remedy=(
        Remedy(
            about="write the secret again without a newline",
            command='printf %s "$HOST" | gcloud secrets versions add redis-host --data-file=-',
        ),
        Remedy(
            about="roll out a revision that reads it",
            command="gcloud run services update backend --region REGION --update-secrets=REDIS_HOST=redis-host:latest",
        ),
    ),
    verification="the readiness check reports redis connected, and no log line mentions whitespace",
    whys=(
        Why(
            question="why is the campaign no pass?",
            answer="3 tests fail, 12 are held back, 2 gates cannot tell",
            observed=True,
        ),
        Why(question="why do they fail?", answer="websocket stands on redis, which fails", observed=False),
        Why(question="why does redis fail?", answer="Error -2 connecting to 10.166.204.83:6379.", observed=True),
        Why(question="why does that happen?", answer="a secret's value carries whitespace", observed=True),
        Why(
            question="why could that come about?",
            answer="echo piped into the secret adds a newline, and nothing strips it where it is read",
            observed=False,
        ),
    ),
    cascade=(
        Link(lower="redis", upper="websocket", effect="failing"),
        Link(lower="redis", upper="agents", effect="masked"),
    ),
)
SLOW = Incident(
    id="postgresql-1",
    certainty=Certainty.SUSPECTED,
    cause="database_slow",
    summary="the database answers late",
    dependency="postgresql",
    evidence=(
        Proof(
            ref="postgresql#4",
            says="answers are late",
            text="checks.postgresql.response_time_ms = 7300",
            discriminates=False,
        ),
    ),
    rivals=(RuledOut(cause="database_pool", separates="a full pool says so in the service's log"),),
    first_seen=BEGAN + timedelta(minutes=3),
    last_seen=BEGAN + timedelta(minutes=4),
    remedy=(Remedy(about="look for what holds locks", command="SELECT * FROM pg_stat_activity"),),
    verification="the median is below 3 s",
)


def _seen(number: int, gates: tuple[object, ...], **more: object) -> Judgement:
    deployed = Deployment(revision=f"backend-{number:05}", sha="c3d4e5f6")
    made = judgement(number, Verdict.FAIL, gates, deployment=deployed, **more)  # type: ignore[arg-type]
    return replace(made, environment="staging", time_scale=1.0)


def redis_outage(number: int = 1) -> tuple[Judgement, tuple[Incident, ...]]:
    """A newline in a secret: Redis cannot be reached, and everything that stands on it is held back."""
    refused = gate(REDIS, GateState.FAILS, n=3, detail="3 times Error -2 connecting to 10.166.204.83:6379")
    timed = replace(refused, latency=Latency(n=3, median_s=0.02, max_s=0.5, p95_s=None, censored=0))
    gates = (
        timed,
        gate(REDIS_TESTS, GateState.FAILS, n=3, detail="3 of 3 fail"),
        gate(SOCKET, GateState.CANNOT_TELL, n=0, missing="never asked: it looks through redis"),
        gate(AGENTS, GateState.CANNOT_TELL, n=0, missing="12 blocked by redis"),
    )
    suites = (suite("redis", failed=3), suite("agent_execution", requires=("redis",), blocked=12))
    return _seen(number, gates, tests=(*FAILED, *HELD), suites=suites), (OUTAGE,)


def two_at_once() -> tuple[Judgement, tuple[Incident, ...]]:
    """Redis as above, and a database that is slow for a reason of its own."""
    seen, incidents = redis_outage()
    late = gate(DATABASE, GateState.FAILS, n=9, good=4, detail="5 of 9 answers took longer than 3.0 s")
    late = replace(late, latency=Latency(n=9, median_s=5.2, max_s=7.3, p95_s=None, censored=0))
    return replace(seen, gates=(*seen.gates, late)), (*incidents, SLOW)


def nobody_knows() -> tuple[Judgement, tuple[Incident, ...]]:
    """Agents answer wrongly, all that they stand on is well, and no sign speaks for any cause."""
    failed = ended(
        "agent_execution",
        "adds_up",
        Outcome.FAILED,
        reason="AssertionError: the mean of 12, 15 and 18 is 15, got 'I cannot do that'",
        excerpt="def test_adds_up():\n    assert '15' in answer",
        evidence={"exchanges": [_exchange(90, "/api/agents/execute", 200)]},
    )
    unknown = Incident(
        id="agents-1",
        certainty=Certainty.UNKNOWN,
        cause=UNKNOWN,
        summary="agents fails, and nothing that was seen says why",
        dependency="agents",
        evidence=(Proof(ref=failed.node_id, says="it fails", text=failed.reason, discriminates=False),),
        failed=(failed.node_id,),
        first_seen=BEGAN + timedelta(minutes=9),
        last_seen=BEGAN + timedelta(minutes=9),
        value=("agents do not answer: $500K+ ARR (agent_execution)",),
    )
    passed = ended("agent_execution", "greets", Outcome.PASSED)
    wrong = gate(AGENTS, GateState.FAILS, good=1, n=2, detail="test_adds_up: the mean of 12, 15 and 18 is 15")
    suites = (suite("agent_execution", passed=1, failed=1),)
    return _seen(1, (wrong,), tests=(failed, passed), suites=suites), (unknown,)


def looks(number: int = 1) -> tuple[Observation, ...]:
    """What probes saw of Redis in campaign *number*: nothing good, every ten minutes."""
    began = START + timedelta(hours=number)
    return tuple(
        Observation(
            probe="redis",
            dependency="redis",
            kind="http_json",
            state=DependencyState.DOWN,
            at=began + timedelta(minutes=minutes),
        )
        for minutes in range(0, 60, 10)
    )
