from collections.abc import Callable

import pytest

from ci_tools.errors import IssueTrackerError
from ci_tools.github.issues import GitHubIssues
from ci_tools.triage.operations import AdoptIssue, Comment
from tests.doubles.github.double import REPO
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import ACTIONS_BOT, Fault, Interruption

SAY = Comment(number=1, body="said NONCE", nonce="NONCE", reason="r")
ADOPT = AdoptIssue(number=1, body="kept MARK", marker="MARK", add_labels=("P1",), reason="r")
ISSUE = f"/repos/{REPO}/issues/1"


def said(github: GitHubDouble) -> list[str]:
    """What stands in the issue's comments."""
    return [comment["body"] for comment in github.comments[1]]


def test_comments_are_listed_only_where_there_are_any(github: GitHubDouble, issues: GitHubIssues) -> None:
    """The issue itself tells how many it has; what was said is looked for, for a run that races may say it as well."""
    github.file("ours")

    list(issues.apply([SAY]))

    assert github.asked == [f"GET {ISSUE}", f"POST {ISSUE}/comments", f"GET {ISSUE}/comments"]


def test_a_comment_that_a_racing_run_has_made_is_withdrawn(github: GitHubDouble, issues: GitHubIssues) -> None:
    """The first one stays."""
    github.file("ours")
    github.switches.interruption = Interruption(2, lambda: say_as_the_bot(github))

    list(issues.apply([SAY]))

    assert said(github) == [SAY.body]
    assert github.asked[-1].startswith(f"DELETE /repos/{REPO}/issues/comments/")


def say_as_the_bot(github: GitHubDouble) -> None:
    """What another run does."""
    github.repository.say(1, SAY.body, login="github-actions[bot]")


def test_a_nonce_that_somebody_quotes_is_not_ours(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Otherwise whoever quotes us could silence us."""
    github.file("ours")
    github.repository.say(1, SAY.body, login="octocat")

    list(issues.apply([SAY]))

    assert said(github) == [SAY.body, SAY.body]


def test_our_comment_is_found_on_the_last_page(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Behind a hundred of others."""
    github.file("ours")
    for _ in range(150):
        github.repository.say(1, "c", login="octocat")
    github.repository.say(1, SAY.body, login=ACTIONS_BOT)

    list(issues.apply([SAY]))

    assert github.asked == [f"GET {ISSUE}", f"GET {ISSUE}/comments", f"GET {ISSUE}/comments"]


def test_an_adopted_issue_gets_one_comment(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Its body, title and state stay as people have them; labels are added to theirs."""
    github.file("theirs", "words", login="octocat", labels=("bug",))

    list(issues.apply([ADOPT]))

    assert (said(github), github.issues[1]["body"], github.issues[1]["title"]) == (["kept MARK"], "words", "theirs")
    assert [label["name"] for label in github.issues[1]["labels"]] == ["bug", "P1"]


def test_an_adopted_issue_has_its_comment_kept_up_to_date(github: GitHubDouble, issues: GitHubIssues) -> None:
    """The comment is edited, and nobody is notified."""
    github.file("theirs", login="octocat", labels=("P1",))
    kept = github.repository.say(1, "older MARK", login=ACTIONS_BOT)

    list(issues.apply([ADOPT]))

    assert said(github) == ["kept MARK"]
    assert github.writes() == [f"PATCH /repos/{REPO}/issues/comments/{kept['id']}"]


def test_an_adopted_issue_that_says_it_already_is_not_written_to(github: GitHubDouble, issues: GitHubIssues) -> None:
    """The same again changes nothing."""
    github.file("theirs", login="octocat")
    list(issues.apply([ADOPT]))
    github.asked.clear()

    list(issues.apply([ADOPT]))

    assert github.writes() == []


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_kept_comment_whose_answer_was_lost_is_made_once(
    *, is_committed: bool, github: GitHubDouble, issues: GitHubIssues
) -> None:
    """It is looked for before it is made again."""
    github.file("theirs", login="octocat")
    github.switches.faults.append(Fault("POST", 502, is_committed=is_committed))

    list(issues.apply([ADOPT]))

    assert said(github) == ["kept MARK"]


def locked(github: GitHubDouble) -> None:
    """A person has locked it, and the token may not push."""
    github.issues[1]["locked"] = True
    github.switches.may_push = False


def full(github: GitHubDouble) -> None:
    """It has as many comments as GitHub takes."""
    github.issues[1]["comments"] = 2_500


def full_meanwhile(github: GitHubDouble) -> None:
    """The last comment came between look and write."""
    message = "Commenting is disabled on issues with more than 2500 comments"
    github.switches.faults.append(Fault("POST", 403, message))


def moved(github: GitHubDouble) -> None:
    """It was transferred."""
    github.repository.transfer(1, github.elsewhere)


def deleted(github: GitHubDouble) -> None:
    """It was deleted."""
    github.repository.delete(1)


@pytest.mark.parametrize(
    ("happened", "problem"),
    [
        (locked, "issue is locked.*unlock it"),
        (full, "#1 has 2500 comments.*close it"),
        (full_meanwhile, "more than 2500 comments.*close it"),
        (moved, r"#1 has moved to acme/elsewhere#1 .*filed here anew"),
        (deleted, "it was deleted"),
    ],
)
def test_what_one_issue_does_not_take_keeps_nothing_else_from_being_told(
    happened: Callable[[GitHubDouble], None], problem: str, github: GitHubDouble, issues: GitHubIssues
) -> None:
    """The others are told; at the end the error names the issue and the next step."""
    github.file("ours")
    github.file("other")
    other = Comment(number=2, body="said OTHER", nonce="OTHER", reason="r")
    happened(github)
    done = []

    with pytest.raises(IssueTrackerError, match=f"not done for 1 of the operations: .*{problem}"):
        done.extend(number for _, number in issues.apply([SAY, other]))
    assert len(github.comments[2]) == 1
    assert github.elsewhere.comments.get(1, []) == []


def test_a_locked_issue_is_told_by_a_token_that_may_push(github: GitHubDouble, issues: GitHubIssues) -> None:
    """As GitHub has it."""
    github.file("ours")
    github.issues[1]["locked"] = True

    list(issues.apply([SAY]))

    assert said(github) == [SAY.body]


@pytest.mark.parametrize("operation", [SAY, ADOPT])
def test_a_comment_that_is_too_long_is_not_sent(
    operation: Comment | AdoptIssue, github: GitHubDouble, issues: GitHubIssues
) -> None:
    """GitHub would refuse it with a 422."""
    github.file("ours")
    too_long = type(operation)(
        **{**{name: getattr(operation, name) for name in operation.__slots__}, "body": "x" * 60_001}
    )

    with pytest.raises(IssueTrackerError, match="the comment in #1 would be 60001 bytes long, at most 60000"):
        list(issues.apply([too_long]))
    assert github.writes() == []
