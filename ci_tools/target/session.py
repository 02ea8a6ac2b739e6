"""Which environment a test run speaks to: handed over as a file by whoever resolved it."""

from contextlib import suppress
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ci_tools.errors import JournalWriteError, UsageError
from ci_tools.model import Environment

ENVIRONMENT_FILE = "CAMPAIGN_ENVIRONMENT_FILE"
"""Environment variable with the path of a resolved environment, as JSON."""

TEST_SESSION = "CAMPAIGN_TEST_SESSION"
"""Environment variable with the ``X-Test-Session`` that a campaign's requests carry."""


_FILE = "environment.json"


def secret_names_in(directory: Path) -> frozenset[str]:
    """The environment variables that the environments in a campaign's *directory* take their credentials from."""
    names: set[str] = set()
    for path in directory.glob(f"*{_FILE}"):
        with suppress(UsageError):
            names.update(load_environment(path).secret_names)
    return frozenset(names)


@cache
def _adapter() -> TypeAdapter[Environment]:
    return TypeAdapter(Environment)


def dump_environment(environment: Environment, path: Path) -> None:
    """*path* holds *environment*, readable for this user only.

    Raises:
        JournalWriteError: the disk did not take it.
    """
    try:
        path.touch(mode=0o600)
        path.write_bytes(_adapter().dump_json(environment, indent=1))
    except OSError as error:
        raise JournalWriteError(
            f"cannot write {str(path)!r}: {error.strerror}; without it no test knows where to look: "
            "free space or choose another directory with --out DIR, and run it again"
        ) from error


def load_environment(path: Path) -> Environment:
    """The environment in *path*.

    Raises:
        UsageError: there is none, or it is not one of ours.
    """
    try:
        return _adapter().validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{ENVIRONMENT_FILE} names {str(path)!r}, which cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise UsageError(
            f"{ENVIRONMENT_FILE} names {str(path)!r}, which holds no environment: {error.error_count()} problems, "
            f"the first at {error.errors()[0]['loc']}"
        ) from error
