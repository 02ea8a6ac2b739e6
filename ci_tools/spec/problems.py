"""What is wrong with a file, in one line for a person."""

import difflib
import types
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

from pydantic import Tag
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ci_tools.spec.documents import CampaignDocument
from ci_tools.spec.field_types import IN_WORDS
from ci_tools.spec.positions import KeyPath, Positions

_LONGEST_VALUE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that must change in the file before anything can run."""

    path: KeyPath
    what: str
    got: str
    legal: str

    def line(self, source: str, positions: Positions) -> str:
        """``campaign.toml:12: gates.redis.floor: …; got …; legal: …``."""
        where = f"{source}:{positions.line(self.path)}"
        return f"{where}: {dotted(self.path)}: {self.what}; got {self.got}; legal: {self.legal}"


def dotted(path: KeyPath) -> str:
    """The path as a person writes it: ``environments.twin.limits[0].burst``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the file"


def shown(value: object) -> str:
    """*value* as it stands in the file, shortened. It may not hold a secret: what does is left out by who parses."""
    text = "true" if value is True else "false" if value is False else repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def listed(names: Iterable[str]) -> str:
    """The legal names, or that there are none."""
    return ", ".join(sorted(names)) or "none is declared"


def unknown_name(path: KeyPath, what: str, name: str, known: Iterable[str]) -> Problem:
    """A reference to something that the file does not declare, with the nearest name that it does."""
    return Problem(path=path, what=f"unknown {what}", got=repr(name), legal=suggested(name, list(known)))


def suggested(name: str, known: Sequence[str]) -> str:
    """The legal names, led by the one that was probably meant."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"{listed(known)}; did you mean {near[0]!r}?" if near else listed(known)


def of_shape(errors: Sequence[ErrorDetails]) -> list[Problem]:
    """Pydantic's errors as problems, without those that only follow from another."""
    return [_problem(error) for error in errors if not _follows(error)]


def _follows(error: ErrorDetails) -> bool:
    # An array whose only entry is refused is also reported as too short.
    return error["type"] == "too_short" and bool(error["input"])


def _problem(error: ErrorDetails) -> Problem:
    location, path, value = error["loc"], _path(error["loc"]), error["input"]
    match error["type"]:
        case "extra_forbidden":
            legal = suggested(str(path[-1]), list(_fields(location[:-1])))
            return Problem(path=path, what="unknown key", got=repr(path[-1]), legal=legal)
        case "missing":
            legal = _description(_fields(location[:-1])[str(path[-1])])
            return Problem(path=path, what="required, but missing", got="nothing", legal=legal)
        case "union_tag_invalid":
            return _unknown_kind(path, value, error["ctx"]["expected_tags"])
        case "union_tag_not_found":
            legal = "a table"
        case "string_pattern_mismatch":
            legal = IN_WORDS[error["ctx"]["pattern"]]
        case _:
            legal = _legal(error["msg"])
    got = shown(value)
    if str(path[-1]).endswith("_env") and isinstance(value, str):
        got = f"a value of {len(value)} characters"
    return Problem(path=path, what="not allowed", got=got, legal=legal)


def _path(location: KeyPath) -> KeyPath:
    return tuple(part for part in location if not str(part).startswith(("<", "[key]")))


def _unknown_kind(path: KeyPath, table: Mapping[str, Any], expected: str) -> Problem:
    key = "strategy" if path[-1] == "auth" else "kind"
    kinds = [kind.strip("'<>") for kind in expected.split(", ")]
    if key not in table:
        return Problem(path=(*path, key), what="required, but missing", got="nothing", legal=listed(kinds))
    kind = str(table[key])
    return Problem(path=(*path, key), what=f"unknown {key}", got=repr(kind), legal=suggested(kind, kinds))


_IN_OUR_WORDS = {
    "Input should be ": "",
    "a valid integer": "a whole number",
    "a valid array": "an array",
    "a valid ": "a ",
    "an object": "a table",
    "a dictionary": "a table",
    "Tuple should have ": "",
    "String should have ": "",
    "Dictionary should have ": "",
    " after validation, not 0": "",
}


def _legal(message: str) -> str:
    for theirs, ours in _IN_OUR_WORDS.items():
        message = message.replace(theirs, ours)
    return message


def _description(field: FieldInfo) -> str:
    return (field.description or "").rstrip(".")


def _fields(location: KeyPath) -> Mapping[str, FieldInfo]:
    """The fields of the table at *location*, which names the members of unions by their tags."""
    annotation: Any = CampaignDocument
    for part in location:
        annotation = _step(annotation, part)
    return _present(annotation).model_fields  # type: ignore[no-any-return]


def _step(annotation: Any, part: str | int) -> Any:
    annotation = _present(annotation)
    if isinstance(part, str) and part.startswith("<"):
        return next(member for member in get_args(annotation) if Tag(part) in get_args(member)[1:])
    if get_origin(annotation) is dict:
        return get_args(annotation)[1]
    if get_origin(annotation) is tuple:
        return get_args(annotation)[0]
    return annotation.model_fields[part].annotation


def _present(annotation: Any) -> Any:
    """*annotation* without its metadata and without None."""
    if hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    if get_origin(annotation) in (Union, types.UnionType) and type(None) in get_args(annotation):
        [annotation] = (member for member in get_args(annotation) if member is not type(None))
    return annotation
