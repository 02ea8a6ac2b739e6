"""GitHub's description of its API, as githubkit-schemas brings it: what a request must be, and what answers it.

Each operation is a method of a generated client: its documentation names verb and path, its signature the query, and
it checks the body itself. So a request is one that GitHub describes if that client would have sent the same.
"""

import datetime as dt
import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, Literal, Union, get_type_hints
from urllib.parse import unquote

from githubkit.typing import Missing
from githubkit_schemas.v2026_03_10.models import BasicError
from githubkit_schemas.v2026_03_10.rest.actions import ActionsClient
from githubkit_schemas.v2026_03_10.rest.issues import IssuesClient
from githubkit_schemas.v2026_03_10.rest.rate_limit import RateLimitClient
from githubkit_schemas.v2026_03_10.rest.repos import ReposClient
from githubkit_schemas.v2026_03_10.rest.search import SearchClient
from githubkit_schemas.v2026_03_10.rest.users import UsersClient
from pydantic import TypeAdapter, ValidationError

_CLIENTS = (ActionsClient, IssuesClient, SearchClient, ReposClient, RateLimitClient, UsersClient)
_NAMES = {"Missing": Missing, "Literal": Literal, "Union": Union, "_dt": dt}
_HEADING = re.compile(r"([a-z-]+/[a-z-]+)\n\n\s*(GET|POST|PUT|PATCH|DELETE) (/\S*)")
_GENERAL = frozenset({301, 401, 403, 404, 429, 500, 502, 503, 504})
"""Statuses that GitHub's documentation names for the whole API, and its description not for each operation."""


class BrokenContractError(Exception):
    """A request or an answer is not what GitHub describes; the text says where."""


@dataclass(frozen=True)
class Operation:
    """One operation of GitHub's API."""

    name: str
    """As GitHub calls it, such as ``issues/create``."""
    verb: str
    path: str
    send: Callable[..., Any]
    """The method of the generated client, without its client."""

    def match(self, verb: str, path: str) -> dict[str, str] | None:
        """The parts of *path* that vary; None if it is another operation's."""
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path) if verb == self.verb else None
        return {name: unquote(value) for name, value in found.groupdict().items()} if found else None


@dataclass(frozen=True)
class Described:
    """What GitHub describes of the answers to one request."""

    answer: TypeAdapter[Any] | None
    """None: there is no content."""
    errors: Mapping[str, Any]

    def check(self, status: int, content: bytes) -> None:
        """Do nothing if *content* may be answered with *status*.

        Raises:
            BrokenContractError: it may not.
        """
        adapter = self._adapter(status)
        if adapter is None:
            _require(not content, f"{status} has content, where GitHub describes none")
            return
        try:
            value = adapter.validate_json(content)
        except ValidationError as error:
            raise BrokenContractError(f"{status}: {_said(error)}") from error
        seen = adapter.dump_python(value, by_alias=True, exclude_unset=True, warnings=False)
        _require(_covers(seen, json.loads(content)), f"{status} has fields that GitHub does not describe")

    def _adapter(self, status: int) -> TypeAdapter[Any] | None:
        if status < 300:
            return self.answer
        if status == HTTPStatus.NOT_MODIFIED:
            return None
        if model := self.errors.get(str(status)):
            return TypeAdapter(model)
        _require(status in _GENERAL, f"GitHub does not describe status {status} here")
        return TypeAdapter(BasicError)


class _Recorder:
    """Stands where a generated client has its connection, and keeps what it would have sent."""

    _REST_API_VERSION = ""

    def __init__(self) -> None:
        self.config = SimpleNamespace(rest_api_validate_body=True)
        self.taken: dict[str, Any] = {}
        self._github = self

    def request(self, _verb: str, _url: str, **described: Any) -> None:
        self.taken = described


@cache
def operations() -> Mapping[str, Operation]:
    """Every operation of the clients above, by GitHub's name for it."""
    methods = [value for client in _CLIENTS for _, value in inspect.getmembers(client, inspect.isfunction)]
    found = [(match, method) for method in methods if (match := _HEADING.match(method.__doc__ or ""))]
    return {
        match[1]: Operation(match[1], match[2], match[3], method) for match, method in found if not _is_async(method)
    }


def _is_async(method: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(method)


def check_request(operation: Operation, parts: Mapping[str, str], query: Mapping[str, str], document: Any) -> Described:
    """What may answer the request, if it is one that GitHub describes.

    Raises:
        BrokenContractError: it is not.
    """
    taken = set(inspect.signature(operation.send).parameters)
    unknown = set(query) - (taken - {"self", "data", "headers", "stream", "kwargs"})
    _require(not unknown, f"{operation.name} has no parameter {sorted(unknown)}")
    _require(document is None or "data" in taken, f"{operation.name} takes no document")
    _check_types(operation, {**parts, **query})
    sent = _sent(operation, {**parts, **query, **({} if document is None else {"data": document})})
    _require(
        document is None or _covers(sent.get("json"), document),
        f"{operation.name}: the document has fields that GitHub does not describe",
    )
    model = sent.get("response_model")
    return Described(answer=None if model is None else TypeAdapter(model), errors=sent.get("error_models") or {})


def _sent(operation: Operation, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    recorder = _Recorder()
    try:
        operation.send(recorder, **arguments)
    except ValidationError as error:
        raise BrokenContractError(f"{operation.name}: {_said(error)}") from error
    except TypeError as error:
        raise BrokenContractError(f"{operation.name}: {error}") from error
    return recorder.taken


def _check_types(operation: Operation, given: Mapping[str, str]) -> None:
    for name, value in given.items():
        try:
            _type_of(operation.send, name).validate_python(value)
        except ValidationError as error:
            raise BrokenContractError(f"{operation.name}: {name}={value!r}: {_said(error)}") from error


@cache
def _type_of(method: Callable[..., Any], name: str) -> TypeAdapter[Any]:
    annotated = SimpleNamespace(__annotations__={name: method.__annotations__[name]})
    return TypeAdapter(get_type_hints(annotated, globalns=_NAMES)[name])


def _covers(known: Any, given: Any) -> bool:
    """Whether every field of *given* stands in *known*, at any depth."""
    if isinstance(given, dict):
        return isinstance(known, dict) and all(name in known and _covers(known[name], given[name]) for name in given)
    if isinstance(given, list):
        return isinstance(known, list) and all(map(_covers, known, given))
    return True


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - as assert has it
    if not holds:
        raise BrokenContractError(otherwise)


def _said(error: ValidationError) -> str:
    """The last of what is wrong: of alternatives, the one that is not merely "absent"."""
    found = error.errors(include_url=False, include_input=False)[-1]
    return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"
