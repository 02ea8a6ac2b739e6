"""What was measured, for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.bench.document import Measured
from tests.bench.ratios import counted
from tests.bench.runs import Run, Spread, spread


def print_tables(measured: Measured, console: Console) -> None:
    """Bounds, runs and targets."""
    console.print(_bounds(measured), _runs(measured), _targets(measured))
    busy = spread(measured.inflations)
    if busy:
        console.print(f"where all cores are busy the same work takes {busy.median:.2f} times the CPU seconds")
    for problem in measured.problems:
        console.print(f"does not count: {problem}", markup=False)


def _bounds(measured: Measured) -> Table:
    table = Table("workers", "bound", "by phase, and what binds it", title="the bound, in seconds")
    for one in measured.bounds:
        phases = "; ".join(f"{phase.phase}: {phase.bound_s:.2f} ({phase.binds})" for phase in one.phases)
        table.add_row(str(one.workers), f"{one.bound_s:.2f}", phases)
    return table


def _runs(measured: Measured) -> Table:
    columns = ("competitor", "workers", "passed", "session", "/ bound", "dispatch", "/ bound", "command", "CPU")
    table = Table(*columns, title="minimum / median / maximum, in seconds")
    ratios = {one.workers: one for one in measured.ratios}
    for competitor, workers in dict.fromkeys((run.competitor, run.workers) for run in measured.runs):
        runs = counted(measured.runs, competitor, workers)
        everything = [run for run in measured.runs if (run.competitor, run.workers) == (competitor, workers)]
        bound_s = next((one.bound_s for one in measured.bounds if one.workers == workers), None)
        session = spread([run.session_s for run in runs])
        table.add_row(
            str(competitor),
            str(workers or "auto"),
            f"{len(runs)} of {len(everything)}",
            _shown(session),
            f"{session.median / bound_s:.2f}" if session and bound_s else "",
            _shown(_of(runs)),
            _median(ratios[workers].dispatch_to_bound) if workers in ratios and _of(runs) else "",
            _shown(spread([run.command_s for run in runs])),
            _shown(spread([run.cpu_s for run in runs])),
        )
    return table


def _of(runs: Sequence[Run]) -> Spread | None:
    return spread([run.dispatch_s for run in runs if run.dispatch_s is not None])


def _shown(seen: Spread | None) -> str:
    return f"{seen.minimum:.2f} / {seen.median:.2f} / {seen.maximum:.2f}" if seen else ""


def _median(seen: Spread | None) -> str:
    return f"{seen.median:.2f}" if seen else ""


def _targets(measured: Measured) -> Table:
    best = measured.best_campaign
    table = Table("target", "at most", "observed", "", title=f"targets, at {best.workers if best else 'no'} workers")
    words = {True: "met", False: "missed", None: "not measured"}
    for name, target in measured.targets.items():
        observed = "" if target.observed is None else f"{target.observed:.2f}"
        table.add_row(name, f"{target.at_most:g}", observed, words[target.met])
    return table
