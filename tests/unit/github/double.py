"""A repository of GitHub on loopback: enough of its issues that PyGithub cannot tell the difference.

Every answer, and every document that is sent, is held against GitHub's published schema (githubkit-schemas).
"""

import json
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from githubkit_schemas.v2026_03_10.models import (
    Issue,
    IssueComment,
    ReposOwnerRepoIssuesIssueNumberCommentsPostBody,
    ReposOwnerRepoIssuesIssueNumberPatchBody,
    ReposOwnerRepoIssuesPostBody,
)
from pydantic import BaseModel, TypeAdapter, ValidationError

from ci_tools.triage.decide import ACTIONS_BOT

REPO = "acme/shop"
TOKEN = "ghs_0123456789abcdef0123"
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
_START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
_MAX_BODY = 65_536
_MAX_TITLE = 256
_ISSUES = TypeAdapter(list[Issue])
_COMMENTS = TypeAdapter(list[IssueComment])
_ROUTE = re.compile(r"/repos/([^/]+/[^/]+)/issues(?:/(\d+)(/comments)?)?")


@dataclass(frozen=True)
class Fault:
    """What happens to the next request with *verb*: an answer, or with status 0 none at all."""

    verb: str
    status: int
    message: str = "Server Error"
    headers: Mapping[str, str] = field(default_factory=dict)
    is_committed: bool = False
    """The request is carried out before it fails."""


class RefusedError(Exception):
    """The double answers with an error of its own accord."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class GitHubDouble:
    """The state of one repository, and switches for what goes wrong."""

    def __init__(self) -> None:
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.faults: deque[Fault] = deque()
        self.fault_at: dict[str, Fault] = {}
        """By verb and path."""
        self.empty_lists = 0
        """As many of the next lists of issues are empty, as they have been seen to be."""
        self.hidden_from_lists: set[int] = set()
        """Lists lag behind; reading by number does not."""
        self.login = ACTIONS_BOT
        self.may_write = True
        self.asked: list[str] = []
        """Verb and path of every request, in order."""
        self.queries: list[Mapping[str, list[str]]] = []
        self.violations: list[str] = []
        self._ticks = 0
        self._server = _Server(self)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """What to give as base URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def writes(self) -> list[str]:
        """Every request that is no GET."""
        return [one for one in self.asked if not one.startswith("GET")]

    def file(self, title: str, body: str = "", *, login: str | None = None, labels: tuple[str, ...] = ()) -> int:
        """An issue by *login*, as if somebody had filed it on the site."""
        number = max(self.issues, default=0) + 1
        at = self._now()
        self.issues[number] = {
            **_links(number),
            "number": number,
            "title": title,
            "body": body,
            "state": "open",
            "state_reason": None,
            "user": _user(login or self.login),
            "labels": [_label(name) for name in labels],
            "assignees": [],
            "milestone": None,
            "locked": False,
            "comments": 0,
            "closed_at": None,
            "created_at": at,
            "updated_at": at,
            "author_association": "NONE",
        }
        self.comments[number] = []
        return number

    def answer(self, verb: str, target: str, headers: Mapping[str, str], content: bytes) -> tuple[int, Any]:
        """Status and JSON of an undisturbed request."""
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        self.queries.append(query)
        if headers.get("Authorization") != f"token {TOKEN}":
            raise RefusedError(401, "Bad credentials")
        found = _ROUTE.fullmatch(parts.path)
        if found is None or found[1] != REPO:
            raise RefusedError(404, "Not Found")
        if verb != "GET" and not self.may_write:
            raise RefusedError(403, "Resource not accessible by integration")
        document = json.loads(content) if content else {}
        if found[2] is None:
            return self._create(document) if verb == "POST" else (200, self._listed(query))
        return self._one(verb, int(found[2]), document, query, is_comments=bool(found[3]))

    def _one(
        self, verb: str, number: int, document: Any, query: Mapping[str, list[str]], *, is_comments: bool
    ) -> tuple[int, Any]:
        if number not in self.issues:
            raise RefusedError(404, "Not Found")
        if is_comments:
            return self._say(number, document) if verb == "POST" else (200, _page(self.comments[number], query))
        return (200, self._edit(number, document)) if verb == "PATCH" else (200, self.issues[number])

    def _create(self, document: Any) -> tuple[int, Any]:
        _accepted(ReposOwnerRepoIssuesPostBody, document)
        number = self.file(document["title"], document.get("body", ""), labels=tuple(document.get("labels", ())))
        return 201, self.issues[number]

    def _edit(self, number: int, document: Any) -> Any:
        _accepted(ReposOwnerRepoIssuesIssueNumberPatchBody, document)
        issue = self.issues[number]
        issue |= {name: document[name] for name in ("body", "state", "state_reason", "title") if name in document}
        if "labels" in document:
            issue["labels"] = [_label(name) for name in document["labels"]]
        issue["updated_at"] = self._now()
        issue["closed_at"] = self._now() if issue["state"] == "closed" else None
        return issue

    def _say(self, number: int, document: Any) -> tuple[int, Any]:
        _accepted(ReposOwnerRepoIssuesIssueNumberCommentsPostBody, document)
        at = self._now()
        comment = {
            "id": self._ticks,
            "node_id": f"IC_{self._ticks}",
            "url": f"https://api.github.com/repos/{REPO}/issues/comments/{self._ticks}",
            "html_url": f"https://github.com/{REPO}/issues/{number}#issuecomment-{self._ticks}",
            "issue_url": f"https://api.github.com/repos/{REPO}/issues/{number}",
            "user": _user(self.login),
            "created_at": at,
            "updated_at": at,
            "author_association": "NONE",
            "body": document["body"],
        }
        self.comments[number].append(comment)
        self.issues[number]["comments"] += 1
        return 201, comment

    def _listed(self, query: Mapping[str, list[str]]) -> list[Any]:
        if self.empty_lists:
            self.empty_lists -= 1
            return []
        wanted = set(",".join(query.get("labels", [])).split(",")) - {""}
        state = query.get("state", ["open"])[0]
        found = [
            issue
            for number, issue in self.issues.items()
            if number not in self.hidden_from_lists
            and wanted <= {label["name"] for label in issue["labels"]}
            and state in ("all", issue["state"])
        ]
        return _page(sorted(found, key=lambda issue: -issue["number"]), query)

    def _now(self) -> str:
        self._ticks += 1
        return (_START + timedelta(seconds=self._ticks)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def fault_for(self, verb: str, path: str) -> Fault | None:
        """The fault that stands at *path*, or the next one if it is one of *verb*'s; each happens once."""
        if f"{verb} {path}" in self.fault_at:
            return self.fault_at.pop(f"{verb} {path}")
        return self.faults.popleft() if self.faults and self.faults[0].verb == verb else None


def _page(items: list[Any], query: Mapping[str, list[str]]) -> list[Any]:
    size, page = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
    return items[(page - 1) * size : page * size]


def _accepted(schema: type[BaseModel], document: Any) -> None:
    try:
        schema.model_validate(document)
    except ValidationError as error:
        raise RefusedError(422, f"Invalid request: {error.errors()[0]['msg']}") from error
    if len(document.get("body") or "") > _MAX_BODY:
        raise RefusedError(422, "Validation Failed: body is too long (maximum is 65536 characters)")
    if len(document.get("title") or "") > _MAX_TITLE:
        raise RefusedError(422, "Validation Failed: title is too long (maximum is 256 characters)")


def _links(number: int) -> dict[str, Any]:
    api = f"https://api.github.com/repos/{REPO}"
    return {
        "id": 1000 + number,
        "node_id": f"I_{number}",
        "url": f"{api}/issues/{number}",
        "repository_url": api,
        "labels_url": f"{api}/issues/{number}/labels{{/name}}",
        "comments_url": f"{api}/issues/{number}/comments",
        "events_url": f"{api}/issues/{number}/events",
        "html_url": f"https://github.com/{REPO}/issues/{number}",
    }


def _label(name: str) -> dict[str, Any]:
    return {
        "id": 1,
        "node_id": "LA_1",
        "url": f"https://api.github.com/repos/{REPO}/labels/{name}",
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
    }


def _user(login: str) -> dict[str, Any]:
    api = f"https://api.github.com/users/{login}"
    lists = ("followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events")
    return {
        "login": login,
        "id": 41898282,
        "node_id": "U_1",
        "avatar_url": "https://avatars.githubusercontent.com/in/15368",
        "gravatar_id": "",
        "url": api,
        "html_url": f"https://github.com/{login}",
        **{f"{name}_url": f"{api}/{name}" for name in (*lists, "received_events")},
        "type": "Bot",
        "site_admin": False,
    }


class _Server(ThreadingHTTPServer):
    def __init__(self, double: GitHubDouble) -> None:
        self.double = double
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    server: _Server

    def serve(self) -> None:
        double, path = self.server.double, urlsplit(self.path).path
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        double.asked.append(f"{self.command} {path}")
        fault = double.fault_for(self.command, path)
        if fault is None:
            self.tell(*self.undisturbed(content), {})
            return
        if fault.is_committed:
            self.undisturbed(content)
        if fault.status:
            self.tell(fault.status, _error(fault.message), fault.headers)
        else:
            self.close_connection = True

    def undisturbed(self, content: bytes) -> tuple[int, Any]:
        try:
            status, answer = self.server.double.answer(self.command, self.path, dict(self.headers), content)
            schema = _COMMENTS if urlsplit(self.path).path.endswith("/comments") else _ISSUES
            schema.validate_python(answer if isinstance(answer, list) else [answer])
        except RefusedError as error:
            return error.status, _error(str(error))
        except ValidationError as error:
            self.server.double.violations.append(str(error))
            return 500, _error("the double broke the schema")
        return status, answer

    def tell(self, status: int, answer: Any, headers: Mapping[str, str]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json; charset=utf-8"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the original names it so
        """Say nothing."""


for _verb in ("GET", "POST", "PATCH"):
    setattr(_Handler, f"do_{_verb}", _Handler.serve)


def _error(message: str) -> dict[str, str]:
    return {"message": message, "documentation_url": "https://docs.github.com/rest"}
