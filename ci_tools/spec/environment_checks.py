"""Contradictions between what is deployed, where it is reached, and how it is probed."""

from collections.abc import Iterator, Mapping

from ci_tools.spec.documents import CampaignDocument
from ci_tools.spec.environment_documents import EnvironmentDocument
from ci_tools.spec.positions import KeyPath
from ci_tools.spec.probe_documents import (
    AnonymousProbeDocument,
    AnyProbeDocument,
    ConversationProbeDocument,
    HttpJsonProbeDocument,
    LoadProbeDocument,
    SessionProbeDocument,
    TlsProbeDocument,
    TokenProbeDocument,
    WebSocketProbeDocument,
)
from ci_tools.spec.problems import Problem, listed, shown, unknown_name
from ci_tools.spec.references import URL_IN_WORDS, is_host


def check_dependencies(document: CampaignDocument) -> Iterator[Problem]:
    """Needs that are not declared, and the first cycle."""
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


def check_hosts(document: CampaignDocument) -> Iterator[Problem]:
    """Hosts that are no URLs or do not exist, and limits declared twice."""
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


def check_probes(document: CampaignDocument) -> Iterator[Problem]:
    """Probes that an environment names wrongly or could not run."""
    for name, environment in document.environments.items():
        for index, probe in enumerate(environment.probes or ()):
            if probe not in document.probes:
                yield unknown_name(("environments", name, "probes", index), "probe", probe, document.probes)
        for index, probe in enumerate(environment.survey or ()):
            if probe not in _probes_of(document, environment):
                known = _probes_of(document, environment)
                yield unknown_name(
                    ("environments", name, "survey", index), f"probe of environment {name!r}", probe, known
                )
        for probe_name, document_of_probe in _probes_of(document, environment).items():
            yield from _probe_in(probe_name, document_of_probe, name, environment)


_SOCKETS = (WebSocketProbeDocument, AnonymousProbeDocument, ConversationProbeDocument)


def _probe_in(
    name: str, probe: AnyProbeDocument, environment_name: str, environment: EnvironmentDocument
) -> Iterator[Problem]:
    for path, host in _hosts_of(probe):
        if host not in environment.hosts:
            what = f"host of environment {environment_name!r}"
            yield unknown_name(("probes", name, *path), what, host, environment.hosts)
        elif isinstance(probe, _SOCKETS) and environment.hosts[host].startswith("http"):
            what, url = f"no WebSocket host in environment {environment_name!r}", environment.hosts[host]
            yield Problem(path=("probes", name, "host"), what=what, got=shown(url), legal="scheme ws or wss")
        elif isinstance(probe, TlsProbeDocument) and environment.hosts[host].startswith(("http:", "ws:")):
            what, url = f"no host with TLS in environment {environment_name!r}", environment.hosts[host]
            yield Problem(path=("probes", name, *path), what=what, got=shown(url), legal="scheme https or wss")
    if _needs_credentials(probe) and environment.auth.strategy == "none":
        what = f"needs credentials, which environment {environment_name!r} does not have"
        legal = "an [environments.*.auth] with a strategy other than none, or authenticated = false"
        yield Problem(path=("probes", name), what=what, got="strategy 'none'", legal=legal)


def _hosts_of(probe: AnyProbeDocument) -> list[tuple[KeyPath, str]]:
    many = getattr(probe, "hosts", ())
    named = [(("hosts", index), host) for index, host in enumerate(many)]
    return named + [((field,), getattr(probe, field)) for field in ("host", "accepted_by") if hasattr(probe, field)]


def _needs_credentials(probe: AnyProbeDocument) -> bool:
    if isinstance(probe, HttpJsonProbeDocument | WebSocketProbeDocument | LoadProbeDocument):
        return probe.authenticated
    return isinstance(probe, TokenProbeDocument | SessionProbeDocument)
