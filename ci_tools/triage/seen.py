"""What one campaign says, as triage needs it: a judgement, its incidents and what its probes saw, redacted."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ci_tools.diagnosis.incidents import Incident
from ci_tools.model import DEPLOYMENT, FAILURES, DependencyState, Observation
from ci_tools.report.shown import masked
from ci_tools.verdict.judgement import Judgement

_LOG = "errors"
"""The kind of probe that reads what a service remembers: that says nothing of how it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One campaign."""

    judgement: Judgement
    incidents: tuple[Incident, ...] = ()
    observations: tuple[Observation, ...] = ()

    def looks(self, dependency: str) -> list[Observation]:
        """The observations of *dependency* that tell well from ill, in their order."""
        return [one for one in self.observations if one.dependency == dependency and tells(one)]

    def is_well(self, probe: str, dependency: str) -> bool:
        """Whether *probe* looked at *dependency*, or if at others only, at them, and found it well each time."""
        return is_well(self.observations, probe, dependency) is True


def is_well(observations: Iterable[Observation], probe: str, dependency: str) -> bool | None:
    """How *probe* found *dependency*, or if it looked at others only, these, each time; None: it could not tell."""
    told = [one for one in observations if one.probe == probe and tells(one)]
    about = [one for one in told if one.dependency == dependency] or told
    return not any(one.state.is_failing for one in about) if about else None


def is_asked_once(observations: Iterable[Observation], probe: str) -> bool:
    """Whether *probe* saw what no heartbeat asks for again: what services remember, or which deployment answers."""
    kinds = {one.kind for one in observations if one.probe == probe}
    return bool(kinds) and kinds <= {_LOG, DEPLOYMENT}


def tells(one: Observation) -> bool:
    """Whether it tells well from ill."""
    return one.kind != _LOG and (one.state is DependencyState.UP or one.state.is_failing)


def redacted(seen: Seen, redact: Callable[[str], str]) -> Seen:
    """*seen* with every text redacted, and without the evidence of what did not fail."""
    told = [
        test if test.outcome in FAILURES else replace(test, evidence={}, reason="", excerpt="")
        for test in seen.judgement.tests
    ]
    lean = replace(seen.judgement, tests=tuple(told))
    judgement: Judgement = masked(lean, redact)
    # A test is known by its node id, also where a secret's value happens to be part of it; shown, it is redacted again.
    return Seen(
        judgement=judgement,
        incidents=masked(seen.incidents, redact),
        observations=seen.observations,
    )
