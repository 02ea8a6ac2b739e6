from pathlib import Path

from ci_tools.model import Plan
from ci_tools.planning.plans import plan
from ci_tools.spec import Spec, parse

ROOT = Path(__file__).parents[3]
MAX_LINES = 25


def _example() -> str:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    marked = readme.split("<!-- the smallest campaign.toml -->")[1].split("<!-- end -->")[0]
    return marked.split("```toml\n")[1].split("```")[0]


def _planned(spec: Spec) -> Plan:
    return plan(spec, spec.environment("staging", {}), "smoke")


def test_the_example_is_small() -> None:
    """What a new user copies from the README fits a screen."""
    assert len(_example().splitlines()) <= MAX_LINES


def test_the_example_is_planned_whole() -> None:
    """The README's file is read, and its plan runs its one suite under its two gates."""
    (phase,) = _planned(parse(_example(), "README.md")).phases

    assert [(suite.name, suite.expected) for suite in phase.suites] == [("orders", 2)]
    assert {gate.name for gate in phase.gates} == {"reachable", "orders"}


def test_the_readme_names_what_the_example_declares() -> None:
    """The command beside the example asks for its environment and its plan."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    spec = parse(_example(), "README.md")

    assert f"ci-tools campaign --environment {next(iter(spec.environments))} --plan {next(iter(spec.plans))}" in readme
