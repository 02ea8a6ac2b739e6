"""What each operation of GitHub's API does to a repository."""

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from tests.doubles.github import documents
from tests.doubles.github.call import Answer, Call, RefusedError
from tests.doubles.github.listing import listed, searched

_MAX_BODY = 65_536
_MAX_TITLE = 256
_MAX_LABEL = 50
_MAX_COMMENTS = 2_500
_MAX_DESCRIPTION = 140


def _list(call: Call) -> Answer:
    lagging = call.list_lag.hidden()
    if call.switches.empty_lists:
        call.switches.empty_lists -= 1
        return Answer([])
    hidden = lagging | call.switches.hidden_from_lists
    return call.page(listed(call.repository.issues.values(), call.query, hidden))


def _create(call: Call) -> Answer:
    _require_lengths(call.document)
    labels = tuple(call.document.get("labels", ())) if call.switches.may_push else ()
    title, body = call.document["title"], call.document.get("body", "")
    number = call.repository.file(title, body, login=call.switches.login, labels=labels)
    call.list_lag.hide(number, call.switches.list_lag)
    call.search_lag.hide(number, call.switches.search_lag)
    return Answer(call.repository.issues[number], 201)


def _get(call: Call) -> Answer:
    changed_at = datetime.fromisoformat(call.issue["updated_at"])
    last_modified = {"Last-Modified": format_datetime(changed_at, usegmt=True)}
    if call.unless_since is not None and changed_at <= call.unless_since:
        return Answer(status=304, headers=last_modified)
    return Answer(call.issue, headers=last_modified)


def _update(call: Call) -> Answer:
    issue, login = call.issue, call.switches.login
    _require_lengths(call.document)
    if not call.switches.may_push and issue["user"]["login"] != login:
        raise RefusedError(403, "Must have admin rights to Repository.")
    known = {one["id"] for one in call.repository.issues.values()}
    if call.document.get("duplicate_issue_id") not in {None, *known}:
        raise RefusedError(422, "Validation Failed: duplicate_issue_id is no issue that you may see")
    dropped = () if call.switches.may_push else ("labels", "assignees", "milestone")
    changes = {name: value for name, value in call.document.items() if name not in dropped}
    call.repository.edit(call.number, changes, login=login)
    return Answer(issue)


def _comments(call: Call) -> Answer:
    return call.page(call.repository.comments[call.issue["number"]])


def _say(call: Call) -> Answer:
    _require_lengths(call.document)
    if call.issue["locked"] and not call.switches.may_push:
        raise RefusedError(403, "Unable to create comment because issue is locked.")
    if call.issue["comments"] >= _MAX_COMMENTS:
        raise RefusedError(403, "Commenting is disabled on issues with more than 2500 comments")
    return Answer(call.repository.say(call.number, call.document["body"], login=call.switches.login), 201)


def _comment(call: Call) -> Answer:
    comment = call.repository.comment(int(call.parts["comment_id"]))
    if comment is None:
        raise RefusedError(404, "Not Found")
    return Answer(comment)


def _correct(call: Call) -> Answer:
    _require_lengths(call.document)
    answer = _comment(call)
    if answer.document["user"]["login"] != call.switches.login and not call.switches.may_push:
        raise RefusedError(403, "Must have admin rights to Repository.")
    call.repository.correct(answer.document, call.document["body"])
    return answer


def _withdraw(call: Call) -> Answer:
    comment = _comment(call).document
    if comment["user"]["login"] != call.switches.login and not call.switches.may_push:
        raise RefusedError(403, "Must have admin rights to Repository.")
    call.repository.withdraw(comment)
    return Answer(status=204)


def _timeline(call: Call) -> Answer:
    return call.page(call.repository.timelines[call.issue["number"]])


def _labelled(call: Call) -> Answer:
    names = [label["name"] for label in call.issue["labels"]]
    added = call.document["labels"] if isinstance(call.document, dict) else call.document
    return _relabel(call, [*names, *(name for name in added if name not in names)])


def _unlabelled(call: Call) -> Answer:
    names = [label["name"] for label in call.issue["labels"]]
    if call.parts["name"] not in names:
        raise RefusedError(404, "Label does not exist")
    return _relabel(call, [name for name in names if name != call.parts["name"]])


def _relabel(call: Call, names: list[str]) -> Answer:
    if not call.switches.may_push:
        raise RefusedError(403, "Must have admin rights to Repository.")
    call.repository.relabel(call.number, tuple(names), login=call.switches.login)
    return Answer([{**label, "archived_at": None, "archived_by": None} for label in call.issue["labels"]])


def _search(call: Call) -> Answer:
    found = searched(call.repository.issues.values(), call.query["q"], call.search_lag.hidden())
    page = call.page(found)
    counted = {"total_count": len(found), "incomplete_results": False, "search_type": "lexical"}
    return Answer({**counted, "items": page.document}, headers=page.headers)


def _owners(call: Call) -> Answer:
    if call.repository.owners_errors is None:
        raise RefusedError(404, "Not Found")
    return Answer({"errors": call.repository.owners_errors})


def _myself(call: Call) -> Answer:
    if call.switches.login.endswith("[bot]"):
        raise RefusedError(403, "Resource not accessible by integration")
    return Answer(documents.myself(call.switches.login))


def _artifacts(call: Call) -> Answer:
    page = call.page(call.repository.artifacts)
    total = len(call.repository.artifacts)
    return Answer({"total_count": total, "artifacts": page.document}, headers=page.headers)


def _statuses(call: Call) -> Answer:
    return call.page(_told(call)[::-1])


def _tell(call: Call) -> Answer:
    _told(call)
    if len(call.document.get("description") or "") > _MAX_DESCRIPTION:
        raise RefusedError(
            422, f"Validation Failed: description is too long (maximum is {_MAX_DESCRIPTION} characters)"
        )
    deployment = int(call.parts["deployment_id"])
    return Answer(call.repository.tell(deployment, call.document, login=call.switches.login), 201)


def _told(call: Call) -> list[dict[str, Any]]:
    """The statuses of the deployment that is asked for.

    Raises:
        RefusedError: there is none.
    """
    told = call.repository.deployments.get(int(call.parts["deployment_id"]))
    if told is None:
        raise RefusedError(404, "Not Found")
    return told


def _require_lengths(document: Mapping[str, Any]) -> None:
    """Refuse what GitHub refuses although its description does not say so."""
    limits = (("body", _MAX_BODY), ("title", _MAX_TITLE))
    for name, most in limits:
        if len(document.get(name) or "") > most:
            raise RefusedError(422, f"Validation Failed: {name} is too long (maximum is {most} characters)")
    if any(len(label) > _MAX_LABEL for label in document.get("labels") or ()):
        raise RefusedError(422, f"Validation Failed: name is too long (maximum is {_MAX_LABEL} characters)")


HANDLERS: Mapping[str, Callable[[Call], Answer]] = {
    "issues/list-for-repo": _list,
    "issues/create": _create,
    "issues/get": _get,
    "issues/update": _update,
    "issues/list-comments": _comments,
    "issues/create-comment": _say,
    "issues/get-comment": _comment,
    "issues/update-comment": _correct,
    "issues/delete-comment": _withdraw,
    "issues/list-events-for-timeline": _timeline,
    "issues/add-labels": _labelled,
    "issues/remove-label": _unlabelled,
    "search/issues-and-pull-requests": _search,
    "repos/codeowners-errors": _owners,
    "users/get-authenticated": _myself,
    "actions/list-artifacts-for-repo": _artifacts,
    "repos/list-deployment-statuses": _statuses,
    "repos/create-deployment-status": _tell,
    "rate-limit/get": lambda call: Answer(documents.rate_limits(1000, call.switches.remaining, call.switches.reset)),
}
"""By GitHub's name for the operation."""
