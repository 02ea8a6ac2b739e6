"""Secrets never stand in ``campaign.toml``: what looks like one is refused, and never shown."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ci_tools.spec.positions import KeyPath
from ci_tools.spec.problems import Problem
from ci_tools.spec.references import referenced

_SECRET_NAME = re.compile(
    r"(?:^|[_-])(?:token|secret|password|passwd|passphrase|credentials?|bearer|(?:api|private|signing|access)?_?key)s?$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"""
    ://[^/\s:@]+:[^/\s@]+@                          # a URL with a password
    | \bbearer\s+(?!\$\{)\S+
    | \beyJ[\w-]{8,}\.[\w-]+                         # a JSON Web Token
    | \b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|AIza|ya29\.)[\w-]{10,}
    | \bAKIA[0-9A-Z]{12,}
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY
    | (?:token|secret|password|passwd|api_?key|[?&]key)=\S+
    """,
    re.IGNORECASE | re.VERBOSE,
)
_NAMING = ("token_env", "key_env")
"""Fields that hold the name of the variable with a secret, whatever that name looks like."""
_FREE_KEYS = {"dependencies", "hosts", "resolve", "expect", "only"}
"""Tables whose keys name parts of the deployed system or of the plan, never a field of ours."""


def refuse_secrets(data: Mapping[str, Any]) -> list[Problem]:
    """A problem for every text in *data* that is, or will become, a secret."""
    named = {text for path, text in texts(data) if path[-1] in _NAMING}
    return [problem for path, text in texts(data) if (problem := _problem(path, text, data, named))]


def texts(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Every text below *value* with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index))


def _problem(path: KeyPath, text: str, data: Mapping[str, Any], named: set[str]) -> Problem | None:
    if any(_SECRET_NAME.search(name) or name in named for name in referenced(text)):
        what = "refers to a secret; its value would reach the journal"
    elif _named_secret(path) or _SECRET_VALUE.search(text) or _follows_option(path, data):
        what = "looks like a secret"
    else:
        return None
    legal = "the name of an environment variable in token_env or key_env; a command reads its own environment"
    return Problem(path=path, what=what, got=f"a text of {len(text)} characters", legal=legal)


def _named_secret(path: KeyPath) -> bool:
    names = [part for part in path if isinstance(part, str)]
    return bool(_SECRET_NAME.search(names[-1])) and not _FREE_KEYS.intersection(names[:-1])


def _follows_option(path: KeyPath, data: Mapping[str, Any]) -> bool:
    """Whether the text is the value of an option like ``--password`` in an array of arguments."""
    *outer, index = path
    if not isinstance(index, int) or not index:
        return False
    arguments: Any = data
    for part in outer:
        arguments = arguments[part]
    before = arguments[index - 1]
    return isinstance(before, str) and before.startswith("-") and bool(_SECRET_NAME.search(before))
