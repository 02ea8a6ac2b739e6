from collections.abc import Callable, Iterator

import pytest

from ci_tools.errors import IssueTrackerError, UsageError
from ci_tools.github.issues import GitHubIssues
from ci_tools.github.requests import Patience
from ci_tools.triage.operations import CreateIssue
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import Fault

LABEL = ("e2e-campaign",)
LISTED, SEARCHED = f"GET /repos/{REPO}/issues", "GET /search/issues"


def numbers(issues: GitHubIssues) -> list[int]:
    """What is read."""
    return [issue.number for issue in issues.read()]


def test_pages_hold_a_hundred(github: GitHubDouble, issues: GitHubIssues) -> None:
    """The most that GitHub gives, in the order of filing, so that nothing moves between pages."""
    github.file("ours", labels=LABEL)

    issues.read()

    assert (github.queries[0]["per_page"], github.queries[0]["direction"]) == ("100", "asc")


def test_an_empty_list_is_held_against_a_search(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Where both find nothing there is nothing: two reads, once in the life of a repository."""
    assert numbers(issues) == []
    assert github.asked == [LISTED, SEARCHED]


def test_an_empty_list_that_a_search_contradicts_is_read_again(
    github: GitHubDouble, issues: GitHubIssues, waits: list[float]
) -> None:
    """An empty list has been seen where there were issues."""
    github.file("ours", labels=LABEL)
    github.switches.empty_lists = 2

    assert numbers(issues) == [1]
    assert waits == [1.0, 2.0]


def test_an_empty_list_that_stays_wrong_is_deferred(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Nothing is filed on it; the next step is named."""
    github.file("ours", labels=LABEL)
    github.switches.empty_lists = 99

    with pytest.raises(IssueTrackerError, match=r"but a search finds some.*nothing is filed.*again later"):
        issues.read()
    assert github.writes() == []


def test_a_pull_request_with_our_label_does_not_make_an_empty_list(github: GitHubDouble, issues: GitHubIssues) -> None:
    """The list is not empty, although no issue is in it."""
    github.file("pull", labels=LABEL, is_pull=True)

    assert numbers(issues) == []
    assert github.asked == [LISTED]


def test_a_list_that_lags_behind_what_is_known_is_read_again(
    github: GitHubDouble, issues: GitHubIssues, waits: list[float]
) -> None:
    """A number that was read once must be there."""
    github.file("ours", labels=LABEL)
    github.file("newer", labels=LABEL)
    issues.read()
    github.switches.hidden_from_lists.add(2)
    waits_before = list(waits)

    with pytest.raises(IssueTrackerError, match="#2 is one of them"):
        issues.read()
    assert (waits_before, waits) == ([], [1.0, 2.0, 4.0])


def test_a_second_reading_knows_the_first(github: GitHubDouble, issues: GitHubIssues) -> None:
    """What was listed once does not vanish."""
    github.file("ours", labels=LABEL)
    issues.read()
    github.switches.empty_lists = 1

    assert numbers(issues) == [1]


def unlabelled(github: GitHubDouble) -> None:
    """A person has taken our label away."""
    github.repository.edit(1, {"labels": []}, login="octocat")


def deleted(github: GitHubDouble) -> None:
    """An administrator has deleted the issue."""
    github.repository.delete(1)


def moved(github: GitHubDouble) -> None:
    """A person has transferred the issue."""
    github.repository.transfer(1, github.elsewhere)


@pytest.mark.parametrize("taken_away", [unlabelled, deleted, moved])
def test_what_was_taken_away_contradicts_nothing(
    taken_away: Callable[[GitHubDouble], None], github: GitHubDouble, issues: GitHubIssues
) -> None:
    """A known number that is rightly in no list is no reason to wait."""
    github.file("ours", labels=LABEL)
    github.file("newer", labels=LABEL)
    issues.read()
    taken_away(github)

    assert numbers(issues) == [2]


def test_a_renamed_repository_is_named(github: GitHubDouble, connected: Callable[..., GitHubIssues]) -> None:
    """PyGithub follows, and drops the query on the way: what it then reads is another list."""
    github.file("ours", labels=LABEL)
    github.switches.former_name = "acme/kiosk"

    with pytest.raises(UsageError, match=f"'acme/kiosk' is '{REPO}' now; give --repo {REPO}"):
        connected("acme/kiosk").read()


def test_capitals_make_no_other_repository(github: GitHubDouble, connected: Callable[..., GitHubIssues]) -> None:
    """GitHub does not tell them apart."""
    github.file("ours", labels=LABEL)

    assert numbers(connected("ACME/Shop")) == [1]


@pytest.fixture
def hurried(github: GitHubDouble, waits: list[float]) -> Iterator[GitHubIssues]:
    """A connection that waits a second for each answer."""
    patience = Patience(between_writes_s=0, timeout_s=1, sleep=waits.append)
    with GitHubIssues(REPO, TOKEN, base_url=github.url, patience=patience) as issues:
        yield issues


def test_a_slow_page_is_asked_for_again(github: GitHubDouble, hurried: GitHubIssues, waits: list[float]) -> None:
    """Reading does no harm twice."""
    github.file("ours", labels=LABEL)
    github.switches.faults.append(Fault("GET", None, delay_s=20))

    assert numbers(hurried) == [1]
    assert (waits, hurried.calls) == ([1.0], {"GET": 2})


def test_issues_of_people_are_read_by_number(github: GitHubDouble, issues: GitHubIssues) -> None:
    """With the comment that the bot keeps there; what is gone, has moved or is no issue is left out."""
    github.file("theirs", login="octocat")
    github.repository.say(1, "MARK quoted", login="octocat")
    github.repository.say(1, "MARK kept", login="github-actions[bot]")
    github.file("moved", login="octocat")
    github.repository.transfer(2, github.elsewhere)
    github.file("a pull request", login="octocat", is_pull=True)

    read = issues.read(adopted=(1, 2, 3, 4), marker="MARK")

    assert [(issue.number, issue.comment) for issue in read] == [(1, "MARK kept")]


def test_an_issue_that_may_hold_our_comment_is_looked_at_where_it_is_listed(
    github: GitHubDouble, issues: GitHubIssues
) -> None:
    """One without our label is not asked for by its number."""
    github.file("theirs, told in", login="octocat", labels=LABEL)
    github.repository.say(1, "MARK kept", login="github-actions[bot]")
    github.file("theirs, known for another cause", login="octocat")

    read = issues.read(told_in=(1, 2), marker="MARK")

    assert [(issue.number, issue.comment) for issue in read] == [(1, "MARK kept")]


def test_a_duplicate_is_followed_to_where_people_point(github: GitHubDouble, issues: GitHubIssues) -> None:
    """The last mark counts; GitHub itself does not tell."""
    github.file("ours", labels=LABEL)
    github.repository.say(1, "Duplicate of #5", login="octocat")
    github.repository.say(1, "no, duplicate of #6", login="octocat")
    github.repository.edit(1, {"state": "closed", "state_reason": "duplicate"}, login="octocat")

    (issue,) = issues.read()

    assert issue.duplicate_of == 6


@pytest.mark.parametrize(("body", "asked"), [('{"duplicate_of":6}', 1), ("Duplicate of #6", 1), ("", 1)])
def test_a_duplicate_that_is_told_of_already_costs_nothing(
    body: str, asked: int, github: GitHubDouble, issues: GitHubIssues
) -> None:
    """Neither where the body says so, nor where nobody has commented."""
    github.file("ours", body, labels=LABEL)
    github.repository.edit(1, {"state": "closed", "state_reason": "duplicate"}, login="octocat")

    issues.read()

    assert len(github.asked) == asked


def test_a_search_that_lags_as_well_shows_nothing(
    github: GitHubDouble, issues: GitHubIssues, connected: Callable[..., GitHubIssues]
) -> None:
    """Where both lag behind, only who knows the number notices that something is missing."""
    github.switches.list_lag = github.switches.search_lag = 2
    created = CreateIssue(title="t", body="b", labels=LABEL, nonce="n", reason="r")
    list(issues.apply([created]))

    assert numbers(connected()) == []
    assert numbers(issues) == [1]


def test_what_was_filed_in_this_run_is_known(github: GitHubDouble, issues: GitHubIssues, waits: list[float]) -> None:
    """A list that does not show it yet is read again."""
    github.switches.list_lag = 2
    created = CreateIssue(title="t", body="b", labels=LABEL, nonce="n", reason="r")
    list(issues.apply([created]))

    assert numbers(issues) == [1]
    assert waits == [1.0, 2.0]
