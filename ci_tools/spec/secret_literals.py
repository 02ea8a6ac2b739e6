"""Secrets never stand in ``campaign.toml``: what looks like one is refused, and never shown."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ci_tools.secret_names import is_secret_name
from ci_tools.spec.positions import KeyPath
from ci_tools.spec.problems import Problem
from ci_tools.spec.references import referenced
from ci_tools.spec.secret_shapes import looks_secret

_SECRET_KEY = re.compile(
    r"(?:^|[_-])(?:token|secret|password|passwd|passphrase|credentials?|bearer|(?:api|private|signing|access)?_?key)s?$",
    re.IGNORECASE,
)
"""Keys of tables and options of commands. Fewer than names of variables: ``--bypass-cache`` and ``--dsn`` may speak."""
_NAMING = "_env"
"""How fields end that hold the name of the variable with a secret, whatever that name looks like."""
_FREE_KEYS = {"dependencies", "hosts", "resolve", "expect", "only"}
"""Tables whose keys name parts of the deployed system or of the plan, never a field of ours."""


def refuse_secrets(data: Mapping[str, Any]) -> list[Problem]:
    """A problem for every text in *data* that is, or will become, a secret."""
    named = {text for path, text in texts(data) if str(path[-1]).endswith(_NAMING)}
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
    legal = "the name of an environment variable in token_env, key_env or dsn_env; a command reads its own environment"
    if secret := [name for name in referenced(text) if is_secret_name(name) or name in named]:
        what = "refers to a secret; its value would reach the journal"
        got = ", ".join(f"${{{name}}}" for name in secret)
        return Problem(path=path, what=what, got=got, legal=f"{legal}; what is no secret is not named like one")
    if _named_secret(path) or looks_secret(text) or _follows_option(path, data):
        return Problem(path=path, what="looks like a secret", got=f"a text of {len(text)} characters", legal=legal)
    return None


def _named_secret(path: KeyPath) -> bool:
    names = [part for part in path if isinstance(part, str)]
    return bool(_SECRET_KEY.search(names[-1])) and not _FREE_KEYS.intersection(names[:-1])


def _follows_option(path: KeyPath, data: Mapping[str, Any]) -> bool:
    """Whether the text is the value of an option like ``--password`` in an array of arguments."""
    *outer, index = path
    if not isinstance(index, int) or not index:
        return False
    arguments: Any = data
    for part in outer:
        arguments = arguments[part]
    before = arguments[index - 1]
    return isinstance(before, str) and before.startswith("-") and bool(_SECRET_KEY.search(before))
