from collections.abc import Callable
from dataclasses import replace

import pytest

from ci_tools.errors import ExitCode, IssueTrackerError, UsageError
from ci_tools.github.issues import GitHubIssues
from ci_tools.triage.operations import CreateIssue, UpdateIssue
from ci_tools.triage.state import BEGIN, END
from tests.doubles.github.double import REPO
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import Fault

CREATE = CreateIssue(title="t", body="b NONCE", labels=("e2e-campaign",), nonce="NONCE", reason="r")
UPDATE = UpdateIssue(number=1, body=f"{BEGIN}{END}", labels=("P1",), reason="r")
LISTED = f"GET /repos/{REPO}/issues"


@pytest.mark.parametrize("operation", [CREATE, UPDATE])
def test_labels_that_were_dropped_are_an_error(
    operation: CreateIssue | UpdateIssue, github: GitHubDouble, issues: GitHubIssues
) -> None:
    """Without its label an issue is filed again and again; the mistake is one of configuration."""
    github.switches.may_push = False
    if operation is UPDATE:
        github.file("ours")

    with pytest.raises(UsageError, match=r"GitHub dropped the labels .* of #1.*may push") as caught:
        list(issues.apply([operation]))
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_label_in_other_capitals_is_not_dropped(github: GitHubDouble, issues: GitHubIssues) -> None:
    """GitHub answers with the label as it stands in the repository."""
    github.file("ours", labels=("p1",))

    list(issues.apply([replace(UPDATE, labels=("p1",))]))

    assert [label["name"] for label in github.issues[1]["labels"]] == ["p1"]


def test_a_title_is_cut_to_what_github_takes(github: GitHubDouble, issues: GitHubIssues) -> None:
    """256 characters."""
    list(issues.apply([replace(CREATE, title="t" * 300)]))

    assert len(github.issues[1]["title"]) == 256


@pytest.mark.parametrize("body", ["x" * 60_001, "ä" * 30_001])
def test_a_body_that_is_too_long_is_not_sent(body: str, github: GitHubDouble, issues: GitHubIssues) -> None:
    """Characters and bytes count; another issue is filed all the same."""
    with pytest.raises(IssueTrackerError, match="the body of 't' would be 6000"):
        list(issues.apply([replace(CREATE, body=body), CREATE]))
    assert [issue["body"] for issue in github.issues.values()] == [CREATE.body]


def test_a_body_of_the_greatest_length_is_sent(github: GitHubDouble, issues: GitHubIssues) -> None:
    """60,000 bytes."""
    list(issues.apply([replace(CREATE, body="ä" * 30_000)]))

    assert len(github.issues[1]["body"]) == 30_000


def test_a_look_goes_on_behind_deleted_and_moved_issues(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Their numbers were given, so that later ones may be ours."""
    for _ in range(3):
        github.file("busy")
    github.repository.delete(2)
    github.repository.transfer(3, github.elsewhere)
    github.switches.hidden_from_lists.add(4)
    github.switches.faults.append(Fault("POST", 502, is_committed=True))

    assert list(issues.apply([CREATE])) == [(CREATE, 4)]
    assert github.asked[1:7] == [LISTED, *(f"{LISTED}/{number}" for number in (2, 3)), *followed(4, 5)]


def followed(*numbers: int) -> list[str]:
    """What is asked behind the issue that has moved."""
    return ["GET /repositories/2/issues/1", *(f"{LISTED}/{number}" for number in numbers)]


def test_an_issue_that_no_look_shows_is_filed_twice_and_both_are_read(
    github: GitHubDouble, issues: GitHubIssues
) -> None:
    """Where neither list nor number shows it there are two, and the next run sees both and merges them."""
    github.switches.faults.append(Fault("POST", 502, is_committed=True))
    github.switches.hidden_from_lists.add(1)
    github.switches.fault_at[f"{LISTED}/1"] = Fault("GET", 404, "Not Found")

    assert list(issues.apply([CREATE])) == [(CREATE, 2)]
    github.switches.hidden_from_lists.clear()
    assert [issue.number for issue in issues.read()] == [1, 2]


def test_a_look_that_shows_both_takes_the_lowest(github: GitHubDouble, issues: GitHubIssues) -> None:
    """After a second POST it is looked once more."""
    github.file("older")
    github.switches.faults.append(Fault("POST", 502, is_committed=True))
    github.switches.list_lag = 1
    github.switches.fault_at[f"{LISTED}/2"] = Fault("GET", 404, "Not Found")

    assert list(issues.apply([CREATE])) == [(CREATE, 2)]
    assert [issue["body"] for issue in github.issues.values()] == ["", CREATE.body, CREATE.body]


def test_issues_of_a_run_are_filed_in_a_busy_repository(github: GitHubDouble, issues: GitHubIssues) -> None:
    """A lagging list, an answer lost: still one issue each."""
    github.file("busy", login="octocat")
    github.switches.list_lag = 3
    github.switches.faults.extend([Fault("POST", 502, is_committed=True), Fault("POST", 503)])
    other = replace(CREATE, title="u", body="b OTHER", nonce="OTHER")

    assert [number for _, number in issues.apply([CREATE, other])] == [2, 3]
    assert list(github.issues) == [1, 2, 3]


def test_a_renamed_repository_files_nothing(github: GitHubDouble, connected: Callable[..., GitHubIssues]) -> None:
    """A POST is not followed to where the repository is now."""
    github.switches.former_name = "acme/kiosk"

    with pytest.raises(IssueTrackerError, match="something unexpected"):
        list(connected("acme/kiosk").apply([CREATE]))
    assert github.issues == {}
