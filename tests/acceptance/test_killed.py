import signal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ci_tools.errors import ExitCode
from tests.acceptance.commands import (
    CAMPAIGN_S,
    Campaign,
    ci_tools,
    environ,
    outcomes,
    results_in,
    run,
    unaccounted,
)
from tests.acceptance.killing import Moment, begin, events_in, has_finished, is_testing, moment, wait_for
from tests.acceptance.leftovers import cycle, twins_in
from tests.acceptance.processes import brood, eventually

pytestmark = pytest.mark.xdist_group("acceptance")
GONE_S = 5.0
JUDGE_S = 60.0
KILLS = 20
WORKERS = 6


@pytest.fixture
def when(kill: int, passed: Campaign, random: Random) -> Moment:
    """A random moment in one part of a campaign's life."""
    return moment(kill, KILLS, events_in(passed.directory), random)


def test_killed_campaign_leaves_nothing_and_is_inconclusive(
    when: Moment, tmp_path: Path, temporary: Path, figures: dict[str, Any]
) -> None:
    """A campaign killed at any moment leaves no process; its journal accounts for all; the next one cleans up."""
    out = tmp_path / "out"
    with brood() as processes:
        killed = begin(processes, out, temporary)
        wait_for(when, out, processes)
        lived = len(processes.living())
        killed.kill()
        killed.wait()
        gone_s = processes.gone_within(GONE_S)
    judged = run(ci_tools("judge", str(out)), environ(temporary), within_s=JUDGE_S)
    left = twins_in(temporary)
    after = cycle(temporary)
    results = results_in(out)
    figures |= {
        "after_events": when.events,
        "wait_s": when.wait_s,
        "processes": lived,
        "gone_s": gone_s,
        "left_on_disk": len(left),
        **outcomes(results),
    }

    assert not has_finished(out), f"killed too late, after {when}: nothing was shown"
    assert killed.returncode == -signal.SIGKILL
    assert judged.exit_code == ExitCode.INCONCLUSIVE, judged.output
    assert unaccounted(results) == []
    assert results["campaign"]["complete"] is False
    assert after.beside == frozenset()
    assert twins_in(temporary) == set()


def test_next_twin_removes_what_a_killed_one_left(tmp_path: Path, temporary: Path, figures: dict[str, Any]) -> None:
    """When the campaign and its twin's supervisor are killed at once, files stay, and the next start removes them."""
    out = tmp_path / "out"
    with brood() as processes:
        campaign = begin(processes, out, temporary)
        eventually(lambda: is_testing(out, 1), within_s=CAMPAIGN_S, what=lambda: "tests of a worker")
        supervisor = processes.supervisor()
        assert supervisor is not None
        supervisor.kill()
        campaign.kill()
        figures["gone_s"] = processes.gone_within(GONE_S)
    left = twins_in(temporary)
    after = cycle(temporary)
    figures["left_on_disk"] = len(left)

    assert left != set()
    assert after.beside == frozenset()
    assert twins_in(temporary) == set()


def test_killed_worker_is_told(random: Random, tmp_path: Path, temporary: Path, figures: dict[str, Any]) -> None:
    """A campaign that loses a pytest worker ends by itself, does not pass, and accounts for every test."""
    out = tmp_path / "out"
    with brood() as processes:
        campaign = begin(processes, out, temporary, f"--workers={WORKERS}")
        eventually(lambda: is_testing(out, WORKERS), within_s=CAMPAIGN_S, what=lambda: "tests of every worker")
        random.choice(processes.pytest_workers()).kill()
        exit_code = campaign.wait(CAMPAIGN_S)
        figures["gone_s"] = processes.gone_within(GONE_S)
    results = results_in(out)
    figures |= {"exit_code": exit_code, **outcomes(results)}

    assert exit_code in {ExitCode.FAIL, ExitCode.INCONCLUSIVE}
    assert unaccounted(results) == []
    assert b'"event":"worker_lost"' in b"".join(path.read_bytes() for path in out.glob("journal/*.jsonl"))


def test_killed_pytest_is_told(tmp_path: Path, temporary: Path, figures: dict[str, Any]) -> None:
    """A campaign whose pytest is killed ends by itself as inconclusive, accounts for every test, leaves no worker."""
    out = tmp_path / "out"
    with brood() as processes:
        campaign = begin(processes, out, temporary, f"--workers={WORKERS}")
        eventually(lambda: is_testing(out, WORKERS), within_s=CAMPAIGN_S, what=lambda: "tests of every worker")
        controller = processes.pytest_controller()
        assert controller is not None
        controller.kill()
        exit_code = campaign.wait(CAMPAIGN_S)
        figures["gone_s"] = processes.gone_within(GONE_S)
    results = results_in(out)
    figures |= {"exit_code": exit_code, **outcomes(results)}

    assert exit_code == ExitCode.INCONCLUSIVE
    assert unaccounted(results) == []
    assert any("killed by signal 9" in reason for reason in results["verdict"]["reasons"])
