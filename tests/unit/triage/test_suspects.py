from collections.abc import Sequence
from dataclasses import replace

import pytest

from ci_tools.model import Deployment, Previous
from ci_tools.spec.values import TriageRules
from ci_tools.triage.seen import Seen
from ci_tools.triage.state import Occasion, State
from ci_tools.triage.subjects import subjects_in
from ci_tools.triage.surroundings import Commit
from ci_tools.triage.suspects import FEW, RECENT, Suspicion, suspicion
from tests.unit.triage.scenarios import AROUND, START, failing, incident
from tests.unit.triage.test_state import state

BAD, GOOD = "dddddddddddd", "bbbbbbbbbbbb"
COLOURS = Commit(BAD, "feat: colours", ("app/colours.py",))
POOL = Commit("cccccccccccc", "fix: fewer connections", ("README.md", "infra/store/pool.tf", "infra/store/vpc.tf"))
OLD = Commit(GOOD, "feat: the store", ("infra/store/main.tf",))
COMMITS = (COLOURS, POOL, OLD)
RULES = TriageRules(paths={"store": ("/infra/store/",), "shop": ("app/",)})


def seen(sha: str | None = BAD, before: str | None = None) -> Seen:
    """The store fails with the build *sha*; the campaign before, if any, saw the build *before*."""
    previous = Previous(campaign="c", revision="shop-00041", sha=before)
    judgement = failing(2, deployment=Deployment(revision="r", sha=sha), previous=previous if before else None)
    return Seen(judgement=judgement, incidents=(incident(),))


def suspected(
    now: Seen, known: State | None = None, commits: Sequence[Commit] = COMMITS, rules: TriageRules = RULES
) -> Suspicion:
    """Who is suspected to have brought it."""
    return suspicion(subjects_in(now)[0], known, now, replace(AROUND, commits=tuple(commits), rules=rules))


def told(found: Suspicion) -> list[tuple[str, str]]:
    """Each suspect's commit, shortened, and why."""
    return [(one.commit.sha[:1], one.why) for one in found.suspects]


def remembered(bad: str, good: str | None = None, **more: object) -> State:
    """An issue that saw the store fail with the build *bad* first, and well with *good*."""
    first = Occasion(campaign="c1", at=START, revision="r", sha=bad)
    last_good = None if good is None else replace(first, sha=good)
    return state(first_bad=first, last_bad=first, last_good=last_good, **more)


def test_what_changes_paths_of_the_dependency_comes_first() -> None:
    """Each says why it is suspected; of few commits the others are worth a look, too."""
    found = suspected(seen(before=GOOD))

    assert found.since == GOOD
    assert told(found) == [
        ("c", "it changes infra/store/pool.tf and 1 more path of store"),
        ("d", "one of the 2 commits that came with the bad deployment"),
    ]


def test_the_path_that_owners_are_told_by_belongs_to_the_dependency() -> None:
    """Without a word of it in the campaign file."""
    touching = replace(COLOURS, paths=("dependencies/store/notes.md",))

    found = suspected(seen(before=GOOD), commits=[touching, OLD], rules=TriageRules())

    assert told(found) == [("d", "it changes dependencies/store/notes.md of store")]


def test_a_subject_that_names_the_dependency_points_at_it() -> None:
    """After what changes its paths, before what only came along."""
    naming = Commit("eeeeeeeeeeee", "fix: the store waits")

    found = suspected(seen(sha="eeeeeeeeeeee", before=GOOD), commits=[COLOURS, naming, POOL, OLD])
    deployed = suspected(seen(sha=BAD, before=GOOD), commits=[COLOURS, naming, POOL, OLD])

    assert [one for one, _ in told(found)] == ["c", "e"]
    assert [one for one, _ in told(deployed)] == ["c", "e", "d"]
    assert told(deployed)[1] == ("e", "its subject names store")


def test_a_part_of_a_name_names_nothing() -> None:
    """Who speaks of a restored basket does not speak of the store."""
    found = suspected(seen(before=GOOD), commits=[replace(COLOURS, subject="fix: restored baskets"), OLD])

    assert told(found) == [("d", "it came with the bad deployment")]


def test_of_many_commits_only_those_that_something_points_at_are_suspected() -> None:
    """A long list accuses nobody."""
    many = [Commit(f"{number:x}" * 12, "feat: colours") for number in range(1, FEW + 1)]
    now = seen(sha="1" * 12, before=GOOD)

    assert suspected(now, commits=[*many, Commit("f" * 12, "x"), OLD]) == Suspicion()
    assert [one for one, _ in told(suspected(now, commits=[*many, POOL, OLD]))] == ["c"]


@pytest.mark.parametrize(
    ("sha", "before"), [(None, GOOD), ("eeeeeee", GOOD), (BAD, "eeeeeee"), (GOOD, BAD), (BAD, BAD)]
)
def test_without_both_deployments_nobody_is_suspected_by_guess(sha: str | None, before: str) -> None:
    """Unknown, older than what was well, or the same: no commit brought it."""
    assert suspected(seen(sha, before=before), rules=TriageRules()) == Suspicion()


def test_where_nobody_knows_when_it_was_well_only_paths_point() -> None:
    """Up to the bad deployment, and no further back than is likely."""
    between = [Commit(f"{number:012x}", "the store") for number in range(RECENT - 1)]

    assert told(suspected(seen())) == [
        ("c", "it changes infra/store/pool.tf and 1 more path of store"),
        ("b", "it changes infra/store/main.tf of store"),
    ]
    assert suspected(seen()).since == ""
    assert told(suspected(seen(sha=GOOD))) == [("b", "it changes infra/store/main.tf of store")]
    assert suspected(seen(), commits=[COLOURS, *between, OLD]) == Suspicion()
    assert suspected(seen(sha="eeeeeee")) == Suspicion()


def test_a_revision_counts_where_it_is_a_commit() -> None:
    """In journals from before commits were recorded."""
    older = Previous(campaign="c", revision=GOOD)
    now = seen()

    assert suspected(replace(now, judgement=replace(now.judgement, previous=older))).since == GOOD


def test_a_later_campaign_suspects_whom_the_first_one_did() -> None:
    """What was deployed since the first bad deployment did not bring it."""
    later = replace(POOL, sha="e" * 12)
    commits = [later, *COMMITS]

    by_good = suspected(seen(sha="e" * 12), remembered(BAD, GOOD), commits)
    by_before = suspected(seen(sha="e" * 12), remembered(BAD, preceded_by=GOOD), commits)

    assert by_good == by_before
    assert [one for one, _ in told(by_good)] == ["c", "d"]


def test_what_comes_back_is_suspected_of_what_was_deployed_since_it_was_well() -> None:
    """The first failure of an earlier time says nothing of this one."""
    again = remembered(GOOD, POOL.sha)

    assert [one for one, _ in told(suspected(seen(), again))] == ["d"]
    assert [one for one, _ in told(suspected(seen(), replace(remembered(BAD, POOL.sha), status="recovered")))] == ["d"]


def test_whom_a_shortened_commit_means_is_found() -> None:
    """As deployments name it."""
    assert suspected(seen("ddddddd", before="bbbbbbb")).since == "bbbbbbb"
