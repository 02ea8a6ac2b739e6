"""The state of one repository: its issues, what was said and happened to them, and what its deployments were told."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from tests.doubles.github import documents

_START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


class Repository:
    """*name* (``OWNER/NAME``); a second passes with everything that happens in it."""

    def __init__(self, name: str, identity: int, url: str) -> None:
        self.name = name
        self._place = documents.Place(name, url)
        self.identity = identity
        self.issues: dict[int, dict[str, Any]] = {}
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.timelines: dict[int, list[dict[str, Any]]] = {}
        self.moved: dict[int, tuple[int, int]] = {}
        """Issues that were transferred: to which repository, by its identity, and as which number."""
        self.deleted: set[int] = set()
        self.deployments: dict[int, list[dict[str, Any]]] = {}
        """Their statuses, the latest last."""
        self.owners_errors: list[dict[str, Any]] | None = []
        """None: there is no CODEOWNERS."""
        self.artifacts: list[dict[str, Any]] = []
        """What runs have kept, the newest first."""
        self._ticks = count(1)

    def file(self, title: str, body: str, *, login: str, labels: tuple[str, ...] = (), is_pull: bool = False) -> int:
        """The number of a new issue, or pull request, by *login*."""
        number = max((*self.issues, *self.moved, *self.deleted), default=0) + 1
        _, at = self._tick()
        self.issues[number] = documents.issue(
            self._place, number, title=title, body=body, login=login, labels=labels, at=at
        )
        if is_pull:
            self.issues[number]["pull_request"] = documents.pull(self._place, number)
        self.comments[number], self.timelines[number] = [], []
        for name in labels:
            self._happens(number, "labeled", login, label={"name": name, "color": "ededed"})
        return number

    def say(self, number: int, body: str, *, login: str) -> dict[str, Any]:
        """A new comment."""
        identity, at = self._tick()
        comment: dict[str, Any] = documents.comment(self._place, number, identity, body=body, login=login, at=at)
        self.comments[number].append(comment)
        self.timelines[number].append({**comment, "event": "commented", "actor": comment["user"]})
        self.issues[number]["comments"] += 1
        self.issues[number]["updated_at"] = at
        return comment

    def comment(self, identity: int) -> dict[str, Any] | None:
        """The comment with *identity*; None if there is none."""
        return next((one for said in self.comments.values() for one in said if one["id"] == identity), None)

    def correct(self, comment: dict[str, Any], body: str) -> None:
        """*comment* says *body* from now on."""
        comment |= {"body": body, "updated_at": self._tick()[1]}

    def withdraw(self, comment: dict[str, Any]) -> None:
        """*comment* is gone."""
        number = int(comment["issue_url"].rpartition("/")[2])
        self.comments[number].remove(comment)
        self.issues[number]["comments"] -= 1

    def edit(self, number: int, changes: dict[str, Any], *, login: str) -> None:
        """The issue *number* with *changes*, each of which stands in its timeline."""
        issue = self.issues[number]
        issue |= {name: changes[name] for name in ("title", "body") if name in changes}
        if "labels" in changes:
            self.relabel(number, tuple(changes["labels"]), login=login)
        if changes.get("state", issue["state"]) != issue["state"]:
            self._turn(issue, changes, login)
        issue["updated_at"] = self._tick()[1]

    def tell(self, deployment: int, told: dict[str, Any], *, login: str) -> dict[str, Any]:
        """A new status of *deployment*; unless it is not to, a success ends the others, all of one environment."""
        if told["state"] == "success" and told.get("auto_inactive", True):
            for number, statuses in self.deployments.items():
                if number != deployment and statuses and statuses[-1]["state"] == "success":
                    self._tell(number, {"state": "inactive"}, login=login)
        return self._tell(deployment, told, login=login)

    def _tell(self, deployment: int, told: dict[str, Any], login: str) -> dict[str, Any]:
        identity, at = self._tick()
        status: dict[str, Any] = documents.status(self._place, deployment, identity, login=login, at=at, told=told)
        self.deployments[deployment].append(status)
        return status

    def relabel(self, number: int, labels: tuple[str, ...], *, login: str) -> None:
        """The issue *number* has *labels*, and no other ones."""
        issue = self.issues[number]
        before = tuple(label["name"] for label in issue["labels"])
        issue["labels"] = [documents.label(self._place, name) for name in labels]
        for kind, names in (("labeled", set(labels) - set(before)), ("unlabeled", set(before) - set(labels))):
            for name in sorted(names):
                self._happens(number, kind, login, label={"name": name, "color": "ededed"})

    def wait_until(self, at: datetime) -> None:
        """What happens from now on happens *at* that time or later."""
        self._ticks = count(int((at - _START).total_seconds()))

    def transfer(self, number: int, to: "Repository") -> int:
        """The issue's number in *to*; where it stood, everybody is sent there from now on."""
        issue = self.issues.pop(number)
        labels = tuple(label["name"] for label in issue["labels"])
        there = to.file(issue["title"], issue["body"], login=issue["user"]["login"], labels=labels)
        self.moved[number] = (to.identity, there)
        return there

    def delete(self, number: int) -> None:
        """The issue is gone, and its number with it."""
        del self.issues[number]
        self.deleted.add(number)

    def _turn(self, issue: dict[str, Any], changes: dict[str, Any], login: str) -> None:
        is_closed = changes["state"] == "closed"
        reason = changes.get("state_reason") or ("completed" if is_closed else "reopened")
        at = self._happens(issue["number"], "closed" if is_closed else "reopened", login, state_reason=reason)
        if reason == "duplicate" and "duplicate_issue_id" in changes:
            self._happens(issue["number"], "marked_as_duplicate", login)
        issue |= {"state": changes["state"], "state_reason": reason, "closed_at": at if is_closed else None}

    def _happens(self, number: int, kind: str, login: str, **more: Any) -> str:
        identity, at = self._tick()
        self.timelines[number].append(documents.event(self._place, identity, kind, login=login, at=at, more=more))
        return at

    def _tick(self) -> tuple[int, str]:
        tick = next(self._ticks)
        return tick, (_START + timedelta(seconds=tick)).strftime("%Y-%m-%dT%H:%M:%SZ")
