"""Whose token it is: what somebody else than the bot writes would be written again with every run."""

from collections.abc import Callable, Iterator

import pytest

from ci_tools.errors import ExitCode, UsageError
from ci_tools.github.issues import GitHubIssues
from ci_tools.github.requests import Patience
from ci_tools.triage.operations import AdoptIssue, Comment, CreateIssue, UpdateIssue
from ci_tools.triage.state import BEGIN, END
from tests.doubles.github.double import REPO
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import Fault
from tests.unit.triage.histories import campaign, planned
from tests.unit.triage.looks import STORE_IS_DEAD

OF_A_USER = "ghp_0123456789abcdef0123"
CREATE = CreateIssue(title="t", body="b NONCE", labels=(), nonce="NONCE", reason="r")
COMMENT = Comment(number=1, body="c NONCE", nonce="NONCE", reason="r")
ADOPT = AdoptIssue(number=1, body="c MARK", marker="MARK", add_labels=(), reason="r")
UPDATE = UpdateIssue(number=1, body=f"{BEGIN}\nb\n{END}", labels=None, reason="r")


@pytest.fixture
def users(patience: Patience) -> Iterator[tuple[GitHubDouble, Callable[..., GitHubIssues]]]:
    """A repository with an issue, spoken to with the token of octocat."""
    with GitHubDouble(token=OF_A_USER) as double:
        double.file("theirs", login="hubot")
        double.switches.login = "octocat"
        yield double, lambda **more: GitHubIssues(REPO, OF_A_USER, base_url=double.url, patience=patience, **more)
    assert double.violations == []


Users = tuple[GitHubDouble, Callable[..., GitHubIssues]]


@pytest.mark.parametrize("operation", [CREATE, COMMENT, ADOPT])
def test_a_token_of_another_user_writes_nothing_new(
    operation: CreateIssue | Comment | AdoptIssue, users: Users
) -> None:
    """Neither the first run nor the next ones; whose it is, and what to give, is said."""
    github, connect = users

    with pytest.raises(
        UsageError, match=r"nothing is written: the token is of 'octocat'.*give --bot octocat"
    ) as caught:
        list(connect().apply([operation]))
    assert caught.value.exit_code is ExitCode.USAGE
    assert github.writes() == []


def test_a_user_who_is_named_writes(users: Users) -> None:
    """Whose token it is, is asked once a run."""
    github, connect = users
    second = CreateIssue(title="u", body="b OTHER", labels=(), nonce="OTHER", reason="r")

    list(connect(bot="octocat").apply([CREATE, second, COMMENT]))

    assert github.asked.count("GET /user") == 1
    assert len(github.writes()) == 3


def test_what_recognises_itself_by_the_issue_needs_no_name(users: Users) -> None:
    """A person with the permission to push may keep the bot's issues up to date."""
    github, connect = users

    list(connect().apply([UPDATE]))

    assert "GET /user" not in github.asked
    assert len(github.writes()) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_who_cannot_be_asked_is_told_by_what_is_filed(status: int, users: Users) -> None:
    """A server that does not know the question, a token that is no user's."""
    github, connect = users
    github.switches.fault_at["GET /user"] = Fault("GET", status, "no")

    with pytest.raises(UsageError, match=r"#2 was filed, and stays open, by 'octocat'.*give --bot octocat"):
        list(connect().apply([CREATE]))


def test_the_token_of_a_job_is_not_asked(github: GitHubDouble, issues: GitHubIssues) -> None:
    """GitHub would refuse to tell whose it is."""
    list(issues.apply([CREATE]))

    assert github.asked == [f"POST /repos/{REPO}/issues"]


def test_another_app_files_one_issue_and_no_second(
    github: GitHubDouble, connected: Callable[..., GitHubIssues]
) -> None:
    """What it filed first is noticed by the next run, which names whom to give."""
    github.switches.login = "acme-ci[bot]"
    runs = [connected() for _ in range(3)]
    said = []
    for number, run in enumerate(runs, 1):
        with pytest.raises(UsageError) as caught:
            list(run.apply(planned(run.read(), campaign(number, STORE_IS_DEAD))))
        said.append(str(caught.value))

    assert list(github.issues) == [1]
    assert said[0].startswith("#1 was filed, and stays open, by 'acme-ci[bot]'")
    assert [words.partition(":")[0] for words in said[1:]] == ["nothing is filed"] * 2
    assert "give --bot acme-ci[bot]" in said[1]


def test_a_comment_of_another_app_is_withdrawn(github: GitHubDouble, issues: GitHubIssues) -> None:
    """It would be made again with every run."""
    github.file("theirs", login="octocat")
    github.switches.login = "acme-ci[bot]"

    with pytest.raises(UsageError, match=r"a comment in #1 was withdrawn, for it was written by 'acme-ci\[bot\]'"):
        list(issues.apply([ADOPT]))
    assert github.comments[1] == []
