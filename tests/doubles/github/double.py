"""The double itself: what it answers to one request, and what it remembers of all of them."""

import json
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.doubles.github import documents
from tests.doubles.github.allowance import Allowance
from tests.doubles.github.call import Answer, Call, RefusedError
from tests.doubles.github.contract import BrokenContractError, Described, Operation, check_request, operations
from tests.doubles.github.repository import Repository
from tests.doubles.github.routes import HANDLERS
from tests.doubles.github.switches import SECONDARY, Fault, Lag, Switches

REPO = "acme/shop"
ELSEWHERE = "acme/elsewhere"
"""Another repository that the same token may see."""
TOKEN = "ghs_0123456789abcdef0123"
_HOURLY, _HOUR_S = 1000, 3600
_BY_IDENTITY = re.compile(r"/repositories/(\d+)")


class GitHub:
    """Two repositories, and switches for what goes wrong."""

    def __init__(
        self,
        repo: str = REPO,
        token: str = TOKEN,
        *,
        url: str = documents.API,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.url = url
        self.allowance = Allowance()
        self._clock = clock
        self.repository = Repository(repo, 1, url)
        self.elsewhere = Repository(ELSEWHERE, 2, url)
        self.switches = Switches()
        self.asked: list[str] = []
        """Verb and path of every request, in order."""
        self.unchanged = 0
        """How many of these were answered with 304, which GitHub does not count."""
        self.queries: list[Mapping[str, str]] = []
        self.violations: list[str] = []
        """Requests and answers that are not what GitHub describes."""
        self._token = token
        self._list_lag, self._search_lag = Lag(), Lag()
        self._lock = Lock()
        self._written_at_s = float("-inf")

    @property
    def issues(self) -> dict[int, dict[str, Any]]:
        """The issues by number."""
        return self.repository.issues

    @property
    def comments(self) -> dict[int, list[dict[str, Any]]]:
        """What was said, by issue."""
        return self.repository.comments

    def file(
        self, title: str, body: str = "", *, login: str = "", labels: tuple[str, ...] = (), is_pull: bool = False
    ) -> int:
        """An issue by *login*, as if somebody had filed it on the site."""
        author = login or self.switches.login
        return self.repository.file(title, body, login=author, labels=labels, is_pull=is_pull)

    def writes(self) -> list[str]:
        """Every request that is no GET."""
        return [one for one in self.asked if not one.startswith("GET")]

    def catch_up(self) -> None:
        """Lists and searches show from now on what they lagged behind."""
        self._list_lag, self._search_lag = Lag(), Lag()

    def fault_for(self, verb: str, path: str) -> Fault | None:
        """Remember the request; what goes wrong with it, if anything does."""
        with self._lock:
            self.asked.append(f"{verb} {path}")
            return self.switches.fault_for(verb, path)

    def answer(self, verb: str, target: str, headers: Mapping[str, str], content: bytes) -> Answer:
        """What is answered if nothing goes wrong."""
        with self._lock:
            try:
                return self._checked(verb, target, headers, content)
            except RefusedError as error:
                return Answer(documents.error(str(error)), error.status, error.headers)

    @property
    def limits(self) -> Mapping[str, str]:
        """The headers that tell what is left of the hour."""
        names = {"limit": _HOURLY, "remaining": self.switches.remaining, "reset": self.switches.reset}
        return {f"x-ratelimit-{name}": str(value) for name, value in names.items()}

    def _checked(self, verb: str, target: str, headers: Mapping[str, str], content: bytes) -> Answer:
        address = urlsplit(target)
        path = self._by_name(address.path)
        operation, parts = _operation(verb, path)
        self._require_access(headers, verb, path, parts)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        self.queries.append(query)
        document = json.loads(content) if content else None
        try:
            described = check_request(operation, parts, query, document)
        except BrokenContractError as error:
            self.violations.append(str(error))
            raise RefusedError(422, f"Invalid request: {error}") from error
        call = Call(
            repository=self._repository(parts) or self.repository,
            switches=self.switches,
            list_lag=self._list_lag,
            search_lag=self._search_lag,
            url=f"{self.url}{path}",
            parts=parts,
            query=query,
            document=document,
            unless_since=parsedate_to_datetime(since) if (since := headers.get("If-Modified-Since")) else None,
        )
        return self._described(operation, described, call)

    def _described(self, operation: Operation, described: Described, call: Call) -> Answer:
        try:
            self._require_allowance(operation.verb)
            answer = HANDLERS[operation.name](call)
            if answer.status == HTTPStatus.NOT_MODIFIED:
                self.unchanged += 1
                self.switches.remaining += 1
        except RefusedError as error:
            answer = Answer(documents.error(str(error)), error.status, error.headers)
        try:
            described.check(answer.status, b"" if answer.document is None else json.dumps(answer.document).encode())
        except BrokenContractError as error:
            self.violations.append(f"{operation.name} answers {error}")
            raise RefusedError(500, "the double broke GitHub's description of itself") from error
        return answer

    def _require_access(self, headers: Mapping[str, str], verb: str, path: str, parts: Mapping[str, str]) -> None:
        if headers.get("Authorization") not in (f"token {self._token}", f"Bearer {self._token}"):
            raise RefusedError(401, "Bad credentials")
        former = f"/repos/{self.switches.former_name}/"
        if self.switches.former_name and path.startswith(former):
            location = f"{self.url}/repositories/{self.repository.identity}/{path.removeprefix(former)}"
            raise RefusedError(301 if verb == "GET" else 307, "Moved Permanently", {"Location": location})
        if self._repository(parts) is None:
            raise RefusedError(404, "Not Found")

    def _require_allowance(self, verb: str) -> None:
        switches, now_s = self.switches, self._clock()
        self.allowance.take(verb, now_s)
        if now_s >= switches.reset:
            switches.remaining, switches.reset = _HOURLY, int(now_s) + _HOUR_S
        if switches.remaining <= 0:
            raise RefusedError(403, "API rate limit exceeded for installation ID 1.")
        switches.remaining -= 1
        if verb == "GET":
            return
        if not switches.may_write:
            raise RefusedError(403, "Resource not accessible by integration")
        if now_s - self._written_at_s < switches.between_writes_s:
            raise RefusedError(403, SECONDARY)
        self._written_at_s = now_s

    def _repository(self, parts: Mapping[str, str]) -> Repository | None:
        if "owner" not in parts:
            return self.repository
        name = f"{parts['owner']}/{parts['repo']}"
        known = (self.repository, self.elsewhere)
        return next((one for one in known if one.name.casefold() == name.casefold()), None)

    def _by_name(self, path: str) -> str:
        """*path* with the repository's name, where it names the repository by its identity."""
        found = _BY_IDENTITY.match(path)
        known = (self.repository, self.elsewhere)
        name = next((one.name for one in known if found and one.identity == int(found[1])), "")
        return f"/repos/{name}{path[found.end() :]}" if found and name else path


def _operation(verb: str, path: str) -> tuple[Operation, dict[str, str]]:
    for name in HANDLERS:
        operation = operations()[name]
        if (parts := operation.match(verb, path)) is not None:
            return operation, parts
    raise RefusedError(404, "Not Found")
