"""What heartbeats saw reaches the issues that are open."""

from pathlib import Path

import pytest

from ci_tools.__main__ import main
from ci_tools.errors import ExitCode
from ci_tools.evidence.events import HeartbeatStarted, Observed
from ci_tools.evidence.journal import CampaignDirectory
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import DependencyState, Observation
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.unit.github.test_triage_command import FAILING, kept


@pytest.fixture(autouse=True)
def filed(github: GitHubDouble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A repository with one issue of a campaign, and the environment of a workflow's job."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", github.url)
    monkeypatch.chdir(tmp_path)
    assert main(["triage", kept(tmp_path / "run", FAILING), "--repo", REPO, "--apply"]) == ExitCode.PASS
    github.asked.clear()


def beat(folder: Path, state: DependencyState, environment: str = "here") -> str:
    """A directory with one heartbeat that found the shop in *state*."""
    writer = CampaignDirectory.of_heartbeats(folder, Redactor()).writer("heartbeat-1")
    writer.write(HeartbeatStarted(environment=environment, judged={"shop": ("shop",)}))
    writer.write(Observed(observation=Observation(probe="shop", dependency="shop", state=state)))
    writer.close()
    return str(folder)


@pytest.mark.parametrize(
    ("state", "said"), [(DependencyState.DOWN, "found bad since"), (DependencyState.UP, "found well since")]
)
def test_an_open_issue_is_told_in_one_read_and_one_write(
    state: DependencyState, said: str, github: GitHubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The read is the list of all issues; nobody is notified, and nothing is filed or closed."""
    assert main(["triage", beat(tmp_path / "beat", state), "--repo", REPO, "--apply"]) == ExitCode.PASS
    assert said in github.issues[1]["body"]
    assert github.issues[1]["state"] == "open"
    assert github.writes() == [f"PATCH /repos/{REPO}/issues/1"]
    assert capsys.readouterr().out.endswith("asked of GitHub: 1 GET, 1 PATCH, 1 not modified\n")


def test_told_twice_it_is_written_once(github: GitHubDouble, tmp_path: Path) -> None:
    """A job that runs again changes nothing."""
    arguments = ["triage", beat(tmp_path / "beat", DependencyState.DOWN), "--repo", REPO, "--apply"]

    assert (main(arguments), main(arguments)) == (ExitCode.PASS, ExitCode.PASS)
    assert len(github.writes()) == 1


@pytest.mark.parametrize(("state", "environment"), [(DependencyState.UNKNOWN, "here"), (DependencyState.DOWN, "there")])
def test_what_tells_nothing_writes_nothing(
    state: DependencyState, environment: str, github: GitHubDouble, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither what could not be told, nor what was seen elsewhere: no issue is filed for it."""
    assert main(["triage", beat(tmp_path / "beat", state, environment), "--repo", REPO, "--apply"]) == ExitCode.PASS
    assert capsys.readouterr().out.startswith("nothing to do")
    assert github.writes() == []
