"""The commits that may have brought a failure, each with what points at it; none where nothing does."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ci_tools.diagnosis.owners import matches
from ci_tools.report.wording import counted
from ci_tools.triage.seen import Seen
from ci_tools.triage.state import State
from ci_tools.triage.subjects import Subject
from ci_tools.triage.surroundings import Commit, Surroundings

FEW = 5
"""Commits of one deployment of which each is worth a look, also where nothing else points at it."""
RECENT = 50
"""Commits up to the bad deployment that are looked at where nobody knows when it was well."""
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Suspect:
    """A commit, and why it may be the one."""

    commit: Commit
    why: str


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The suspects, the likeliest first."""

    suspects: tuple[Suspect, ...] = ()
    since: str = ""
    """The commit that was deployed when it was last well; empty: nobody knows."""


def suspicion(subject: Subject, state: State | None, seen: Seen, around: Surroundings) -> Suspicion:
    """Who may have brought *subject*, of which *state* was remembered: by deployment, by paths, by words.

    Of what came between the last good deployment and the first bad one, what changes paths of the dependency stands
    first, then what names it; the rest is suspected only where it is little. Where nobody knows the last good one, only
    what changes its paths is suspected.
    """
    good = _good(state, seen)
    oldest = around.age(good)
    newest = _newest(state, seen, around, oldest)
    if newest is None:
        return Suspicion()
    name = subject.dependency
    patterns = (f"/dependencies/{name}", *around.rules.paths.get(name, ()))
    if oldest is None:
        recent = around.commits[newest : newest + RECENT]
        return Suspicion(tuple(_changing(recent, patterns, name))[:FEW])
    between = around.commits[newest:oldest]
    changing = list(_changing(between, patterns, name))
    naming = list(_naming(_others(between, changing), name))
    others = _others(between, [*changing, *naming])
    came = f"{'it' if len(between) == 1 else f'one of the {len(between)} commits that'} came with the bad deployment"
    alone = [Suspect(one, came) for one in others] if len(between) <= FEW else []
    return Suspicion((*changing, *naming, *alone), good if changing or naming or alone else "")


def _good(state: State | None, seen: Seen) -> str:
    """The commit that was deployed when it was last well, as the issue remembers it; else of the campaign before."""
    if state is not None:
        return state.last_good.sha if state.last_good is not None else state.preceded_by
    previous = seen.judgement.previous
    return (previous.sha or previous.revision or "") if previous is not None else ""


def _newest(state: State | None, seen: Seen, around: Surroundings, oldest: int | None) -> int | None:
    """Where the first bad deployment stands among the commits: as the issue remembers it, unless it was well since."""
    if state is not None and state.status == "failing":
        first = around.age(state.first_bad.sha)
        if first is not None and (oldest is None or first < oldest):
            return first
    deployed = seen.judgement.deployment
    return around.age(deployed.sha or "") if deployed else None


def _changing(commits: Iterable[Commit], patterns: Sequence[str], name: str) -> Iterable[Suspect]:
    for commit in commits:
        touched = [path for path in commit.paths if any(matches(pattern, path) for pattern in patterns)]
        if touched:
            more = f" and {counted(len(touched) - 1, 'more path')}" if len(touched) > 1 else ""
            yield Suspect(commit, f"it changes {touched[0]}{more} of {name}")


def _naming(commits: Iterable[Commit], name: str) -> Iterable[Suspect]:
    words = set(_WORD.findall(name.lower()))
    return (
        Suspect(one, f"its subject names {name}")
        for one in commits
        if words and words.issubset(_WORD.findall(one.subject.lower()))
    )


def _others(commits: Sequence[Commit], told: Iterable[Suspect]) -> list[Commit]:
    known = {one.commit.sha for one in told}
    return [one for one in commits if one.sha not in known]
