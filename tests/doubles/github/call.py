"""One request on its way through GitHub, and what can become of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.doubles.github.listing import page_of
from tests.doubles.github.repository import Repository
from tests.doubles.github.switches import Lag, Switches


class RefusedError(Exception):
    """GitHub answers with an error of its own accord."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


@dataclass(frozen=True)
class Answer:
    """What is answered; *document* None: nothing."""

    document: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One request that GitHub describes, by somebody who may see the repository."""

    repository: Repository
    switches: Switches
    list_lag: Lag
    search_lag: Lag
    url: str
    """Without its query."""
    parts: Mapping[str, str]
    query: Mapping[str, str]
    document: Any
    unless_since: datetime | None = None
    """Whoever asks knows how it was then, and wants to hear of it only if it has changed."""

    @property
    def number(self) -> int:
        """The issue's."""
        return int(self.parts["issue_number"])

    @property
    def issue(self) -> dict[str, Any]:
        """The issue that is asked for.

        Raises:
            RefusedError: there is none, or it is elsewhere.
        """
        repository = self.repository
        if self.number in repository.moved:
            identity, there = repository.moved[self.number]
            host, _, rest = self.url.partition(f"/repos/{repository.name}/issues/{self.number}")
            location = f"{host}/repositories/{identity}/issues/{there}{rest}"
            raise RefusedError(301, "Moved Permanently", {"Location": location})
        if self.number in repository.deleted:
            raise RefusedError(410, "This issue was deleted")
        if self.number not in repository.issues:
            raise RefusedError(404, "Not Found")
        return repository.issues[self.number]

    def page(self, items: list[Any]) -> Answer:
        """The page of *items* that is asked for."""
        shown, headers = page_of(items, self.query, self.url)
        return Answer(shown, headers=headers)
