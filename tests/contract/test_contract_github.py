"""Our double of GitHub, as PyGithub and as strangers meet it."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from github import Auth, Github
from github.Repository import Repository

from tests.doubles.github.call import Answer
from tests.doubles.github.contract import BrokenContractError, check_request, operations
from tests.doubles.github.documents import Place, issue, owners_error
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.routes import HANDLERS
from tests.doubles.github.server import GitHubDouble

ISSUES = f"/repos/{REPO}/issues"
PARTS = {"owner": "acme", "repo": "shop"}


@pytest.fixture
def github() -> Iterator[GitHubDouble]:
    """An empty repository; what violates the contract is the test's to look at."""
    with GitHubDouble() as double:
        yield double


@pytest.fixture
def repository(github: GitHubDouble) -> Iterator[Repository]:
    """The repository, as PyGithub sees it without any patience."""
    client = Github(
        auth=Auth.Token(TOKEN),
        base_url=github.url,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
        lazy=True,
    )
    yield client.get_repo(REPO)
    client.close()


@pytest.fixture
def http(github: GitHubDouble) -> Iterator[httpx.Client]:
    """A client that sends what it is told."""
    with httpx.Client(base_url=github.url, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False) as client:
        yield client


def test_an_issue_lives_through_pygithub(github: GitHubDouble, repository: Repository) -> None:
    """Filed, labelled, commented on, closed and opened again: each step is seen by the next one."""
    filed = repository.create_issue("t", "b", labels=["P1"])
    filed.create_comment("c").edit("d")
    filed.add_to_labels("mine")
    filed.remove_from_labels("P1")
    filed.edit(state="closed", state_reason="not_planned")
    closed = {**github.issues[1]}
    filed.edit(state="open")

    assert (closed["state"], closed["state_reason"], closed["closed_at"] is None) == ("closed", "not_planned", False)
    assert [comment.body for comment in repository.get_issue(1).get_comments()] == ["d"]
    assert [label.name for label in repository.get_issue(1).labels] == ["mine"]
    assert (github.issues[1]["state"], github.issues[1]["closed_at"]) == ("open", None)
    assert github.violations == []


def test_what_happened_stands_in_the_timeline(github: GitHubDouble, repository: Repository) -> None:
    """In order, each with its actor."""
    filed = repository.create_issue("t", labels=["P1"])
    filed.create_comment("c")
    filed.edit(state="closed")
    filed.edit(state="open", labels=["P0"])

    assert [event.event for event in filed.get_timeline()] == [
        *("labeled", "commented", "closed", "labeled", "unlabeled", "reopened"),
    ]
    assert github.violations == []


def test_lists_go_on_over_pages(github: GitHubDouble, repository: Repository) -> None:
    """A page holds thirty, open ones only and the newest first, unless something else is asked for."""
    numbers = [github.file("t") for _ in range(35)]
    github.repository.edit(35, {"state": "closed"}, login="octocat")

    assert [one.number for one in repository.get_issues()] == numbers[33::-1]
    assert [one.number for one in repository.get_issues(state="all", direction="asc")] == numbers
    assert len(github.asked) == 4


def test_lists_hold_pull_requests(github: GitHubDouble, repository: Repository) -> None:
    """GitHub counts them as issues."""
    github.file("p", is_pull=True)

    (pull,) = repository.get_issues()

    assert pull.pull_request is not None


def test_issues_are_searched(github: GitHubDouble, http: httpx.Client) -> None:
    """By repository, kind, state, label, author and words."""
    github.file("one", labels=("P1", "two words"))
    github.file("two", is_pull=True, labels=("P1", "two words"))
    github.file("three", labels=("P2",))

    def found(text: str) -> int:
        return http.get("/search/issues", params={"q": text}).json()["total_count"]

    assert found(f'repo:{REPO} is:issue is:open label:P1 label:"two words" author:app/github-actions one') == 1
    assert [found("is:pr"), found("repo:acme/other"), found("three in:title"), found("unknown:term")] == [1, 0, 1, 0]
    assert github.violations == []


def test_a_deployment_is_told_how_it_is(github: GitHubDouble, http: httpx.Client) -> None:
    """The latest status stands first; one that is not there cannot be told, nor can more than GitHub keeps."""
    github.repository.deployments[7] = []
    path = f"/repos/{REPO}/deployments"
    told = [
        http.post(f"{path}/7/statuses", json={"state": "in_progress"}).status_code,
        http.post(
            f"{path}/7/statuses", json={"state": "success", "description": "d", "log_url": "https://x"}
        ).status_code,
        http.post(f"{path}/7/statuses", json={"state": "success", "description": "d" * 141}).status_code,
        http.post(f"{path}/8/statuses", json={"state": "success"}).status_code,
    ]

    assert told == [201, 201, 422, 404]
    assert [one["state"] for one in http.get(f"{path}/7/statuses").json()] == ["success", "in_progress"]
    assert github.violations == []


@pytest.mark.parametrize(("more", "state"), [({}, "inactive"), ({"auto_inactive": False}, "success")])
def test_a_deployment_that_succeeds_ends_the_one_before(
    more: dict[str, Any], state: str, github: GitHubDouble, http: httpx.Client
) -> None:
    """Unless it is asked not to."""
    github.repository.deployments |= {6: [], 7: []}
    for number in (6, 7):
        http.post(f"/repos/{REPO}/deployments/{number}/statuses", json={"state": "success", **more})

    assert github.repository.deployments[6][-1]["state"] == state
    assert github.violations == []


def test_what_is_wrong_with_codeowners_is_told(github: GitHubDouble, http: httpx.Client) -> None:
    """Unknown owners by line; without the file there is nothing to ask for."""
    github.repository.owners_errors = [owners_error(3, "@acme/nobody")]
    told = http.get(f"/repos/{REPO}/codeowners/errors").json()
    github.repository.owners_errors = None

    assert [(error["line"], error["kind"]) for error in told["errors"]] == [(3, "Unknown owner")]
    assert http.get(f"/repos/{REPO}/codeowners/errors").status_code == 404
    assert github.violations == []


def test_limits_are_told(github: GitHubDouble, http: httpx.Client) -> None:
    """Where they are asked for, and with every answer."""
    answer = http.get("/rate_limit")

    assert answer.json()["resources"]["core"]["remaining"] == 999
    assert answer.headers["x-ratelimit-remaining"] == "999"
    assert github.violations == []


@pytest.mark.parametrize(
    ("verb", "path", "document", "said"),
    [
        ("POST", ISSUES, {"body": "b"}, "title: Field required"),
        ("POST", ISSUES, {"title": "t", "body": 5}, "Input should be a valid string"),
        ("POST", ISSUES, {"title": "t", "lables": ["P1"]}, "the document has fields that GitHub does not describe"),
        ("PATCH", f"{ISSUES}/1", {"state": "resolved"}, "Input should be 'open' or 'closed'"),
        ("PATCH", f"{ISSUES}/1", {"state_reason": "wontfix"}, "Input should be 'completed', 'reopened'"),
        ("GET", f"{ISSUES}?state=opened", None, "Input should be 'open', 'closed' or 'all'"),
        ("GET", f"{ISSUES}?label=P1", None, "no parameter ['label']"),
        ("GET", f"{ISSUES}?per_page=many", None, "Input should be a valid integer"),
        ("GET", f"{ISSUES}/newest", None, "Input should be a valid integer"),
        ("GET", f"{ISSUES}/1", {"title": "t"}, "takes no document"),
        ("GET", "/search/issues", None, "'q'"),
    ],
)
def test_a_wrong_request_is_refused(
    *, verb: str, path: str, document: Any, said: str, github: GitHubDouble, http: httpx.Client
) -> None:
    """What GitHub does not describe is answered with an error, and remembered."""
    github.file("t")

    answer = http.request(verb, path, json=document)

    assert answer.status_code == 422
    assert said in answer.json()["message"]
    assert said in github.violations[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": None}, "state: Input should be a valid string"),
        ({"number": "one"}, "number: Input should be a valid integer"),
        ({"created_at": "yesterday"}, "created_at: Input should be a valid datetime"),
        ({"invented": 1}, "fields that GitHub does not describe"),
        ({"user": {"login": "octocat"}}, "user"),
    ],
)
def test_a_wrong_answer_is_refused(change: dict[str, Any], said: str, github: GitHubDouble, http: httpx.Client) -> None:
    """The double does not pass off as GitHub's what GitHub would never say."""
    github.file("t")
    github.issues[1] |= change

    answer = http.get(f"{ISSUES}/1")

    assert answer.status_code == 500
    assert said in github.violations[0]


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (418, b'{"message": "m"}', "does not describe status 418"),
        (422, b'{"message": "m"}', "documentation_url: Field required"),
        (403, b'{"message": 5}', "Input should be a valid string"),
        (201, b"", "Invalid JSON"),
    ],
)
def test_a_wrong_error_is_refused(status: int, content: bytes, said: str) -> None:
    """Statuses and what stands in them are described, too."""
    described = check_request(operations()["issues/create"], PARTS, {}, {"title": "t"})

    with pytest.raises(BrokenContractError, match=said):
        described.check(status, content)


def test_an_answer_without_content_has_none() -> None:
    """Where GitHub describes nothing, nothing may stand."""
    described = check_request(operations()["issues/unlock"], {**PARTS, "issue_number": "1"}, {}, None)
    described.check(204, b"")

    with pytest.raises(BrokenContractError, match="describes none"):
        described.check(204, b"{}")


def test_a_right_answer_passes() -> None:
    """The check lets through what GitHub describes."""
    described = check_request(operations()["issues/list-for-repo"], PARTS, {"state": "all"}, None)
    document = issue(Place(REPO), 1, title="t", body="b", login="octocat", labels=("P1",), at="2026-03-02T10:00:00Z")

    assert document["number"] == 1
    described.check(200, httpx.Request("POST", "http://x", json=[document]).content)


def test_every_operation_of_the_double_is_one_of_github() -> None:
    """No route is made up."""
    assert set(HANDLERS) <= set(operations())
    assert len(HANDLERS) == 19


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (ISSUES, {"Authorization": "token wrong"}, 401),
        ("/repos/acme/other/issues", {}, 404),
        ("/repos/acme/shop/hooks", {}, 404),
        (f"{ISSUES}/7", {}, 404),
    ],
)
def test_strangers_are_told_as_github_tells_them(
    path: str, headers: dict[str, str], status: int, github: GitHubDouble, http: httpx.Client
) -> None:
    """Wrong tokens and unknown places are no violations, but errors."""
    assert http.get(path, headers=headers).status_code == status
    assert github.violations == []


def test_an_answer_is_a_success_unless_it_says_otherwise() -> None:
    """What a handler answers without a status is 200."""
    assert Answer({}).status == 200
