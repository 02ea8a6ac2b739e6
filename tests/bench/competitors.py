"""Each competitor once, on a twin of its own that nothing was done to before."""

import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ci_tools.errors import CampaignError
from ci_tools.evidence.events import Record, TestFinished, TestStarted
from ci_tools.evidence.journal import JournalWriter, read
from ci_tools.evidence.redaction import Redactor, secrets_of
from tests.acceptance.commands import ROOT, ci_tools, outcomes, results_in, unaccounted
from tests.bench.bound import TestCost
from tests.bench.processes import Timed, cpu_of_trees, environ_in, timed
from tests.bench.runs import Competitor, Run
from tests.bench.stopwatch import laps_in
from tests.bench.suites import PLAN, Suites, served_twin
from tests.bench.windows import UnreadableRunError, phase_windows, session

PYTEST = (sys.executable, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider")
_SUMMARY = re.compile(r"^(?P<counts>\d+ \w+(?:, \d+ \w+)*) in [\d.]+s", re.MULTILINE)
"""pytest's last line."""
_LAST_CHARS = 600


class NoReferenceError(RuntimeError):
    """Without a reference there is no bound."""


def reference(suites: Suites, folder: Path) -> list[TestCost]:
    """What each test costs where one process runs one after the other, without pytest-xdist and without a journal.

    Raises:
        NoReferenceError: a test did not pass, or there are fewer than expected.
    """
    file = folder / "laps.json"
    with served_twin(suites, folder) as twin:
        watch = ("-p", "tests.bench.stopwatch", f"--stopwatch={file}", f"--stopwatch-tree={twin.process.pid}")
        argv = [*PYTEST, "-p", "no:xdist", *watch, *suites.paths]
        ended = timed(argv, {**environ_in(folder), **twin.environ}, cwd=ROOT, log=folder / "log")
    costs = [
        TestCost(node_id=lap.node_id, phase=phase, duration_s=lap.duration_s, cpu_s=lap.cpu_s)
        for lap in (laps_in(file) if file.exists() else [])
        if (phase := suites.phase_of(lap.node_id)) is not None
    ]
    problem = plain_problem(ended, max(len(costs), suites.expected))
    if problem:
        raise NoReferenceError(f"the reference run: {problem}")
    return costs


def campaign(suites: Suites, folder: Path, *, workers: int, turn: int, tests: int) -> Run:
    """One whole ``ci-tools campaign``."""
    out = folder / "out"
    asked = [word for phase in suites.asked for word in ("--phase", phase)]
    argv = ci_tools("campaign", "--plan", PLAN, *asked, "--workers", str(workers), "--out", str(out))
    ended = timed(argv, environ_in(folder), cwd=ROOT, log=folder / "log", watch=True)
    run = _run(Competitor.CAMPAIGN, workers, turn, ended, campaign_problem(ended, out, tests))
    if run.problem:
        return run
    try:
        return _with_session(run, out, ended)
    except (CampaignError, UnreadableRunError) as error:
        return _run(Competitor.CAMPAIGN, workers, turn, ended, str(error))


def _with_session(run: Run, out: Path, ended: Timed) -> Run:
    if ended.pytest_ended is None:
        raise UnreadableRunError("the end of its pytest was not seen")
    records = read(out).records
    windows = phase_windows(records)
    return replace(
        run,
        session=session(records, windows, ended=ended.pytest_ended),
        windows=tuple(windows),
        recording_ms=_recording_ms(records, out.with_name("again")),
    )


def _recording_ms(records: Sequence[Record], folder: Path) -> float:
    """CPU time a test that its two events take once more; tests that do nothing carry no evidence to be redacted."""
    events = [record.event for record in records if isinstance(record.event, TestStarted | TestFinished)]
    writer = JournalWriter(folder, "again", Redactor(secrets_of(os.environ)))
    began = time.process_time()
    for event in events:
        writer.write(event)
    seconds = time.process_time() - began
    writer.close()
    return 2000 * seconds / len(events)


def plain(suites: Suites, folder: Path, *, workers: int | None, turn: int, tests: int) -> Run:
    """pytest-xdist by itself; its twin is served outside of the time that is measured."""
    how = ("-n", "auto") if workers is None else ("-n", str(workers), "--dist", "worksteal")
    with served_twin(suites, folder) as twin:
        before = cpu_of_trees([twin.process])
        argv = [*PYTEST, *how, *suites.paths]
        ended = timed(argv, {**environ_in(folder), **twin.environ}, cwd=ROOT, log=folder / "log")
        twin_cpu_s = cpu_of_trees([twin.process]) - before
    competitor = Competitor.AUTO if workers is None else Competitor.PLAIN
    run = _run(competitor, workers, turn, ended, plain_problem(ended, tests))
    return replace(run, cpu_s=run.cpu_s + twin_cpu_s)


def _run(competitor: Competitor, workers: int | None, turn: int, ended: Timed, problem: str) -> Run:
    return Run(
        competitor=competitor,
        workers=workers,
        turn=turn,
        load_before=ended.load_before,
        command_s=ended.seconds,
        cpu_s=ended.cpu_s,
        machine_cpu_s=ended.machine_cpu_s,
        problem=problem,
    )


def plain_problem(ended: Timed, tests: int) -> str:
    """Why a run of pytest does not count; empty if all *tests* passed and it said nothing else."""
    found = _SUMMARY.findall(ended.output)
    if ended.exit_code == 0 and found[-1:] == [f"{tests} passed"]:
        return ""
    said = found[-1] if found else ended.output[-_LAST_CHARS:].strip()
    return f"{_ending(ended)}, {tests} passed were expected: {said}"


def campaign_problem(ended: Timed, out: Path, tests: int) -> str:
    """Why a campaign does not count; empty if it passed and all *tests* did."""
    if ended.exit_code != 0:
        return f"{_ending(ended)}: {ended.output[-_LAST_CHARS:].strip()}"
    results = results_in(out)
    counts = {outcome: count for outcome, count in outcomes(results).items() if count}
    if counts != {"passed": tests} or unaccounted(results):
        return f"{tests} passed were expected: {counts}, {unaccounted(results)}"
    return ""


def _ending(ended: Timed) -> str:
    return "it hung and was killed" if ended.exit_code is None else f"exit code {ended.exit_code}"
