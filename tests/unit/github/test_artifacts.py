"""The campaign before, among all that runs have kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_tools.__main__ import main
from ci_tools.errors import CredentialsMissingError, ExitCode, UsageError
from ci_tools.github.artifacts import Artifact, last_campaign
from ci_tools.github.requests import Patience
from tests.doubles.github.documents import Place, artifact
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import Fault

WHOLE = "campaign-staging-7-1-1"
SPEC = """
name = "shop"
dependencies = {{ shop = [] }}
phases.smoke = {{ number = 1, budget_min = 10 }}
plans.smoke = {{ about = "can people buy", phases = ["smoke"] }}

[environments.{bare}]
hosts = {{ web = "https://staging.shop.example" }}

[environments.{locked}]
hosts = {{ web = "https://shop.example" }}
auth = {{ strategy = "ready_token", token_env = "SHOP_BEARER" }}

[suites.orders]
phase = "smoke"
paths = ["tests/test_orders.py"]
value = "nobody can buy"
"""
Keep = Callable[..., None]
Ask = Callable[..., Artifact | None]


@pytest.fixture
def keep(github: GitHubDouble) -> Keep:
    """Puts an artifact before all others."""

    def put(name: str = WHOLE, run: int = 7, branch: str | None = "main", **changed: Any) -> None:
        artifacts = github.repository.artifacts
        made = artifact(Place(REPO), len(artifacts) + 1, name, run=run, branch=branch)
        artifacts.insert(0, {**made, **changed})

    return put


@pytest.fixture
def ask(github: GitHubDouble, patience: Patience) -> Ask:
    """Asks for the last campaign on staging."""
    environ = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": github.url}
    return lambda **more: last_campaign(REPO, "staging", environ, branch="main", patience=patience, **more)


def test_the_last_campaign_on_the_environment_is_found(keep: Keep, ask: Ask) -> None:
    """Among others of the same name's beginning, and other kinds."""
    keep("campaign-staging-6-1-1", run=6)
    keep()
    for other in ("campaign-staging_eu-8-1-1", "campaign-8-1-1", "shard-1-of-staging-8-1-1", "campaign-staging-8-1-x"):
        keep(other, run=8)

    assert ask() == Artifact(7, WHOLE)


def test_where_none_is_kept_there_is_none(ask: Ask) -> None:
    """The first campaign is compared with nothing."""
    assert ask() is None


def test_an_earlier_attempt_of_the_same_run_is_no_campaign_before(keep: Keep, ask: Ask) -> None:
    """It would be compared with itself."""
    keep("campaign-staging-6-1-1", run=6)
    keep()

    assert ask(but=7) == Artifact(6, "campaign-staging-6-1-1")


@pytest.mark.parametrize(
    "changed",
    [
        {"branch": "feature"},
        {"branch": None},
        {"expired": True},
        {"workflow_run": None},
        {"workflow_run": {"id": 7, "repository_id": 1, "head_repository_id": 2, "head_branch": "main"}},
        {"workflow_run": {"id": 7, "head_branch": "main"}},
    ],
    ids=["another branch", "no branch", "expired", "no run", "a fork", "nobody says whose"],
)
def test_what_a_proposed_change_could_have_written_is_not_believed(
    changed: dict[str, Any], keep: Keep, ask: Ask
) -> None:
    """Only runs of the branch that is deployed, in the repository itself."""
    keep(**changed)

    assert ask() is None


def test_it_is_looked_for_no_further_back_than_is_likely(keep: Keep, ask: Ask, github: GitHubDouble) -> None:
    """Five pages of a hundred."""
    keep()
    for _ in range(500):
        keep("coverage")

    assert ask() is None
    assert len(github.asked) == 5


def test_on_a_later_page_it_is_found(keep: Keep, ask: Ask) -> None:
    """Other workflows keep much."""
    keep()
    for _ in range(150):
        keep("coverage")

    assert ask() == Artifact(7, WHOLE)


def test_without_a_token_nothing_is_asked(github: GitHubDouble) -> None:
    """Which permission it needs is said."""
    with pytest.raises(CredentialsMissingError, match="actions: read"):
        last_campaign(REPO, "staging", {"GITHUB_API_URL": github.url}, branch="main")


def test_a_token_that_may_not_ask_is_told_what_it_needs(ask: Ask, github: GitHubDouble) -> None:
    """Another permission than issues need."""
    github.switches.faults.append(Fault("GET", 403, "Resource not accessible by integration"))

    with pytest.raises(UsageError, match="actions: read"):
        ask()


def test_a_repository_needs_an_owner(github: GitHubDouble) -> None:
    """Before anything is asked."""
    environ = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": github.url}

    with pytest.raises(UsageError, match="OWNER/NAME"):
        last_campaign("shop", "staging", environ, branch="main")
    assert github.asked == []


@pytest.fixture
def command(github: GitHubDouble, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command, in the environment of a workflow's job."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", github.url)
    return ["last-campaign", f"--repo={REPO}", "--environment=staging", "--branch=main", "--but-run=9"]


def test_a_step_is_given_run_and_name(keep: Keep, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As its outputs; none, where there is no campaign before."""
    assert main(command) == ExitCode.PASS
    told = capsys.readouterr()
    assert told.out == ""
    assert "no campaign on 'staging' that a run of branch 'main' of" in told.err
    keep()
    assert main(command) == ExitCode.PASS
    assert capsys.readouterr().out == f"run=7\nartifact={WHOLE}\n"


def test_no_campaign_waits_for_a_comparison(
    github: GitHubDouble, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Where GitHub answers nothing sensible, none is compared with."""
    github.repository.artifacts = [{"id": "none"}]

    assert main(command) == ExitCode.PASS
    github.violations.clear()
    told = capsys.readouterr()
    assert told.out == ""
    assert "this campaign is compared with none" in told.err


def test_without_a_secret_it_is_that_of_the_other_environment(
    keep: Keep, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the plan chooses: what was verified in its place is compared with its own."""
    keep()
    places = SPEC.format(bare="staging", locked="live")
    (tmp_path / "campaign.toml").write_text(places, encoding="utf-8")

    asked = [*command, f"--spec={tmp_path / 'campaign.toml'}", "--environment=live", "--otherwise=staging"]

    assert main(asked) == ExitCode.PASS
    told = capsys.readouterr()
    assert told.out == f"run=7\nartifact={WHOLE}\n"
    assert "'staging' instead" in told.err


@pytest.mark.parametrize("other", [[], ["--otherwise=twin"]])
def test_an_unknown_environment_is_a_wrong_argument(
    other: list[str], command: list[str], github: GitHubDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is asked: no campaign would ever be found there."""
    assert main([*command, "--environment=nowhere", *other]) == ExitCode.USAGE
    assert "unknown environment 'nowhere'; known: staging, twin" in capsys.readouterr().err
    assert github.asked == []
