"""What was measured, as one JSON document."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.bench.bound import Bound, PhaseCost, bound
from tests.bench.plugin_cost import PluginCost, TrivialRun, plugin_cost
from tests.bench.ratios import Best, Ratios, Target, best, counted, ratios, targets
from tests.bench.runs import Competitor, Run, Spread, spread

VERSION = 1
"""Fields are only ever added; a change of meaning is a new version."""
METHOD: Mapping[str, str] = {
    "bound": "sum over phases of max(sum of durations / workers, longest test, CPU seconds / cores)",
    "reference": "one pytest process without pytest-xdist and without a journal, one test after the other; "
    "a test's duration is the least of all turns",
    "cpu": "user and system time of the reference process and all processes of the twin, from a phase's first test to "
    "the next phase's; the least of all turns",
    "dispatch_s": "from the campaign's journal: from the beginning of a phase's first test to the end of its last, "
    "added up over phases",
    "session_s": "of a campaign: what it waits for pytest, which is started beside the twin, after the twin's first "
    "answer (journal), and from its last word before the first phase's tests (journal) until that process is gone "
    "(observed), without the quiet windows between phases (journal); of plain pytest: the command",
    "campaign_s": "the command: twin, gates, tests, verdict",
    "cpu_s": "of all processes; a campaign's includes the start of its twin, plain pytest's does not",
    "plugin_ms_per_test": "the worse of the medians of alone_ms and spread_ms",
    "recording_ms": "CPU time a test to write its two events again, as the campaign's workers wrote them",
    "cpu_inflation": "CPU seconds of the same work on all cores at once over those on one: what no scheduler gets "
    "back, for the bound counts CPU seconds of a run that keeps about one core busy",
    "targets": "medians, at the number of workers with which a campaign's session is shortest",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything that was seen."""

    machine: Mapping[str, Any]
    options: Mapping[str, Any]
    cores: int
    costs: Sequence[PhaseCost]
    runs: Sequence[Run]
    trivial_runs: Sequence[TrivialRun]
    inflations: Sequence[float]
    """CPU seconds of the same work where all cores are busy, over those where one is; of each turn."""

    @property
    def workers(self) -> list[int]:
        """The numbers of workers, ascending."""
        return sorted({run.workers for run in self.runs if run.workers is not None})

    @property
    def bounds(self) -> list[Bound]:
        """One for each number of workers."""
        return [bound(self.costs, workers=workers, cores=self.cores) for workers in self.workers]

    @property
    def ratios(self) -> list[Ratios]:
        """One for each number of workers."""
        return [ratios(self.runs, one) for one in self.bounds]

    @property
    def best_campaign(self) -> Best | None:
        """The number of workers at which targets are judged."""
        return best(self.runs, (Competitor.CAMPAIGN,))

    @property
    def best_plain(self) -> Best | None:
        """What a campaign has to be faster than."""
        return best(self.runs, (Competitor.PLAIN, Competitor.AUTO))

    @property
    def ratios_at_best(self) -> Ratios | None:
        """What targets are judged by."""
        ours = self.best_campaign
        return next((one for one in self.ratios if ours and one.workers == ours.workers), None)

    @property
    def plugin(self) -> PluginCost:
        """What recording costs."""
        return plugin_cost(self.trivial_runs)

    @property
    def targets(self) -> dict[str, Target]:
        """Each target, and whether it is met."""
        return targets(self.ratios_at_best, self.plugin.ms_per_test)

    @property
    def problems(self) -> list[str]:
        """The runs that do not count."""
        failed = [
            f"{run.competitor}, {run.workers or 'auto'} workers, turn {run.turn}: {run.problem}"
            for run in self.runs
            if run.problem
        ]
        return failed + [f"{run.variant}, turn {run.turn}: {run.problem}" for run in self.trivial_runs if run.problem]


FIGURES = ("session_s", "dispatch_s", "command_s", "cpu_s", "recording_ms")


def figures(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Each figure of each competitor and number of workers over all turns that count."""
    return [
        {"competitor": str(competitor), "workers": workers, **{name: _seen(chosen, name) for name in FIGURES}}
        for competitor, workers in dict.fromkeys((run.competitor, run.workers) for run in runs)
        for chosen in [counted(runs, competitor, workers)]
    ]


def _seen(runs: Sequence[Run], name: str) -> dict[str, Any] | None:
    return _spread(spread([value for run in runs if (value := getattr(run, name)) is not None]))


def _spread(seen: Spread | None) -> dict[str, Any] | None:
    return asdict(seen) if seen else None


def document(measured: Measured) -> dict[str, Any]:
    """The whole of it; seconds unless a name says otherwise."""
    at_best = measured.ratios_at_best
    plugin = measured.plugin
    whole: dict[str, Any] = _rounded(
        {
            "version": VERSION,
            "machine": dict(measured.machine),
            "options": dict(measured.options),
            "method": dict(METHOD),
            "reference": [asdict(cost) for cost in measured.costs],
            "cpu_inflation": _spread(spread(measured.inflations)),
            "bounds": [_bound(one) for one in measured.bounds],
            "figures": figures(measured.runs),
            "ratios": {
                **(asdict(at_best) if at_best else {}),
                "plugin_ms_per_test": plugin.ms_per_test,
                "by_workers": [asdict(one) for one in measured.ratios],
            },
            "best": {
                "campaign": asdict(measured.best_campaign) if measured.best_campaign else None,
                "plain": asdict(measured.best_plain) if measured.best_plain else None,
            },
            "plugin": {**asdict(plugin), "runs": [asdict(run) for run in measured.trivial_runs]},
            "targets": {name: {**asdict(target), "met": target.met} for name, target in measured.targets.items()},
            "runs": [_run(run) for run in measured.runs],
            "problems": measured.problems,
        }
    )
    return whole


def _bound(one: Bound) -> dict[str, Any]:
    phases = [{**asdict(phase), "bound_s": phase.bound_s, "binds": str(phase.binds)} for phase in one.phases]
    return {"workers": one.workers, "bound_s": one.bound_s, "phases": phases}


def _run(run: Run) -> dict[str, Any]:
    return {
        **asdict(run),
        "passed": not run.problem,
        "session_s": run.session_s,
        "dispatch_s": run.dispatch_s,
        "campaign_s": run.command_s if run.competitor is Competitor.CAMPAIGN else None,
        "windows": [{**asdict(window), "dispatch_s": window.dispatch_s} for window in run.windows],
    }


def _rounded(value: Any) -> Any:
    """Clocks are not exact to more."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return value
