"""``${VARIABLE}`` in the texts of an environment, and what may stand for one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from ci_tools.errors import UsageError
from ci_tools.model import Environment
from ci_tools.secret_names import SHORTEST_SECRET, is_secret_name
from ci_tools.spec.secret_shapes import looks_secret

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SCHEMES = ("http", "https", "ws", "wss")

URL_IN_WORDS = (
    "a URL with scheme http, https, ws or wss, with 1 to 63 characters between the dots of its name, "
    "and without a trailing slash, query or user"
)


def referenced(text: str) -> list[str]:
    """The variables that *text* names, in order."""
    return _REFERENCE.findall(text)


def malformed(text: str) -> bool:
    """Whether *text* holds a ``${`` that names no variable."""
    return "${" in _REFERENCE.sub("", text)


def is_host(text: str) -> bool:
    """Whether *text*, with anything for its references, is the URL of a host."""
    if re.search(r"\s", text):
        return False
    if _REFERENCE.match(text):
        return True
    try:
        parts = urlsplit(_REFERENCE.sub("1", text))
        # A label that is empty or overlong is refused here as it would be by whoever resolves it.
        named = bool((parts.hostname or "").encode("idna")) and parts.port != 0
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or "@" in parts.netloc or text.endswith("/"))
    return parts.scheme in _SCHEMES and named and plain


def resolved(raw: Environment, environ: Mapping[str, str]) -> Environment:
    """*raw* with every reference replaced from *environ*.

    Raises:
        UsageError: a variable is not set, is surrounded by whitespace, holds a secret, or leaves a host that is no URL.
    """
    _refuse_unset(raw, environ)
    _refuse_dirty(raw, environ)
    _refuse_secrets(raw, environ)
    environment: Environment = _mapped(raw, lambda text: _replaced(text, environ))
    for host, url in environment.hosts.items():
        if not is_host(url):
            raise UsageError(
                f"host {host!r} of environment {raw.name!r} became {url!r}; allowed: {URL_IN_WORDS}; "
                f"correct {', '.join(referenced(raw.hosts[host]))}"
            )
    return environment


def _refuse_unset(raw: Environment, environ: Mapping[str, str]) -> None:
    unset = sorted(name for name in _variables(raw) if not environ.get(name))
    if unset:
        step = (
            "let `ci-tools campaign` start the twin, or export what the running twin prints"
            if raw.provision == "twin"
            else "export it and run again"
        )
        raise UsageError(f"environment {raw.name!r} needs {', '.join(unset)}, not set or empty; {step}")


def _refuse_dirty(raw: Environment, environ: Mapping[str, str]) -> None:
    dirty = sorted(name for name in _variables(raw) if environ[name] != environ[name].strip())
    if dirty:
        raise UsageError(
            f"environment {raw.name!r}: {', '.join(dirty)} begins or ends with whitespace; "
            "allowed: the bare value; set it with printf %s instead of echo"
        )


def _refuse_secrets(raw: Environment, environ: Mapping[str, str]) -> None:
    """A secret under a harmless name, and one that only shows once the text is whole."""
    kept = {value for name, value in environ.items() if is_secret_name(name) or name in raw.secret_names}
    secrets = {value for value in kept if len(value) >= SHORTEST_SECRET}
    telling = {
        name
        for text in _texts(raw)
        for name in referenced(text)
        if environ[name] in secrets or looks_secret(_replaced(text, environ))
    }
    if telling:
        raise UsageError(
            f"environment {raw.name!r}: {', '.join(sorted(telling))} would bring a secret into environment.json and "
            "the journal, which may be shared; allowed: values without one; let a command read it from its own "
            "environment, or name its variable in token_env, key_env or dsn_env"
        )


def _replaced(text: str, environ: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: environ[match[1]], text)


def _variables(raw: Environment) -> set[str]:
    return {name for text in _texts(raw) for name in referenced(text)}


def _texts(raw: Environment) -> list[str]:
    found: list[str] = []

    def note(text: str) -> str:
        found.append(text)
        return text

    _mapped(raw, note)
    return found


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """*value* with *change* applied to every text in it, keys aside."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_mapped(item, change) for item in value)
    if isinstance(value, Mapping):
        return {key: _mapped(item, change) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _mapped(getattr(value, field.name), change) for field in fields(value)})
    return value
