import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ci_tools.errors import ExitCode
from tests.acceptance import commands
from tests.acceptance.commands import ci_tools, environ, failing, outcomes, run, suspects, unaccounted
from tests.acceptance.processes import brood, eventually
from tests.diagnosis.fault_table import fault_table

pytestmark = pytest.mark.xdist_group("acceptance")
VERDICT_S = 60.0
UNANSWERED = {"network_route": 90.0}
"""Seconds where no packet comes back from any store: each look waits for its time to run out."""
SUITE_S = 180.0
TWIN_S = 60.0
REDIS_SUITE = "tests/e2e/staging/test_staging_redis_validation.py"


@pytest.fixture
def within_s(patience: float, request: pytest.FixtureRequest) -> float:
    """How long a campaign may take to its verdict."""
    chosen = getattr(request.node, "callspec", None)
    fault = next(iter(chosen.params.values()), "") if chosen else ""
    return UNANSWERED.get(str(fault), VERDICT_S) * patience


def named(results: Mapping[str, Any]) -> set[str]:
    """The dependencies that a gate, failing or undecided, or an incident names."""
    return {*suspects(results), *(one["dependency"] for one in results["incidents"])}


def test_fault_is_noticed_and_named(
    fault: str, within_s: float, tmp_path: Path, temporary: Path, figures: dict[str, Any]
) -> None:
    """A campaign on a twin with the fault ends within a minute without a pass; gates fail only where they may.

    An instance that was not there for the first requests only is named by no gate, but by an incident.
    """
    expected = fault_table().fault[fault]
    campaign = commands.campaign(tmp_path / "out", temporary, "--fault", fault)
    figures |= {
        "fault": fault,
        "dependency": expected.dependency,
        "exit_code": campaign.ended.exit_code,
        "campaign_s": campaign.ended.seconds,
    }

    assert campaign.ended.exit_code in {ExitCode.FAIL, ExitCode.INCONCLUSIVE}, campaign.ended.output
    figures |= {"failing": failing(campaign.results), "suspects": suspects(campaign.results)}
    figures |= outcomes(campaign.results)
    assert set(expected.may_fail) & named(campaign.results), campaign.ended.output
    assert set(failing(campaign.results)) <= set(expected.may_fail), campaign.ended.output
    assert unaccounted(campaign.results) == []
    assert campaign.ended.seconds <= within_s


def test_fault_is_noticed_in_all_phases(
    lasting_fault: str, within_s: float, tmp_path: Path, temporary: Path, figures: dict[str, Any]
) -> None:
    """The full plan, which goes on through all phases, does not pass either, and names the dependency."""
    campaign = commands.campaign(tmp_path / "out", temporary, "--plan", "full", "--fault", lasting_fault)
    figures |= {"fault": lasting_fault, "exit_code": campaign.ended.exit_code, "campaign_s": campaign.ended.seconds}

    assert campaign.ended.exit_code in {ExitCode.FAIL, ExitCode.INCONCLUSIVE}, campaign.ended.output
    figures |= {"failing": failing(campaign.results), "suspects": suspects(campaign.results)}
    figures |= outcomes(campaign.results)
    assert set(fault_table().fault[lasting_fault].may_fail) & named(campaign.results), campaign.ended.output
    assert unaccounted(campaign.results) == []
    assert campaign.ended.seconds <= 5 * within_s


def test_fault_of_a_served_twin_can_be_switched(tmp_path: Path, temporary: Path, figures: dict[str, Any]) -> None:
    """A suite that joins a served twin fails while a fault is on, and passes before and after."""
    env = {**environ(temporary), "PYTHONUNBUFFERED": "1"}
    suite = [sys.executable, "-m", "pytest", REDIS_SUITE, "--env=twin", "-q", "-p", "no:cacheprovider"]
    log = tmp_path / "twin.log"
    with brood() as processes:
        twin = processes.start(ci_tools("twin"), env, log)
        eventually(lambda: "Ctrl-C" in log.read_text(), within_s=TWIN_S, what=log.read_text)
        before = run(suite, env, within_s=SUITE_S)
        on = run(ci_tools("faults", "--on", "redis_down"), env, within_s=TWIN_S)
        during = run(suite, env, within_s=SUITE_S)
        off = run(ci_tools("faults", "--clear"), env, within_s=TWIN_S)
        after = run(suite, env, within_s=SUITE_S)
        twin.send_signal(signal.SIGINT)
        figures["stopped_s"] = processes.gone_within(TWIN_S)
    figures |= {"before_s": before.seconds, "during_s": during.seconds, "after_s": after.seconds}

    assert before.exit_code == 0, before.output
    assert (on.exit_code, off.exit_code) == (0, 0), on.output + off.output
    assert during.exit_code == 1, during.output
    assert after.exit_code == 0, after.output
