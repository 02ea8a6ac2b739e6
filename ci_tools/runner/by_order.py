"""What a pytest process does under a campaign's control: its controller hands out, its workers run and record."""

import os
from pathlib import Path

import pytest

from ci_tools.evidence.journal import prefix_of
from ci_tools.process.lifeline import die_with_parent
from ci_tools.runner.control import Line
from ci_tools.runner.forked import ForkedWorkers
from ci_tools.runner.lifetime import PARENT
from ci_tools.runner.parking import MARKS, Parking
from ci_tools.runner.phases import PhaseRunner
from ci_tools.runner.recording import (
    CleanUp,
    ControllerRecorder,
    Recorder,
    distributes,
    recording,
    register,
    worker_of,
)


def start(config: pytest.Config, directory: Path, *, control: int, shard: int | None, forks: str | None) -> None:
    """Register what this process has to do under a campaign's *control*.

    At *forks* the process listens that forked this one, and forks workers; None: pytest-xdist starts them.

    Raises:
        pytest.UsageError: it would run the tests itself.
    """
    own, worker = prefix_of(shard), worker_of(config)
    if worker is not None:
        die_with_parent()
        writer, redactor = recording(config, directory, f"{own}{worker}")
        register(config, Recorder(writer, redactor), Parking(directory / f"{own}{MARKS}"), CleanUp(writer, worker))
    elif distributes(config):
        campaign = os.environ.get(PARENT) if forks is None else None
        die_with_parent(int(campaign) if campaign else None)
        writer, _ = recording(config, directory, f"{own}pytest")
        marks = directory / f"{own}{MARKS}"
        runner = PhaseRunner(writer, directory, Line.inherited(control), root=config.rootpath, marks=marks)
        forked = [] if forks is None else [ForkedWorkers(forks)]
        register(config, runner, ControllerRecorder(writer, runner.uncollected), *forked)
    else:
        raise pytest.UsageError("--campaign-control needs workers of pytest-xdist; give --numprocesses=N, N at least 1")
