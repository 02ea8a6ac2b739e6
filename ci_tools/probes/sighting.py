"""What one attempt saw, before it is told whose attempt it was."""

from dataclasses import dataclass

from ci_tools.errors import UnreachableError
from ci_tools.model import DependencyState


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The part of an observation that a kind of probe finds out; fields as in ``Observation``, not yet redacted."""

    state: DependencyState
    latency_s: float | None = None
    timed_out: bool = False
    code: str | None = None
    text: str = ""
    samples_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """One of several things that a look has shown, with the dependency that it is about and what was asked."""

    dependency: str
    sighting: Sighting
    source: str


def unanswered(error: UnreachableError, elapsed_s: float | None) -> Sighting:
    """Nothing was answered: *down*. Only a time-out has a latency, for a refusal says nothing of speed."""
    timed_out = error.kind == "timeout"
    return Sighting(
        state=DependencyState.DOWN,
        latency_s=elapsed_s if timed_out else None,
        timed_out=timed_out,
        code=error.code,
        text=str(error),
    )
