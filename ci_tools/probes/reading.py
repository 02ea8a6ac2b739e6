"""JSON documents that several kinds of probes read."""

from collections.abc import Mapping
from typing import Any, Protocol

from ci_tools.errors import TargetError
from ci_tools.probes.clients import Clients
from ci_tools.probes.expectation import MissingPathError, look_up
from ci_tools.target.addresses import host_url
from ci_tools.target.http import Answer


class Document(Protocol):
    """A probe that reads one document."""

    @property
    def host(self) -> str:
        """A name of the environment's hosts."""

    @property
    def path(self) -> str:
        """Path and query on that host."""

    @property
    def timeout_s(self) -> float:
        """Patience, unscaled."""


def source_of(probe: Document, clients: Clients) -> str:
    """What is asked, for people."""
    return f"GET {host_url(clients.environment, probe.host)}{probe.path}"


async def read(probe: Document, clients: Clients, *, bearer: str | None = None) -> Answer:
    """The answer to a GET, whatever it is.

    Raises:
        UnreachableError: nothing was answered.
        ThrottledError: the edge limited us.
    """
    return await clients.patient(probe.timeout_s).request(probe.host, "GET", probe.path, bearer=bearer)


def listed(answer: Answer, under: str) -> Any:
    """What stands below the dotted path *under* in the JSON of *answer*.

    Raises:
        TargetError: the answer is no JSON, or holds nothing there.
    """
    try:
        return look_up(answer.json(), under) if under else answer.json()
    except MissingPathError as error:
        what = f"{answer.method} {answer.url} answered {answer.status}: {error}"
        raise TargetError(what, status=answer.status) from error


def rows(answer: Answer, under: str) -> list[Mapping[str, Any]]:
    """The objects of the list below *under*.

    Raises:
        TargetError: the answer is no JSON, or holds no list there.
    """
    found = listed(answer, under)
    if not isinstance(found, list):
        what = f"{answer.method} {answer.url} answered {answer.status}: {under} is no list"
        raise TargetError(what, status=answer.status)
    return [row for row in found if isinstance(row, Mapping)]
