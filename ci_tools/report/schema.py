"""The published JSON Schema of ``test_results.json``."""

from typing import Any

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.model import Change, GateState, KpiState, Outcome, Verdict
from ci_tools.report.results import VERSION

_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_RATE = {"type": "number", "minimum": 0, "maximum": 1}
_SECONDS = {"type": "number", "minimum": 0}
_VERDICT = {"enum": [verdict.value for verdict in Verdict]}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_INSTANT = _or_null({"type": "string", "format": "date-time"})


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) that every ``test_results.json`` of this version satisfies."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "test_results.json",
        "description": "The judgement of one campaign: does the deployed system work, and from which evidence.",
        **_object(
            version={"const": VERSION},
            campaign=_campaign(),
            deployment=_or_null(_object(revision=_TEXT, sha=_or_null(_TEXT))),
            previous=_or_null(_object(campaign=_TEXT, revision=_or_null(_TEXT))),
            verdict=_object(
                verdict=_VERDICT,
                reasons=_TEXTS,
                inconclusive_policy={"enum": ["block", "warn"]},
                problems=_TEXTS,
            ),
            phases={"type": "array", "items": _phase()},
            suites={"type": "array", "items": _suite()},
            gates={"type": "array", "items": _gate()},
            tests={"type": "array", "items": _test()},
            kpis={"type": "array", "items": _kpi()},
            incidents={"type": "array", "items": _incident()},
        ),
    }


def _campaign() -> dict[str, Any]:
    return _object(
        id=_TEXT,
        plan=_TEXT,
        reason=_TEXT,
        environment=_TEXT,
        time_scale={"type": "number", "exclusiveMinimum": 0},
        started_at=_INSTANT,
        finished_at=_INSTANT,
        complete={"type": "boolean"},
        faults=_TEXTS,
        order=_TEXT,
        left_out=_TEXTS,
    )


def _phase() -> dict[str, Any]:
    return _object(
        number={"type": "integer", "minimum": 1},
        name=_TEXT,
        verdict=_VERDICT,
        budget_s=_SECONDS,
        started_at=_INSTANT,
        finished_at=_INSTANT,
        missing=_TEXTS,
    )


def _suite() -> dict[str, Any]:
    return _object(
        name=_TEXT,
        phase={"type": "integer", "minimum": 1},
        value=_TEXT,
        requires=_TEXTS,
        expected=_or_null(_COUNT),
        planned=_COUNT,
        collected=_COUNT,
        **{outcome.value: _COUNT for outcome in Outcome},
        problems=_TEXTS,
    )


def _gate() -> dict[str, Any]:
    threshold = _object(floor=_RATE, target=_or_null(_RATE))
    threshold["properties"] |= {"under_s": _or_null(_SECONDS), "target_s": _or_null(_SECONDS), "cap": _COUNT}
    return _object(
        name=_TEXT,
        phase={"type": "integer", "minimum": 1},
        kind={"enum": ["coverage", "reliability"]},
        dependency=_TEXT,
        state={"enum": [state.value for state in GateState]},
        observed=_or_null(_RATE),
        n=_COUNT,
        good=_COUNT,
        interval=_or_null({"type": "array", "items": _RATE, "minItems": 2, "maxItems": 2}),
        threshold=threshold,
        latency=_or_null(
            _object(n=_COUNT, median_s=_SECONDS, max_s=_SECONDS, p95_s=_or_null(_SECONDS), censored=_COUNT)
        ),
        missing=_TEXT,
        detail=_TEXT,
        newly_failing=_TEXTS,
        still_failing=_TEXTS,
        fixed=_TEXTS,
    )


def _kpi() -> dict[str, Any]:
    return _object(
        name=_TEXT,
        about=_TEXT,
        target=_or_null(_RATE),
        under_s=_or_null(_SECONDS),
        value=_or_null(_SECONDS),
        n=_COUNT,
        state={"enum": [state.value for state in KpiState]},
    )


def _test() -> dict[str, Any]:
    return _object(
        node_id=_TEXT,
        suite=_TEXT,
        phase={"type": "integer", "minimum": 0},
        outcome={"enum": [outcome.value for outcome in Outcome]},
        change=_or_null({"enum": [change.value for change in Change]}),
        flaky={"type": "boolean"},
        attempts=_COUNT,
        duration_s=_SECONDS,
        blocked_by=_or_null(_TEXT),
        exc_type=_TEXT,
        reason=_TEXT,
        excerpt=_TEXT,
        evidence={"type": "object"},
    )


def _incident() -> dict[str, Any]:
    def several(**properties: Any) -> dict[str, Any]:
        return {"type": "array", "items": _object(**properties)}

    flag = {"type": "boolean"}
    return _object(
        id=_TEXT,
        certainty={"enum": [certainty.value for certainty in Certainty]},
        cause=_TEXT,
        summary=_TEXT,
        dependency=_TEXT,
        owners=_TEXTS,
        owned_because=_TEXT,
        first_seen=_INSTANT,
        last_seen=_INSTANT,
        evidence=several(ref=_TEXT, says=_TEXT, text=_TEXT, discriminates=flag, at=_INSTANT),
        rivals=several(cause=_TEXT, separates=_TEXT, by=_TEXTS),
        consequences=several(dependency=_TEXT, cause=_TEXT, says=_TEXT),
        failed=_TEXTS,
        blocked=_TEXTS,
        masked=_TEXTS,
        value=_TEXTS,
        remedy=several(about=_TEXT, command=_TEXT),
        verification=_TEXT,
        whys=several(question=_TEXT, answer=_TEXT, observed=flag),
        cascade=several(lower=_TEXT, upper=_TEXT, effect={"enum": ["failing", "masked", "at risk"]}),
    )
