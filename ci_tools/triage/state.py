"""What an issue remembers of its incident: hidden in its body, versioned, and never shown.

The section of a body that is ours stands between :data:`BEGIN` and :data:`END`; all else belongs to people.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.errors import UsageError
from ci_tools.escalation.rules import Severity
from ci_tools.escalation.timers import Timer
from ci_tools.report.inert import line
from ci_tools.verdict.judgement import Judgement

BEGIN = "<!-- ci-tools:begin -->"
END = "<!-- ci-tools:end -->"
PART = "<!-- ci-tools:part -->"
"""Stands before each incident where several share a page."""
VERSION = 2
_STATE = re.compile(r"<!-- ci-tools:state v(\d{1,6}) (\{.*\}) -->")
_MAX_NAME = 100
_MAX_CAMPAIGNS = 5
_MAX_GATES = 100
_MAX_MARKS = 20
_MAX_PROBES = 20
_MAX_TESTS = 1_500
_MAX_SHARED_TESTS = 60
_DIGITS = 8
_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e"}
"""Nothing inside the state may end the comment that hides it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Which campaign saw it, when it began, and on which deployment."""

    campaign: str
    at: AwareDatetime | None
    revision: str
    sha: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """What has failed since the issue was opened, or opened again, and must be seen well before it closes."""

    gates: tuple[str, ...] = ()
    tests: str = ""
    """Digests of node ids, eight hex digits each."""
    is_whole: bool = True
    """Else more tests failed than are remembered: then every planned test has to pass."""
    probes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What heartbeats have seen since the last campaign."""

    at: AwareDatetime
    """The last look that changed anything here: an older one tells nothing."""
    is_bad: bool | None = None
    """How the probes that had shown the incident found its dependency; None: they have not told."""
    since: AwareDatetime | None = None
    rested: tuple[str, ...] = ()
    """Rules whose timers a good look ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is known of one incident in one environment."""

    environment: str
    dependency: str
    cause: str
    certainty: Certainty
    marks: Annotated[tuple[str, ...], Field(min_length=1)]
    """Fingerprints: the current one first, then those that it had before and those of its duplicates."""
    status: Literal["failing", "recovered"] = "failing"
    severity: Severity
    """The one that stands: it rises at once and falls late."""
    calm: Annotated[int, Field(ge=0)] = 0
    """Campaigns in a row that were less urgent."""
    labelled: Severity | None = None
    """The severity label that was set by us: another one on the issue is a person's decision."""
    titled: str = ""
    """The title that was set by us: another one is a person's."""
    evidence: Failed = field(default_factory=Failed)
    radius: Annotated[int, Field(ge=0)] = 0
    """How much it had taken along when that was last told."""
    first_bad: Occasion
    last_bad: Occasion
    n_bad: Annotated[int, Field(ge=1)] = 1
    preceded_by: str = ""
    """The commit that the campaign before the first bad one saw deployed."""
    last_good: Occasion | None = None
    n_green: Annotated[int, Field(ge=0)] = 0
    """Campaigns in a row in which all of its evidence was well."""
    timers: tuple[Timer, ...] = ()
    watch: Watch | None = None
    campaigns: tuple[str, ...] = ()
    """The last few that are accounted for here, the latest last."""
    duplicate_of: int | None = None

    @property
    def mark(self) -> str:
        """The current fingerprint."""
        return self.marks[0]

    @property
    def rested(self) -> tuple[str, ...]:
        """The rules whose timers a good look ended since the last campaign."""
        return self.watch.rested if self.watch else ()

    @property
    def known_until(self) -> datetime | None:
        """When the latest campaign began that is accounted for here."""
        seen = [self.last_bad.at, self.last_good.at if self.last_good else None]
        return max((at for at in seen if at is not None), default=None)


_ADAPTER: TypeAdapter[State] = TypeAdapter(State)


def incident_fingerprint(environment: str, cause: str, dependency: str) -> str:
    """The identity of an incident: stable over campaigns, gates and words."""
    return sha256(f"v2\0{environment}\0{cause}\0{dependency}".encode(errors="replace")).hexdigest()[:16]


def digest(node_id: str) -> str:
    """What is remembered of a test."""
    return sha256(node_id.encode(errors="replace")).hexdigest()[:_DIGITS]


def digests(tests: str) -> list[str]:
    """The single ones of *tests*."""
    return [tests[start : start + _DIGITS] for start in range(0, len(tests), _DIGITS)]


def short(text: str) -> str:
    """*text* as a state keeps it."""
    return line(text, _MAX_NAME)


def occasion(judgement: Judgement) -> Occasion:
    """What *judgement* looked at."""
    deployed = judgement.deployment
    return Occasion(
        campaign=short(judgement.campaign),
        at=judgement.started_at,
        revision=short(deployed.revision) if deployed else "",
        sha=short(deployed.sha or "") if deployed else "",
    )


def with_campaign(campaigns: Sequence[str], judgement: Judgement) -> tuple[str, ...]:
    """*campaigns* and the one of *judgement*, the last few."""
    return (*campaigns, short(judgement.campaign))[-_MAX_CAMPAIGNS:]


def joined(known: Failed, *, gates: Iterable[str], tests: Iterable[str], probes: Iterable[str]) -> Failed:
    """*known* and what else has failed; *tests* are node ids."""
    failed = sorted({*digests(known.tests), *map(digest, tests)})
    is_whole = known.is_whole and len(failed) <= _MAX_TESTS
    return Failed(
        gates=_each_once(known.gates, map(short, gates), _MAX_GATES),
        tests="".join(failed) if is_whole else "",
        is_whole=is_whole,
        probes=_each_once(known.probes, map(short, probes), _MAX_PROBES),
    )


def together(one: Failed, other: Failed) -> Failed:
    """What either of two remembers."""
    both = joined(one, gates=other.gates, tests=(), probes=other.probes)
    failed = sorted({*digests(one.tests), *digests(other.tests)})
    is_whole = one.is_whole and other.is_whole and len(failed) <= _MAX_TESTS
    return Failed(gates=both.gates, tests="".join(failed) if is_whole else "", is_whole=is_whole, probes=both.probes)


def lean(state: State) -> State:
    """*state* where several share a page: of many tests none is remembered, and then all have to pass."""
    failed = state.evidence
    if len(failed.tests) <= _MAX_SHARED_TESTS * _DIGITS:
        return state
    return replace(state, evidence=replace(failed, tests="", is_whole=False))


def with_marks(first: str, *others: Iterable[str]) -> tuple[str, ...]:
    """*first*, then all *others*, each once."""
    return _each_once((first,), (mark for some in others for mark in some), _MAX_MARKS)


def _each_once(known: Sequence[str], more: Iterable[str], most: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*known, *more]))[:most]


def accounts_for(state: State, judgement: Judgement) -> bool:
    """Whether *judgement* tells *state* nothing new: it is in there, or older than what is."""
    if short(judgement.campaign) in state.campaigns:
        return True
    known_until, began = state.known_until, judgement.started_at
    return known_until is not None and began is not None and began <= known_until


def to_line(state: State) -> str:
    """The hidden line that :func:`state_in` reads again."""
    document = _ADAPTER.dump_json(state).decode().translate(_ESCAPES)
    return f"<!-- ci-tools:state v{VERSION} {document} -->"


def state_in(text: str) -> State | None:
    """The state in *text*, the last one if it holds several; None if it is absent, damaged or of an earlier version.

    Raises:
        UsageError: it is of a later version, which must not be overwritten.
    """
    found = _STATE.findall(text)
    version, document = found[-1] if found else ("0", "")
    if int(version) > VERSION:
        raise UsageError(
            f"an issue holds state of version {version}, and versions up to {VERSION} are known here; "
            "triage with the ci-tools that wrote it, or a later one"
        )
    if int(version) < VERSION:
        return None
    try:
        return _ADAPTER.validate_json(document)
    except ValidationError:
        return None


def section(visible: str, state: State) -> str:
    """Our part of a body."""
    return f"{BEGIN}\n{visible}\n\n{to_line(state)}\n{END}"


def page_of_parts(intro: str, parts: Iterable[tuple[str, State]]) -> str:
    """Our part of a page that several incidents share, each with what it shows and remembers."""
    told = "".join(f"\n\n{PART}\n{visible}\n\n{to_line(state)}" for visible, state in parts)
    return f"{BEGIN}\n{intro}{told}\n{END}"


def parts_in(text: str) -> list[tuple[str, State]]:
    """What each incident shows and remembers in our part of *text*; one, if it is not shared."""
    bounds = _bounds(text)
    ours = text[bounds[0] + len(BEGIN) : bounds[1] - len(END)] if bounds else text
    _, *shared = ours.split(PART)
    found = [(_STATE.sub("", part).strip(), state_in(part)) for part in (shared or [ours])]
    return [(shown if bounds else "", state) for shown, state in found if state is not None]


def _bounds(body: str) -> tuple[int, int] | None:
    start = body.rfind(BEGIN)
    end = body.find(END, start)
    return None if start < 0 or end < 0 else (start, end + len(END))


def ours_in(body: str) -> str:
    """Our part of *body*, marks included."""
    bounds = _bounds(body)
    return body[bounds[0] : bounds[1]] if bounds else ""


def outside(body: str) -> str:
    """What people wrote around our part of *body*."""
    bounds = _bounds(body)
    return body[: bounds[0]] + body[bounds[1] :] if bounds else body


def replaced(body: str, ours: str) -> str:
    """*body* with our part exchanged for *ours*, and nothing else; appended where our part is gone."""
    bounds = _bounds(body)
    return body[: bounds[0]] + ours + body[bounds[1] :] if bounds else f"{body}\n\n{ours}"
