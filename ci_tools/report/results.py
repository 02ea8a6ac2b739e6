"""``test_results.json``: the whole judgement as one versioned document."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ci_tools.diagnosis.incidents import Incident
from ci_tools.model import Change, Outcome, ReliabilityGate
from ci_tools.verdict.judgement import GateResult, Judgement, KpiResult, PhaseResult, SuiteResult, TestResult

VERSION = 1


def document(judgement: Judgement, incidents: Sequence[Incident] = ()) -> dict[str, Any]:
    """The JSON object of *judgement* and its *incidents*, as :mod:`ci_tools.report.schema` describes it."""
    return {
        "version": VERSION,
        "campaign": _campaign(judgement),
        "deployment": asdict(judgement.deployment) if judgement.deployment else None,
        "previous": _previous(judgement),
        "verdict": {
            "verdict": judgement.verdict.value,
            "reasons": list(judgement.reasons),
            "inconclusive_policy": judgement.inconclusive,
            "problems": list(judgement.problems),
        },
        "phases": [_phase(phase) for phase in judgement.phases],
        "suites": [_suite(suite) for suite in judgement.suites],
        "gates": [_gate(gate, judgement.time_scale) for gate in judgement.gates],
        "tests": [_test(test) for test in judgement.tests],
        "kpis": [_kpi(result, judgement.time_scale) for result in judgement.kpis],
        "incidents": [_incident(incident) for incident in incidents],
    }


def _campaign(judgement: Judgement) -> dict[str, Any]:
    return {
        "id": judgement.campaign,
        "plan": judgement.plan_name,
        "reason": judgement.plan_reason,
        "environment": judgement.environment,
        "time_scale": judgement.time_scale,
        "started_at": _instant(judgement.started_at),
        "finished_at": _instant(judgement.finished_at),
        "complete": judgement.complete,
        "faults": list(judgement.faults),
        "order": "longest" if judgement.seed is None else f"random:{judgement.seed}",
        "left_out": list(judgement.left_out),
    }


def _previous(judgement: Judgement) -> dict[str, Any] | None:
    previous = judgement.previous
    return {"campaign": previous.campaign, "revision": previous.revision} if previous else None


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _phase(result: PhaseResult) -> dict[str, Any]:
    return {
        "number": result.phase.number,
        "name": result.phase.name,
        "verdict": result.verdict.value,
        "budget_s": result.phase.budget_s,
        "started_at": _instant(result.started_at),
        "finished_at": _instant(result.finished_at),
        "missing": list(result.missing),
    }


def _suite(suite: SuiteResult) -> dict[str, Any]:
    return {
        "name": suite.name,
        "phase": suite.phase,
        "value": suite.value,
        "requires": list(suite.requires),
        "expected": suite.expected,
        "planned": suite.planned,
        "collected": suite.collected,
        **_counts(suite.counts),
        "problems": list(suite.problems),
    }


def _counts(counts: Mapping[Outcome, int]) -> dict[str, int]:
    return {outcome.value: counts[outcome] for outcome in Outcome}


def _gate(result: GateResult, time_scale: float) -> dict[str, Any]:
    gate = result.gate
    changes = {kind: result.changes.get(kind, ()) for kind in Change}
    threshold: dict[str, Any] = {"floor": gate.floor, "target": gate.target}
    if isinstance(gate, ReliabilityGate):
        threshold |= {
            "under_s": None if gate.under_s is None else gate.under_s * time_scale,
            "target_s": None if gate.target_s is None else gate.target_s * time_scale,
            "cap": gate.cap,
        }
    return {
        "name": gate.name,
        "phase": result.phase,
        "kind": gate.kind,
        "dependency": gate.dependency,
        "state": result.state.value,
        "observed": result.observed,
        "n": result.n,
        "good": result.good,
        "interval": list(result.interval) if result.interval else None,
        "threshold": threshold,
        "latency": asdict(result.latency) if result.latency else None,
        "missing": result.missing,
        "detail": result.detail,
        **{_key(kind): list(node_ids) for kind, node_ids in changes.items()},
    }


def _key(kind: Change) -> str:
    return kind.value.replace(" ", "_")


def _kpi(result: KpiResult, time_scale: float) -> dict[str, Any]:
    kpi = result.kpi
    return {
        "name": kpi.name,
        "about": kpi.about,
        "target": kpi.target,
        "under_s": None if kpi.under_s is None else kpi.under_s * time_scale,
        "value": result.value,
        "n": result.n,
        "state": result.state.value,
    }


def _test(test: TestResult) -> dict[str, Any]:
    return {
        "node_id": test.node_id,
        "suite": test.suite,
        "phase": test.phase,
        "outcome": test.outcome.value,
        "change": test.change.value if test.change else None,
        "flaky": test.flaky,
        "attempts": test.attempts,
        "duration_s": round(test.duration_s, 6),
        "blocked_by": test.blocked_by or None,
        "exc_type": test.exc_type,
        "reason": test.reason,
        "excerpt": test.excerpt,
        "evidence": test.evidence,
    }


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "certainty": incident.certainty.value,
        "cause": incident.cause,
        "summary": incident.summary,
        "dependency": incident.dependency,
        "owners": list(incident.owners),
        "owned_because": incident.owned_because,
        "first_seen": _instant(incident.first_seen),
        "last_seen": _instant(incident.last_seen),
        "evidence": [asdict(proof) | {"at": _instant(proof.at)} for proof in incident.evidence],
        "rivals": [asdict(rival) | {"by": list(rival.by)} for rival in incident.rivals],
        "consequences": [asdict(consequence) for consequence in incident.consequences],
        "failed": list(incident.failed),
        "blocked": list(incident.blocked),
        "masked": list(incident.masked),
        "value": list(incident.value),
        "remedy": [step.model_dump() for step in incident.remedy],
        "verification": incident.verification,
        "whys": [asdict(why) for why in incident.whys],
        "cascade": [asdict(link) for link in incident.cascade],
    }
