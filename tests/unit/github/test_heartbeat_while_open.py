"""A heartbeat asks nothing of a system of which no issue is open."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_tools.__main__ import main
from ci_tools.errors import ExitCode
from ci_tools.triage.operations import CAMPAIGN_LABEL
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.unit.runner.shop import Shop, Site

HEARTBEAT = ["heartbeat", "--environment=here", f"--while-open={REPO}", "--out=kept"]


@pytest.fixture
def shop(github: GitHubDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A campaign file for a system that is not well, in the folder where commands are given."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", github.url)
    monkeypatch.chdir(tmp_path)
    with Site().serving() as site:
        site.status = 503
        yield Shop(tmp_path, site)


def test_while_an_issue_is_open_the_system_is_looked_at(github: GitHubDouble, shop: Shop) -> None:
    """What it saw is kept."""
    github.file("redis fails", labels=(CAMPAIGN_LABEL,))

    assert main(HEARTBEAT) == ExitCode.FAIL
    assert list((shop.root / "kept" / "journal").glob("heartbeat-*.jsonl"))


def test_while_none_is_open_nothing_is_asked(
    github: GitHubDouble, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody else's issue, or one that is closed, is no incident."""
    github.file("colours")
    github.issues[github.file("redis fails", labels=(CAMPAIGN_LABEL,))]["state"] = "closed"

    assert main(HEARTBEAT) == ExitCode.PASS
    assert f"no issue of a campaign is open in {REPO}" in capsys.readouterr().err
    assert not (shop.root / "kept").exists()


def test_without_the_secret_nothing_is_asked(
    github: GitHubDouble, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    """A schedule runs in forks as well, that hold no secret: there is nothing wrong with them."""
    github.file("redis fails", labels=(CAMPAIGN_LABEL,))

    assert main(["heartbeat", "--environment=locked", f"--while-open={REPO}", "--out=kept"]) == ExitCode.PASS
    assert "SHOP_BEARER" in capsys.readouterr().err
    assert not (shop.root / "kept").exists()
