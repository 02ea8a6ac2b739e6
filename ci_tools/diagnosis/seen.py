"""What a campaign saw, as clues: its probes' observations and its failing tests."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.model import Change, CoverageGate, Observation
from ci_tools.verdict.fold import CampaignState
from ci_tools.verdict.judgement import Judgement, TestResult

_CHANGES = ("PUT", "PATCH")
"""What changes something that is there already."""


def observations(state: CampaignState) -> list[Observation]:
    """Everything that probes saw, in its order: of the survey and heartbeats, and of gates."""
    sampled = (one.observation for writers in state.samples.values() for ones in writers.values() for one in ones)
    return [*(one.observation for one in state.observations), *sampled]


def clues_of(seen: Sequence[Observation], time_scale: float) -> list[Clue]:
    """One clue for each of *seen*, numbered by probe."""
    return list(_clues(seen, time_scale))


def _clues(seen: Sequence[Observation], time_scale: float) -> Iterator[Clue]:
    numbers: Counter[str] = Counter()
    for one in seen:
        numbers[one.probe] += 1
        yield Clue(
            ref=f"{one.probe}#{numbers[one.probe]}",
            # What a service remembers of itself says nothing of how it is now.
            origin=Origin.LOG if one.kind == "errors" else Origin.OBSERVATION,
            dependency=one.dependency,
            probe=one.kind,
            state=one.state,
            code=one.code or "",
            text=one.text,
            latency_s=None if one.latency_s is None else one.latency_s / time_scale,
            timed_out=one.timed_out,
            source=one.source,
            at=one.at,
        )


def judged_by(judgement: Judgement) -> Mapping[str, str]:
    """The dependency that the tests of a suite are there to judge, by the suite's name."""
    return {
        suite: result.gate.dependency
        for result in judgement.gates
        if isinstance(result.gate, CoverageGate)
        for suite in result.gate.suites
    }


def failure_clue(test: TestResult, dependency: str) -> Clue:
    """What a failing test says; *dependency* is what it was there to judge."""
    return Clue(
        ref=test.node_id,
        origin=Origin.FAILURE,
        dependency=dependency,
        code=_last_status(test.evidence),
        accepted=_is_accepted(test.evidence),
        text=f"{test.reason}\n{test.excerpt}",
        exc_type=test.exc_type,
        test=test.node_id,
    )


def _exchanges(evidence: Mapping[str, object]) -> list[Mapping[str, object]]:
    exchanges = evidence.get("exchanges")
    return [one for one in exchanges if isinstance(one, Mapping)] if isinstance(exchanges, list | tuple) else []


def _last_status(evidence: Mapping[str, object]) -> str:
    entries = _exchanges(evidence)
    return str(next((one["status"] for one in reversed(entries) if one.get("status") is not None), ""))


def _is_accepted(evidence: Mapping[str, object]) -> bool:
    """Whether a change was made and read again, and no request was answered with anything but success."""
    entries = _exchanges(evidence)
    methods = [str(one.get("method", "")) for one in entries]
    changed = next((place for place, method in enumerate(methods) if method in _CHANGES), len(methods))
    return "GET" in methods[changed:] and all(str(one.get("status", "")).startswith("2") for one in entries)


def since_deploy(judgement: Judgement, tests: Collection[str], dependency: str) -> list[Clue]:
    """That *tests*, which fail at *dependency*, passed with the deployment before; nothing where they did not."""
    before, now = judgement.previous, judgement.deployment
    if before is None or now is None or before.revision in (None, now.revision):
        return []
    broken = [one for one in judgement.tests if one.node_id in tests and one.change is Change.NEWLY_FAILING]
    text = f"{len(broken)} of {len(tests)} tests passed with {before.revision} and fail with {now.revision}"
    fact = Clue(
        ref=f"since_deploy({dependency})", origin=Origin.FACT, dependency=dependency, probe="since_deploy", text=text
    )
    return [fact] if broken else []
