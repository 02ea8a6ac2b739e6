"""The suite that is replayed: every test of the inventory, by file, job and what it stands on.

332 tests keep something in Redis: the core suite, the suites by priority and the real agents. 134 read and write
threads in PostgreSQL: journeys, integration, performance and what phase 1 asks of the database.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from ci_tools.model import NodeId

_CORE = {
    "1_websocket_events": (5, "websocket"),
    "2_message_flow": (8, "backend"),
    "3_agent_pipeline": (6, "agents"),
    "4_agent_orchestration": (7, "agents"),
    "5_response_streaming": (5, "agents"),
    "6_failure_recovery": (6, "backend"),
    "7_startup_resilience": (5, "backend"),
    "8_lifecycle_events": (6, "backend"),
    "9_coordination": (5, "backend"),
    "10_critical_path": (8, "backend"),
}
_PRIORITIES = {"1_critical": 25, "2_high": 20, "3_medium_high": 20, "4_medium": 10, "5_medium_low": 10, "6_low": 15}
_AGENTS: dict[str, tuple[int, ...]] = {
    "core_agents": (5,) * 8,
    "context_management": (5,) * 3,
    "tool_execution": (5,) * 5,
    "handoff_flows": (5,) * 4,
    "performance": (5,) * 3,
    "validation": (5,) * 4,
    "recovery": (5,) * 3,
    "specialised": (5, 4, 4, 4, 4),
}
_THREADS: dict[str, tuple[str, tuple[int, ...]]] = {
    "core": ("integration", (9,) * 6),
    "priority": ("journey", (6,) * 8),
    "agents 1": ("thread_history", (8, 8)),
    "agents 2": ("throughput", (8, 8)),
}
STANDS_ON = {"redis": ("edge", "backend", "redis"), "postgresql": ("edge", "backend", "postgresql")}
"""What a test requires that keeps something in the one or in the other."""
ALL = ("edge", "backend", "postgresql", "redis")
"""What every test requires where nobody says more than the suite does."""
JOBS = ("infrastructure", "core", "priority", "agents 1", "agents 2")
"""Those of one workflow run; the first has the probes and no test."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of tests, which is a suite, a package and a class name to those who read JUnit."""

    suite: str
    path: str
    count: int
    job: str
    judges: str
    """The dependency that its tests are there to judge."""
    store: str
    """Where its tests keep what they keep."""


@dataclass(frozen=True, slots=True)
class ReplayedTest:
    """One test."""

    file: File
    name: str

    @property
    def node_id(self) -> NodeId:
        """As pytest names it."""
        return NodeId(f"{self.file.path}::{self.name}")

    @property
    def package(self) -> str:
        """What JUnit of pytest gives as the class name of a test that is in no class."""
        return self.file.path.removesuffix(".py").replace("/", ".")


@cache
def files() -> tuple[File, ...]:
    """Every file, in the order of its job."""
    return tuple(sorted(_files(), key=lambda one: JOBS.index(one.job)))


@cache
def every_test() -> tuple[ReplayedTest, ...]:
    """Every test, in the order of its file."""
    return tuple(
        ReplayedTest(file, f"test_case_{number:02}") for file in files() for number in range(1, file.count + 1)
    )


def standing_on(*stores: str) -> tuple[ReplayedTest, ...]:
    """The tests that keep something in one of *stores*."""
    return tuple(test for test in every_test() if test.file.store in stores)


def _files() -> Iterator[File]:
    for name, (count, judges) in _CORE.items():
        yield File(f"core_{name}", f"tests/e2e/staging/test_{name}_staging.py", count, "core", judges, "redis")
    for name, count in _PRIORITIES.items():
        suite = f"priority{name}"
        yield File(suite, f"tests/e2e/staging/test_{suite}.py", count, "priority", "backend", "redis")
    for kind, counts in _AGENTS.items():
        for number, count in enumerate(counts, 1):
            suite = f"real_agent_{kind}_{number}"
            job = f"agents {1 + number % 2}"
            yield File(suite, f"tests/e2e/test_{suite}.py", count, job, "agents", "redis")
    for job, (kind, counts) in _THREADS.items():
        for number, count in enumerate(counts, 1):
            suite = f"{kind}_{number}"
            yield File(suite, f"tests/e2e/test_{suite}.py", count, job, "backend", "postgresql")
