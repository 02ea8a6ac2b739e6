"""What recording costs a test: a throw-away suite of tests that do nothing, with and without it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ci_tools.evidence.events import CampaignStarted
from ci_tools.evidence.journal import CampaignDirectory
from ci_tools.evidence.redaction import Redactor
from ci_tools.planning.plans import plan
from ci_tools.spec import parse
from tests.acceptance.commands import ROOT, ci_tools
from tests.bench.competitors import PYTEST, campaign_problem, plain_problem
from tests.bench.processes import Timed, environ_in, timed
from tests.bench.runs import Spread, spread
from tests.bench.stopwatch import laps_in

_SPEC = """\
name = "nothing"
dependencies = { nothing = [] }
phases.only = { number = 1, budget_min = 10 }
plans.full = { about = "tests that do nothing", phases = ["only"] }

[environments.nowhere]
hosts = { nothing = "http://127.0.0.1:9" }

[suites.nothing]
phase = "only"
paths = ["test_nothing.py"]
expected = TESTS
value = "none"

[gates.nothing]
phase = "only"
kind = "coverage"
dependency = "nothing"
suites = ["nothing"]
floor = 1.0
"""
_TESTS = """\
import pytest

@pytest.mark.parametrize("number", range(TESTS))
def test_nothing(number): pass
"""


class Variant(StrEnum):
    """Who runs the tests that do nothing."""

    ALONE = "pytest"
    ALONE_RECORDED = "pytest --campaign-journal"
    SPREAD = "pytest -n N --dist worksteal"
    CAMPAIGN = "ci-tools campaign --workers N"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrivialRun:
    """The throw-away suite has run once."""

    variant: Variant
    turn: int
    tests: int
    window_s: float | None
    """From the first test's beginning to the last one's end, as one process saw it; None with a *problem*."""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginCost:
    """Milliseconds that a test takes longer, turn by turn: recorded minus not recorded."""

    alone_ms: Spread | None
    """In one process: the recording itself."""
    spread_ms: Spread | None
    """Over workers: recording and the campaign's scheduler, against pytest-xdist's own; a gain is negative."""

    @property
    def ms_per_test(self) -> float | None:
        """The worse of both medians; None where one is not known."""
        if self.alone_ms is None or self.spread_ms is None:
            return None
        return max(self.alone_ms.median, self.spread_ms.median)


def plugin_cost(runs: Sequence[TrivialRun]) -> PluginCost:
    """What *runs* say."""
    return PluginCost(
        alone_ms=_added(runs, Variant.ALONE_RECORDED, Variant.ALONE),
        spread_ms=_added(runs, Variant.CAMPAIGN, Variant.SPREAD),
    )


def _added(runs: Sequence[TrivialRun], recorded: Variant, bare: Variant) -> Spread | None:
    per_test = {(run.variant, run.turn): 1000 * run.window_s / run.tests for run in runs if run.window_s is not None}
    return spread(
        [
            per_test[recorded, run.turn] - per_test[bare, run.turn]
            for run in runs
            if run.variant is bare and {(recorded, run.turn), (bare, run.turn)} <= per_test.keys()
        ]
    )


def trivial_run(variant: Variant, folder: Path, *, workers: int, turn: int, tests: int) -> TrivialRun:
    """*tests* that do nothing have run in *folder*."""
    (folder / "campaign.toml").write_text(_SPEC.replace("TESTS", str(tests)), encoding="utf-8")
    (folder / "test_nothing.py").write_text(_TESTS.replace("TESTS", str(tests)), encoding="utf-8")
    out, laps = folder / "out", folder / "laps.json"
    argv = _ARGV[variant](folder, out, workers)
    watch = f"-p tests.bench.stopwatch --stopwatch={laps}"
    variables = {**environ_in(folder), "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": watch}
    ended = timed(argv, variables, cwd=folder, log=folder / "log")
    problem = _problem(variant, ended, out, tests)
    return TrivialRun(
        variant=variant, turn=turn, tests=tests, window_s=None if problem else _window_s(laps), problem=problem
    )


def _window_s(file: Path) -> float:
    laps = laps_in(file)
    return max(lap.ended for lap in laps) - min(lap.began for lap in laps)


def _problem(variant: Variant, ended: Timed, out: Path, tests: int) -> str:
    if variant is Variant.CAMPAIGN:
        return campaign_problem(ended, out, tests)
    return plain_problem(ended, tests)


def _recorded_alone(folder: Path, out: Path, _workers: int) -> list[str]:
    spec = parse((folder / "campaign.toml").read_text(encoding="utf-8"), "campaign.toml")
    planned = plan(spec, spec.environments["nowhere"], "full")
    writer = CampaignDirectory.create(out, Redactor()).writer("campaign")
    writer.write(CampaignStarted(campaign="nothing", plan=planned, tool_version="0"))
    writer.close()
    return [*_alone(folder, out, 1), f"--campaign-journal={out}"]


def _alone(folder: Path, _out: Path, _workers: int) -> list[str]:
    return [*PYTEST, "-p", "no:xdist", f"--rootdir={folder}", "test_nothing.py"]


def _spread(folder: Path, _out: Path, workers: int) -> list[str]:
    return [*PYTEST, "-n", str(workers), "--dist", "worksteal", f"--rootdir={folder}", "test_nothing.py"]


def _campaign(_folder: Path, out: Path, workers: int) -> list[str]:
    where = ("--environment", "nowhere", "--plan", "full")
    return ci_tools("campaign", *where, "--workers", str(workers), "--out", str(out))


_ARGV: dict[Variant, Callable[[Path, Path, int], list[str]]] = {
    Variant.ALONE: _alone,
    Variant.ALONE_RECORDED: _recorded_alone,
    Variant.SPREAD: _spread,
    Variant.CAMPAIGN: _campaign,
}
