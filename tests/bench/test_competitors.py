from pathlib import Path

import pytest

from tests.bench.competitors import campaign_problem, plain_problem
from tests.bench.processes import Timed


def ended(output: str, exit_code: int | None = 0) -> Timed:
    """A command that ended and printed *output*."""
    return Timed(
        exit_code=exit_code,
        seconds=1.0,
        cpu_s=1.0,
        machine_cpu_s=1.0,
        load_before=0.0,
        output=output,
        pytest_ended=None,
    )


def test_a_run_counts_if_all_tests_passed() -> None:
    """The last line of pytest says so."""
    assert plain_problem(ended("....\n287 passed in 12.34s\n"), 287) == ""
    assert plain_problem(ended("....\n287 passed in 72.34s (0:01:12)\n"), 287) == ""


@pytest.mark.parametrize(
    ("output", "exit_code", "told"),
    [
        ("286 passed in 12.34s\n", 0, "286 passed"),
        ("286 passed, 1 skipped in 12.34s\n", 0, "1 skipped"),
        ("1 failed, 286 passed in 12.34s\n", 1, "exit code 1"),
        ("287 passed in 12.34s\n", 1, "exit code 1"),
        ("287 passed, 1 warning in 12.34s\n", 0, "1 warning"),
        ("worker 'gw1' crashed\n", 3, "worker 'gw1' crashed"),
        ("....", None, "hung"),
    ],
)
def test_any_other_run_is_told_as_it_was(output: str, exit_code: int | None, told: str) -> None:
    """Its time would be that of other work."""
    assert told in plain_problem(ended(output, exit_code), 287)


def test_a_campaign_that_did_not_pass_is_told_with_its_last_words(tmp_path: Path) -> None:
    """Its exit code is enough; what it left is not read."""
    assert campaign_problem(ended("FAIL  twin, plan full", 1), tmp_path, 287) == "exit code 1: FAIL  twin, plan full"
