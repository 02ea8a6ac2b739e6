from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ci_tools.errors import CredentialsMissingError, IssueTrackerError, UsageError
from ci_tools.github.issues import GitHubIssues
from ci_tools.triage.decide import decide
from ci_tools.triage.operations import CloseIssue, Comment, CreateIssue, Issue, ReopenIssue, UpdateIssue
from ci_tools.triage.state import BEGIN, END
from ci_tools.verdict.judgement import Judgement
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import Fault
from tests.unit.triage.scenarios import AROUND, failing, kinds, passing

CREATE = CreateIssue(title="t", body="b <!-- n1 -->", labels=("e2e-campaign", "P1"), nonce="<!-- n1 -->", reason="r")
COMMENT = Comment(number=1, body="c <!-- n2 -->", nonce="<!-- n2 -->", reason="r")
LOST = (
    Fault("POST", 502, is_committed=True),
    Fault("POST", 500, is_committed=True),
    Fault("POST", 0, is_committed=True),
)
OURS = f"{BEGIN}\nb\n{END}"
LISTED = f"GET /repos/{REPO}/issues"
CREATED = f"POST /repos/{REPO}/issues"


def triaged(issues: GitHubIssues, seen: Judgement) -> list[str]:
    """What was done because of *seen*."""
    return kinds(operation for operation, _ in issues.apply(decide(issues.read(), seen, AROUND)))


def test_issues_are_read_in_one_request(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Open and closed issues with our label, whoever filed them, and nothing else."""
    github.file("other")
    github.file("ours", "text", labels=("e2e-campaign", "P1"))

    assert issues.read() == (
        Issue(
            number=2,
            title="ours",
            body="text",
            author="github-actions[bot]",
            labels=("e2e-campaign", "P1"),
            is_open=True,
        ),
    )
    assert github.asked == [LISTED]


def test_closed_issues_are_read_with_why_and_when(github: GitHubDouble, issues: GitHubIssues) -> None:
    """How an issue was closed decides whether it is opened again."""
    github.file("ours", labels=("e2e-campaign",))
    github.issues[1] |= {"state": "closed", "state_reason": "not_planned", "closed_at": "2026-03-02T10:15:00Z"}

    (issue,) = issues.read()

    assert (issue.is_open, issue.closed_as) == (False, "not_planned")
    assert issue.closed_at == datetime(2026, 3, 2, 10, 15, tzinfo=UTC)


def test_an_issue_of_a_gone_account_has_no_author(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Absent fields are no surprise; a close without reason is one as completed."""
    github.file("ours", labels=("e2e-campaign",))
    github.issues[1] |= {"user": None, "body": None, "state": "closed"}

    (issue,) = issues.read()

    assert (issue.author, issue.body, issue.closed_as) == ("", "", "completed")


def test_pull_requests_are_no_issues(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Lists of issues hold pull requests, which are left out."""
    github.file("pull", labels=("e2e-campaign",))
    github.issues[1]["pull_request"] = {"url": None, "html_url": None, "diff_url": None, "patch_url": None}

    assert issues.read() == ()


def test_every_page_is_read(github: GitHubDouble, issues: GitHubIssues) -> None:
    """A hundred issues a page, until a page is not full."""
    numbers = [github.file("ours", labels=("e2e-campaign",)) for _ in range(205)]

    assert len(issues.read()) == len(numbers)
    assert github.asked == [LISTED] * 3


def test_an_issue_is_created(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Title, body and labels in one request."""
    assert list(issues.apply([CREATE])) == [(CREATE, 1)]
    assert github.issues[1]["title"] == "t"
    assert [label["name"] for label in github.issues[1]["labels"]] == ["e2e-campaign", "P1"]
    assert github.asked == [CREATED]


@pytest.mark.parametrize("fault", LOST, ids=["502", "500", "cut off"])
def test_an_issue_whose_answer_was_lost_is_not_filed_again(
    fault: Fault, github: GitHubDouble, issues: GitHubIssues
) -> None:
    """After an ambiguous failure the issue is found by its nonce."""
    github.switches.faults.append(fault)

    assert list(issues.apply([CREATE])) == [(CREATE, 1)]
    assert list(github.issues) == [1]
    assert github.writes() == [CREATED]


def test_an_issue_that_lists_do_not_show_yet_is_found_by_number(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Lists lag behind; reading by number does not."""
    github.file("older")
    github.switches.hidden_from_lists.add(2)
    github.switches.faults.append(LOST[0])

    assert list(issues.apply([CREATE])) == [(CREATE, 2)]
    assert list(github.issues) == [1, 2]


def test_an_issue_that_was_not_filed_is_filed_after_a_look(
    github: GitHubDouble, issues: GitHubIssues, waits: list[float]
) -> None:
    """A failure that nothing came of is repeated, once it is known that nothing came of it."""
    github.switches.faults.append(Fault("POST", 502))

    assert list(issues.apply([CREATE])) == [(CREATE, 1)]
    assert github.asked == [CREATED, LISTED, f"{LISTED}/1", CREATED, LISTED, f"{LISTED}/2"]
    assert waits == [1.0]


def test_a_look_by_number_ends(github: GitHubDouble, issues: GitHubIssues) -> None:
    """A busy repository whose lists lag behind is not searched through without end."""
    github.switches.hidden_from_lists.update(github.file("busy") for _ in range(15))
    github.switches.faults.append(Fault("POST", 502))

    assert list(issues.apply([CREATE])) == [(CREATE, 16)]
    assert github.asked[: github.asked.index(f"{LISTED}/10") + 2][-2:] == [f"{LISTED}/10", CREATED]


def test_a_nonce_in_the_words_of_others_is_not_ours(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Only an issue of the bot is taken for the one that was lost."""
    github.file("copy", CREATE.body, login="octocat")
    github.file("by number", CREATE.body, login="octocat")
    github.switches.hidden_from_lists.add(2)
    github.switches.faults.append(Fault("POST", 502))

    assert list(issues.apply([CREATE])) == [(CREATE, 3)]


def test_the_lowest_of_two_issues_with_the_nonce_wins(github: GitHubDouble, issues: GitHubIssues) -> None:
    """What another run has filed meanwhile is as good."""
    github.file("earlier", CREATE.body, labels=CREATE.labels)
    github.switches.faults.append(LOST[0])

    assert list(issues.apply([CREATE])) == [(CREATE, 1)]


def test_a_list_that_contradicts_what_was_seen_is_read_again(
    github: GitHubDouble, issues: GitHubIssues, waits: list[float]
) -> None:
    """An empty list where there were issues is no evidence that nothing was filed."""
    github.file("ours", labels=("e2e-campaign",))
    issues.read()
    github.switches.faults.append(LOST[0])
    github.switches.empty_lists = 1

    assert list(issues.apply([CREATE])) == [(CREATE, 2)]
    assert list(github.issues) == [1, 2]
    assert waits == [1.0, 1.0]


def test_nothing_is_filed_while_lists_stay_wrong(github: GitHubDouble, issues: GitHubIssues) -> None:
    """If it cannot be told whether the issue exists, it is not filed a second time."""
    github.file("ours", labels=("e2e-campaign",))
    issues.read()
    github.switches.faults.append(Fault("POST", 502))
    github.switches.empty_lists = 99

    with pytest.raises(IssueTrackerError, match="lists no issue as new as #1"):
        list(issues.apply([CREATE]))
    assert github.writes() == [CREATED]


def test_an_issue_that_can_never_be_filed_is_given_up(github: GitHubDouble, issues: GitHubIssues) -> None:
    """A server that keeps failing ends in an error that says so."""
    github.switches.faults.extend([Fault("POST", 502)] * 9)

    with pytest.raises(IssueTrackerError, match="502 'Server Error'; it was not carried out in 4 attempts"):
        list(issues.apply([CREATE]))
    assert github.issues == {}


def test_a_comment_is_made_once(github: GitHubDouble, issues: GitHubIssues) -> None:
    """A comment that stands there already is not made again."""
    github.file("ours")

    list(issues.apply([COMMENT, COMMENT]))

    assert [comment["body"] for comment in github.comments[1]] == [COMMENT.body]


@pytest.mark.parametrize("fault", [*LOST, Fault("POST", 502)], ids=["502", "500", "cut off", "not made"])
def test_a_comment_whose_answer_was_lost_is_made_once(fault: Fault, github: GitHubDouble, issues: GitHubIssues) -> None:
    """After an ambiguous failure the comments are looked through."""
    github.file("ours")
    github.switches.faults.append(fault)

    list(issues.apply([COMMENT]))

    assert [comment["body"] for comment in github.comments[1]] == [COMMENT.body]


def test_an_update_is_one_request(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Body and labels are changed together, and nothing else is."""
    github.file("ours", labels=("P2",))

    list(issues.apply([UpdateIssue(number=1, body=OURS, labels=("P1",), reason="r")]))

    assert github.asked == [f"{LISTED}/1", f"PATCH /repos/{REPO}/issues/1"]
    assert (github.issues[1]["body"], github.issues[1]["title"]) == (f"\n\n{OURS}", "ours")
    assert [label["name"] for label in github.issues[1]["labels"]] == ["P1"]


def test_an_update_leaves_labels_alone(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Without labels of its own an update does not touch those of the issue."""
    github.file("ours", labels=("P2", "mine"))

    list(issues.apply([UpdateIssue(number=1, body=OURS, labels=None, reason="r")]))

    assert [label["name"] for label in github.issues[1]["labels"]] == ["P2", "mine"]


@pytest.mark.parametrize("as_", ["completed", "duplicate"])
def test_a_close_says_why(as_: str, github: GitHubDouble, issues: GitHubIssues) -> None:
    """State, reason and body in one request."""
    github.file("ours")

    list(issues.apply([CloseIssue(number=1, body=OURS, closed_as=as_, reason="r")]))  # type: ignore[arg-type]

    assert github.writes() == [f"PATCH /repos/{REPO}/issues/1"]
    assert (github.issues[1]["state"], github.issues[1]["state_reason"]) == ("closed", as_)


def test_a_duplicate_is_merged_into_the_issue_that_stays(github: GitHubDouble, issues: GitHubIssues) -> None:
    """GitHub itself shows of which issue it is a duplicate."""
    numbers = [github.file("ours", labels=("e2e-campaign",)) for _ in range(2)]
    issues.read()

    list(issues.apply([CloseIssue(number=2, body=OURS, closed_as="duplicate", duplicate_of=1, reason="r")]))

    assert numbers == [1, 2]
    assert [event["event"] for event in github.repository.timelines[2]] == ["labeled", "closed", "marked_as_duplicate"]


def test_a_closed_issue_is_opened_again(github: GitHubDouble, issues: GitHubIssues) -> None:
    """State, labels and body in one request."""
    github.file("ours")
    github.issues[1] |= {"state": "closed", "closed_at": "2026-03-02T10:15:00Z"}

    list(issues.apply([ReopenIssue(number=1, body=OURS, labels=("P0",), reason="r")]))

    assert github.writes() == [f"PATCH /repos/{REPO}/issues/1"]
    assert (github.issues[1]["state"], github.issues[1]["body"]) == ("open", f"\n\n{OURS}")


def test_a_failure_goes_through_its_life(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Filed, counted, closed and opened again: one issue, and each campaign twice changes nothing the second time."""
    campaigns = (failing(1), failing(1), failing(2), failing(2), passing(3), passing(3), failing(4), failing(4))

    assert [triaged(issues, seen) for seen in campaigns] == [
        ["CreateIssue"],
        [],
        ["UpdateIssue"],
        [],
        ["Comment", "CloseIssue"],
        [],
        ["Comment", "ReopenIssue"],
        [],
    ]
    assert list(github.issues) == [1]
    assert [comment["body"].split(":")[0] for comment in github.comments[1]] == ["Recovered", "Regressed"]


def test_a_steady_failure_costs_a_list_a_look_and_a_write(github: GitHubDouble, issues: GitHubIssues) -> None:
    """What goes on is cheap, and nobody is notified; the look is for what people wrote meanwhile."""
    triaged(issues, failing(1))
    github.asked.clear()

    triaged(issues, failing(2))

    assert github.asked == [LISTED, f"{LISTED}/1", f"PATCH /repos/{REPO}/issues/1"]


def test_what_nobody_has_touched_is_looked_at_for_nothing(github: GitHubDouble, issues: GitHubIssues) -> None:
    """GitHub says that nothing has changed since it was listed, and does not count that."""
    triaged(issues, failing(1))
    left = github.switches.remaining

    triaged(issues, failing(2))

    assert github.unchanged == 1
    assert github.switches.remaining == left - 2


def test_a_run_that_tells_nothing_costs_one_read(connected: Callable[..., GitHubIssues]) -> None:
    """The same campaign once more writes nothing, and the calls are counted by verb."""
    triaged(connected(), failing(1))
    again = connected()

    triaged(again, failing(1))

    assert again.calls == {"GET": 1}


def test_a_run_that_stopped_after_its_comment_says_nothing_twice(github: GitHubDouble, issues: GitHubIssues) -> None:
    """The comment precedes the change, and is recognised when everything is decided again."""
    triaged(issues, failing(1))
    comment, _ = decide(issues.read(), passing(2), AROUND)
    list(issues.apply([comment]))

    triaged(issues, passing(2))

    assert len(github.comments[1]) == 1
    assert github.issues[1]["state"] == "closed"


def test_issues_of_another_user_than_the_bot_are_noticed(
    github: GitHubDouble, connected: Callable[..., GitHubIssues]
) -> None:
    """A token of somebody else would file the same again and again; the remedy is named."""
    github.switches.login = "octocat"

    with pytest.raises(UsageError, match="give --bot octocat"):
        list(connected().apply([CREATE]))
    assert list(connected(bot="octocat").apply([replace(CREATE, nonce="n")])) == [(replace(CREATE, nonce="n"), 2)]


@pytest.mark.parametrize("repo", ["shop", "acme/", "a/b/c", "../../users", "acme/shop?x", ""])
def test_a_repository_is_owner_and_name(repo: str, connected: Callable[..., GitHubIssues]) -> None:
    """What is no OWNER/NAME reaches no URL."""
    with pytest.raises(UsageError, match="as OWNER/NAME"):
        connected(repo)


@pytest.mark.parametrize("environ", [{}, {"GITHUB_TOKEN": " \n"}])
def test_without_a_token_nothing_is_asked(environ: dict[str, str]) -> None:
    """The variable that is missing is named."""
    with pytest.raises(CredentialsMissingError, match="GITHUB_TOKEN is not set"):
        GitHubIssues.from_environ(REPO, environ)


def test_server_and_token_come_from_the_environment(github: GitHubDouble) -> None:
    """As a workflow has them; a newline at the end of a secret does no harm."""
    environ = {"GITHUB_TOKEN": f"{TOKEN}\n", "GITHUB_API_URL": github.url}

    with GitHubIssues.from_environ(REPO, environ) as issues:
        assert issues.read() == ()


@pytest.mark.parametrize("url", ["github", "ftp://api.test", "https://", "https://me:hunter2@api.test"])
def test_what_is_no_server_is_named(url: str) -> None:
    """It is a mistake in the environment, and the variable is named."""
    with pytest.raises(UsageError, match="is no API of GitHub; give GITHUB_API_URL as https://HOST/PATH") as refused:
        GitHubIssues.from_environ(REPO, {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": url})

    assert "hunter2" not in str(refused.value)


def test_an_answer_of_another_kind_is_named(github: GitHubDouble, issues: GitHubIssues) -> None:
    """What is no list of issues is not taken for an empty one."""
    github.switches.faults.append(Fault("GET", 200))

    with pytest.raises(IssueTrackerError, match="something unexpected"):
        issues.read()


def test_more_issues_than_can_be_read_are_an_error(github: GitHubDouble, issues: GitHubIssues) -> None:
    """A list is never cut in silence: what stood beyond would be filed again."""
    github.file("ours", labels=("e2e-campaign",))
    github.issues.update({number: {**github.issues[1], "number": number} for number in range(2, 2_502)})

    with pytest.raises(IssueTrackerError, match="more than 2500 entries"):
        issues.read()
