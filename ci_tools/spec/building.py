"""Sound documents become the values that everything else speaks of."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from ci_tools import model, questions
from ci_tools.spec import documents, environment_documents, probe_documents
from ci_tools.spec.values import ChoicePlan, FixedPlan, KnownIssue, PlanRule, Policy, Spec, TriageRules

_SECONDS_PER_MIN = 60.0

_PROBES: Mapping[type[BaseModel], type[questions.Probe]] = {
    probe_documents.HttpJsonProbeDocument: questions.HttpJsonProbe,
    probe_documents.TcpProbeDocument: questions.TcpProbe,
    probe_documents.TlsProbeDocument: questions.TlsProbe,
    probe_documents.WebSocketProbeDocument: questions.WebSocketProbe,
    probe_documents.TokenProbeDocument: questions.TokenProbe,
    probe_documents.CommandProbeDocument: questions.CommandProbe,
    probe_documents.DnsProbeDocument: questions.DnsProbe,
    probe_documents.ChecksProbeDocument: questions.ChecksProbe,
    probe_documents.VariablesProbeDocument: questions.VariablesProbe,
    probe_documents.SessionProbeDocument: questions.SessionProbe,
    probe_documents.AnonymousProbeDocument: questions.AnonymousProbe,
    probe_documents.ConversationProbeDocument: questions.ConversationProbe,
    probe_documents.ErrorsProbeDocument: questions.ErrorsProbe,
    probe_documents.ClockProbeDocument: questions.ClockProbe,
    probe_documents.LoadProbeDocument: questions.LoadProbe,
    probe_documents.StoreProbeDocument: questions.StoreProbe,
}
_STRATEGIES: Mapping[type[BaseModel], type[model.AuthStrategy]] = {
    environment_documents.BypassKeyDocument: model.BypassKey,
    environment_documents.RegisterLoginDocument: model.RegisterLogin,
    environment_documents.ReadyTokenDocument: model.ReadyToken,
    environment_documents.NoAuthDocument: model.NoAuth,
}


def built(document: documents.CampaignDocument) -> Spec:
    """The values of a document that has no problem."""
    probes = {name: _probe(name, probe) for name, probe in document.probes.items()}
    return Spec(
        name=document.name,
        policy=Policy(inconclusive=document.policy.inconclusive),
        dependencies=document.dependencies,
        environments={
            name: _environment(name, environment, probes) for name, environment in document.environments.items()
        },
        phases=tuple(sorted(_phases(document), key=lambda phase: phase.number)),
        plans=_plans(document.plans),
        kpis=tuple(model.Kpi(name=name, **_fields(kpi)) for name, kpi in document.kpis.items()),
        triage=TriageRules(**_fields(document.triage)),
        known_issues=tuple(KnownIssue(**_fields(table)) for table in document.known_issues),
    )


def _fields(document: BaseModel, *without: str) -> dict[str, Any]:
    return {name: getattr(document, name) for name in type(document).model_fields if name not in without}


def _probe(name: str, document: probe_documents.AnyProbeDocument) -> questions.Probe:
    return _PROBES[type(document)](name=name, **_fields(document))


def _environment(
    name: str, document: environment_documents.EnvironmentDocument, probes: Mapping[str, questions.Probe]
) -> model.Environment:
    deployment = document.deployment
    chosen = probes if document.probes is None else document.probes
    plain = _fields(document, "timeouts", "limits", "socket_limits", "auth", "deployment", "probes", "survey")
    return model.Environment(
        name=name,
        **plain,
        timeouts=model.Timeouts(**_fields(document.timeouts)),
        socket_limits=model.SocketLimits(**_fields(document.socket_limits)),
        limits=tuple(model.EdgeLimit(**_fields(limit)) for limit in document.limits),
        auth=_STRATEGIES[type(document.auth)](**_fields(document.auth)),
        deployment=model.DeploymentSource(**_fields(deployment)) if deployment else None,
        probes=tuple(probes[probe] for probe in chosen),
        survey=_surveyed(document, chosen, probes),
    )


def _surveyed(
    document: environment_documents.EnvironmentDocument, chosen: Iterable[str], probes: Mapping[str, questions.Probe]
) -> tuple[str, ...]:
    """What the environment says, or else every probe that no gate could repeat."""
    if document.survey is not None:
        return document.survey
    return tuple(name for name in chosen if not isinstance(probes[name], questions.GateProbe))


def _phases(document: documents.CampaignDocument) -> list[model.Phase]:
    return [
        model.Phase(
            number=phase.number,
            name=name,
            budget_s=phase.budget_min * _SECONDS_PER_MIN,
            suites=tuple(
                model.Suite(name=suite, **_fields(table, "phase"))
                for suite, table in document.suites.items()
                if table.phase == name
            ),
            gates=tuple(_gate(gate, table) for gate, table in document.gates.items() if table.phase == name),
        )
        for name, phase in document.phases.items()
    ]


def _gate(name: str, document: documents.AnyGateDocument) -> model.Gate:
    kind = model.CoverageGate if isinstance(document, documents.CoverageGateDocument) else model.ReliabilityGate
    return kind(name=name, **_fields(document, "phase"))


def _plans(tables: Mapping[str, documents.AnyPlanDocument]) -> dict[str, PlanRule]:
    fixed = {
        name: _fixed_plan(name, table)
        for name, table in tables.items()
        if isinstance(table, documents.FixedPlanDocument)
    }
    choices = {
        name: ChoicePlan(
            name=name,
            about=table.about,
            first=table.first,
            healthy=fixed[table.healthy],
            unhealthy=fixed[table.unhealthy],
        )
        for name, table in tables.items()
        if isinstance(table, documents.ChoicePlanDocument)
    }
    return fixed | choices


def _fixed_plan(name: str, document: documents.FixedPlanDocument) -> FixedPlan:
    budget_s = None if document.budget_min is None else document.budget_min * _SECONDS_PER_MIN
    return FixedPlan(name=name, budget_s=budget_s, **_fields(document, "budget_min"))
