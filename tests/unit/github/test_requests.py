from collections.abc import Callable
from dataclasses import replace

import pytest

from ci_tools.errors import ExitCode, IssueTrackerError, UsageError
from ci_tools.github.issues import GitHubIssues
from ci_tools.github.requests import Patience
from ci_tools.triage.operations import CreateIssue, UpdateIssue
from ci_tools.triage.state import BEGIN, END
from tests.doubles.clock import Clock
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import SECONDARY, Fault

CREATE = CreateIssue(title="t", body="b n1", labels=(), nonce="n1", reason="r")
OURS = f"{BEGIN}\nb\n{END}"
UPDATE = UpdateIssue(number=1, body=OURS, labels=None, reason="r")
PRIMARY = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1030"}


@pytest.mark.parametrize(
    ("fault", "waited_s"),
    [
        (Fault("POST", 403, SECONDARY, {"Retry-After": "7"}), 7.0),
        (Fault("POST", 403, SECONDARY), 60.0),
        (Fault("POST", 403, "You have triggered an abuse detection mechanism."), 60.0),
        (Fault("POST", 403, "later", {"Retry-After": "3"}), 3.0),
        (Fault("POST", 429, "Too Many Requests"), 60.0),
        (Fault("POST", 429, "Too Many Requests", {"Retry-After": "5"}), 5.0),
        (Fault("POST", 429, "Too Many Requests", {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), 60.0),
        (Fault("POST", 403, "API rate limit exceeded", PRIMARY), 30.0),
        (Fault("POST", 403, "no more", PRIMARY), 30.0),
        (Fault("POST", 403, "no more", PRIMARY | {"x-ratelimit-reset": "900"}), 1.0),
        (Fault("POST", 403, "no more", {"x-ratelimit-remaining": "0"}), 60.0),
        (Fault("POST", 403, "no more", PRIMARY | {"x-ratelimit-reset": "soon"}), 60.0),
        (Fault("POST", 403, SECONDARY, PRIMARY | {"x-ratelimit-remaining": "none"}), 60.0),
        (Fault("POST", 403, "no more", PRIMARY | {"x-ratelimit-reset": "1030.5"}), 30.5),
    ],
)
def test_a_limit_is_waited_for(
    fault: Fault, waited_s: float, github: GitHubDouble, issues: GitHubIssues, waits: list[float]
) -> None:
    """With or without Retry-After, as 403 or 429: what was limited was not carried out and is sent again."""
    github.switches.faults.append(fault)

    assert list(issues.apply([CREATE])) == [(CREATE, 1)]
    assert waits == [waited_s]
    assert len(github.writes()) == 2


@pytest.mark.parametrize("name", ["limit", "remaining", "reset"])
def test_a_garbled_limit_in_an_answer_is_read_past(name: str, github: GitHubDouble, issues: GitHubIssues) -> None:
    """The write is carried out, and counts; a proxy's header is no reason to fail, or to send it again."""
    github.switches.faults.append(Fault("POST", None, headers={f"x-ratelimit-{name}": "soon"}))

    assert list(issues.apply([CREATE])) == [(CREATE, 1)]
    assert len(github.writes()) == 1


@pytest.mark.parametrize("asked_s", ["181", "3600"])
def test_a_wait_beyond_patience_is_an_error(
    asked_s: str, github: GitHubDouble, issues: GitHubIssues, waits: list[float]
) -> None:
    """How long GitHub asks to wait is said, and nothing is waited for in vain."""
    github.switches.faults.append(Fault("POST", 403, SECONDARY, {"Retry-After": asked_s}))

    with pytest.raises(IssueTrackerError, match=f"asks to wait {asked_s} s, at most 180 s"):
        list(issues.apply([CREATE]))
    assert waits == []


def test_limits_without_end_are_an_error(github: GitHubDouble, issues: GitHubIssues, waits: list[float]) -> None:
    """Waits add up to the same bound."""
    github.switches.faults.extend([Fault("POST", 429)] * 9)

    with pytest.raises(IssueTrackerError, match="at most 180 s in all"):
        list(issues.apply([CREATE]))
    assert waits == [60.0, 120.0]


@pytest.mark.parametrize("status", [500, 502, 503, 0])
def test_what_can_be_repeated_is_repeated(
    status: int, github: GitHubDouble, issues: GitHubIssues, waits: list[float]
) -> None:
    """Reading twice and setting the same twice do no harm."""
    github.file("ours", labels=("e2e-campaign",))
    github.switches.faults.extend([Fault("GET", status), Fault("PATCH", status, is_committed=True)])

    assert len(issues.read()) == 1
    list(issues.apply([UPDATE]))
    assert github.issues[1]["body"].strip() == OURS
    assert waits == [1.0, 1.0]


def test_a_server_that_keeps_failing_is_given_up(
    github: GitHubDouble, issues: GitHubIssues, waits: list[float]
) -> None:
    """After a few attempts, further and further apart; after the last nothing is waited for."""
    github.switches.faults.extend([Fault("GET", 503)] * 9)

    with pytest.raises(IssueTrackerError, match="503 'Server Error'; given up after 4 attempts"):
        issues.read()
    assert waits == [1.0, 2.0, 4.0]


def test_a_wrong_token_is_a_mistake_of_configuration(connected: Callable[..., GitHubIssues]) -> None:
    """The variable to change is named, its value is not."""
    with pytest.raises(UsageError, match=r"401 'Bad credentials'.*GITHUB_TOKEN") as caught:
        connected(token="ghs_wrongwrongwrong").read()
    assert caught.value.exit_code is ExitCode.USAGE
    assert "ghs_wrong" not in str(caught.value)


def test_a_missing_permission_is_a_mistake_of_configuration(github: GitHubDouble, issues: GitHubIssues) -> None:
    """A 403 that is no limit is not waited for; the permission is named."""
    github.switches.may_write = False

    with pytest.raises(UsageError, match="issues: write"):
        list(issues.apply([CREATE]))
    assert len(github.asked) == 1


def test_an_unknown_repository_is_a_mistake_of_configuration(connected: Callable[..., GitHubIssues]) -> None:
    """GitHub answers the same to a repository that may not be seen."""
    with pytest.raises(UsageError, match="'acme/other': there is no such repository"):
        connected("acme/other").read()


def test_a_repository_without_issues_is_a_mistake_of_configuration(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Issues can be switched off."""
    github.switches.faults.append(Fault("GET", 410, "Issues are disabled for this repo"))

    with pytest.raises(UsageError, match="switch them on"):
        issues.read()


def test_what_github_refuses_is_not_repeated(github: GitHubDouble, issues: GitHubIssues) -> None:
    """A label that is too long is our own defect."""
    with pytest.raises(IssueTrackerError, match="422 'Validation Failed: name is too long") as caught:
        list(issues.apply([replace(CREATE, labels=("l" * 51,))]))
    assert caught.value.exit_code is ExitCode.DEFECT
    assert len(github.asked) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_gone_number_is_no_error_when_looking(status: int, github: GitHubDouble, issues: GitHubIssues) -> None:
    """A number that was never given or was deleted ends the look, not the run."""
    github.file("older")
    github.switches.faults.append(Fault("POST", 502))
    github.switches.fault_at[f"GET /repos/{REPO}/issues/2"] = Fault("GET", status, "Gone")

    assert list(issues.apply([CREATE])) == [(CREATE, 2)]


def test_a_hostile_message_commands_nothing(github: GitHubDouble, issues: GitHubIssues) -> None:
    """What a server says is printed into a log that a runner reads."""
    github.switches.faults.append(Fault("GET", 422, "\n::error::x\x1b[2J"))

    with pytest.raises(IssueTrackerError) as caught:
        issues.read()
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_server_that_is_not_there_is_named(connected: Callable[..., GitHubIssues]) -> None:
    """Without a connection the error says which request had no answer."""
    with pytest.raises(IssueTrackerError, match="did not answer GET /issues: ConnectionError"):
        connected(base_url="http://127.0.0.1:1").read()


def test_a_token_that_ends_while_looking_is_named(github: GitHubDouble, issues: GitHubIssues) -> None:
    """Only an absent issue ends the look in silence."""
    github.switches.faults.append(Fault("POST", 502))
    github.switches.fault_at[f"GET /repos/{REPO}/issues/1"] = Fault("GET", 401, "Bad credentials")

    with pytest.raises(UsageError, match="GITHUB_TOKEN"):
        list(issues.apply([CREATE]))


def test_writes_are_a_second_apart(github: GitHubDouble, waits: list[float]) -> None:
    """Reading is not held up; a write waits for what is left of the second."""
    now_s = iter([10.0, 10.25, 10.75, 11.0, *[20.0] * 9])
    patience = Patience(sleep=waits.append, monotonic=lambda: next(now_s))
    with GitHubIssues(REPO, TOKEN, base_url=github.url, patience=patience) as issues:
        list(issues.apply([CREATE, CREATE]))

    assert len(github.writes()) == 2
    assert waits == [0.5]


def test_a_pace_of_a_second_is_what_github_asks_for(github: GitHubDouble) -> None:
    """A server that refuses hasty writes refuses none of ours."""
    github.switches.between_writes_s = 0.05
    github.switches.remaining = 4
    with GitHubIssues(REPO, TOKEN, base_url=github.url, patience=Patience(between_writes_s=0.06)) as issues:
        list(issues.apply([CREATE] * 4))

        assert issues.calls == {"POST": 4}


def test_a_run_of_many_writes_keeps_to_the_published_limits() -> None:
    """As the server counts them: reads are free of pace, writes are a second apart."""
    clock = Clock()
    patience = Patience(sleep=clock.sleep, clock=clock.read, monotonic=clock.read)
    with GitHubDouble(clock=clock.read) as github:
        numbers = [github.file("ours") for _ in range(100)]
        with GitHubIssues(REPO, TOKEN, base_url=github.url, patience=patience) as issues:
            list(issues.apply([replace(UPDATE, number=number) for number in numbers]))

    assert len(github.writes()) == 100
    assert github.allowance.exceeded == []


def test_calls_are_counted_with_their_repetitions(github: GitHubDouble, issues: GitHubIssues) -> None:
    """What GitHub counts against the limit is every request, but for one that nothing has changed for."""
    github.file("ours", labels=("e2e-campaign",))
    github.switches.faults.extend([Fault("GET", 503), Fault("PATCH", 502)])

    issues.read()
    list(issues.apply([UPDATE]))

    assert issues.calls == {"GET": 2, "PATCH": 2, "not modified": 1}


def test_an_hour_that_ends_is_waited_for() -> None:
    """Until the next one begins, if that is soon."""
    clock = Clock(1_000.0)
    patience = Patience(sleep=clock.sleep, clock=clock.read, monotonic=clock.read)
    with GitHubDouble(clock=clock.read) as github:
        github.switches.remaining, github.switches.reset = 0, 1_030
        with GitHubIssues(REPO, TOKEN, base_url=github.url, patience=patience) as issues:
            list(issues.apply([CREATE]))

    assert list(github.issues) == [1]
    assert clock.now_s == 1_030.0


def test_a_redirection_to_another_server_is_not_followed(github: GitHubDouble, issues: GitHubIssues) -> None:
    """The token goes to no host that was not named."""
    github.switches.faults.append(Fault("GET", 301, "Moved", {"Location": "http://elsewhere.test/issues"}))

    with pytest.raises(UsageError, match=r"redirected from host .* check GITHUB_API_URL"):
        issues.read()


def test_an_answer_that_cannot_be_read_is_asked_for_again(
    github: GitHubDouble, issues: GitHubIssues, waits: list[float]
) -> None:
    """A proxy between may cut what GitHub answers."""
    github.file("ours", labels=("e2e-campaign",))
    github.switches.faults.append(Fault("GET", None, is_garbled=True))

    assert len(issues.read()) == 1
    assert waits == [1.0]


def test_a_created_issue_whose_answer_cannot_be_read_is_not_filed_again(
    github: GitHubDouble, issues: GitHubIssues
) -> None:
    """It is as if there had been no answer."""
    github.switches.faults.append(Fault("POST", None, is_garbled=True))

    assert list(issues.apply([CREATE])) == [(CREATE, 1)]
    assert list(github.issues) == [1]
