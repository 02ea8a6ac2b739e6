"""Single requests to GitHub: paced, counted, patient within bounds, and never repeated blindly.

PyGithub brings authentication and connections. Its own repetitions are off, for they send a POST again after a 5xx;
what may be repeated is decided here. So is its pacing, which sleeps by a clock that can be set back.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from enum import Enum, auto
from typing import Any

from github import Auth, Github

from ci_tools.errors import IssueTrackerError, UsageError
from ci_tools.github.answers import AGAIN, REQUEST_ERRORS, AmbiguousError, described, is_limit, refused, wait_s
from ci_tools.github.headers import read_past_garbled_limits
from ci_tools.report.inert import line

_OUTSIDE = ("/search/", "/user")
_UNCHANGED = "not modified"
"""How a GET is counted that was answered with 304: GitHub does not count it."""
_SERVER = re.compile(r"https?://[^\s/?#@]+(?:/[^\s?#]*)?")
_REPO = re.compile(r"[A-Za-z0-9_-]{1,100}/(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}")


class Repeat(Enum):
    """Whether a request may be sent again when nobody knows if it was carried out."""

    FREELY = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait, and how."""

    between_writes_s: float = 1.0
    """GitHub's documentation asks for a second; its secondary limit is 80 new contents a minute."""
    timeout_s: int = 15
    """For one answer."""
    total_s: float = 180.0
    """Longer waits, asked for by GitHub or summed up, end in an error."""
    attempts: int = 4
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic

    def looks(self) -> Iterator[int]:
        """One number for each attempt, further and further apart; after the last nothing is waited for."""
        for attempt in range(self.attempts):
            if attempt:
                self.sleep(float(2 ** (attempt - 1)))
            yield attempt


@dataclass(frozen=True, slots=True)
class Reply:
    """What GitHub answers."""

    document: Any
    has_next_page: bool = False
    is_unchanged: bool = False
    """Nothing has changed since the instant that was asked with; GitHub does not count that."""


class Requests:
    """Requests below one repository; *calls* counts by verb what was sent, and apart what had not changed."""

    def __init__(self, repo: str, token: str, *, base_url: str, patience: Patience) -> None:
        """Nothing is asked yet.

        Raises:
            UsageError: *repo* is none, or *base_url* is no URL of a server.
        """
        if _REPO.fullmatch(repo) is None:
            raise UsageError(f"{repo!r} is no repository; give it as OWNER/NAME")
        if _SERVER.fullmatch(base_url) is None:
            shown = line(base_url.rpartition("@")[2])  # what stands before it may be a password
            raise UsageError(f"{shown!r} is no API of GitHub; give GITHUB_API_URL as https://HOST/PATH")
        self.repo = repo
        self.patience = patience
        self.calls: Counter[str] = Counter()
        self._may_write_at_s = float("-inf")
        read_past_garbled_limits()
        self._github = Github(
            auth=Auth.Token(token),
            base_url=base_url,
            timeout=patience.timeout_s,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
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
        changed_since: datetime | None = None,
        repeat: Repeat = Repeat.FREELY,
    ) -> Reply:
        """What is answered to *verb* on *path*, which is below the repository unless it is ``/user`` or ``/search/…``.

        With *changed_since* nothing is answered unless something has changed since that instant.

        Raises:
            UsageError: token, permission or repository are not usable.
            OneIssueError: it is refused for this issue; AbsentError: there is nothing at *path*.
            AmbiguousError: it may have been carried out, and *repeat* forbids to send it again.
            IssueTrackerError: GitHub refuses it, or did not answer in time.
        """
        attempt, waited_s = 0, 0.0
        while True:
            try:
                return self._once(verb, path, query, document, changed_since)
            except REQUEST_ERRORS as error:
                problem = described(verb, path, error)
                pause_s = wait_s(error, attempt, self.patience.clock())
                if pause_s is None:
                    raise refused(self.repo, path, error, problem) from error
                if repeat is Repeat.NEVER and not is_limit(error):
                    raise AmbiguousError(problem) from error
                attempt, waited_s = attempt + 1, waited_s + pause_s
                if impatience := self._impatience(attempt, pause_s, waited_s):
                    raise IssueTrackerError(f"{problem}; {impatience}; {AGAIN}") from error
            self.patience.sleep(pause_s)

    def _impatience(self, attempts: int, pause_s: float, waited_s: float) -> str:
        """Why nothing is waited for after so many *attempts*; empty where it is."""
        if waited_s > self.patience.total_s:
            return f"GitHub asks to wait {pause_s:.0f} s, at most {self.patience.total_s:.0f} s in all are waited"
        return f"given up after {attempts} attempts" if attempts >= self.patience.attempts else ""

    def _once(
        self,
        verb: str,
        path: str,
        query: Mapping[str, str] | None,
        document: Mapping[str, Any] | None,
        changed_since: datetime | None,
    ) -> Reply:
        self._pace(verb)
        try:
            headers, answer = self._github.requester.requestJsonAndCheck(
                verb,
                path if path.startswith(_OUTSIDE) else f"/repos/{self.repo}{path}",
                parameters=dict(query) if query else None,
                headers={"If-Modified-Since": format_datetime(changed_since, usegmt=True)} if changed_since else None,
                input=dict(document) if document else None,
            )
        except RuntimeError as error:  # PyGithub follows a redirection, but not to another server
            raise UsageError(f"{line(str(error))!r}; check GITHUB_API_URL") from error
        finally:
            self.calls[verb] += 1
            self._may_write_at_s = self._next_write_s(verb)
        # PyGithub passes 304 on as an answer without content, and no other answer to such a request is without.
        is_unchanged = changed_since is not None and answer is None
        if is_unchanged:
            self.calls -= Counter([verb])
            self.calls[_UNCHANGED] += 1
        return Reply(answer, has_next_page='rel="next"' in headers.get("link", ""), is_unchanged=is_unchanged)

    def _pace(self, verb: str) -> None:
        left_s = self._may_write_at_s - self.patience.monotonic()
        if verb != "GET" and left_s > 0:
            self.patience.sleep(left_s)

    def _next_write_s(self, verb: str) -> float:
        if verb == "GET":
            return self._may_write_at_s
        return self.patience.monotonic() + self.patience.between_writes_s
