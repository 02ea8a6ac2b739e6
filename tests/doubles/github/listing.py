"""Lists of issues as GitHub makes them: filtered, ordered, a page at a time; and a little of its search."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

_PER_PAGE = 30
_MAX_PER_PAGE = 100
_TERM = re.compile(r'(?:([a-z]+):)?(?:"([^"]*)"|(\S+))')


def listed(issues: Iterable[dict[str, Any]], query: Mapping[str, str], hidden: Collection[int]) -> list[dict[str, Any]]:
    """Those that *query* asks for; by default open ones, the newest first."""
    labels = {name for name in query.get("labels", "").split(",") if name}
    state = query.get("state", "open")
    found = [
        issue
        for issue in issues
        if issue["number"] not in hidden
        and labels <= _labels(issue)
        and state in ("all", issue["state"])
        and query.get("creator", _author(issue)) == _author(issue)
        and query.get("since", "") <= issue["updated_at"]
    ]
    key = {"updated": "updated_at", "comments": "comments"}.get(query.get("sort", ""), "number")
    return sorted(found, key=lambda issue: issue[key], reverse=query.get("direction", "desc") == "desc")


def searched(issues: Iterable[dict[str, Any]], text: str, hidden: Collection[int]) -> list[dict[str, Any]]:
    """Those that fit every term of *text*."""
    terms = [(name, quoted or bare) for name, quoted, bare in _TERM.findall(text)]
    return [
        {**issue, "score": 1.0}
        for issue in issues
        if issue["number"] not in hidden and all(_fits(issue, name, value) for name, value in terms)
    ]


def page_of(items: list[Any], query: Mapping[str, str], url: str) -> tuple[list[Any], dict[str, str]]:
    """One page of *items*, and the header that names the next one."""
    size = min(int(query.get("per_page", _PER_PAGE)), _MAX_PER_PAGE)
    page = int(query.get("page", 1))
    is_last = page * size >= len(items)
    following = urlencode({**query, "page": page + 1})
    headers = {} if is_last else {"Link": f'<{url}?{following}>; rel="next"'}
    return items[(page - 1) * size : page * size], headers


def _fits(issue: Mapping[str, Any], name: str, value: str) -> bool:
    kind = "pr" if "pull_request" in issue else "issue"
    known: dict[str, bool] = {
        "repo": issue["repository_url"].endswith(f"/repos/{value}"),
        "is": value in (kind, issue["state"]),
        "state": value == issue["state"],
        "label": value in _labels(issue),
        "author": value in (_author(issue), f"app/{_author(issue).removesuffix('[bot]')}"),
        "in": True,
        "": value.lower() in f"{issue['title']}\n{issue['body']}".lower(),
    }
    return known.get(name, False)


def _labels(issue: Mapping[str, Any]) -> set[str]:
    return {label["name"] for label in issue["labels"]}


def _author(issue: Mapping[str, Any]) -> str:
    return issue["user"]["login"] if issue["user"] else ""
