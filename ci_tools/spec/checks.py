"""What no table can know alone: references, cycles, overlaps, and gates that could never hold.

Each check reads only sections whose tables are sound, so that one mistake is reported once.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from ci_tools.spec.documents import (
    AnyProbeDocument,
    CampaignDocument,
    ChoicePlanDocument,
    CoverageGateDocument,
    EnvironmentDocument,
    FixedPlanDocument,
    HttpJsonProbeDocument,
    ReliabilityGateDocument,
    TcpProbeDocument,
    TlsProbeDocument,
    TokenProbeDocument,
    WebSocketProbeDocument,
)
from ci_tools.spec.positions import KeyPath
from ci_tools.spec.problems import Problem, listed, shown, unknown_name
from ci_tools.spec.references import URL_IN_WORDS, is_host

Check = Callable[[CampaignDocument], Iterable[Problem]]

_ERROR_RATE = 0.05
"""Alpha and beta of the sequential test."""


def cross_checks(document: CampaignDocument, broken: frozenset[str]) -> list[Problem]:
    """Every contradiction in *document* between sections that are not *broken*."""
    return [
        problem
        for check, sections in CHECKS.items()
        if not broken.intersection(sections)
        for problem in check(document)
    ]


def _nothing_to_run(document: CampaignDocument) -> Iterator[Problem]:
    for section in ("environments", "phases", "plans"):
        if not getattr(document, section):
            yield Problem(path=(section,), what="none is declared", got="nothing", legal="at least one")


def _dependencies(document: CampaignDocument) -> Iterator[Problem]:
    graph = document.dependencies
    for name, needs in graph.items():
        for index, need in enumerate(needs):
            if need not in graph:
                yield unknown_name(("dependencies", name, index), "dependency", need, graph)
    if cycle := _cycle(graph):
        got = " needs ".join(cycle)
        yield Problem(path=("dependencies", cycle[0]), what="a cycle", got=got, legal="a graph without cycles")


def _cycle(graph: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The names along one cycle, the first repeated at the end; empty without a cycle."""
    finished: set[str] = set()

    def walk(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in finished:
            return []
        for need in graph.get(name, ()):
            if found := walk(need, [*trail, name]):
                return found
        finished.add(name)
        return []

    return next((found for name in graph if (found := walk(name, []))), [])


def _hosts(document: CampaignDocument) -> Iterator[Problem]:
    for name, environment in document.environments.items():
        path: KeyPath = ("environments", name)
        for host, url in environment.hosts.items():
            if not is_host(url):
                yield Problem(path=(*path, "hosts", host), what="no host", got=shown(url), legal=URL_IN_WORDS)
        yield from _hosts_in_use(environment, path)
        prefixes = [limit.path_prefix for limit in environment.limits]
        for index, prefix in enumerate(prefixes):
            if prefix in prefixes[:index]:
                where = (*path, "limits", index, "path_prefix")
                yield Problem(path=where, what="declared twice", got=repr(prefix), legal="one limit per prefix")


def _hosts_in_use(environment: EnvironmentDocument, path: KeyPath) -> Iterator[Problem]:
    hosts = environment.hosts
    if environment.deployment and environment.deployment.host not in hosts:
        yield unknown_name((*path, "deployment", "host"), "host", environment.deployment.host, hosts)
    if environment.auth.strategy in ("bypass_key", "register_login") and "auth" not in hosts:
        what = f"strategy {environment.auth.strategy!r} asks the host 'auth'"
        yield Problem(path=(*path, "auth"), what=what, got=listed(hosts), legal="a host of the name auth")


def _probes_of(document: CampaignDocument, environment: EnvironmentDocument) -> dict[str, AnyProbeDocument]:
    chosen = document.probes if environment.probes is None else environment.probes
    return {name: document.probes[name] for name in chosen if name in document.probes}


def _probes(document: CampaignDocument) -> Iterator[Problem]:
    for name, environment in document.environments.items():
        for index, probe in enumerate(environment.probes or ()):
            if probe not in document.probes:
                yield unknown_name(("environments", name, "probes", index), "probe", probe, document.probes)
        for probe_name, document_of_probe in _probes_of(document, environment).items():
            yield from _probe_in(probe_name, document_of_probe, name, environment)


def _probe_in(
    name: str, probe: AnyProbeDocument, environment_name: str, environment: EnvironmentDocument
) -> Iterator[Problem]:
    for path, host in _hosts_of(probe):
        if host not in environment.hosts:
            what = f"host of environment {environment_name!r}"
            yield unknown_name(("probes", name, *path), what, host, environment.hosts)
        elif isinstance(probe, WebSocketProbeDocument) and environment.hosts[host].startswith("http"):
            what, url = f"no WebSocket host in environment {environment_name!r}", environment.hosts[host]
            yield Problem(path=("probes", name, "host"), what=what, got=shown(url), legal="scheme ws or wss")
    if _needs_credentials(probe) and environment.auth.strategy == "none":
        what = f"needs credentials, which environment {environment_name!r} does not have"
        legal = "an [environments.*.auth] with a strategy other than none, or authenticated = false"
        yield Problem(path=("probes", name), what=what, got="strategy 'none'", legal=legal)


def _hosts_of(probe: AnyProbeDocument) -> list[tuple[KeyPath, str]]:
    if isinstance(probe, TlsProbeDocument):
        return [(("hosts", index), host) for index, host in enumerate(probe.hosts)]
    if isinstance(probe, HttpJsonProbeDocument | TcpProbeDocument | WebSocketProbeDocument):
        return [(("host",), probe.host)]
    return []


def _needs_credentials(probe: AnyProbeDocument) -> bool:
    if isinstance(probe, HttpJsonProbeDocument | WebSocketProbeDocument):
        return probe.authenticated
    return isinstance(probe, TokenProbeDocument)


def _observed_dependencies(document: CampaignDocument) -> Iterator[Problem]:
    graph = document.dependencies
    for section in ("probes", "gates"):
        for name, table in getattr(document, section).items():
            if table.dependency not in graph:
                yield unknown_name((section, name, "dependency"), "dependency", table.dependency, graph)


def _required_dependencies(document: CampaignDocument) -> Iterator[Problem]:
    for name, suite in document.suites.items():
        for index, need in enumerate(suite.requires):
            if need not in document.dependencies:
                path = ("suites", name, "requires", index)
                yield unknown_name(path, "dependency", need, document.dependencies)


def _phase_numbers(document: CampaignDocument) -> Iterator[Problem]:
    numbers = [phase.number for phase in document.phases.values()]
    expected = ", ".join(str(number) for number in range(1, len(numbers) + 1))
    for index, (name, phase) in enumerate(document.phases.items()):
        path = ("phases", name, "number")
        if phase.number in numbers[:index]:
            yield Problem(path=path, what="declared twice", got=str(phase.number), legal=expected)
        elif phase.number > len(numbers):
            yield Problem(path=path, what="leaves a gap", got=str(phase.number), legal=expected)


def _phases_in_use(document: CampaignDocument) -> Iterator[Problem]:
    for section in ("suites", "gates"):
        for name, table in getattr(document, section).items():
            if table.phase not in document.phases:
                yield unknown_name((section, name, "phase"), "phase", table.phase, document.phases)


def _suite_paths(document: CampaignDocument) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, suite in document.suites.items():
        for index, path in enumerate(suite.paths):
            stem = path.rstrip("/")
            if stem in seen:
                where = ("suites", name, "paths", index)
                what = f"already a path of suite {seen[stem]!r}"
                yield Problem(path=where, what=what, got=repr(path), legal="every test in one suite")
            seen.setdefault(stem, name)


def _gates(document: CampaignDocument) -> Iterator[Problem]:
    for name, gate in document.gates.items():
        if gate.target is not None and gate.floor > gate.target:
            got, legal = f"floor {gate.floor:g}, target {gate.target:g}", "floor at most target"
            yield Problem(path=("gates", name, "floor"), what="above the target", got=got, legal=legal)
        elif isinstance(gate, ReliabilityGateDocument):
            yield from _sequential(gate, ("gates", name))


def _sequential(gate: ReliabilityGateDocument, path: KeyPath) -> Iterator[Problem]:
    if gate.floor == gate.target:
        got, legal = f"{gate.floor:g} for both", "a floor below the target: the test decides between the two"
        yield Problem(path=(*path, "floor"), what="equal to the target", got=got, legal=legal)
        return
    least = passes_needed(gate.floor, gate.target)
    if gate.cap < least:
        what = f"too few attempts to show {gate.target:g} rather than {gate.floor:g}"
        yield Problem(path=(*path, "cap"), what=what, got=str(gate.cap), legal=f"at least {least}")


def passes_needed(floor: float, target: float) -> int:
    """Straight good attempts after which the sequential test accepts *target*."""
    return math.ceil(math.log((1 - _ERROR_RATE) / _ERROR_RATE) / math.log(target / floor))


def _gated_suites(document: CampaignDocument) -> Iterator[Problem]:
    for name, gate in document.gates.items():
        if not isinstance(gate, CoverageGateDocument):
            continue
        own = [suite for suite, table in document.suites.items() if table.phase == gate.phase]
        for index, suite in enumerate(gate.suites):
            if suite not in own:
                what = f"suite of phase {gate.phase!r}"
                yield unknown_name(("gates", name, "suites", index), what, suite, own)


def _gated_probes(document: CampaignDocument) -> Iterator[Problem]:
    for name, gate in document.gates.items():
        if not isinstance(gate, ReliabilityGateDocument):
            continue
        path = ("gates", name, "probe")
        if gate.probe not in document.probes:
            yield unknown_name(path, "probe", gate.probe, document.probes)
            continue
        for environment_name, environment in document.environments.items():
            if environment.probes is not None and gate.probe not in environment.probes:
                what = f"not a probe of environment {environment_name!r}"
                yield Problem(path=path, what=what, got=repr(gate.probe), legal=listed(environment.probes))


def _gates_without_suites(document: CampaignDocument) -> Iterator[Problem]:
    filled = {suite.phase for suite in document.suites.values()}
    for name, gate in document.gates.items():
        if isinstance(gate, ReliabilityGateDocument) and gate.phase in document.phases.keys() - filled:
            what = "would never be judged: its phase has no suite, so no plan runs it"
            yield Problem(path=("gates", name, "phase"), what=what, got=repr(gate.phase), legal=listed(filled))


def _plans(document: CampaignDocument) -> Iterator[Problem]:
    for name, plan in document.plans.items():
        path: KeyPath = ("plans", name)
        if isinstance(plan, ChoicePlanDocument):
            yield from _choice(plan, path, document)
            continue
        for index, phase in enumerate(plan.phases):
            if phase not in document.phases:
                yield unknown_name((*path, "phases", index), "phase", phase, document.phases)
        for phase in plan.only:
            if phase not in plan.phases:
                yield unknown_name((*path, "only", phase), "phase of the plan", phase, plan.phases)


def _choice(plan: ChoicePlanDocument, path: KeyPath, document: CampaignDocument) -> Iterator[Problem]:
    if plan.first not in document.phases:
        yield unknown_name((*path, "first"), "phase", plan.first, document.phases)
    fixed = [name for name, other in document.plans.items() if isinstance(other, FixedPlanDocument)]
    for key in ("healthy", "unhealthy"):
        if getattr(plan, key) not in fixed:
            yield unknown_name((*path, key), "plan with phases", getattr(plan, key), fixed)


def _planned_suites(document: CampaignDocument) -> Iterator[Problem]:
    """A phase that declares no suite yet is left out by name, so its suites may still be to come."""
    for name, plan in document.plans.items():
        for phase, chosen in plan.only.items() if isinstance(plan, FixedPlanDocument) else ():
            own = [suite for suite, table in document.suites.items() if table.phase == phase]
            for index, suite in enumerate(chosen):
                if own and suite not in own:
                    path = ("plans", name, "only", phase, index)
                    yield unknown_name(path, f"suite of phase {phase!r}", suite, own)


def _kpis(document: CampaignDocument) -> Iterator[Problem]:
    for name, kpi in document.kpis.items():
        path: KeyPath = ("kpis", name)
        if (kpi.target is None) == (kpi.under_s is None):
            got = "neither" if kpi.target is None else "both"
            yield Problem(path=path, what="needs one wish", got=got, legal="either target or under_s")
        if kpi.gate is not None and kpi.suites:
            legal = "either gate or suites"
            yield Problem(path=path, what="counts two things", got="gate and suites", legal=legal)
        if kpi.under_s is not None and kpi.suites:
            what = "tests have no latency of their own"
            yield Problem(path=(*path, "suites"), what=what, got=shown(list(kpi.suites)), legal="a gate")


def _counted(document: CampaignDocument) -> Iterator[Problem]:
    gates = [name for name, gate in document.gates.items() if isinstance(gate, ReliabilityGateDocument)]
    for name, kpi in document.kpis.items():
        if kpi.gate is not None and kpi.gate not in gates:
            yield unknown_name(("kpis", name, "gate"), "reliability gate", kpi.gate, gates)
        for index, suite in enumerate(kpi.suites):
            if suite != "*" and suite not in document.suites:
                yield unknown_name(("kpis", name, "suites", index), "suite", suite, document.suites)


CHECKS: Mapping[Check, tuple[str, ...]] = {
    _nothing_to_run: ("environments", "phases", "plans"),
    _dependencies: ("dependencies",),
    _hosts: ("environments",),
    _probes: ("environments", "probes"),
    _observed_dependencies: ("dependencies", "probes", "gates"),
    _required_dependencies: ("dependencies", "suites"),
    _phase_numbers: ("phases",),
    _phases_in_use: ("phases", "suites", "gates"),
    _suite_paths: ("suites",),
    _gates: ("gates",),
    _gated_suites: ("gates", "suites"),
    _gated_probes: ("gates", "probes", "environments"),
    _gates_without_suites: ("gates", "suites", "phases"),
    _plans: ("plans", "phases"),
    _planned_suites: ("plans", "suites"),
    _kpis: ("kpis",),
    _counted: ("kpis", "gates", "suites"),
}
"""Each check and the sections it reads."""
