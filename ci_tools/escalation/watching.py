"""Timers between campaigns: what a heartbeat adds to them, and what they prove by themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ci_tools.escalation.rules import RULES, Figure, Rule
from ci_tools.escalation.timers import Moment, Timer, watched
from ci_tools.escalation.urgency import Told, is_timed, proof_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one heartbeat saw of a dependency, through the probes that gates repeat."""

    at: datetime
    is_down: bool | None
    """None: nobody could tell, or what they say differs."""
    latency_s: float | None = None
    """Unscaled; the slowest of them."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The timers of one failure between two campaigns."""

    timers: tuple[Timer, ...]
    rested: tuple[str, ...] = ()
    """Rules whose timers were ended by a good look since the last campaign: they begin anew with the next bad one."""


def kept_on(kept: Kept, looks: Mapping[str, Look], place: str) -> Kept:
    """*kept* of a failure at the dependency *place*, after one heartbeat, whose *looks* are by dependency.

    A look that cannot tell changes nothing. One that is bad begins only what a heartbeat measures by itself, at
    *place*; anything else has to be shown by a campaign first.
    """
    timers, rested = {one.rule: one for one in kept.timers}, dict.fromkeys(kept.rested)
    for rule in filter(is_timed, RULES):
        look = looks.get(rule.dependency or "")
        is_bad = _passes(rule, look) if look else None
        if look is None or is_bad is None or not (rule.id in timers or rule.id in rested or _begins(rule, place)):
            continue
        before = timers.pop(rule.id, None)
        timer = watched(rule.id, before, [Moment(look.at, is_bad)])
        if timer is not None:
            timers[rule.id] = timer
            rested.pop(rule.id, None)
        elif before is not None:
            rested[rule.id] = None
    return Kept(tuple(timers.values()), tuple(rested))


def _begins(rule: Rule, place: str) -> bool:
    return rule.dependency == place and (rule.is_probed or rule.figure is Figure.MEDIAN)


def _passes(rule: Rule, look: Look) -> bool | None:
    """Whether the threshold of *rule* is passed; None: *look* cannot tell."""
    if rule.above_s is None:
        return look.is_down
    if look.latency_s is None:
        return None
    if look.latency_s > rule.above_s:
        return True
    # What is refused at once is not quick.
    return False if look.is_down is False else None


def told_by(timers: Iterable[Timer]) -> tuple[Told, ...]:
    """What *timers* say of their rules, the most urgent first."""
    kept = {one.rule: one for one in timers}
    proofs = [(rule, proof_of(rule, kept[rule.id])) for rule in RULES if rule.id in kept]
    told = [Told(rule.severity, rule.says, proof.says, proof.holds) for rule, proof in proofs]
    return tuple(sorted(told, key=lambda one: one.severity))
