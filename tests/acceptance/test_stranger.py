import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_tools.errors import ExitCode
from tests.acceptance.commands import (
    CAMPAIGN_S,
    ROOT,
    Campaign,
    ci_tools,
    environ,
    failing,
    outcomes,
    run,
    unaccounted,
)
from tests.acceptance.library import library

pytestmark = pytest.mark.xdist_group("acceptance")
STRANGER = ROOT / "tests" / "acceptance" / "stranger"
MAX_LINES = 30
TESTS = 16

Verify = Callable[[str], Campaign]
"""A campaign with the stranger's suite against the service at a URL has ended."""


def contents() -> dict[str, bytes]:
    """Every file of the stranger's folder, also those that a run may have left there."""
    return {
        str(path.relative_to(STRANGER)): path.read_bytes()
        for path in sorted(STRANGER.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture
def verify(tmp_path: Path, temporary: Path, figures: dict[str, Any]) -> Verify:
    """Runs the stranger's campaign where it stands."""

    def campaign(url: str) -> Campaign:
        argv = ci_tools("campaign", "--environment", "staging", "--plan", "smoke", "--out", str(tmp_path / "out"))
        env = {**environ(temporary), "LIBRARY_URL": url}
        ended = run(argv, env, within_s=CAMPAIGN_S, cwd=STRANGER)
        figures.update(exit_code=ended.exit_code, campaign_s=ended.seconds)
        return Campaign(ended=ended, directory=tmp_path / "out")

    return campaign


@pytest.fixture
def nobody() -> Iterator[str]:
    """The URL of a port that refuses connections."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


def test_adoption_is_short() -> None:
    """A campaign file of at most 30 lines adopts a suite that knows nothing of it."""
    lines = [line for line in (STRANGER / "campaign.toml").read_text().splitlines() if line.strip()]
    suite = b"".join(text for name, text in contents().items() if name != "campaign.toml")

    assert len(lines) <= MAX_LINES
    assert b"ci_tools" not in suite
    assert b"campaign" not in suite


def test_service_that_works_passes(verify: Verify) -> None:
    """Every test of the stranger is accounted for and passes, and all its files are as they were."""
    before = contents()
    with library() as url:
        campaign = verify(url)

    assert campaign.ended.exit_code == ExitCode.PASS, campaign.ended.output
    assert campaign.results["verdict"]["verdict"] == "pass"
    assert outcomes(campaign.results)["passed"] == sum(outcomes(campaign.results).values()) == TESTS
    assert unaccounted(campaign.results) == []
    assert contents() == before


def test_service_that_is_broken_fails(verify: Verify) -> None:
    """A health that is not ok and an endpoint that answers 500 fail the gates of what they belong to, and no other."""
    with library(works=False) as url:
        campaign = verify(url)

    assert campaign.ended.exit_code == ExitCode.FAIL, campaign.ended.output
    assert failing(campaign.results) == ["database", "lending"]
    assert "500 Server Error" in campaign.ended.output
    assert outcomes(campaign.results)["passed"] == TESTS - 2
    assert unaccounted(campaign.results) == []


def test_service_that_is_unreachable_fails(verify: Verify, nobody: str) -> None:
    """The gate of the service itself fails, by name, and no test of it is held against it."""
    campaign = verify(nobody)

    assert campaign.ended.exit_code == ExitCode.FAIL, campaign.ended.output
    assert failing(campaign.results) == ["api"]
    assert outcomes(campaign.results)["blocked"] == TESTS
    assert "ECONNREFUSED" in campaign.ended.output
    assert unaccounted(campaign.results) == []
