"""In the controller of a campaign's pytest session: what each phase collects, blocks and hands out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ci_tools.evidence.events import HELD_BACK, Collected, TestBlocked, TestFinished
from ci_tools.evidence.journal import JournalWriter, read
from ci_tools.model import NodeId, Outcome, Phase, Runs, Suite
from ci_tools.planning.membership import suite_of
from ci_tools.planning.ordering import ordered
from ci_tools.planning.shards import divided
from ci_tools.runner.control import Line, RunPhase
from ci_tools.runner.parking import read_collection
from ci_tools.runner.pytest_process import expand
from ci_tools.runner.scheduling import Assignment, CampaignScheduling
from ci_tools.verdict.fold import fold

_DISPUTED = "the pytest workers do not agree that it exists: its name or parameters differ from process to process"

_DESELECTED = "deselected by an option (-k, -m, PYTEST_ADDOPTS) or a conftest, and its suite expects no number"
_ALIKE = "{alike} tests have this name once secrets in it are masked; give their parameters ids without secrets"
_NOT_FOUND = "pytest collects no test of that name"


class PhaseRunner:
    """Gives xdist the campaign's scheduler, and decides at each barrier what the phase runs."""

    def __init__(self, writer: JournalWriter, directory: Path, line: Line, *, root: Path, marks: Path) -> None:
        """*root* is the folder that the paths of suites are relative to; *marks* the file that workers write."""
        self._writer = writer
        self._directory = directory
        self._root = root
        self._marks = marks
        self._line = line
        self._uncollected: list[tuple[str, str]] = []
        self._skipped: list[tuple[str, str]] = []
        self._scheduling: CampaignScheduling | None = None
        self._requires: dict[NodeId, tuple[str, ...]] = {}
        self._phases: dict[int, Phase] = {}

    def uncollected(self, node_id: str, problem: str) -> None:
        """A file could not be collected; the phase that wants it says so when it begins."""
        self._uncollected.append((node_id, problem))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file may skip itself whole; a suite that does not say how many tests it expects would not miss it."""
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
            self._skipped.append((report.nodeid, f"skipped as a whole: {reason}"))

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config) -> CampaignScheduling:
        """Phases as barriers instead of one heap of tests."""
        workers: list[Any] = config.option.tx
        self._scheduling = CampaignScheduling(len(workers), self._line, self.assign, self.hold_back)
        return self._scheduling

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A worker began a test."""
        if self._scheduling is not None:
            self._scheduling.test_begun(NodeId(nodeid))

    def assign(self, order: RunPhase, collected: Sequence[NodeId], disputed: Sequence[NodeId]) -> Assignment:
        """Record what *order*'s phase has of *collected*, block what cannot tell anything, and line up the rest.

        What other parts run is recorded, too: should one of them never come, its tests are missed by name.
        """
        phase = self._phase(order.phase)
        if order.again:
            known = [(node_id, suite_of(node_id, phase.suites)) for node_id in collected if node_id in order.again]
            return _lined_up([(node_id, suite) for node_id, suite in known if suite], order)
        collection = read_collection(self._marks)
        self._record_problems(phase, collected, disputed)
        self._record_left_out(phase, collection.deselected)
        self._record_alike(phase, collected)
        members = [(node_id, suite) for node_id in collected if (suite := suite_of(node_id, phase.suites))]
        ours = _part(members, order)
        free: list[tuple[NodeId, Suite]] = []
        for node_id, suite in members:
            requires = tuple(dict.fromkeys([*suite.requires, *collection.required.get(node_id, ())]))
            self._record(phase, suite, node_id, requires)
            self._requires[node_id] = requires
            if node_id in ours:
                free.append((node_id, suite))
        held = set(self.hold_back(order.failing, [node_id for node_id, _ in free]))
        return _lined_up([(node_id, suite) for node_id, suite in free if node_id not in held], order)

    def hold_back(self, held: Mapping[str, str], waiting: Sequence[NodeId]) -> Sequence[NodeId]:
        """Those of *waiting* that require what is *held*: blocked, each with the reason."""
        blocked = []
        for node_id in waiting:
            blocker = next((name for name in self._requires.get(node_id, ()) if name in held), None)
            if blocker is not None:
                self._block(node_id, blocker, held[blocker])
                blocked.append(node_id)
        return blocked

    def _record_problems(self, phase: Phase, collected: Sequence[NodeId], disputed: Sequence[NodeId]) -> None:
        problems = [*self._uncollected, *((node_id, _DISPUTED) for node_id in disputed)]
        for node_id, problem in problems:
            for suite in _suites_with(node_id, phase.suites):
                self._record(phase, suite, NodeId(node_id), (), problem)
        told = [node_id for node_id, _ in problems]
        for suite in phase.suites:
            for path in suite.paths:
                exists = "::" in path and expand([path], self._root)[0]
                named = any(_covers(path, node_id) for node_id in (*collected, *told))
                if exists and not named and not any(_holds(node_id, path) for node_id in told):
                    self._record(phase, suite, NodeId(path), (), _NOT_FOUND)

    def _record_alike(self, phase: Phase, collected: Sequence[NodeId]) -> None:
        """Tests whose names differ only in what is masked are one to the journal: none of them is shown to pass."""
        shown = Counter(map(self._writer.shown, collected))
        for node_id in collected:
            alike = shown[self._writer.shown(node_id)]
            for suite in _suites_with(node_id, phase.suites) if alike > 1 else ():
                self._record(phase, suite, node_id, (), _ALIKE.format(alike=alike))

    def _record_left_out(self, phase: Phase, deselected: Sequence[str]) -> None:
        for node_id, problem in [*self._skipped, *((node_id, _DESELECTED) for node_id in deselected)]:
            for suite in _suites_with(node_id, phase.suites):
                if suite.expected is None:
                    self._record(phase, suite, NodeId(node_id), (), problem)

    def _phase(self, number: int) -> Phase:
        # A plan only grows, so a phase that was read once need not be looked for in a journal that grows as well.
        if number not in self._phases:
            state = fold(read(self._directory).records)
            self._phases |= {phase.number: phase for phase in (state.plan.phases if state.plan else ())}
        return self._phases[number]

    def _record(
        self, phase: Phase, suite: Suite, node_id: NodeId, requires: tuple[str, ...], problem: str = ""
    ) -> None:
        self._writer.write(
            Collected(node_id=node_id, suite=suite.name, phase=phase.number, requires=requires, problem=problem)
        )

    def _block(self, node_id: NodeId, dependency: str, why: str) -> None:
        reason = f"blocked by {dependency}: {why}"
        self._writer.write(TestBlocked(node_id=node_id, dependency=dependency, reason=reason, attempt=HELD_BACK))
        self._writer.write(
            TestFinished(node_id=node_id, outcome=Outcome.BLOCKED, duration_s=0.0, message=reason, attempt=HELD_BACK)
        )


def _suites_with(node_id: str, suites: Sequence[Suite]) -> list[Suite]:
    """The suite that *node_id* belongs to; of what holds the tests of several, all of them."""
    suite = suite_of(node_id, suites)
    return [suite] if suite else [suite for suite in suites if any(_holds(node_id, path) for path in suite.paths)]


def _holds(node_id: str, path: str) -> bool:
    """Whether what *path* names is in the folder, file or class *node_id*."""
    is_file_of = "::" not in node_id and _covers(path.partition("::")[0], node_id)
    return not node_id or is_file_of or path.startswith((f"{node_id}/", f"{node_id}::"))


def _covers(path: str, node_id: str) -> bool:
    return suite_of(node_id, [Suite(name="", paths=(path,))]) is not None


def _part(tests: Sequence[tuple[NodeId, Suite]], order: RunPhase) -> frozenset[NodeId]:
    """The tests of *order*'s part; what loads the system is in the last one, for it must run alone."""
    together = [(node_id, suite.name) for node_id, suite in tests if not suite.loads_system]
    loading = [node_id for node_id, suite in tests if suite.loads_system] if order.part == order.parts else []
    ours = divided(together, order.durations_s, order.parts)[order.part - 1]
    match Runs(order.runs):
        case Runs.ALL:
            return ours.union(loading)
        case Runs.TOGETHER:
            return ours
        case Runs.ALONE:
            return frozenset(loading)


def _lined_up(tests: Sequence[tuple[NodeId, Suite]], order: RunPhase) -> Assignment:
    together, alone = (
        ordered(
            [(node_id, suite.name) for node_id, suite in tests if suite.loads_system is loads],
            order.durations_s,
            seed=order.seed,
        )
        for loads in (False, True)
    )
    return Assignment(together, alone)
