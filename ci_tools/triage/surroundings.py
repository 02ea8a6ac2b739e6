"""What triage is told: by ``campaign.toml``, by CODEOWNERS, and by whoever calls it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ci_tools.diagnosis.owners import Line
from ci_tools.errors import UsageError
from ci_tools.spec.values import KnownIssue, TriageRules

ACTIONS_BOT = "github-actions[bot]"
_URL = re.compile(r"https?://[A-Za-z0-9./_:%-]{1,300}")


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the deployed system's repository."""

    sha: str
    subject: str
    paths: tuple[str, ...] = ()
    """What it changes, from the root; empty also where nobody has said."""


def require_link(run_url: str) -> None:
    """Do nothing if *run_url* is empty, or can stand as a link wherever people read.

    Raises:
        UsageError: it cannot.
    """
    if run_url and not _URL.fullmatch(run_url):
        raise UsageError(f"{run_url!r} is no link to a run; give --run-url https://HOST/PATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What triage has to know beside issues and a campaign."""

    redact: Callable[[str], str]
    bot: str = ACTIONS_BOT
    """The login whose issues are believed."""
    owners: tuple[Line, ...] = ()
    run_url: str = ""
    rules: TriageRules = field(default_factory=TriageRules)
    known_issues: tuple[KnownIssue, ...] = ()
    commits: tuple[Commit, ...] = ()
    """The newest first, as far back as anybody asks."""
    explained: Mapping[str, str] = field(default_factory=dict)
    """Summaries of causes by their ids, to name rivals in words."""

    def __post_init__(self) -> None:
        """Refuse what could not stand in a page as a link."""
        require_link(self.run_url)

    def age(self, sha: str) -> int | None:
        """How many commits have come since *sha*, which may be shortened; None if it is not among those known."""
        if not sha:
            return None
        places = (place for place, one in enumerate(self.commits) if one.sha.startswith(sha) or sha.startswith(one.sha))
        return next(places, None)
