"""What an issue remembers of its failure: hidden in its body, versioned, and never shown.

The section of a body that is ours stands between :data:`BEGIN` and :data:`END`; all else belongs to people.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from ci_tools.report.inert import line
from ci_tools.triage.operations import Severity
from ci_tools.verdict.judgement import Judgement

BEGIN = "<!-- ci-tools:begin -->"
END = "<!-- ci-tools:end -->"
_STATE = re.compile(r"<!-- ci-tools:state v1 (\{.*\}) -->")
_MAX_NAME = 100
_MAX_CAMPAIGNS = 5
_MAX_GATES = 100
_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e"}
"""Nothing inside the state may end the comment that hides it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Which campaign saw it, when it began, and on which deployment."""

    campaign: str
    at: AwareDatetime | None
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known of one dependency's failure in one environment."""

    environment: str
    dependency: str
    fingerprint: str
    status: Literal["failing", "recovered"]
    severity: Severity
    """The worst that this failure has been."""
    labelled: Severity
    """The severity label that was set by us: another one on the issue is a person's decision."""
    gates: tuple[str, ...]
    """Every gate that has failed since the issue was opened, or opened again."""
    first_bad: Sighting
    last_bad: Sighting
    n_bad: Annotated[int, Field(ge=1)]
    last_good: Sighting | None
    campaigns: tuple[str, ...]
    """The last few that are accounted for here, the latest last."""
    duplicate_of: int | None = None

    @property
    def known_until(self) -> datetime | None:
        """When the latest campaign began that is accounted for here."""
        seen = [self.last_bad.at, self.last_good.at if self.last_good else None]
        return max((at for at in seen if at is not None), default=None)


_ADAPTER: TypeAdapter[State] = TypeAdapter(State)


def fingerprint(environment: str, dependency: str) -> str:
    """The identity of a dependency's failure: stable over campaigns, gates and words."""
    return sha256(f"v1\0{environment}\0{dependency}".encode(errors="replace")).hexdigest()[:16]


def short(text: str) -> str:
    """*text* as a state keeps it."""
    return line(text, _MAX_NAME)


def sighting(judgement: Judgement) -> Sighting:
    """What *judgement* looked at."""
    revision = judgement.deployment.revision if judgement.deployment else ""
    return Sighting(campaign=short(judgement.campaign), at=judgement.started_at, revision=short(revision))


def with_campaign(campaigns: Sequence[str], judgement: Judgement) -> tuple[str, ...]:
    """*campaigns* and the one of *judgement*, the last few."""
    return (*campaigns, short(judgement.campaign))[-_MAX_CAMPAIGNS:]


def with_gates(known: Sequence[str], failing: Sequence[str]) -> tuple[str, ...]:
    """The names in both, each once."""
    return tuple(dict.fromkeys([*known, *map(short, failing)]))[:_MAX_GATES]


def accounts_for(state: State, judgement: Judgement) -> bool:
    """Whether *judgement* tells *state* nothing new: it is in there, or older than what is."""
    if short(judgement.campaign) in state.campaigns:
        return True
    known_until, began = state.known_until, judgement.started_at
    return known_until is not None and began is not None and began <= known_until


def to_line(state: State) -> str:
    """The hidden line that :func:`state_in` reads again."""
    document = _ADAPTER.dump_json(state).decode().translate(_ESCAPES)
    return f"<!-- ci-tools:state v1 {document} -->"


def state_in(body: str) -> State | None:
    """The state in *body*, the last one if it holds several; None if it is absent, damaged or of another version."""
    found = _STATE.findall(body)
    try:
        return _ADAPTER.validate_json(found[-1]) if found else None
    except ValidationError:
        return None


def section(visible: str, state: State) -> str:
    """Our part of a body."""
    return f"{BEGIN}\n{visible}\n\n{to_line(state)}\n{END}"


def _bounds(body: str) -> tuple[int, int] | None:
    start = body.rfind(BEGIN)
    end = body.find(END, start)
    return None if start < 0 or end < 0 else (start, end + len(END))


def visible_in(body: str) -> str:
    """What our part of *body* shows to people."""
    bounds = _bounds(body)
    ours = body[bounds[0] + len(BEGIN) : bounds[1] - len(END)] if bounds else ""
    return _STATE.sub("", ours).strip()


def outside(body: str) -> str:
    """What people wrote around our part of *body*."""
    bounds = _bounds(body)
    return body[: bounds[0]] + body[bounds[1] :] if bounds else body


def replaced(body: str, ours: str) -> str:
    """*body* with our part exchanged for *ours*, and nothing else; appended where our part is gone."""
    bounds = _bounds(body)
    return body[: bounds[0]] + ours + body[bounds[1] :] if bounds else f"{body}\n\n{ours}"
