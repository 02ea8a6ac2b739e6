"""What GitHub really does, switch by switch, as PyGithub without any patience of ours meets it."""

from collections.abc import Iterator

import pytest
from github import Auth, Github, GithubException
from github.Repository import Repository
from requests.exceptions import ConnectionError as CutOffError
from requests.exceptions import ReadTimeout

from tests.doubles.clock import Clock
from tests.doubles.github.allowance import Allowance
from tests.doubles.github.double import ELSEWHERE, REPO, TOKEN, GitHub
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import SECONDARY, Fault, Interruption


@pytest.fixture
def github() -> Iterator[GitHubDouble]:
    """An empty repository that keeps to GitHub's description."""
    with GitHubDouble() as double:
        yield double
    assert double.violations == []


@pytest.fixture
def repository(github: GitHubDouble) -> Iterator[Repository]:
    """The repository, as PyGithub sees it; it waits a moment for answers, and repeats nothing."""
    client = Github(
        auth=Auth.Token(TOKEN),
        base_url=github.url,
        timeout=4,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
    )
    yield client.get_repo(REPO)
    client.close()


def numbers(repository: Repository) -> list[int]:
    """The issues that a list shows."""
    return [issue.number for issue in repository.get_issues(state="all")]


def test_a_list_lags_behind(github: GitHubDouble, repository: Repository) -> None:
    """What was filed is read by number at once, and listed later."""
    github.switches.list_lag = 2
    filed = repository.create_issue("t")

    assert [repository.get_issue(filed.number).title, *(numbers(repository) for _ in range(3))] == ["t", [], [], [1]]


def test_a_list_is_empty_for_no_reason(github: GitHubDouble, repository: Repository) -> None:
    """As many times as it is switched."""
    github.file("t")
    github.switches.empty_lists = 1

    assert [numbers(repository), numbers(repository)] == [[], [1]]


def test_an_issue_is_in_no_list(github: GitHubDouble, repository: Repository) -> None:
    """It is there all the same."""
    github.file("t")
    github.switches.hidden_from_lists.add(1)

    assert numbers(repository) == []
    assert repository.get_issue(1).title == "t"


def test_a_search_lags_behind(github: GitHubDouble, repository: Repository) -> None:
    """The index of searches is another one than that of lists."""
    github.switches.search_lag = 1
    repository.create_issue("t")
    search = repository.requester.requestJsonAndCheck

    assert [search("GET", "/search/issues", {"q": "is:issue"})[1]["total_count"] for _ in range(2)] == [0, 1]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_write_is_carried_out_and_fails(status: int, github: GitHubDouble, repository: Repository) -> None:
    """The answer says nothing about what happened."""
    github.switches.faults.append(Fault("POST", status, is_committed=True))

    with pytest.raises(GithubException) as caught:
        repository.create_issue("t")
    assert caught.value.status == status
    assert list(github.issues) == [1]


def test_an_answer_is_cut_off(github: GitHubDouble, repository: Repository) -> None:
    """The connection ends before it."""
    github.switches.faults.append(Fault("POST", 0, is_committed=True))

    with pytest.raises(CutOffError):
        repository.create_issue("t")
    assert list(github.issues) == [1]


def test_a_page_is_slow(github: GitHubDouble, repository: Repository) -> None:
    """It comes after whoever asked has gone."""
    github.switches.faults.append(Fault("GET", None, delay_s=20))

    with pytest.raises(ReadTimeout):
        numbers(repository)
    assert numbers(repository) == []


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "7"}])
@pytest.mark.parametrize("status", [403, 429])
def test_a_secondary_limit(status: int, headers: dict[str, str], github: GitHubDouble, repository: Repository) -> None:
    """By either status, with or without the time to wait; nothing is carried out."""
    github.switches.faults.append(Fault("POST", status, SECONDARY, headers))

    with pytest.raises(GithubException) as caught:
        repository.create_issue("t")
    assert (caught.value.status, caught.value.headers.get("retry-after")) == (status, headers.get("Retry-After"))
    assert github.issues == {}


def test_writes_in_haste_are_refused(github: GitHubDouble, repository: Repository) -> None:
    """A write that follows another one too soon meets the secondary limit."""
    github.switches.between_writes_s = 60
    repository.create_issue("t")

    with pytest.raises(GithubException, match="secondary rate limit"):
        repository.create_issue("t")


def test_an_hour_has_an_end(github: GitHubDouble, repository: Repository) -> None:
    """The answer says how many requests are left, and from when on there will be others."""
    github.switches.remaining, github.switches.reset = 1, 2_000_000_030
    numbers(repository)

    with pytest.raises(GithubException, match="API rate limit exceeded") as caught:
        numbers(repository)
    headers = caught.value.headers
    assert (headers["x-ratelimit-remaining"], headers["x-ratelimit-reset"]) == ("0", "2000000030")


def test_an_hour_begins_anew() -> None:
    """By the double's own clock."""
    clock = Clock(1_000.0)
    github = GitHub(clock=clock.read)
    github.switches.remaining, github.switches.reset = 0, 1_030
    statuses = []
    for now_s in (1_029.0, 1_030.0):
        clock.now_s = now_s
        statuses.append(github.answer("GET", f"/repos/{REPO}/issues", {"Authorization": f"token {TOKEN}"}, b"").status)

    assert statuses == [403, 200]
    assert github.switches.reset == 1_030 + 3_600


@pytest.mark.parametrize(
    ("verb", "most", "span_s"),
    [("GET", 900, 60), ("POST", 80, 60), ("PATCH", 80, 60)],
)
def test_what_exceeds_the_published_limits_is_remembered(verb: str, most: int, span_s: float) -> None:
    """One more within a minute is one too many; spread over more than that it is none."""
    hasty, calm = Allowance(), Allowance()
    for number in range(most + 1):
        hasty.take(verb, number * (span_s - 1) / most)
        calm.take(verb, number * span_s / most)

    assert len(hasty.exceeded) == 1
    assert calm.exceeded == []


def test_hours_have_limits_as_well() -> None:
    """500 writes, and 1,000 requests with the token of a job."""
    writing, reading = Allowance(), Allowance()
    for number in range(501):
        writing.take("POST", number * 2.0)
    for number in range(1_001):
        reading.take("GET", number * 2.0)

    assert writing.exceeded == ["501 new contents in an hour, at most 500"]
    assert reading.exceeded == ["1001 requests of a job's token in an hour, at most 1000"]


@pytest.mark.parametrize(("is_after", "filed"), [(False, []), (True, [1])])
def test_a_request_is_interrupted(*, is_after: bool, filed: list[int], github: GitHubDouble) -> None:
    """The second one from now: before it is carried out, or between that and its answer."""
    said: list[list[int]] = []

    def cut() -> None:
        said.append(list(github.issues))
        github.switches.is_cut = True

    github.switches.interruption = Interruption(2, cut, is_after=is_after)
    client = Github(auth=Auth.Token(TOKEN), base_url=github.url, timeout=4, retry=None, lazy=True)
    numbers(client.get_repo(REPO))

    with pytest.raises(CutOffError):
        client.get_repo(REPO).create_issue("t")
    with pytest.raises(CutOffError):
        numbers(client.get_repo(REPO))
    client.close()
    assert said == [filed]
    assert list(github.issues) == filed


@pytest.mark.parametrize("write", ["edit", "create_comment"])
def test_a_body_has_a_limit(write: str, github: GitHubDouble, repository: Repository) -> None:
    """65,536 characters, not bytes, for issues and comments."""
    github.file("t")
    issue = repository.get_issue(1)
    getattr(issue, write)(body="ä" * 65_536)

    with pytest.raises(GithubException, match="too long") as caught:
        getattr(issue, write)(body="ä" * 65_537)
    assert caught.value.status == 422


@pytest.mark.parametrize(("title", "labels"), [("t" * 257, []), ("t", ["l" * 51])])
def test_titles_and_labels_have_limits(title: str, labels: list[str], repository: Repository) -> None:
    """256 and 50 characters."""
    with pytest.raises(GithubException, match="too long"):
        repository.create_issue(title, labels=labels)


def test_comments_end(github: GitHubDouble, repository: Repository) -> None:
    """After 2,500 there are no more."""
    github.file("t")
    github.issues[1]["comments"] = 2_500

    with pytest.raises(GithubException, match="more than 2500 comments") as caught:
        repository.get_issue(1).create_comment("c")
    assert caught.value.status == 403


def test_a_locked_issue_takes_comments_of_few(github: GitHubDouble, repository: Repository) -> None:
    """Of those who may push, and of nobody else."""
    github.file("t")
    github.issues[1]["locked"] = True
    repository.get_issue(1).create_comment("c")
    github.switches.may_push = False

    with pytest.raises(GithubException, match="issue is locked") as caught:
        repository.get_issue(1).create_comment("c")
    assert caught.value.status == 403


def test_a_transferred_issue_is_elsewhere(github: GitHubDouble, repository: Repository) -> None:
    """PyGithub follows where the old number leads, with writes as well: they change another repository."""
    github.file("t")
    github.repository.transfer(1, github.elsewhere)

    repository.get_issue(1).edit(body="meant for here")

    assert repository.get_issue(1).repository.full_name == ELSEWHERE
    assert github.elsewhere.issues[1]["body"] == "meant for here"


def test_a_deleted_issue_is_gone(github: GitHubDouble, repository: Repository) -> None:
    """Its number is not given again."""
    github.repository.delete(github.file("t"))

    with pytest.raises(GithubException) as caught:
        repository.get_issue(1).edit(title="u")
    assert caught.value.status == 410
    assert repository.create_issue("t").number == 2


def test_labels_are_dropped_in_silence(github: GitHubDouble, repository: Repository) -> None:
    """Without the permission to push nothing says that they are not set."""
    github.switches.may_push = False
    filed = repository.create_issue("t", labels=["P1"])

    filed.edit(body="b", labels=["P1"])

    assert (github.issues[1]["labels"], github.issues[1]["body"]) == ([], "b")


def test_what_is_of_others_cannot_be_changed(github: GitHubDouble, repository: Repository) -> None:
    """Neither issue nor comment nor label, without the permission to push."""
    github.file("t", login="octocat")
    comment = github.repository.say(1, "c", login="octocat")
    github.switches.may_push = False
    issue = repository.get_issue(1)

    with pytest.raises(GithubException, match="admin rights"):
        issue.edit(body="b")
    with pytest.raises(GithubException, match="admin rights"):
        issue.add_to_labels("P1")
    with pytest.raises(GithubException, match="admin rights"):
        issue.get_comment(comment["id"]).edit("d")


def test_only_a_user_is_told_who_it_is(github: GitHubDouble, repository: Repository) -> None:
    """The token of an app, a workflow's job among them, is not."""
    send = repository.requester.requestJsonAndCheck
    with pytest.raises(GithubException, match="not accessible by integration") as caught:
        send("GET", "/user")
    github.switches.login = "octocat"

    assert caught.value.status == 403
    assert send("GET", "/user")[1]["login"] == "octocat"


def test_a_token_may_read_only(github: GitHubDouble, repository: Repository) -> None:
    """Writing is refused with a 403 that is no limit."""
    github.switches.may_write = False

    with pytest.raises(GithubException, match="not accessible by integration"):
        repository.create_issue("t")
    assert numbers(repository) == []


def test_what_does_not_exist_is_not_found(github: GitHubDouble, repository: Repository) -> None:
    """Neither a comment, nor the issue that another one is said to be a duplicate of."""
    github.file("t")
    send = repository.requester.requestJsonAndCheck
    changes = {"state": "closed", "state_reason": "duplicate", "duplicate_issue_id": 7}

    with pytest.raises(GithubException) as comment:
        send("GET", f"/repos/{REPO}/issues/comments/7")
    with pytest.raises(GithubException) as duplicate:
        send("PATCH", f"/repos/{REPO}/issues/1", input=changes)
    with pytest.raises(GithubException) as label:
        send("DELETE", f"/repos/{REPO}/issues/1/labels/P9")
    assert [caught.value.status for caught in (comment, duplicate, label)] == [404, 422, 404]
