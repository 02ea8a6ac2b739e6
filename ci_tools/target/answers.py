"""What answers of the deployed system have in common, read strictly."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ci_tools.errors import TargetError
from ci_tools.evidence.redaction import excerpt
from ci_tools.target.http import Answer

_SUCCESS = range(200, 300)
_MOCKED = ("Mock ", "Fallback ", "Degraded mode")
_ENVELOPE = {"error", "error_code", "message", "user_message", "details", "trace_id", "timestamp", "request_id"}


def mocked(text: str) -> bool:
    """Whether *text* is a stand-in that the deployed system gives instead of an answer."""
    return text.lstrip("\"' \n").startswith(_MOCKED)


def accepted(answer: Answer) -> Any:
    """The JSON body of an answer that grants what was asked.

    Raises:
        TargetError: its status is none of success; the text holds the first words of the body.
    """
    if answer.status not in _SUCCESS:
        what = f"{answer.method} {answer.url} answered {answer.status}: {excerpt(answer.text, 400)}"
        raise TargetError(what, status=answer.status)
    return answer.json()


def rows(answer: Answer, name: str = "data") -> list[dict[str, Any]]:
    """The items of a list: the body itself, or what it holds under *name*.

    Raises:
        TargetError: the body is neither.
    """
    body = accepted(answer)
    items = body.get(name) if isinstance(body, Mapping) else body
    if not isinstance(items, list):
        raise TargetError(
            f"{answer.method} {answer.url} answered {answer.status} without a list: {excerpt(answer.text, 200)!r}"
        )
    return items


def envelope(answer: Answer) -> dict[str, Any]:
    """The error envelope of an answer.

    Raises:
        TargetError: a field is missing, it does not call itself an error, or it is not about this request.
    """
    body = answer.json()
    missing = _ENVELOPE - set(body) if isinstance(body, dict) else _ENVELOPE
    if missing or body["error"] is not True or body["request_id"] != answer.request_id:
        raise TargetError(
            f"{answer.method} {answer.url} answered {answer.status} {answer.request_id} without the error envelope "
            f"(missing: {', '.join(sorted(missing)) or 'nothing'}): {excerpt(answer.text, 300)}"
        )
    return dict(body)


def instant(text: str) -> datetime:
    """An ISO 8601 timestamp with its offset.

    Raises:
        TargetError: it is not one, or does not say of which zone it speaks.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise TargetError(f"{text!r} is no ISO 8601 timestamp") from error
    if at.tzinfo is None:
        raise TargetError(f"{text!r} is a timestamp without an offset")
    return at
