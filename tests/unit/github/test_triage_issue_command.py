import json

import pytest

from ci_tools.__main__ import main
from ci_tools.errors import ExitCode
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble

TOLD = "Since today: Error 111 connecting to redis:6379. Connection refused. @everybody please look, ::error::now"
ASKED = [f"--repo={REPO}"]


@pytest.fixture(autouse=True)
def workflow(github: GitHubDouble, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The environment of a workflow's job, in a folder without a campaign file."""
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_API_URL", github.url)
    monkeypatch.chdir(tmp_path_factory.mktemp("job"))


def test_the_plan_for_an_issue_is_printed_only(github: GitHubDouble, capsys: pytest.CaptureFixture[str]) -> None:
    """What its words speak for; nothing is written."""
    number = github.file("Nothing works", TOLD, login="somebody")
    code = main(["triage-issue", str(number), *ASKED])

    assert code == ExitCode.PASS
    assert "redis_down" in capsys.readouterr().out
    assert github.writes() == []


def test_an_issue_is_told_once(github: GitHubDouble) -> None:
    """One comment, however often; nobody is called and nothing of its text is obeyed."""
    number = github.file("Nothing works", TOLD, login="somebody")
    for _ in range(2):
        main(["triage-issue", str(number), *ASKED, "--apply"])
    (comment,) = github.comments[number]

    assert "Redis" in comment["body"]
    assert "@everybody" not in comment["body"]
    assert "::error::" not in comment["body"]
    assert github.issues[number]["body"] == TOLD


def test_nothing_is_said_where_nobody_knows(github: GitHubDouble) -> None:
    """A wish is no failure."""
    number = github.file("Could the page be green?", "I like green.", login="somebody")
    code = main(["triage-issue", str(number), *ASKED, "--apply"])

    assert code == ExitCode.PASS
    assert github.writes() == []


def test_an_issue_that_is_not_there_ends_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    """It is named, and what to give instead."""
    code = main(["triage-issue", "7", *ASKED])

    assert code == ExitCode.USAGE
    assert f"{REPO} has no issue #7; give the number of one that is there" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-1", "seven", "\uff17"])
def test_what_is_no_number_ends_with_two(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The value and what is allowed."""
    code = main(["triage-issue", *ASKED, "--", number])

    assert code == ExitCode.USAGE
    assert "is no number of an issue; allowed: 1, 2, 3" in capsys.readouterr().err


def test_the_token_is_not_said_again(github: GitHubDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody pasted it into a log."""
    monkeypatch.setenv("SHOP_SECRET", "canary-0123456789")
    number = github.file("Nothing works", f"canary-0123456789 {TOLD}", login="somebody")
    main(["triage-issue", str(number), *ASKED, "--apply"])

    assert "canary-0123456789" not in json.dumps(github.comments[number])
