from dataclasses import replace

import pytest

from ci_tools.model import Deployment, Previous
from ci_tools.triage.seen import Seen
from ci_tools.triage.subjects import subjects_in
from ci_tools.triage.surroundings import Commit
from ci_tools.triage.suspects import ranked, suspects
from tests.unit.triage.scenarios import AROUND, failing, incident

COMMITS = (Commit("dddddddddddd", "new"), Commit("cccccccccccc", "the store waits"), Commit("bbbbbbbbbbbb", "old"))
AROUND_COMMITS = replace(AROUND, commits=COMMITS)


def seen(sha: str | None, before: str = "bbbbbbb") -> Seen:
    """The store fails with the build *sha*; the campaign before saw *before*."""
    judgement = failing(
        2, deployment=Deployment(revision="r", sha=sha), previous=Previous(campaign="c", revision=before)
    )
    return Seen(judgement=judgement, incidents=(incident(),))


def test_of_a_fresh_incident_the_campaign_before_says_since_when() -> None:
    """Where its revision is a commit; the likeliest stands first."""
    now = seen("ddddddd")

    assert suspects(subjects_in(now)[0], None, now, AROUND_COMMITS) == ((COMMITS[1], COMMITS[0]), "bbbbbbb")


@pytest.mark.parametrize(
    ("sha", "before"), [(None, "bbbbbbb"), ("eeeeeee", "bbbbbbb"), ("ddddddd", "eeeeeee"), ("bbbbbbb", "ddddddd")]
)
def test_without_both_deployments_nobody_is_suspected(sha: str | None, before: str) -> None:
    """No commit is accused by guess, and none of an older build."""
    now = seen(sha, before)

    assert suspects(subjects_in(now)[0], None, now, AROUND_COMMITS) == ((), "")


def test_among_equals_the_newest_comes_first() -> None:
    """The order of git."""
    assert ranked(COMMITS, frozenset({"nothing"})) == COMMITS
