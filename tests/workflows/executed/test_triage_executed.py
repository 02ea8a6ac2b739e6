"""The workflow that reads issues which people open, on this machine: against a double of GitHub's issues."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.workflows.local_runner import Ran, committed, run

LOG = """\
it worked yesterday, and today every page is an error:

    redis.exceptions.ConnectionError: Error 111 connecting to redis:6379. Connection refused.

@acme/everyone fixes #1 <img src=x>
"""
TELL = "tell the issue"
Happened = Callable[..., Ran]


@pytest.fixture
def happened(github: GitHubDouble, copied: Callable[[str], Path], tmp_path: Path) -> Happened:
    """Tells the workflow what somebody did with an issue."""
    committed(copied(REPO), origin=REPO)

    def tell(action: str, number: int) -> Ran:
        event = {"action": action, "issue": {"number": number}}
        return run(
            tmp_path,
            REPO,
            "issues",
            event,
            environ={"GITHUB_API_URL": github.url},
            secrets={"GITHUB_TOKEN": TOKEN},
            workflow="triage.yml",
        )

    return tell


def test_an_issue_with_a_log_is_answered_once(happened: Happened, github: GitHubDouble) -> None:
    """What its words speak for, when it is opened; when it is edited, all is said already."""
    number = github.file("the shop is broken", LOG, login="somebody")

    ran = [happened("opened", number), happened("edited", number)]

    (comment,) = github.comments[number]
    assert [one.results(TELL) for one in ran] == [["success"], ["success"]]
    assert "Redis is not running, or refuses every connection" in comment["body"]
    assert [word for word in ("@acme", "fixes #1", "<img") if word in comment["body"]] == []
    assert github.issues[number]["body"] == LOG


def test_an_issue_that_says_nothing_known_is_left_alone(happened: Happened, github: GitHubDouble) -> None:
    """Neither a comment nor a label: who knows nothing says nothing."""
    number = github.file("please make the buttons green", "they are red", login="somebody")

    ran = happened("opened", number)

    assert (ran.failed, ran.results(TELL)) == ([], ["success"])
    assert github.writes() == []
