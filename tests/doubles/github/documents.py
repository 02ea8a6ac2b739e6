"""JSON as GitHub answers it: issues, comments, labels, users, events, statuses of deployments, and errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

API = "https://api.github.com"
_DOCUMENTATION = "https://docs.github.com/rest"


@dataclass(frozen=True)
class Place:
    """Where a repository's documents say that they are: clients follow what stands there."""

    repo: str
    url: str = API
    """The server's."""

    @property
    def api(self) -> str:
        """What the addresses of this repository begin with."""
        return f"{self.url}/repos/{self.repo}"

    @property
    def page(self) -> str:
        """The same for people."""
        return f"https://github.com/{self.repo}"


def issue(place: Place, number: int, *, title: str, body: str, login: str, labels: tuple[str, ...], at: str) -> Any:
    """An open issue that was filed *at*."""
    return {
        **_links(place, number),
        "number": number,
        "title": title,
        "body": body,
        "state": "open",
        "state_reason": None,
        "user": user(login),
        "labels": [label(place, name) for name in labels],
        "assignees": [],
        "milestone": None,
        "locked": False,
        "comments": 0,
        "closed_at": None,
        "created_at": at,
        "updated_at": at,
        "author_association": "NONE",
    }


def pull(place: Place, number: int) -> Any:
    """What tells a pull request from an issue in a list of both."""
    page = f"{place.page}/pull/{number}"
    links = {"html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
    return {"url": f"{place.api}/pulls/{number}", **links}


def comment(place: Place, number: int, identity: int, *, body: str, login: str, at: str) -> Any:
    """A comment on the issue *number*."""
    return {
        "id": identity,
        "node_id": f"IC_{identity}",
        "url": f"{place.api}/issues/comments/{identity}",
        "html_url": f"{place.page}/issues/{number}#issuecomment-{identity}",
        "issue_url": f"{place.api}/issues/{number}",
        "user": user(login),
        "created_at": at,
        "updated_at": at,
        "author_association": "NONE",
        "body": body,
    }


def event(place: Place, identity: int, kind: str, *, login: str, at: str, more: Mapping[str, Any]) -> Any:
    """An entry of a timeline."""
    return {
        "id": identity,
        "node_id": f"E_{identity}",
        "url": f"{place.api}/issues/events/{identity}",
        "actor": user(login),
        "event": kind,
        "commit_id": None,
        "commit_url": None,
        "created_at": at,
        "performed_via_github_app": None,
        **more,
    }


def status(place: Place, deployment: int, identity: int, *, login: str, at: str, told: Mapping[str, Any]) -> Any:
    """What the deployment of that number was *told*."""
    return {
        "id": identity,
        "node_id": f"DES_{identity}",
        "url": f"{place.api}/deployments/{deployment}/statuses/{identity}",
        "deployment_url": f"{place.api}/deployments/{deployment}",
        "repository_url": place.api,
        "state": told["state"],
        "creator": user(login),
        "description": told.get("description", ""),
        "environment": told.get("environment", ""),
        "environment_url": told.get("environment_url", ""),
        "log_url": told.get("log_url", ""),
        "target_url": told.get("log_url", ""),
        "created_at": at,
        "updated_at": at,
        "performed_via_github_app": None,
    }


def label(place: Place, name: str) -> Any:
    """A label, in the colour that GitHub gives to one that it has to make up."""
    return {
        "id": 1,
        "node_id": "LA_1",
        "url": f"{place.api}/labels/{name}",
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
    }


def user(login: str) -> Any:
    """An account."""
    api = f"{API}/users/{login}"
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
        "type": "Bot" if login.endswith("[bot]") else "User",
        "site_admin": False,
    }


def myself(login: str) -> Any:
    """An account, as it is shown to a token of its own."""
    told = ("name", "company", "blog", "location", "email", "hireable", "bio")
    counted = ("public_repos", "public_gists", "followers", "following")
    born = "2011-01-25T18:44:36Z"
    return {
        **user(login),
        **dict.fromkeys(told),
        **dict.fromkeys(counted, 0),
        "created_at": born,
        "updated_at": born,
    }


def error(message: str) -> Any:
    """What stands in an answer that is none."""
    return {"message": message, "documentation_url": _DOCUMENTATION}


def owners_error(line: int, owner: str) -> Any:
    """What GitHub says of an owner in CODEOWNERS that it does not know."""
    source = f"* {owner}"
    return {
        "line": line,
        "column": source.index(owner) + 1,
        "kind": "Unknown owner",
        "source": source,
        "suggestion": f"make sure {owner} exists and has write access to the repository",
        "message": f"Unknown owner on line {line}: make sure {owner} exists and has write access to the repository",
        "path": "CODEOWNERS",
    }


def rate_limits(limit: int, remaining: int, reset: int) -> Any:
    """What is left of the requests of an hour, and of the searches of a minute."""
    core = {"limit": limit, "remaining": remaining, "reset": reset, "used": limit - remaining}
    return {"resources": {"core": core, "search": {"limit": 30, "remaining": 30, "reset": reset, "used": 0}}}


def _links(place: Place, number: int) -> dict[str, Any]:
    api = place.api
    return {
        "id": 1000 + number,
        "node_id": f"I_{number}",
        "url": f"{api}/issues/{number}",
        "repository_url": api,
        "labels_url": f"{api}/issues/{number}/labels{{/name}}",
        "comments_url": f"{api}/issues/{number}/comments",
        "events_url": f"{api}/issues/{number}/events",
        "html_url": f"{place.page}/issues/{number}",
    }


def artifact(place: Place, number: int, name: str, *, run: int, branch: str | None = "main") -> Any:
    """What run *run* of *branch* has kept; the run of a fork is one of another repository."""
    api = f"{place.api}/actions/artifacts/{number}"
    return {
        "id": number,
        "node_id": f"A_{number}",
        "name": name,
        "size_in_bytes": 1000,
        "url": api,
        "archive_download_url": f"{api}/zip",
        "expired": False,
        "created_at": "2026-03-02T10:00:00Z",
        "expires_at": "2026-04-01T10:00:00Z",
        "updated_at": "2026-03-02T10:00:00Z",
        "workflow_run": {
            "id": run,
            "repository_id": 1,
            "head_repository_id": 1,
            "head_branch": branch,
            "head_sha": "0123456789abcdef",
        },
    }
