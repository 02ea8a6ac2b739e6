from pathlib import Path
from typing import Any

import pytest

from ci_tools.__main__ import main
from ci_tools.errors import CredentialsMissingError, ExitCode, IssueTrackerError, UsageError
from ci_tools.github.deployments import tell_deployment
from ci_tools.github.requests import Patience
from ci_tools.model import Verdict
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import Fault
from tests.unit.github.test_triage_command import FAILING, kept


@pytest.fixture(autouse=True)
def told(github: GitHubDouble) -> list[dict[str, Any]]:
    """What deployment 7 was told."""
    github.repository.deployments[7] = []
    return github.repository.deployments[7]


def environ(github: GitHubDouble, token: str = TOKEN) -> dict[str, str]:
    """The environment of a workflow's job."""
    return {"GITHUB_TOKEN": token, "GITHUB_API_URL": github.url}


@pytest.mark.parametrize(
    ("verdict", "state"),
    [(Verdict.PASS, "success"), (Verdict.FAIL, "failure"), (Verdict.INCONCLUSIVE, "error")],
)
def test_a_verdict_is_a_status(github: GitHubDouble, told: list[dict[str, Any]], verdict: Verdict, state: str) -> None:
    """No evidence is an error, never a success."""
    said = tell_deployment(REPO, 7, verdict, "words", environ(github), log_url="https://github.com/run")

    assert said == state
    assert [(one["state"], one["description"], one["log_url"]) for one in told] == [
        (state, "words", "https://github.com/run")
    ]


def test_deployments_before_stay_active(github: GitHubDouble) -> None:
    """Which one serves is for others to say."""
    github.repository.deployments[6] = []
    for number in (6, 7):
        tell_deployment(REPO, number, Verdict.PASS, "words", environ(github))

    assert [one["state"] for one in github.repository.deployments[6]] == ["success"]


def test_a_description_is_one_short_line(github: GitHubDouble, told: list[dict[str, Any]]) -> None:
    """GitHub takes 140 characters."""
    tell_deployment(REPO, 7, Verdict.FAIL, "many\nwords " * 50, environ(github))

    assert len(told[0]["description"]) == 140
    assert "\n" not in told[0]["description"]


def test_a_description_tells_nobody(github: GitHubDouble, told: list[dict[str, Any]]) -> None:
    """Names of plans and environments are words, whatever they hold; what makes them so has room as well."""
    tell_deployment(REPO, 7, Verdict.FAIL, "fixes #1 @acme/shop " * 20, environ(github))

    assert "#1" not in told[0]["description"]
    assert "@acme" not in told[0]["description"]
    assert len(told[0]["description"]) == 140


def test_what_is_no_link_is_not_shown_beside_a_deployment(github: GitHubDouble) -> None:
    """Whoever looks there follows it."""
    with pytest.raises(UsageError, match="give --run-url https://HOST/PATH"):
        tell_deployment(REPO, 7, Verdict.PASS, "", environ(github), log_url="javascript:alert(1)")
    assert github.asked == []


def test_a_deployment_that_is_not_there_is_a_usage_error(github: GitHubDouble) -> None:
    """It is named."""
    with pytest.raises(UsageError, match="/deployments/8/statuses"):
        tell_deployment(REPO, 8, Verdict.PASS, "", environ(github))


def test_a_token_that_may_not_is_told_what_it_needs(github: GitHubDouble) -> None:
    """A workflow's token has only what its job asks for."""
    github.switches.may_write = False

    with pytest.raises(UsageError, match="deployments: write"):
        tell_deployment(REPO, 7, Verdict.PASS, "", environ(github))


def test_a_github_that_does_not_answer_is_told_again_by_the_same_command(
    github: GitHubDouble, patience: Patience
) -> None:
    """What is told is no triage."""
    github.switches.faults.extend(Fault("POST", 502) for _ in range(patience.attempts))

    with pytest.raises(IssueTrackerError, match="run the same command again later"):
        tell_deployment(REPO, 7, Verdict.PASS, "", environ(github), patience=patience)


def test_without_a_token_nothing_is_asked(github: GitHubDouble) -> None:
    """It says which one is wanted."""
    with pytest.raises(CredentialsMissingError, match=r"GITHUB_TOKEN is not set.*deployments: write"):
        tell_deployment(REPO, 7, Verdict.PASS, "", environ(github, token=" "))


def test_what_is_no_repository_is_refused(github: GitHubDouble) -> None:
    """Before a token is shown to anybody."""
    with pytest.raises(UsageError, match="'acme' is no repository"):
        tell_deployment("acme", 7, Verdict.PASS, "", environ(github))


def test_the_command_tells_what_a_campaign_found(
    *,
    github: GitHubDouble,
    told: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It has done its work whatever the verdict is."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", github.url)

    code = main(["deployment-status", kept(tmp_path / "run", FAILING), "--repo", REPO, "--deployment", "7"])

    assert (code, told[0]["state"]) == (ExitCode.PASS, "failure")
    assert capsys.readouterr().out == "deployment 7 of acme/shop is told: failure\n"


def test_the_command_tells_that_a_campaign_was_lost(
    github: GitHubDouble, told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No evidence is never a pass, also where nobody could judge."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", github.url)

    assert main(["deployment-status", "--repo", REPO, "--deployment", "7"]) == ExitCode.PASS
    assert [(one["state"], one["description"]) for one in told] == [
        ("error", "inconclusive: what the campaign saw was lost")
    ]


@pytest.mark.parametrize("number", ["0", "-1", "seven"])
def test_what_is_no_number_ends_with_two(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The value and what is allowed, before anything is asked."""
    code = main(["deployment-status", "run", "--repo", REPO, f"--deployment={number}"])

    assert code == ExitCode.USAGE
    assert f"{number!r} is no number of a deployment; allowed: 1, 2, 3" in capsys.readouterr().err
