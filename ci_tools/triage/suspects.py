"""The commits between the last good deployment and the bad one, the likeliest first."""

import re
from collections.abc import Sequence

from ci_tools.triage.seen import Seen
from ci_tools.triage.state import State
from ci_tools.triage.subjects import Subject
from ci_tools.triage.surroundings import Commit, Surroundings

_MANY = 200
_WORD = re.compile(r"[a-z0-9]{3,}")


def suspects(subject: Subject, state: State | None, seen: Seen, around: Surroundings) -> tuple[tuple[Commit, ...], str]:
    """The commits, and since when they count; none where the two deployments are not both among those known."""
    deployed = seen.judgement.deployment
    good = _good(state, seen)
    newest = around.age(deployed.sha or "") if deployed else None
    oldest = around.age(good) if good else None
    if newest is None or oldest is None or oldest <= newest:
        return (), ""
    between = around.commits[newest:oldest][:_MANY]
    return ranked(between, _words(subject)), good


def _good(state: State | None, seen: Seen) -> str:
    """The commit of the last deployment that was well: as the issue remembers it, else that of the campaign before."""
    if state is not None and state.last_good is not None:
        return state.last_good.sha
    previous = seen.judgement.previous
    return (previous.revision or "") if previous is not None and state is None else ""


def ranked(commits: Sequence[Commit], words: frozenset[str]) -> tuple[Commit, ...]:
    """*commits* by how many of *words* their subjects share; among equals the newest first."""
    return tuple(sorted(commits, key=lambda one: -len(words & set(_WORD.findall(one.subject.lower())))))


def _words(subject: Subject) -> frozenset[str]:
    incident = subject.incident
    names = [
        subject.dependency,
        subject.cause,
        *(one.dependency for one in (incident.consequences if incident else ())),
    ]
    return frozenset(word for name in names for word in _WORD.findall(name.lower()))
