"""A pytest plugin, ``-p tests.bench.stopwatch``: what each test took and what CPU time went by from one to the next.

Under pytest-xdist it runs in the controller and sees tests as their reports arrive.
"""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.bench.processes import cpu_of_trees


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--stopwatch`` and ``--stopwatch-tree``."""
    group = parser.getgroup("stopwatch")
    group.addoption("--stopwatch", type=Path, metavar="FILE", help="write what was measured into FILE, as JSON")
    group.addoption(
        "--stopwatch-tree",
        type=int,
        action="append",
        default=[],
        metavar="PID",
        help="count the CPU time of this process and its descendants, too",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Measure in the process that sees all tests."""
    file = config.getoption("--stopwatch")
    if file is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Stopwatch(file, config.getoption("--stopwatch-tree")), "stopwatch")


@dataclass(slots=True, kw_only=True)
class Lap:
    """One test; *cpu_s* goes to the beginning of the next one."""

    node_id: str
    began: float
    ended: float = 0.0
    duration_s: float = 0.0
    cpu_s: float = 0.0


@dataclass(slots=True)
class Stopwatch:
    """Writes *file* at the end of the session; *trees* are the roots of other processes that take part."""

    file: Path
    trees: list[int]
    _laps: dict[str, Lap] = field(default_factory=dict)
    _since: tuple[str, float, float] | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins, and the CPU time of the one before it is known."""
        self._read(nodeid)
        self._laps[nodeid] = Lap(node_id=nodeid, began=time.monotonic())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A part of a test ended."""
        self._laps[report.nodeid].duration_s += report.duration

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A test ended."""
        self._laps[nodeid].ended = time.monotonic()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """All tests ended: keep what was measured."""
        self._read("")
        self.file.write_text(json.dumps([asdict(lap) for lap in self._laps.values()]), encoding="utf-8")

    def _read(self, following: str) -> None:
        """Close the books of the test before *following*; what this reading itself costs is in none of them."""
        if not self.trees:
            return
        own, others = time.process_time(), cpu_of_trees([psutil.Process(pid) for pid in self.trees])
        if self._since is not None:
            node_id, own_before, others_before = self._since
            self._laps[node_id].cpu_s = own - own_before + others - others_before
        self._since = (following, time.process_time(), others)


def laps_in(file: Path) -> list[Lap]:
    """What was measured into *file*."""
    return [Lap(**lap) for lap in json.loads(file.read_text(encoding="utf-8"))]
