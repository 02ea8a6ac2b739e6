"""Single requests to GitHub: paced, patient within bounds, and never repeated blindly.

PyGithub brings authentication, connections and pacing. Its own repetitions are off, for they send a POST
again after a 5xx; what may be repeated is decided here.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from github import Auth, Github, GithubException
from requests.exceptions import RequestException

from ci_tools.errors import IssueTrackerError, UsageError
from ci_tools.report.inert import line

_TIMEOUT_S = 15
_WITHOUT_HINT_S = 60.0
"""What GitHub's documentation asks for where a limit comes without Retry-After."""
_LONGEST_BACKOFF_S = 8.0
_SERVER_ERROR = 500
_LIMITED = (403, 429)
_ABSENT = (404, 410)
_UNUSABLE = {
    401: "the token is not accepted; give a valid one in GITHUB_TOKEN",
    403: "the token may not do this; give it the permission issues: write, or deployments: write for their status",
    404: "there is no such repository, or the token may not see it; check --repo OWNER/NAME and GITHUB_TOKEN",
    410: "issues are switched off in this repository; switch them on in its settings",
}


class AmbiguousError(IssueTrackerError):
    """A write may or may not have happened: look before doing it again."""


class Repeat(Enum):
    """Whether a request may be sent again when nobody knows if it was carried out."""

    FREELY = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, and how."""

    between_writes_s: float = 1.0
    total_s: float = 180.0
    """Longer waits, asked for by GitHub or summed up, end in an error."""
    attempts: int = 4
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time


class Requests:
    """Requests below one repository."""

    def __init__(self, repo: str, token: str, *, base_url: str, patience: Patience) -> None:
        self._repo = repo
        self._patience = patience
        self._github = Github(
            auth=Auth.Token(token),
            base_url=base_url,
            timeout=_TIMEOUT_S,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=patience.between_writes_s,
            lazy=True,
        )

    def close(self) -> None:
        """Release the connections."""
        self._github.close()

    def send(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        document: Mapping[str, Any] | None = None,
        repeat: Repeat = Repeat.FREELY,
    ) -> Any:
        """The JSON answered to *verb* on *path* below the repository.

        Raises:
            UsageError: token, permission or repository are not usable.
            AmbiguousError: it may have been carried out, and *repeat* forbids to send it again.
            IssueTrackerError: GitHub refuses it, or did not answer in time.
        """
        waited_s = 0.0
        for attempt in range(self._patience.attempts):
            try:
                return self._once(verb, path, query, document)
            except (GithubException, RequestException) as error:
                problem = _described(verb, path, error)
                wait_s = self._wait_s(error, attempt)
                if wait_s is None:
                    raise self._refused(error, problem) from error
                if repeat is Repeat.NEVER and not _is_limit(error):
                    raise AmbiguousError(problem) from error
                waited_s += wait_s
                if waited_s > self._patience.total_s:
                    raise IssueTrackerError(
                        f"{problem}; GitHub asks to wait {wait_s:.0f} s, at most "
                        f"{self._patience.total_s:.0f} s in all are waited; triage the same directory again later"
                    ) from error
            self._patience.sleep(wait_s)
        raise IssueTrackerError(
            f"{problem}; given up after {self._patience.attempts} attempts; triage the same directory again later"
        )

    def look(self, path: str) -> Any:
        """The JSON answered to GET *path*; None where there is nothing, or nothing any more."""
        try:
            return self.send("GET", path)
        except UsageError as error:
            status = getattr(error.__cause__, "status", None)
            if status in _ABSENT:
                return None
            raise

    def _once(self, verb: str, path: str, query: Mapping[str, str] | None, document: Mapping[str, Any] | None) -> Any:
        _, answer = self._github.requester.requestJsonAndCheck(
            verb,
            f"/repos/{self._repo}{path}",
            parameters=dict(query) if query else None,
            input=dict(document) if document else None,
        )
        return answer

    def _wait_s(self, error: Exception, attempt: int) -> float | None:
        """Seconds until another attempt makes sense; None if it never does."""
        if isinstance(error, GithubException) and _is_limit(error):
            return self._asked_s(error.headers or {})
        if isinstance(error, GithubException) and error.status < _SERVER_ERROR:
            return None
        return min(_LONGEST_BACKOFF_S, float(2**attempt))

    def _asked_s(self, headers: Mapping[str, str]) -> float:
        after = headers.get("retry-after", "")
        if after.isdecimal():
            return float(after)
        reset = headers.get("x-ratelimit-reset", "")
        if headers.get("x-ratelimit-remaining") == "0" and reset:
            return max(1.0, float(reset) - self._patience.clock())
        return _WITHOUT_HINT_S

    def _refused(self, error: Exception, problem: str) -> IssueTrackerError | UsageError:
        status = error.status if isinstance(error, GithubException) else 0
        if status in _UNUSABLE:
            return UsageError(f"{problem} for {self._repo!r}: {_UNUSABLE[status]}")
        return IssueTrackerError(f"{problem}; this is a defect of ci-tools or of the repository's rules")


def _is_limit(error: Exception) -> bool:
    """Whether GitHub says "later": then nothing was carried out."""
    if not isinstance(error, GithubException) or error.status not in _LIMITED:
        return False
    headers = error.headers or {}
    says_so = "rate limit" in _message(error).lower() or "abuse" in _message(error).lower()
    return (
        error.status != _LIMITED[0]
        or says_so
        or "retry-after" in headers
        or (headers.get("x-ratelimit-remaining") == "0")
    )


def _message(error: GithubException) -> str:
    return str(error.data.get("message", "")) if isinstance(error.data, dict) else ""


def _described(verb: str, path: str, error: Exception) -> str:
    if isinstance(error, GithubException):
        return f"GitHub answered {verb} {path} with {error.status} {line(_message(error))!r}"
    return f"GitHub did not answer {verb} {path}: {type(error).__name__}"
