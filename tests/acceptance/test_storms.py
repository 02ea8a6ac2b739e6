import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import seed
from hypothesis.stateful import run_state_machine_as_test

from ci_tools.errors import ExitCode
from tests.acceptance.commands import Ended, ci_tools, environ, run
from tests.acceptance.stages import FAILING, NEXT_PASSING, PASSING, kept
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import Interruption
from tests.unit.github.storms import storm, storms
from tests.unit.github.world import Tally

pytestmark = pytest.mark.xdist_group("acceptance")
TRIAGE_S = 60.0
Triaging = Callable[[Path], Ended]


def test_storms_come_right(sequences: int, pytestconfig: pytest.Config, figures: dict[str, Any]) -> None:
    """Switches, people, crashes and races: two open issues for no cause, no issue lost, no limit exceeded."""
    tally = Tally()
    seeded = seed(pytestconfig.getoption("--seed"))(storms(tally))
    try:
        run_state_machine_as_test(seeded, settings=storm(sequences))
    finally:
        figures |= dict(tally.counts)

    assert tally.counts["sequences"] >= sequences
    assert tally.counts["violations"] == 0


def test_a_run_killed_at_any_call_is_healed_by_the_next(
    cut: tuple[str, int, bool], tmp_path: Path, temporary: Path, figures: dict[str, Any]
) -> None:
    """SIGKILL before the call is carried out, or between that and its answer: one issue, closed and told once."""
    stage, call, is_after = cut
    stages = [("filing", FAILING), ("first good", PASSING), ("closing", NEXT_PASSING)]
    with GitHubDouble() as github:
        env = {**environ(temporary), "GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": github.url}
        for name, events in stages:
            argv = ci_tools("triage", str(kept(tmp_path / name, events)), "--repo", REPO, "--apply")
            if name == stage:
                figures["exit_code"] = killed(argv, env, github, call, is_after=is_after)
            ended = run(argv, env, within_s=TRIAGE_S, cwd=tmp_path)
            assert ended.exit_code == ExitCode.PASS, ended.output
        figures |= {"stage": stage, "call": call, "is_after": is_after, "calls": len(github.asked)}

    assert figures["exit_code"] == -9
    still_open = [one["number"] for one in github.issues.values() if one["state"] == "open"]
    done = [one["number"] for one in github.issues.values() if one["state_reason"] == "completed"]
    assert (still_open, len(done)) == ([], 1)
    assert [said["body"].partition(":")[0] for said in github.comments[done[0]]] == ["Recovered"]
    assert github.violations == github.allowance.exceeded == []


def killed(argv: list[str], env: dict[str, str], github: GitHubDouble, call: int, *, is_after: bool) -> int:
    """The exit code of *argv*, which is killed at that *call*."""
    process = subprocess.Popen(argv, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill() -> None:
        process.kill()
        process.wait()

    github.switches.interruption = Interruption(call, kill, is_after=is_after)
    return process.wait(timeout=TRIAGE_S)
