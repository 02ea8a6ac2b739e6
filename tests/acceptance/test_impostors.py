import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ci_tools.errors import ExitCode
from tests.acceptance.commands import CAMPAIGN_S, ROOT, Campaign, ci_tools, environ, outcomes, run, unaccounted
from tests.acceptance.impostors import TALKATIVE, served

pytestmark = pytest.mark.xdist_group("acceptance")
VERDICT_S = 300.0
SUITES_S = 180.0
HURRY = 0.01
"""A time scale: whatever is waited for does not come."""
KEY = {"E2E_OAUTH_SIMULATION_KEY": "a-key-that-no-impostor-looks-at"}
TLS_SUITE = "tests/e2e/staging/test_staging_tls_validation.py"
TLS_GATES = {"edge_tls", "tls_tests"}
REACHABLE: Mapping[str, set[str]] = {
    "static": TLS_GATES,
    "empty_object": TLS_GATES,
    "yes": {*TLS_GATES, "backend_reachable", "auth_reachable"},
    "silence": TLS_GATES,
    "silent_tcp": set(),
}
"""The gates that ask for no more than each impostor gives: a certificate, and to be called healthy."""


def suites_for(environment: str, folder: Path) -> Path:
    """The repository's suites and its campaign file, which has *environment*, too, in the new *folder*."""
    shutil.copytree(ROOT / "tests" / "e2e", folder / "tests" / "e2e", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    spec = folder / "campaign.toml"
    spec.write_text((ROOT / "campaign.toml").read_text(encoding="utf-8") + environment, encoding="utf-8")
    return spec


Verify = Callable[[str, str], Campaign]
"""A campaign against the server of the first name, by the plan of the second, has ended."""


@pytest.fixture
def verify(time_scale: float, tmp_path: Path, temporary: Path) -> Verify:
    """Sends campaigns to impostors."""

    def campaign(impostor: str, plan: str) -> Campaign:
        out = tmp_path / "out"
        scale = 1.0 if impostor in TALKATIVE else time_scale
        with served(impostor, tmp_path, time_scale=scale) as environment:
            spec = suites_for(environment, tmp_path / "suites")
            argv = ci_tools("campaign", "--spec", str(spec), "--environment=impostor", f"--plan={plan}", f"--out={out}")
            return Campaign(ended=run(argv, {**environ(temporary), **KEY}, within_s=CAMPAIGN_S), directory=out)

    return campaign


def passed_of(results: Mapping[str, Any]) -> list[str]:
    """The tests that passed."""
    return [test["node_id"] for test in results["tests"] if test["outcome"] == "passed"]


def test_impostor_does_not_pass(impostor: str, plan: str, verify: Verify, figures: dict[str, Any]) -> None:
    """A server that is no such system fails within five minutes; what holds or passes asks for a certificate only."""
    campaign = verify(impostor, plan)
    figures |= {"impostor": impostor, "plan": plan, "exit_code": campaign.ended.exit_code}

    assert campaign.ended.exit_code == ExitCode.FAIL, campaign.ended.output
    results = campaign.results
    holding = {gate["name"] for gate in results["gates"] if gate["state"] == "holds"}
    passed = passed_of(results)
    figures |= {"campaign_s": campaign.ended.seconds, "holding": sorted(holding), "passed_tests": passed}
    figures |= outcomes(results)
    assert results["verdict"]["verdict"] == "fail"
    assert holding == REACHABLE[impostor], campaign.ended.output
    assert [test for test in passed if not test.startswith(TLS_SUITE)] == []
    assert unaccounted(results) == []
    assert campaign.ended.seconds <= VERDICT_S


def test_suites_look_at_what_is_answered(server: str, tmp_path: Path, temporary: Path, figures: dict[str, Any]) -> None:
    """Where no campaign holds a test back, a server that is no such system passes the TLS suite and no other test."""
    with served(server, tmp_path, time_scale=HURRY) as environment:
        folder = suites_for(environment, tmp_path / "suites").parent
        pytest_ = [sys.executable, "-m", "pytest", "tests/e2e", "--env=impostor", "--numprocesses=4"]
        quietly = ["-q", "-rp", "--tb=no", "-p", "no:cacheprovider"]
        ended = run([*pytest_, *quietly], {**environ(temporary), **KEY}, within_s=SUITES_S, cwd=folder)
    passed = [line.removeprefix("PASSED ") for line in ended.output.splitlines() if line.startswith("PASSED ")]
    figures |= {"server": server, "passed_tests": passed, "suites_s": ended.seconds}

    assert ended.exit_code == 1, ended.output
    assert passed != []
    assert [test for test in passed if not test.startswith(TLS_SUITE)] == []
