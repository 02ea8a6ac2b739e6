"""All competitors in turns, so that what disturbs the machine hits all of them alike."""

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.bench.bound import TestCost, phase_costs
from tests.bench.competitors import campaign, plain, reference
from tests.bench.document import Measured
from tests.bench.plugin_cost import TrivialRun, Variant, trivial_run
from tests.bench.runs import Run
from tests.bench.suites import Suites
from tests.bench.together import inflation


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How much is measured."""

    workers: tuple[int, ...]
    repeat: int
    phases: tuple[str, ...]
    trivial: int
    """Tests that do nothing, to measure the plugin by."""


def measure(options: Options, suites: Suites, say: Callable[[str], None]) -> Measured:
    """Everything, *options.repeat* times.

    Raises:
        NoReferenceError: a reference run did not pass.
    """
    machine = facts()
    references: list[list[TestCost]] = []
    runs: list[Run] = []
    trivial_runs: list[TrivialRun] = []
    inflations: list[float] = []
    for turn in range(1, options.repeat + 1):
        say(f"turn {turn} of {options.repeat}: reference")
        with _folder() as folder:
            references.append(reference(suites, folder))
        inflations.append(inflation(machine["cores"]))
        for start in _in_turn(options, suites, turn, len(references[0])):
            with _folder() as folder:
                runs.append(start(folder))
            say(f"  {_told(runs[-1])}")
        for variant in Variant:
            with _folder() as folder:
                trivial_runs.append(
                    trivial_run(variant, folder, workers=options.workers[0], turn=turn, tests=options.trivial)
                )
    return Measured(
        machine=machine,
        options=asdict(options),
        cores=machine["cores"],
        costs=phase_costs(references),
        runs=runs,
        trivial_runs=trivial_runs,
        inflations=inflations,
    )


def _in_turn(options: Options, suites: Suites, turn: int, tests: int) -> list[Callable[[Path], Run]]:
    """Each competitor once; every other turn backwards, so that none is always the first."""
    starts: list[Callable[[Path], Run]] = []
    for workers in options.workers:
        starts.append(partial(campaign, suites, workers=workers, turn=turn, tests=tests))
        starts.append(partial(plain, suites, workers=workers, turn=turn, tests=tests))
    starts.append(partial(plain, suites, workers=None, turn=turn, tests=tests))
    return starts if turn % 2 else starts[::-1]


def _told(run: Run) -> str:
    seen = run.problem or f"session {run.session_s:.1f} s, command {run.command_s:.1f} s"
    return f"{run.competitor}, {run.workers or 'auto'} workers: {seen} (load {run.load_before:.1f})"


@contextmanager
def _folder() -> Iterator[Path]:
    """An empty folder whose path is short enough for sockets."""
    folder = Path(mkdtemp(prefix="bench-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def facts() -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "python": platform.python_version(),
        "pytest": version("pytest"),
        "pytest_xdist": version("pytest-xdist"),
        "load_before": list(os.getloadavg()),
    }
