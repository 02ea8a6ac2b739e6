"""What a service requires of its environment, and facts about each variable that are never its value."""

import logging
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from ci_tools.twin.settings import ServiceName, ServiceSettings

LOG = logging.getLogger(__name__)
HARD_FAILURE: Final = 3
"""The exit status of a service whose configuration makes it useless (contract, section 6)."""
JWT_SECRETS: Final = ("JWT_SECRET_STAGING", "JWT_SECRET_KEY", "JWT_SECRET")
"""Looked up in this order; the first one present counts."""

LEAST_LENGTHS: Final[Mapping[str, int]] = {
    "JWT_SECRET_STAGING": 32,
    "REDIS_HOST": 1,
    "REDIS_PORT": 1,
    "REDIS_PASSWORD": 8,
    "SERVICE_SECRET": 32,
    "SERVICE_ID": 1,
    "FERNET_KEY": 32,
    "SECRET_KEY": 1,
    "SESSION_SECRET_KEY": 1,
    "GEMINI_API_KEY": 1,
    "GOOGLE_OAUTH_CLIENT_ID_STAGING": 1,
    "GOOGLE_OAUTH_CLIENT_SECRET_STAGING": 1,
    "POSTGRES_HOST": 1,
    "POSTGRES_PORT": 1,
    "POSTGRES_DB": 1,
    "POSTGRES_USER": 1,
    "POSTGRES_PASSWORD": 1,
    "E2E_OAUTH_SIMULATION_KEY": 1,
}
"""Every variable of contract section 4 with its least length in characters."""
DEPRECATED: Final = ("DATABASE_URL", "REDIS_URL")
STORAGE: Final = (
    "REDIS_HOST",
    "REDIS_PORT",
    "REDIS_PASSWORD",
    "POSTGRES_HOST",
    "POSTGRES_PORT",
    "POSTGRES_DB",
    "POSTGRES_USER",
    "POSTGRES_PASSWORD",
)
REQUIRED: Final[Mapping[ServiceName, tuple[str, ...]]] = {
    "backend": (*STORAGE, "SERVICE_SECRET", "SERVICE_ID", "FERNET_KEY", "SECRET_KEY", "GEMINI_API_KEY"),
    "auth": (
        *STORAGE,
        "SERVICE_SECRET",
        "SERVICE_ID",
        "SESSION_SECRET_KEY",
        "GOOGLE_OAUTH_CLIENT_ID_STAGING",
        "GOOGLE_OAUTH_CLIENT_SECRET_STAGING",
    ),
    "frontend": (),
}
"""Without one of these the service does not start; the rest is needed by single endpoints."""
PLACEHOLDER = re.compile(
    r"(change[-_ ]?me|placeholder|your[-_ ].*|<.*>|x{3,}|todo|dummy|example|test|secret|password)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What may be said of one variable."""

    name: str
    present: bool
    length_ok: bool
    has_whitespace: bool
    is_placeholder: bool

    @property
    def sound(self) -> bool:
        """Nothing speaks against the variable."""
        return self.present and self.length_ok and not self.has_whitespace and not self.is_placeholder


def facts(name: str, env: Mapping[str, str]) -> Facts:
    """The facts of variable *name*: present means set and not empty, whitespace means anywhere in it."""
    value = env.get(name, "")
    return Facts(
        name=name,
        present=bool(value),
        length_ok=len(value.strip()) >= LEAST_LENGTHS.get(name, 1),
        has_whitespace=any(character.isspace() for character in value),
        is_placeholder=bool(PLACEHOLDER.fullmatch(value.strip())),
    )


def report(env: Mapping[str, str]) -> dict[str, Any]:
    """The body of ``/config/validate``: facts of every required variable, never a value."""
    every = [facts(name, env) for name in LEAST_LENGTHS]
    return {
        "valid": all(fact.sound for fact in every),
        "variables": [asdict(fact) for fact in every],
        "problems": [fact.name for fact in every if not fact.sound],
        "deprecated": [name for name in DEPRECATED if env.get(name)],
    }


def jwt_secret(env: Mapping[str, str]) -> str:
    """The signing secret: the first of ``JWT_SECRETS`` that is set.

    Raises:
        SystemExit: None is set, or it is shorter than 32 characters.
    """
    name = next((name for name in JWT_SECRETS if env.get(name)), None)
    if name is None:
        raise _hard_failure(f"required variable {JWT_SECRETS[0]} is missing; also looked up: {JWT_SECRETS[1:]}")
    if len(env[name]) < LEAST_LENGTHS[JWT_SECRETS[0]]:
        raise _hard_failure(f"variable {name} has {len(env[name])} characters; at least 32 are required")
    return env[name]


def require(settings: ServiceSettings) -> None:
    """The service has what it cannot start without; whitespace is warned of, not stripped.

    Raises:
        SystemExit: With status 3; the log names every missing variable and every port that is no number.
    """
    env = settings.env
    missing = [name for name in REQUIRED[settings.service] if not env.get(name)]
    if missing:
        raise _hard_failure(f"required variable {', '.join(missing)} is missing")
    for name in REQUIRED[settings.service]:
        if name.endswith("_PORT") and not env[name].strip().isdecimal():
            raise _hard_failure(f"variable {name} is not a port number")
    for name in REQUIRED[settings.service]:
        if facts(name, env).has_whitespace:
            LOG.warning("%s contained whitespace", name)


def _hard_failure(text: str) -> SystemExit:
    LOG.critical("startup failed: %s", text)
    return SystemExit(HARD_FAILURE)
