"""What a pytest process does where a person runs one phase: it records, and holds back what is blocked."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ci_tools.errors import CampaignError
from ci_tools.evidence.events import Collected
from ci_tools.evidence.journal import JournalWriter, read
from ci_tools.model import NodeId, Phase
from ci_tools.planning.membership import suite_of
from ci_tools.process.lifeline import die_with_parent
from ci_tools.runner.parking import required
from ci_tools.runner.recording import (
    ControllerRecorder,
    Recorder,
    distributes,
    problem_of,
    recording,
    register,
    worker_of,
)
from ci_tools.verdict.fold import CampaignState, fold


def start(config: pytest.Config, directory: Path, number: int) -> None:
    """Register what this process has to do to record phase *number* of the plan in the journal of *directory*.

    Raises:
        pytest.UsageError: there is no journal, or it holds no plan with that phase.
    """
    # Read before anything is written: a directory without a journal stays one.
    try:
        state = fold(read(directory).records)
    except CampaignError as error:
        raise pytest.UsageError(f"--campaign-journal: {error}") from error
    phase = _phase_of(state, number)
    worker = worker_of(config)
    if worker is not None:
        die_with_parent()
    writer, redactor = recording(config, directory, f"phase{number}-{worker or 'pytest'}")
    collection = PhaseCollection(writer, phase)
    if distributes(config):
        register(config, ControllerRecorder(writer, collection.uncollected, collection.collected))
        return
    recorder = Recorder(writer, redactor)
    register(config, recorder, Blocker(phase, _failing(state), recorder))
    if worker is None:
        register(config, collection)


def _phase_of(state: CampaignState, number: int) -> Phase:
    phases = state.plan.phases if state.plan else ()
    for phase in phases:
        if phase.number == number:
            return phase
    known = ", ".join(str(phase.number) for phase in phases) or "none"
    raise pytest.UsageError(f"--campaign-phase {number}: the journal's plan holds no such phase; it holds: {known}")


def _failing(state: CampaignState) -> dict[str, str]:
    latest = {change.dependency: change for change in state.changes}
    return {name: change.reason for name, change in latest.items() if change.state.is_failing}


class Blocker:
    """Where one process runs a phase by hand: holds back what requires a dependency that fails its gate."""

    def __init__(self, phase: Phase, failing: Mapping[str, str], recorder: Recorder) -> None:
        self._phase = phase
        self._failing = failing
        self._recorder = recorder

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """It would cost time and accuse something else."""
        suite = suite_of(item.nodeid, self._phase.suites)
        for dependency in [*(suite.requires if suite else ()), *required(item)]:
            if dependency in self._failing:
                self._recorder.blocked(item.nodeid, dependency)
                pytest.skip(f"blocked by {dependency}: {self._failing[dependency]}")


class PhaseCollection:
    """Where a phase is run by hand: records what was collected of it, in the process that sees all of it."""

    def __init__(self, writer: JournalWriter, phase: Phase) -> None:
        self._writer = writer
        self._phase = phase
        self._told = False

    def collected(self, node_ids: Sequence[str]) -> None:
        """Record each test of *node_ids* once, however many workers report the same."""
        if self._told:
            return
        self._told = True
        for node_id in node_ids:
            suite = suite_of(node_id, self._phase.suites)
            if suite is not None:
                self._writer.write(
                    Collected(
                        node_id=NodeId(node_id), suite=suite.name, phase=self._phase.number, requires=suite.requires
                    )
                )

    def uncollected(self, node_id: str, problem: str) -> None:
        """Record a file that could not be collected."""
        suite = suite_of(node_id, self._phase.suites)
        self._writer.write(
            Collected(
                node_id=NodeId(node_id),
                suite=suite.name if suite else "",
                phase=self._phase.number,
                problem=problem,
            )
        )

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Collection ended in this process."""
        self.collected([item.nodeid for item in session.items])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file was collected, or not."""
        if report.failed:
            self.uncollected(report.nodeid, problem_of(report, self._writer.shown))
