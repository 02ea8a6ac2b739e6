"""A failure's numbers and timers become its severity, with what proves it and what is unproven."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ci_tools.escalation.rules import RULES, Figure, Rule, Severity
from ci_tools.escalation.timers import Moment, Timer, TimerProof, in_a_row, lasting, watched
from ci_tools.model import CoverageGate, ReliabilityGate
from ci_tools.verdict.judgement import GateResult, SuiteResult

CALM = 3
"""Campaigns in a row that have to be less urgent before a failure is: what flaps stays what it was."""
_OTHERWISE = "it fails, and no rule makes it more urgent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The numbers of one failure in one campaign."""

    gates: tuple[GateResult, ...]
    """Those that fail because of it."""
    suites: tuple[SuiteResult, ...]
    """Every suite of the campaign."""
    hit: frozenset[tuple[int, str]] = frozenset()
    """Phase and name of the suites in which a test fails because of it."""
    time_scale: float
    moments: tuple[Moment, ...] = ()
    """When what fails was looked at, in that order, and whether it was bad."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one rule."""

    severity: Severity
    says: str
    proof: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Urgency:
    """How urgent a failure is."""

    severity: Severity
    reason: str
    told: tuple[Told, ...]
    """Every rule whose threshold is passed, the most urgent first, with its proof."""
    timers: tuple[Timer, ...]


def assess(figures: Figures, timers: Iterable[Timer] = (), rested: Collection[str] = ()) -> Urgency:
    """The severity of a failure with *figures*, given the *timers* that were kept of it.

    Timers of the rules *rested* were ended by looks that found it well, of which there may have been more than are
    remembered: such a timer begins with the last moment.
    """
    kept = {timer.rule: timer for timer in timers}
    told: list[Told] = []
    for rule in RULES:
        passed = _passes(rule, figures)
        if passed is not None and is_timed(rule):
            moments = figures.moments[-1:] if rule.id in rested else figures.moments
            _keep(kept, rule, moments, is_bad=passed)
        if passed:
            proof = proof_of(rule, kept.get(rule.id))
            told.append(Told(rule.severity, rule.says, proof.says, proof.holds))
    told.sort(key=lambda one: one.severity)
    reached = next((one for one in told if one.holds), None)
    reason = " ".join(filter(None, (f"{reached.says},", reached.proof))).rstrip(",") if reached else _OTHERWISE
    return Urgency(reached.severity if reached else Severity.P2, reason, tuple(told), tuple(kept.values()))


def settled(standing: Severity, now: Severity, calm: int) -> tuple[Severity, int]:
    """The severity that stands after one more campaign, and how many calmer ones in a row there were.

    It rises at once and falls after :data:`CALM` calmer campaigns.
    """
    if now <= standing:
        return now, 0
    return (now, 0) if calm + 1 >= CALM else (standing, calm + 1)


def is_timed(rule: Rule) -> bool:
    """Whether *rule* asks for more than one observation."""
    return rule.lasting is not None or rule.in_a_row > 1


def _keep(kept: dict[str, Timer], rule: Rule, moments: Sequence[Moment], *, is_bad: bool) -> None:
    """The timer of *rule* after this campaign: a threshold that is not passed ends it."""
    if not is_bad:
        kept.pop(rule.id, None)
        return
    # A median is one observation, however many attempts stand behind it.
    looked = (
        moments if rule.lasting is not None else [Moment(max(one.at for one in moments), is_bad=True)] * bool(moments)
    )
    timer = watched(rule.id, kept.pop(rule.id, None), looked)
    if timer is not None:
        kept[rule.id] = timer


def proof_of(rule: Rule, timer: Timer | None) -> TimerProof:
    """What shows that *rule*, whose threshold is passed, holds, or what is missing."""
    if rule.lasting is not None:
        return lasting(timer, rule.lasting)
    if rule.in_a_row > 1:
        return in_a_row(timer, rule.in_a_row)
    return TimerProof(holds=True, says="")


def _passes(rule: Rule, figures: Figures) -> bool | None:
    """Whether the threshold is passed by anything that *rule* looks at; None if there is nothing of that."""
    values = list(_values(rule, figures))
    if not values:
        return None
    if rule.above_s is not None:
        return max(values) > rule.above_s
    return min(values) < (rule.below if rule.below is not None else 0.0)


def _values(rule: Rule, figures: Figures) -> Iterable[float]:
    match rule.figure:
        case Figure.OVERALL:
            return _share(figures.suites)
        case Figure.CATEGORY:
            return [rate for one in figures.suites if (one.phase, one.name) in figures.hit for rate in _share([one])]
        case Figure.MEDIAN:
            return [
                gate.latency.median_s / figures.time_scale
                for gate in figures.gates
                if gate.latency is not None and _concerns(rule, gate)
            ]
        case _:
            suites = {(suite.phase, suite.name): suite for suite in figures.suites}
            fitting = [gate for gate in figures.gates if _concerns(rule, gate)]
            if rule.is_probed:
                fitting = [one for one in fitting if one.gate.kind == "reliability" and not is_slow(one, figures)]
            return [rate for gate in fitting for rate in _rate(gate, suites)]


def _concerns(rule: Rule, result: GateResult) -> bool:
    names = result.gate.suites if isinstance(result.gate, CoverageGate) else ()
    return rule.dependency in (None, result.gate.dependency) and (rule.suite is None or rule.suite in names)


def _rate(result: GateResult, suites: Mapping[tuple[int, str], SuiteResult]) -> list[float]:
    if isinstance(result.gate, ReliabilityGate):
        return [result.good / result.n] if result.n else []
    return _share([suites[key] for name in result.gate.suites if (key := (result.phase, name)) in suites])


def _share(suites: Iterable[SuiteResult]) -> list[float]:
    """The share that passed or still could; nothing where nothing was planned."""
    counted = list(suites)
    planned = sum(suite.planned for suite in counted)
    return [sum(suite.passed + suite.undecided for suite in counted) / planned] if planned else []


def is_slow(result: GateResult, figures: Figures) -> bool:
    """Every attempt was answered, and half of them too late."""
    gate = result.gate
    if not isinstance(gate, ReliabilityGate) or gate.under_s is None:
        return False
    if result.latency is None or result.latency.censored:
        return False
    return result.latency.median_s >= gate.under_s * figures.time_scale
