"""One thing that was seen, in the one form that the knowledge base speaks of."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ci_tools.model import DependencyState

_SERVICE = re.compile(r"[a-z]{2,5}://([^/\s,]+)")
_ERROR = re.compile(r"5\d\d")


class Origin(StrEnum):
    """Where a clue comes from."""

    OBSERVATION = "observation"
    """A probe asked a dependency."""
    FAILURE = "failure"
    """A test failed; its text says how."""
    LOG = "log"
    """A line of the deployed system's own log."""
    FACT = "fact"
    """What several clues say together (:mod:`ci_tools.diagnosis.facts`); *probe* names the rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """What one observation, failing test, line of a log, or rule over several of them says."""

    ref: str
    """Which it is, for people and for counting: ``redis#3``, a node id."""
    origin: Origin
    dependency: str = ""
    """What it speaks of; empty where that is not known."""
    probe: str = ""
    """The kind of the probe that looked, or the name of the fact."""
    state: DependencyState | None = None
    code: str = ""
    """HTTP status, close code, errno or the like, as text."""
    text: str = ""
    """The exact words."""
    exc_type: str = ""
    test: str = ""
    frame: str = ""
    """The innermost call in code of the system or its suite, as ``path::function``; empty where none is to be seen."""
    latency_s: float | None = None
    """Unscaled seconds: an environment's time scale is taken out."""
    timed_out: bool = False
    source: str = ""
    """What was asked, as the probe tells it; of a fact what all its observations asked of one service, or nothing."""
    accepted: bool = False
    """Every request of the test was answered as it should be, a change and a later read among them."""
    at: datetime | None = None

    @property
    def is_failing(self) -> bool:
        """Whether it was seen not to be well."""
        return self.state is not None and self.state.is_failing

    @property
    def is_error(self) -> bool:
        """Whether a service answered with an error of its own: HTTP 500 to 599."""
        return _ERROR.fullmatch(self.code) is not None

    @property
    def is_absence(self) -> bool:
        """Whether nobody of the service answered, but the platform for it: an error without a document of its own."""
        return self.is_error and "{" not in self.text

    @property
    def asker(self) -> str:
        """The probe that looked, by its name."""
        return self.ref.partition("#")[0]

    @property
    def asked(self) -> str:
        """The service that was asked, as host and port; empty where it was none, or several."""
        found = set(_SERVICE.findall(self.source))
        return found.pop() if len(found) == 1 else ""
