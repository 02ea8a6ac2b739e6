"""What an answer must be, before a test looks at its content."""

from datetime import UTC, datetime
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from tests.contract.schemas import ERROR, Schema

CLOCK_SKEW_S = 60.0


def check_conforms(value: object, schema: Schema) -> Any:
    """*value*, which follows *schema*; the assertion quotes the first thing that does not."""
    problems = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(value)]
    assert not problems, "; ".join(problems[:5])
    return value


def instant(text: str) -> datetime:
    """An aware instant from ISO 8601."""
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo is not None, f"{text} has no time zone"
    return moment


def is_fresh(text: str) -> bool:
    """Whether *text* is an instant of just now."""
    return abs((datetime.now(UTC) - instant(text)).total_seconds()) < CLOCK_SKEW_S


def check_answered(answer: httpx.Response, schema: Schema, status: int = 200) -> Any:
    """The JSON body of an answer with *status* that follows *schema*."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:500]}"
    return check_conforms(answer.json(), schema)


def check_refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The error envelope of an answer with *status*; its request id is the header's."""
    envelope: dict[str, Any] = check_answered(answer, ERROR, status)
    assert envelope["request_id"] == answer.headers["x-request-id"]
    assert is_fresh(envelope["timestamp"])
    return envelope


def check_listed(answer: httpx.Response, schema: Schema, *, key: str = "data") -> list[Any]:
    """The entries of a list endpoint, bare or below *key*; each follows *schema*."""
    body = check_answered(answer, {})
    entries = body if isinstance(body, list) else body[key]
    return [check_conforms(entry, schema) for entry in entries]
