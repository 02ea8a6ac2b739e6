"""This repository's own ``campaign.toml``."""

import os
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ci_tools.model import CoverageGate, Suite
from ci_tools.planning.membership import suite_of
from ci_tools.planning.plans import plan
from ci_tools.runner.pytest_process import expand
from ci_tools.spec import Spec, parse, schema

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "campaign.toml").read_text()
TWIN = {"TWIN_EDGE_PORT": "8443", "TWIN_CA_FILE": "ca.pem"}


@pytest.fixture(scope="module")
def spec() -> Spec:
    """The file, read."""
    return parse(TEXT, "campaign.toml")


@pytest.fixture(scope="module")
def suites(spec: Spec) -> list[Suite]:
    """Those of every phase."""
    found = [suite for phase in spec.phases for suite in phase.suites]
    assert found
    return found


def test_the_file_is_valid_under_its_schema() -> None:
    """An editor has nothing to mark."""
    assert list(Draft202012Validator(schema()).iter_errors(tomllib.loads(TEXT))) == []


@pytest.mark.parametrize("environment", ["twin", "staging"])
@pytest.mark.parametrize("name", ["full", "quick", "infra", "auto"])
def test_every_plan_runs_everywhere(spec: Spec, environment: str, name: str) -> None:
    """Each plan has something to run in each environment, must identify the deployment, and carries the figures."""
    planned = plan(spec, spec.environment(environment, TWIN), name)

    assert planned.phases
    assert planned.identifies_deployment
    assert planned.kpis == spec.kpis != ()


def test_every_suite_has_its_files(suites: list[Suite]) -> None:
    """No suite names a file that is not there."""
    missing = [path for suite in suites for path in suite.paths if not expand([path], ROOT)[0]]

    assert missing == []


def test_every_suite_is_gated_with_its_expected_count_and_value(spec: Spec, suites: list[Suite]) -> None:
    """Each suite says how many tests it has and what they are worth, and a gate speaks for it."""
    gated = {
        name for phase in spec.phases for gate in phase.gates if isinstance(gate, CoverageGate) for name in gate.suites
    }

    assert gated == {suite.name for suite in suites}
    assert all(suite.expected and suite.value for suite in suites)


def test_every_suite_collects_what_it_expects(suites: list[Suite]) -> None:
    """The expected counts are those of the files: a difference would leave every campaign open."""
    paths, _ = expand([path for suite in suites for path in suite.paths], ROOT)
    command = [sys.executable, "-m", "pytest", *paths, "--collect-only", "-q", "-p", "no:cacheprovider"]
    # Other tests of this process tell their own pytest to leave plugins out.
    environ = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    belonging = (suite_of(line, suites) for line in done.stdout.splitlines() if "::" in line)
    collected = Counter(suite.name for suite in belonging if suite is not None)
    assert collected == {suite.name: suite.expected for suite in suites}


def test_no_suite_is_held_back_by_what_it_judges(spec: Spec, suites: list[Suite]) -> None:
    """A suite does not require the dependency that its gate names: that gate could never fail."""
    required = {suite.name: suite.requires for suite in suites}
    held_back = [
        (gate.name, need)
        for phase in spec.phases
        for gate in phase.gates
        if isinstance(gate, CoverageGate)
        for name in gate.suites
        for need in required[name]
        if need == gate.dependency
    ]

    assert held_back == []


def test_every_figure_is_measured(spec: Spec) -> None:
    """Each figure that people follow is read off a gate or suites that the full plan has."""
    planned = plan(spec, spec.environment("twin", TWIN), "full")
    gates = {gate.name for phase in planned.phases for gate in phase.gates}
    suites = {"*", *(suite.name for phase in planned.phases for suite in phase.suites)}

    assert [kpi.name for kpi in planned.kpis if kpi.gate not in gates and not {*kpi.suites} & suites] == []
