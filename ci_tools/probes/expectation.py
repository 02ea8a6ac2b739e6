"""What a JSON answer says of a dependency, against what a probe expects of it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ci_tools.evidence.redaction import excerpt
from ci_tools.model import DependencyState
from ci_tools.numbers import finite
from ci_tools.target.answers import mocked

Scalar = str | int | float | bool | None

_QUOTED = 160
_LISTED = 8


class MissingPathError(LookupError):
    """A document holds nothing at a dotted path; the text says where it ends, and what is there instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One respect in which an answer is not as expected."""

    state: DependencyState
    text: str


def look_up(document: Any, path: str) -> Any:
    """The value at the dotted *path*; a number counts the entries of a list.

    Raises:
        MissingPathError: there is none.
    """
    value = document
    for depth, key in enumerate(keys := path.split(".")):
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise MissingPathError(f"{path} is missing; {'.'.join(keys[:depth]) or 'the answer'} {_holds(value)}")
    return value


def mismatches(document: Any, expect: Mapping[str, Sequence[Scalar]]) -> tuple[Mismatch, ...]:
    """Every path of *expect* that does not hold one of its values; none means that all do.

    *down* unless the value itself says degraded while nothing says that the connection is lost.
    """
    found = (_mismatch(document, path, allowed) for path, allowed in expect.items())
    return tuple(mismatch for mismatch in found if mismatch)


def stand_in(document: Any) -> str:
    """The first text anywhere in *document* that a server gives instead of an answer; empty if there is none."""
    return next(filter(mocked, _texts(document)), "")


def milliseconds(document: Any, path: str) -> float:
    """The latency at *path*, in milliseconds.

    Raises:
        MissingPathError: there is none, or it is no duration.
    """
    value = look_up(document, path)
    latency_ms = finite(value)
    if latency_ms is None or latency_ms < 0:
        raise MissingPathError(f"{path} is {_shown(value)}, no duration")
    return latency_ms


def _mismatch(document: Any, path: str, allowed: Sequence[Scalar]) -> Mismatch | None:
    wanted = ("one of " if len(allowed) > 1 else "") + ", ".join(map(_shown, allowed))
    try:
        value = look_up(document, path)
    except MissingPathError as error:
        return Mismatch(state=DependencyState.DOWN, text=f"{error}; expected {wanted}")
    if any(_same(value, one) for one in allowed):
        return None
    around = _around(document, path)
    said = next((f": {around[key]}" for key in ("error", "message") if isinstance(around.get(key), str)), "")
    return Mismatch(state=_state(value, around), text=f"{path} is {_shown(value)}, expected {wanted}{said}")


def _state(value: Any, around: Mapping[str, Any]) -> DependencyState:
    degraded = isinstance(value, str) and "degraded" in value.lower()
    lost = around.get("connected") is False
    return DependencyState.DEGRADED if degraded and not lost else DependencyState.DOWN


def _around(document: Any, path: str) -> Mapping[str, Any]:
    """What stands beside the value at *path*: the dependency's own words are there."""
    above = path.rpartition(".")[0]
    beside = look_up(document, above) if above else document
    return beside if isinstance(beside, Mapping) else {}


def _same(value: Any, expected: Scalar) -> bool:
    # JSON keeps true and 1 apart, Python does not.
    return isinstance(value, bool) == isinstance(expected, bool) and bool(value == expected)


def _texts(document: Any) -> Iterator[str]:
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            waiting += reversed(list(value.values()))
        elif isinstance(value, list):
            waiting += reversed(value)


def _holds(value: Any) -> str:
    if isinstance(value, Mapping):
        return "has " + (", ".join(sorted(value)[:_LISTED]) or "nothing")
    return f"is {_shown(value)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _QUOTED else f"{excerpt(text, _QUOTED)}…"
