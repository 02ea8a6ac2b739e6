"""What several clues say together: the meta-rules that decide more cases than any single text.

Each rule is a pure function of clues that gives facts, which are clues themselves; signs of the knowledge base speak
of a fact by its name, in the field *probe*. Latencies are unscaled seconds.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from statistics import median

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.model import DependencyState

TIMERS_S = (5.0, 10.0, 30.0, 60.0, 120.0, 127.0)
"""What clients and resolvers are usually told to wait; the last one is the kernel's for a connection."""
_NEAR = 0.12
"""A timer's own share of jitter; contention spreads wider."""
_SLOW_S = 1.0
_TIMED = 0.75
"""So large a part close to the median is a timer; single spikes do not count."""
_SPREAD = 0.6
_MOST = 0.75
_SEVERAL = 2
"""So many answers elsewhere are no accident."""
_FEW = 3
_SOME = 5
PRIVATE = ("postgresql", "redis", "clickhouse")
"""Kinds of dependencies that stand in a private network."""

INTERMITTENT = "intermittent"
"""The fact that some attempts fail and others, in between, do not, whatever each of them says."""

Rule = Callable[[Sequence[Clue]], Iterable[Clue]]


def with_facts(clues: Sequence[Clue]) -> list[Clue]:
    """*clues*, and the facts that they give together."""
    return [*clues, *(fact for rule in RULES for fact in rule(clues))]


def timers(clues: Sequence[Clue]) -> Iterable[Clue]:
    """A latency that clusters at a timer with a small spread is that timer; contention has a tail."""
    for (name, _), latencies in _latencies(clues).items():
        if len(latencies) >= _FEW and median(latencies) >= _SLOW_S and _clustered(latencies) >= _TIMED:
            usual = next((timer for timer in TIMERS_S if abs(median(latencies) - timer) <= _NEAR * timer), None)
            if usual is not None:
                about = f"{len(latencies)} answers all take {usual:g} s"
                yield _fact("timer", name, about, latency_s=median(latencies))


def tails(clues: Sequence[Clue]) -> Iterable[Clue]:
    """Latencies that are high and spread wide are contention, or slow work; a timer has no tail."""
    for (name, probe), latencies in _latencies(clues).items():
        if len(latencies) >= _FEW and median(latencies) >= _SLOW_S and _clustered(latencies) <= _SPREAD:
            about = f"{len(latencies)} answers take {min(latencies):.1f} to {max(latencies):.1f} s"
            yield _fact("tail", name, about, latency_s=median(latencies), source=_source_of(probe, clues))


def shared_delays(clues: Sequence[Clue]) -> Iterable[Clue]:
    """Checks of one answer that all gain the same seconds were held up by one thing: the loop that runs them.

    So were those that take no less than one which another service finds quick: they have seconds of their own on top.
    """
    slow = {
        place: median(latencies)
        for place, latencies in _latencies(clues).items()
        if median(latencies) >= _SLOW_S and len(latencies) >= _FEW and _clustered(latencies) >= _TIMED
    }
    connected = {clue.dependency for clue in clues if clue.state is DependencyState.UP}
    for (name, probe), latency_s in slow.items():
        alike = [
            other
            for (other, by), theirs in slow.items()
            if by == probe and abs(theirs - latency_s) <= _NEAR * latency_s
        ]
        # Where all of them fail, each may wait for a timeout of its own.
        if len(alike) > 1 and connected.intersection(alike):
            others = ", ".join(sorted(set(alike) - {name}))
            about = f"{name} and {others} all take {latency_s:.1f} s"
            yield _fact("shared_delay", name, about, latency_s=latency_s, source=_source_of(probe, clues))
        elif later := _no_less(name, probe, latency_s, clues):
            about = f"{name} takes {latency_s:.1f} s here and is quick elsewhere, while {', '.join(later)} take no less"
            yield _fact("shared_delay", name, about, latency_s=latency_s, source=_source_of(probe, clues))


def _no_less(name: str, probe: str, latency_s: float, clues: Sequence[Clue]) -> list[str]:
    """What waits for the same seconds and for its own on top: none of it if *name* is as late to another service."""
    measured, here = _latencies(clues), _source_of(probe, clues)
    elsewhere = [
        latency
        for (other, by), latencies in measured.items()
        if other == name and here and _source_of(by, clues) not in {here, ""} and _is_well(name, by, clues)
        for latency in latencies
    ]
    if len(elsewhere) < _SEVERAL or max(elsewhere) >= _SLOW_S or not _is_well(name, probe, clues):
        return []
    return sorted(
        other
        for (other, by), latencies in measured.items()
        if by == probe
        and other != name
        and len(latencies) >= _FEW
        and min(latencies) >= (1 - _NEAR) * latency_s
        and _is_well(other, by, clues)
    )


def _is_well(name: str, probe: str, clues: Sequence[Clue]) -> bool:
    """Whether *probe* never saw *name* failing, however late it was."""
    return not any(clue.is_failing for clue in _observed(clues, name) if clue.asker == probe)


def _source_of(probe: str, clues: Sequence[Clue]) -> str:
    """The service that *probe* asks; nothing where it asks several, or none that is told."""
    seen = [clue for clue in clues if clue.origin is Origin.OBSERVATION and clue.asker == probe]
    asked = {clue.asked for clue in seen if clue.asked}
    return asked.pop() if len(asked) == 1 else ""


def intermittent(clues: Sequence[Clue]) -> Iterable[Clue]:
    """Good and bad attempts of one probe, mixed: neither routing nor configuration, which fail every time."""
    for (name, probe), seen in _by_probe(clues).items():
        good = [clue.state is DependencyState.UP for clue in seen]
        turns = sum(before != after for before, after in pairwise(good))
        if len(good) >= _SOME and turns > 1:
            about = f"{good.count(False)} of {len(good)} attempts of {probe} fail, in between others do not"
            yield _fact(INTERMITTENT, name, about, source=_source_of(probe, clues))


def only_at_first(clues: Sequence[Clue]) -> Iterable[Clue]:
    """The first attempts fail and all later ones do not: something had to start first."""
    for (name, probe), seen in _by_probe(clues).items():
        good = [clue.state is DependencyState.UP for clue in seen]
        failed = good.index(True) if True in good else 0
        if 0 < failed <= len(good) // 2 and all(good[failed:]):
            about = f"the first {failed} of {len(good)} attempts of {probe} fail"
            yield _fact("only_at_first", name, about, source=_source_of(probe, clues))


def every_attempt(clues: Sequence[Clue]) -> Iterable[Clue]:
    """No attempt of a probe is good, without any load: routing or configuration, or nothing is there."""
    for (name, probe), seen in _by_probe(clues).items():
        if len(seen) >= _FEW and all(clue.state is DependencyState.DOWN for clue in seen):
            about = f"all {len(seen)} attempts of {probe} fail"
            yield _fact("every_attempt", name, about, source=_source_of(probe, clues))


def all_private(clues: Sequence[Clue]) -> Iterable[Clue]:
    """Every private address times out while public ones answer: the way to them, not one of them."""
    asked = {
        name: seen for name in PRIVATE if (seen := [one for one in _observed(clues, name) if _speaks_of(name, one)])
    }
    silent = [name for name, seen in asked.items() if all(map(_no_answer, seen))]
    public = any(clue.state is DependencyState.UP for clue in clues if clue.dependency not in PRIVATE)
    if len(silent) == len(asked) > 1 and public:
        about = f"{', '.join(silent)} all give no answer, while public addresses do"
        yield from (_fact("every_private_address", name, about) for name in silent)


def all_green(clues: Sequence[Clue]) -> Iterable[Clue]:
    """Every dependency that was asked is up, and tests fail all the same."""
    asked = [clue for clue in clues if clue.origin is Origin.OBSERVATION]
    failing = [clue for clue in clues if clue.origin is Origin.FAILURE]
    if asked and failing and all(clue.state is DependencyState.UP for clue in asked):
        names = sorted({clue.dependency for clue in asked})
        for name in sorted({clue.dependency for clue in failing}):
            answer = "answer" if len(names) > 1 else "answers"
            yield _fact("all_green", name, f"{', '.join(names)} {answer} every probe")


def never_answers(clues: Sequence[Clue]) -> Iterable[Clue]:
    """Something that never gave a probe an answer, however often, and without load: the way to it is cut."""
    for (name, probe), seen in _by_probe(clues).items():
        if len(seen) > 1 and all(map(_no_answer, seen)):
            about = f"none of {len(seen)} attempts of {probe} is answered: {seen[0].text}"
            yield _fact("never_answers", name, about, source=_source_of(probe, clues))


def only_at_once(clues: Sequence[Clue]) -> Iterable[Clue]:
    """Reads that are late only at once: nothing private is silent in quiet, and who was asked answers again after."""
    silent = {fact.dependency for fact in never_answers(clues)}
    for clue in clues:
        is_pressed = clue.origin is Origin.OBSERVATION and clue.code == "rises_with_load"
        if is_pressed and silent.isdisjoint(PRIVATE) and _answers_after(clue, clues):
            yield _fact("only_at_once", clue.dependency, clue.text)


def _answers_after(pressed: Clue, clues: Sequence[Clue]) -> bool:
    """Whether the service that was *pressed* has answered since, if anybody asked it."""
    states = [
        clue.state
        for clue in clues
        if clue.origin is Origin.OBSERVATION
        and clue.asked == pressed.asked
        and clue.at is not None
        and pressed.at is not None
        and clue.at > pressed.at
    ]
    return not states or DependencyState.UP in states


def only_under_load(clues: Sequence[Clue]) -> Iterable[Clue]:
    """Private addresses that answer while nothing else runs, and were late while tests ran, are reached too late.

    Several of them, or the way they share is not to blame.
    """
    late = [clue for clue in clues if clue.origin is Origin.LOG and _late(clue.text)]
    told = {name for clue in late for name in _named(clue)}
    slow = {name for name in PRIVATE if any(map(_was_slow, _observed(clues, name)))}
    hit = {name for name in told | slow if _mostly_well(_observed(clues, name))}
    if told and len(hit) > 1 and hit == told | slow:
        about = f"{', '.join(sorted(hit))} answer in quiet, and were late while tests ran"
        yield from (_fact("only_under_load", name, about) for name in sorted(hit))


RULES: tuple[Rule, ...] = (
    timers,
    tails,
    shared_delays,
    intermittent,
    only_at_first,
    every_attempt,
    all_private,
    all_green,
    never_answers,
    only_at_once,
    only_under_load,
)


def _fact(name: str, dependency: str, text: str, *, latency_s: float | None = None, source: str = "") -> Clue:
    return Clue(
        ref=f"{name}({dependency})",
        origin=Origin.FACT,
        dependency=dependency,
        probe=name,
        text=text,
        latency_s=latency_s,
        source=source,
    )


def _observed(clues: Sequence[Clue], name: str) -> list[Clue]:
    return [clue for clue in clues if clue.origin is Origin.OBSERVATION and clue.dependency == name]


def _speaks_of(name: str, clue: Clue) -> bool:
    """Whether an observation is about *name*, and not an error of the service that should have told of it."""
    return not clue.is_error or name in clue.text


def _is_up(clue: Clue) -> bool:
    return clue.state is DependencyState.UP


def _late(text: str) -> bool:
    words = text.lower()
    return "timeout" in words or "timed out" in words or "no answer within" in words


def _was_slow(clue: Clue) -> bool:
    return _no_answer(clue) or (clue.latency_s is not None and clue.latency_s >= _SLOW_S)


def _mostly_well(seen: Sequence[Clue]) -> bool:
    quick = [clue for clue in seen if _is_up(clue) and not _was_slow(clue)]
    return bool(seen) and len(quick) >= _MOST * len(seen)


def _named(clue: Clue) -> list[str]:
    """The private dependencies that a service's own error is about."""
    return [name for name in PRIVATE if name == clue.dependency or name in clue.text.lower()]


def _no_answer(clue: Clue) -> bool:
    return not _is_up(clue) and (clue.timed_out or _late(clue.text))


def _latencies(clues: Sequence[Clue]) -> dict[tuple[str, str], list[float]]:
    """What was measured, by dependency and probe."""
    found: dict[tuple[str, str], list[float]] = {}
    for clue in clues:
        if clue.origin is Origin.OBSERVATION and clue.latency_s is not None and not clue.timed_out:
            found.setdefault((clue.dependency, clue.asker), []).append(clue.latency_s)
    return found


def _clustered(latencies: Sequence[float]) -> float:
    """The part of *latencies* that is close to their median."""
    middle = median(latencies)
    return sum(abs(latency - middle) <= _NEAR * middle for latency in latencies) / len(latencies)


def _by_probe(clues: Sequence[Clue]) -> dict[tuple[str, str], list[Clue]]:
    """The attempts of each probe that could tell, in their order."""
    found: dict[tuple[str, str], list[Clue]] = {}
    for clue in clues:
        if clue.origin is Origin.OBSERVATION and clue.state in (DependencyState.UP, DependencyState.DOWN):
            found.setdefault((clue.dependency, clue.asker), []).append(clue)
    return found
