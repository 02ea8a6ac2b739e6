"""``campaign.toml`` as text becomes a :class:`Spec`, or one error that names every problem."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ci_tools.errors import SpecError
from ci_tools.spec.building import built
from ci_tools.spec.checks import cross_checks
from ci_tools.spec.documents import CampaignDocument
from ci_tools.spec.positions import Positions
from ci_tools.spec.problems import Problem, of_shape
from ci_tools.spec.references import malformed
from ci_tools.spec.secret_literals import refuse_secrets, texts
from ci_tools.spec.values import Spec

_PLACE = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")

_DEEPEST = 50
"""Far more than any table needs, and far less than what reading a file can be driven to."""


def parse(text: str, source: str) -> Spec:
    """What *text* says; *source* is what errors call it.

    Raises:
        SpecError: the text is no TOML, or any of its values cannot stand; one line per problem.
    """
    data = _loaded(text, source)
    document, problems = _validated(data)
    if problems:
        positions = Positions(text)
        ordered = sorted(problems, key=lambda problem: positions.line(problem.path))
        raise SpecError("\n".join(problem.line(source, positions) for problem in ordered))
    return built(document)


def _loaded(text: str, source: str) -> dict[str, Any]:
    try:
        data = tomllib.loads(text)
    except RecursionError:
        raise _too_deep(text, source) from None
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.fullmatch(str(error))
        what = place["what"] if place else str(error)
        line = place["line"] if place and place["line"] else len(text.splitlines()) or 1
        column = f", column {place['column']}" if place and place["column"] else ""
        raise SpecError(f"{source}:{line}{column}: no TOML: {what[0].lower()}{what[1:]}; see https://toml.io") from None
    if _depth(data) > _DEEPEST:
        raise _too_deep(text, source)
    return data


def _depth(data: object) -> int:
    """How many tables and arrays stand within one another, at most."""
    depth, level = 0, [data]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]
    return depth


def _too_deep(text: str, source: str) -> SpecError:
    opened = [sum(map(line.count, "[{.")) for line in text.splitlines()]
    line = opened.index(max(opened)) + 1
    return SpecError(
        f"{source}:{line}: nested too deeply; got tables and arrays within one another without end; "
        f"legal: at most {_DEEPEST} levels"
    )


def _validated(data: Mapping[str, Any]) -> tuple[CampaignDocument, list[Problem]]:
    secrets = refuse_secrets(data)
    shape, references = _without(secrets, _shape(data)), _without(secrets, _references(data))
    broken = frozenset(str(problem.path[0]) for problem in (*secrets, *shape))
    document = _checked({key: value for key, value in data.items() if key not in broken})
    return document, [*secrets, *shape, *references, *cross_checks(document, broken)]


def _without(secrets: Sequence[Problem], problems: Sequence[Problem]) -> list[Problem]:
    """Those of *problems* that show no secret: what is wrong with an array or a table shows all that is in it."""
    hidden = {problem.path[:end] for problem in secrets for end in range(1, len(problem.path) + 1)}
    return [problem for problem in problems if problem.path not in hidden]


def _shape(data: Mapping[str, Any]) -> list[Problem]:
    try:
        _checked(data)
    except ValidationError as error:
        return of_shape(error.errors(include_url=False))
    return []


def _checked(data: Mapping[str, Any]) -> CampaignDocument:
    # By way of JSON, strict mode takes arrays for tuples and whole numbers for floats, and nothing else.
    return CampaignDocument.model_validate_json(json.dumps(data, default=str))


def _references(data: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for path, text in texts(data):
        if path[0] not in ("environments", "probes") and "${" in text:
            what, legal = "a reference is not replaced here", "${VARIABLE} in environments and probes"
            problems.append(Problem(path=path, what=what, got=repr(text), legal=legal))
        elif malformed(text):
            legal = "${VARIABLE}, without a default"
            problems.append(Problem(path=path, what="no reference", got=repr(text), legal=legal))
    return problems
