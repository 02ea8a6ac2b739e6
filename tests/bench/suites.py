"""The suites that all competitors run, and a twin for those that bring none."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import psutil

from ci_tools.errors import UsageError
from ci_tools.model import Environment, Phase, ReliabilityGate
from ci_tools.planning.membership import suite_of
from ci_tools.planning.plans import plan
from ci_tools.runner.provisioning import provisioned
from ci_tools.runner.pytest_process import expand
from ci_tools.runner.quiet import QuietWindow
from ci_tools.spec import Spec, parse
from ci_tools.target.session import ENVIRONMENT_FILE, dump_environment
from tests.acceptance.commands import ROOT

PLAN = "full"
_TWIN = "twin"
_WARMING_S = 30.0
_SUPERVISOR = ["-m", "ci_tools.twin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suites:
    """What is run, in phases."""

    spec: Spec
    asked: tuple[str, ...]
    """The phases asked for; empty: all of the plan."""
    phases: tuple[Phase, ...]

    @property
    def paths(self) -> list[str]:
        """Files, phase by phase."""
        return expand([path for phase in self.phases for suite in phase.suites for path in suite.paths], ROOT)[0]

    @property
    def expected(self) -> int:
        """How many tests there are at least."""
        return sum(suite.expected or 0 for phase in self.phases for suite in phase.suites)

    def phase_of(self, node_id: str) -> int | None:
        """The phase that runs a test; None: no suite asked for it."""
        return next((phase.number for phase in self.phases if suite_of(node_id, phase.suites)), None)


def planned_suites(phases: Sequence[str]) -> Suites:
    """The suites of plan ``full``, or of only these *phases* of it.

    Raises:
        UsageError: there is no such phase.
    """
    file = ROOT / "campaign.toml"
    spec = parse(file.read_text(encoding="utf-8"), str(file))
    planned = plan(spec, spec.environments[_TWIN], PLAN, phases)
    if not planned.phases:
        raise UsageError("there is nothing to run")
    return Suites(spec=spec, asked=tuple(phases), phases=planned.phases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A twin that stands."""

    environ: Mapping[str, str]
    """What its users need."""
    process: psutil.Process
    """The root of its processes."""


@contextmanager
def served_twin(suites: Suites, folder: Path) -> Iterator[Served]:
    """A twin of the campaign's kind; it has answered each gate's probe, as a campaign's has before its first test."""
    before = {child.pid for child in psutil.Process().children()}
    with provisioned(suites.spec, _TWIN, os.environ) as (environment, variables):
        process = next(
            child
            for child in psutil.Process().children()
            if child.pid not in before and child.cmdline()[1:3] == _SUPERVISOR
        )
        file = folder / "environment.json"
        dump_environment(environment, file)
        _warm(suites.phases, environment, variables)
        yield Served(environ={**variables, ENVIRONMENT_FILE: str(file)}, process=process)


def _warm(phases: Sequence[Phase], environment: Environment, variables: Mapping[str, str]) -> None:
    deadline = monotonic() + _WARMING_S
    with QuietWindow(environment, {**os.environ, **variables}) as quiet:
        for gate in (gate for phase in phases for gate in phase.gates):
            if isinstance(gate, ReliabilityGate):
                quiet.sample(replace(gate, cap=1), deadline, lambda _: None)
