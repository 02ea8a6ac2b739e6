"""What a replay came to: the figures of every tool, and the promises; as values and as one JSON document."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.replay.promises import Promise
from tests.replay.scenarios import Scenario
from tests.replay.scoring import Figures

VERSION = 1
"""Fields are only ever added; a change of meaning is a new version."""
OURS = "ci-tools"
METHOD: Mapping[str, str] = {
    OURS: "journals of five jobs, ci-tools triage --apply, PyGithub, a GitHub on loopback that counts requests",
    "models": "simplified rules of each tool on the same failing tests, in memory, requests counted as its source "
    "sends them; reading of configuration, locks and waiting for limits left out",
    "notifications": "what GitHub mails to whoever watches: an issue opened, commented on, closed, opened again; "
    "neither labels nor edits, nor what people do themselves",
    "wrong_merges": "issues that tell of failures with different causes, at any time",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One scenario as every tool filed it."""

    scenario: Scenario
    figures: Mapping[str, Figures]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """All that was replayed."""

    rows: Sequence[Row]
    promises: Sequence[Promise]

    @property
    def is_kept(self) -> bool:
        """Whether every promise holds, of which there is at least one."""
        return bool(self.promises) and all(promise.holds for promise in self.promises)


def document(replay: Replay) -> dict[str, Any]:
    """The whole of it."""
    return {
        "version": VERSION,
        "method": dict(METHOD),
        "scenarios": [
            {
                "name": row.scenario.name,
                "about": row.scenario.about,
                "campaigns": len(row.scenario.campaigns),
                "causes": row.scenario.causes,
                "tools": {name: _figures(one) for name, one in row.figures.items()},
            }
            for row in replay.rows
        ],
        "promises": [asdict(promise) for promise in replay.promises],
        "met": replay.is_kept,
    }


def _figures(one: Figures) -> dict[str, Any]:
    return {
        "issues": one.issues,
        "issues_per_cause": one.issues_per_cause,
        "wrong_merges": one.wrong_merges,
        "notifications": one.mails,
        "api_calls": one.calls,
        "reads": one.reads,
        "writes": one.writes,
    }
