"""What it means when GitHub does not answer as hoped: later, never, not here, or nobody knows."""

from collections.abc import Mapping
from json import JSONDecodeError

from github import GithubException
from requests.exceptions import RequestException

from ci_tools.errors import IssueTrackerError, UsageError
from ci_tools.report.inert import line

REQUEST_ERRORS = (GithubException, RequestException, JSONDecodeError)
"""What PyGithub raises for an answer that is an error, none, or none that can be read."""
AGAIN = "run the same command again later"
_WITHOUT_HINT_S = 60.0
"""What GitHub's documentation asks for where a limit comes without Retry-After, and twice as much each further time."""
_LONGEST_BACKOFF_S = 8.0
_SERVER_ERROR = 500
_FORBIDDEN = 403
_LIMITED = (_FORBIDDEN, 429)
_ABSENT = (404, 410)
_OF_ONE_ISSUE = {
    "issue is locked": "unlock it, or give the token of somebody who may push",
    "more than 2500 comments": "close it, and the next failure is filed anew",
    "admin rights": "it is somebody else's, and the token may not push; give one that may",
}
"""Messages of a 403 that speaks of one issue, and not of the token as a whole."""
_UNUSABLE = {
    401: "the token is not accepted; give a valid one in GITHUB_TOKEN",
    403: "the token may not do this; give it the permission issues: write, for the status of a deployment deployments: "
    "write, for what runs have kept actions: read",
    404: "there is no such repository, or the token may not see it; check --repo OWNER/NAME and GITHUB_TOKEN",
    410: "issues are switched off in this repository; switch them on in its settings",
}


class AmbiguousError(IssueTrackerError):
    """A write may or may not have happened: look before doing it again."""


class OneIssueError(IssueTrackerError):
    """GitHub refuses this for one issue; what is planned for others can be done all the same."""


class AbsentError(OneIssueError):
    """What was asked for is not there."""

    def __init__(self, message: str, *, was_deleted: bool) -> None:
        super().__init__(message)
        self.was_deleted = was_deleted
        """It was there once: later numbers may exist."""


def described(verb: str, path: str, error: Exception) -> str:
    """What happened, in words that no terminal and no workflow runner obeys."""
    if isinstance(error, GithubException):
        return f"GitHub answered {verb} {path} with {error.status} {line(_message(error))!r}"
    return f"GitHub did not answer {verb} {path}: {type(error).__name__}"


def is_limit(error: Exception) -> bool:
    """Whether GitHub says "later": then nothing was carried out."""
    if not isinstance(error, GithubException) or error.status not in _LIMITED:
        return False
    headers = error.headers or {}
    says_so = "rate limit" in _message(error).lower() or "abuse" in _message(error).lower()
    is_spent = headers.get("x-ratelimit-remaining") == "0"
    return error.status != _FORBIDDEN or says_so or "retry-after" in headers or is_spent


def wait_s(error: Exception, attempt: int, now_s: float) -> float | None:
    """Seconds until a further attempt makes sense, after *attempt* ones; None if it never does."""
    if isinstance(error, GithubException) and is_limit(error):
        return _asked_s(error.headers or {}, attempt, now_s)
    if isinstance(error, GithubException) and error.status < _SERVER_ERROR:
        return None
    return min(_LONGEST_BACKOFF_S, float(2**attempt))


def refused(repo: str, path: str, error: Exception, problem: str) -> IssueTrackerError | UsageError:
    """What to raise for an *error* that will not pass."""
    status = error.status if isinstance(error, GithubException) else 0
    if isinstance(error, GithubException) and status == _FORBIDDEN:
        for words, remedy in _OF_ONE_ISSUE.items():
            if words in _message(error):
                return OneIssueError(f"{problem}; {remedy}")
    if status in _ABSENT and path.count("/") > 1:
        return AbsentError(
            f"{problem}: it was deleted, or moved to where the token cannot see it", was_deleted=status == _ABSENT[1]
        )
    if status in _UNUSABLE:
        return UsageError(f"{problem} for {repo!r}: {_UNUSABLE[status]}")
    return IssueTrackerError(f"{problem}; this is a defect of ci-tools or of the repository's rules")


def _asked_s(headers: Mapping[str, str], attempt: int, now_s: float) -> float:
    after = headers.get("retry-after", "")
    if after.isdecimal():
        return float(after)
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset:
        return max(1.0, float(reset) - now_s)
    return _WITHOUT_HINT_S * float(2**attempt)


def _message(error: GithubException) -> str:
    return str(error.data.get("message", "")) if isinstance(error.data, dict) else ""
