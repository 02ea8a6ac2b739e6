"""What the runs say of the targets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.bound import Bound
from tests.bench.runs import Competitor, Run, Spread, spread

TARGETS: Mapping[str, float] = {
    "dispatch_to_bound": 1.1,
    "session_to_bound": 1.4,
    "session_to_plain_best": 1.0,
    "plugin_ms_per_test": 1.0,
}
"""What each ratio may be at most, at the number of workers with which a campaign's session is shortest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratios:
    """Each at one number of workers; None where no run counts."""

    workers: int
    dispatch_to_bound: Spread | None
    session_to_bound: Spread | None
    session_to_plain: Spread | None
    """To plain pytest with the same number of workers."""
    session_to_plain_best: Spread | None
    """To plain pytest with the number of workers that is best for it, ``-n auto`` among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The number of workers with which sessions were shortest, by their median."""

    competitor: Competitor
    workers: int | None
    session_s: float


def counted(runs: Sequence[Run], competitor: Competitor, workers: int | None) -> list[Run]:
    """The runs whose times count."""
    chosen = [run for run in runs if run.competitor is competitor and run.workers == workers]
    return [run for run in chosen if not run.problem]


def best(runs: Sequence[Run], competitors: Sequence[Competitor]) -> Best | None:
    """The best that one of *competitors* reached; None if none of their runs counts."""
    candidates = dict.fromkeys((run.competitor, run.workers) for run in runs if run.competitor in competitors)
    found = [
        Best(competitor=competitor, workers=workers, session_s=seen.median)
        for competitor, workers in candidates
        if (seen := spread([run.session_s for run in counted(runs, competitor, workers)]))
    ]
    return min(found, key=lambda one: one.session_s, default=None)


def ratios(runs: Sequence[Run], bound: Bound) -> Ratios:
    """A campaign with the bound's number of workers, against the bound and against plain pytest's medians."""
    ours = counted(runs, Competitor.CAMPAIGN, bound.workers)
    same = spread([run.session_s for run in counted(runs, Competitor.PLAIN, bound.workers)])
    plain = best(runs, (Competitor.PLAIN, Competitor.AUTO))
    return Ratios(
        workers=bound.workers,
        dispatch_to_bound=_over(ours, lambda run: run.dispatch_s, bound.bound_s),
        session_to_bound=_over(ours, lambda run: run.session_s, bound.bound_s),
        session_to_plain=_over(ours, lambda run: run.session_s, same.median if same else None),
        session_to_plain_best=_over(ours, lambda run: run.session_s, plain.session_s if plain else None),
    )


def _over(runs: Sequence[Run], figure: Callable[[Run], float | None], divisor: float | None) -> Spread | None:
    if divisor is None:
        return None
    return spread([value / divisor for run in runs if (value := figure(run)) is not None])


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A ratio's median, held against what it may be at most."""

    at_most: float
    observed: float | None

    @property
    def met(self) -> bool | None:
        """None: nothing was observed."""
        return None if self.observed is None else self.observed <= self.at_most


def targets(at_best: Ratios | None, plugin_ms_per_test: float | None) -> dict[str, Target]:
    """Every target, by name."""
    spreads = {name: getattr(at_best, name, None) for name in TARGETS}
    observed: dict[str, float | None] = {name: seen.median if seen else None for name, seen in spreads.items()}
    observed["plugin_ms_per_test"] = plugin_ms_per_test
    return {name: Target(at_most=at_most, observed=observed[name]) for name, at_most in TARGETS.items()}
