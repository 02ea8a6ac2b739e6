"""A campaign of a replay as its jobs would leave it: the journals of all shards, put into one directory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from ci_tools.diagnosis.owners import owned, parse
from ci_tools.evidence.events import (
    CampaignFinished,
    CampaignStarted,
    Collected,
    DeploymentIdentified,
    Event,
    Observed,
    PhaseFinished,
    PhaseStarted,
    Record,
    Sampled,
    TestFinished,
    TestStarted,
)
from ci_tools.evidence.lines import Speller
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import (
    CoverageGate,
    Dependency,
    DependencyState,
    Deployment,
    Observation,
    Outcome,
    Phase,
    Plan,
    ReliabilityGate,
    Shard,
    Suite,
)
from ci_tools.spec import parse as parse_spec
from tests.replay.inventory import ALL, JOBS, STANDS_ON, ReplayedTest, every_test, files
from tests.replay.outages import Outage
from tests.replay.scenarios import Campaign

ROOT = Path(__file__).parents[2]
ENVIRONMENT = "staging"
EVERY = timedelta(minutes=30)
"""So often there is a campaign: closer than the 45 minutes beyond which nobody knows what was between."""
TOOK = timedelta(minutes=20)
"""So long after its beginning a campaign is triaged."""
_START = datetime(2026, 3, 2, 12, tzinfo=UTC)
_GATES = ("edge_tls", "backend_reachable", "auth_reachable", "database_response", "redis_reachable")
_ATTEMPTS = {True: 40, False: 6}
"""Of a gate whose dependency is well, or down."""
_PHASE_OF_JOB = {"infrastructure": 1, "core": 2, "priority": 3, "agents 1": 4, "agents 2": 4}
_PHASES = {1: "infrastructure", 2: "core", 3: "priority", 4: "agents"}
SHARDS = (
    *(Shard(number=number, phases=(number,)) for number in (1, 2, 3)),
    *(Shard(number=3 + part, phases=(4,), part=part, parts=2) for part in (1, 2)),
)


def began_at(number: int) -> datetime:
    """When campaign *number* began."""
    return _START + number * EVERY


def campaign_id(number: int) -> str:
    """What campaign *number* is called."""
    return f"replay-{number:03}"


def commit(build: int) -> str:
    """The commit that *build* was made of."""
    return f"{build + 1:07x}".ljust(40, "a")


def kept(campaign: Campaign, number: int, folder: Path) -> Path:
    """The directory of *campaign*, which is *number* of its scenario."""
    journal = folder / f"campaign-{number:03}" / "journal"
    journal.mkdir(parents=True)
    for shard, job in zip(SHARDS, JOBS, strict=True):
        writer = f"shard{shard.number}-{job.replace(' ', '-')}"
        (journal / f"{writer}.jsonl").write_bytes(b"".join(_lines(writer, _Job(campaign, number, shard, job))))
    return journal.parent


@dataclass(frozen=True, slots=True)
class _Job:
    campaign: Campaign
    number: int
    shard: Shard
    name: str

    @property
    def phase(self) -> int:
        return _PHASE_OF_JOB[self.name]

    @property
    def tests(self) -> list[ReplayedTest]:
        return [test for test in every_test() if test.file.job == self.name]


def _lines(writer: str, job: _Job) -> Iterator[bytes]:
    """The first job has five minutes, the others run at once after it."""
    speller = Speller(writer, Redactor())
    at = began_at(job.number) + (timedelta(0) if job.phase == 1 else timedelta(minutes=5))
    for seq, event in enumerate(_events(job, at), 1):
        now = at + timedelta(milliseconds=500 * seq)
        yield speller.line(Record(writer=writer, seq=seq, at=now, mono_s=0.5 * seq, event=event))


def _events(job: _Job, at: datetime) -> Iterator[Event]:
    revision = f"backend-{job.campaign.build:05}"
    plan, parts = _plan()
    yield CampaignStarted(
        campaign=campaign_id(job.number),
        plan=plan,
        tool_version="1",
        shards=SHARDS,
        shard=job.shard.number,
        dependencies=parts,
    )
    yield DeploymentIdentified(deployment=Deployment(revision=revision, sha=commit(job.campaign.build)))
    yield PhaseStarted(number=job.phase)
    for gate in _gates(plan) if job.phase == 1 else ():
        yield from _samples(gate, job.campaign, at)
    known: set[str] = set()
    for turn, test in enumerate(job.tests):
        cause = job.campaign.cause_of(test)
        yield from _ran(test, turn, cause, job)
        if cause and job.campaign.begins_late and cause.name not in known:
            known.add(cause.name)
            yield from _asked_at_once(cause, job.campaign, at + timedelta(seconds=3 * turn))
    yield PhaseFinished(number=job.phase)
    yield CampaignFinished(writers={})


def _samples(gate: ReliabilityGate, campaign: Campaign, at: datetime) -> Iterator[Event]:
    """What *gate* was answered; it is not asked through what is down."""
    outages = () if campaign.begins_late else campaign.outages
    outage = next((one for one in outages if one.gate == gate.name), None)
    if any(one.dependency in gate.requires for one in outages):
        return
    for number in range(_ATTEMPTS[outage is None]):
        seen = _observation(gate, outage, campaign.edition)
        yield Sampled(phase=1, gate=gate.name, observation=replace(seen, at=at + timedelta(seconds=number)))


def _asked_at_once(outage: Outage, campaign: Campaign, at: datetime) -> Iterator[Event]:
    """What a failing test needs is asked for while the campaign goes on."""
    gate = next(one for one in _gates(_plan()[0]) if one.name == outage.gate)
    for number in range(3):
        seen = _observation(gate, outage, campaign.edition)
        yield Observed(observation=replace(seen, at=at + timedelta(seconds=number)))


def _observation(gate: ReliabilityGate, outage: Outage | None, edition: int) -> Observation:
    return Observation(
        probe=gate.probe,
        dependency=gate.dependency,
        kind="tls" if gate.probe == "tls" else "http_json",
        state=DependencyState.DOWN if outage else DependencyState.UP,
        latency_s=0.02,
        code="503" if outage else "200",
        text=outage.seen_in(edition) if outage else "",
    )


def _ran(test: ReplayedTest, turn: int, cause: Outage | None, job: _Job) -> Iterator[Event]:
    exc_type, message = cause.told_in(job.campaign.edition, turn) if cause else ("", "")
    passed = Outcome.SKIPPED if job.campaign.skips else Outcome.PASSED
    requires = STANDS_ON[test.file.store] if job.campaign.declares else ALL
    yield Collected(node_id=test.node_id, suite=test.file.suite, phase=job.phase, requires=requires)
    yield TestStarted(node_id=test.node_id)
    yield TestFinished(
        node_id=test.node_id,
        outcome=Outcome.FAILED if cause else passed,
        duration_s=0.5,
        exc_type=exc_type,
        message=message,
        excerpt=f"def {test.name}():\n>   …\nE   {exc_type}: {message}" if cause else "",
    )


@cache
def _plan() -> tuple[Plan, tuple[Dependency, ...]]:
    """The plan of the inventory, on the graph and with the gates of the repository's campaign.toml."""
    spec = parse_spec((ROOT / "campaign.toml").read_text(encoding="utf-8"), "campaign.toml")
    known = {gate.name: gate for phase in spec.phases for gate in phase.gates}
    probed = tuple(known[name] for name in (*_GATES, "websocket_connects"))
    plan = Plan(
        name="full",
        reason="the replay",
        environment=ENVIRONMENT,
        time_scale=1.0,
        phases=tuple(_phase(number, name, probed if number == 1 else ()) for number, name in _PHASES.items()),
        identifies_deployment=True,
    )
    return plan, owned(spec.dependencies, parse((ROOT / "CODEOWNERS").read_text(encoding="utf-8")))


def _phase(number: int, name: str, probed: Sequence[CoverageGate | ReliabilityGate]) -> Phase:
    mine = [file for file in files() if _PHASE_OF_JOB[file.job] == number]
    suites = tuple(
        Suite(
            name=file.suite,
            paths=(file.path,),
            expected=file.count,
            requires=STANDS_ON[file.store],
            value=f"what {file.suite} is worth",
        )
        for file in mine
    )
    covered = tuple(
        CoverageGate(name=f"{file.suite}_tests", dependency=file.judges, suites=(file.suite,), floor=0.9)
        for file in mine
    )
    return Phase(number=number, name=name, budget_s=1200.0, suites=suites, gates=(*probed, *covered))


def _gates(plan: Plan) -> list[ReliabilityGate]:
    return [gate for gate in plan.phases[0].gates if isinstance(gate, ReliabilityGate)]
