from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.model import GateState
from ci_tools.triage.fitting import MAX_BODY_BYTES
from ci_tools.triage.operations import CloseIssue, CreateIssue
from tests.unit.triage.histories import (
    ADOPTING,
    HISTORIES,
    PARTS,
    PEOPLES,
    RULES,
    Hand,
    Look,
    Step,
    lost,
    open_marks,
    planned,
    run,
    told,
)
from tests.unit.triage.scenarios import applied

UNHURRIED = settings(deadline=None, max_examples=40, derandomize=True)


@UNHURRIED
@given(HISTORIES)
def test_no_cause_has_two_open_issues(history: Sequence[Step]) -> None:
    """Whatever comes and goes, and whatever people do: one cause, one open issue."""
    assert [marks for *_, after in run(history) if len(marks := open_marks(after)) != len(set(marks))] == []


@UNHURRIED
@given(HISTORIES)
def test_the_same_campaign_twice_does_nothing(history: Sequence[Step]) -> None:
    """What is done is done."""
    assert [again for seen, *_, after in run(history) if (again := planned(after, seen))] == []


def test_what_was_a_duplicate_before_a_regression_is_merged_once() -> None:
    """Its trouble is over: the issue that came back does not wait for it, and is not written a second time."""
    well = tuple(Look.WELL for _ in PARTS)
    one, other = (Look.WELL, Look.DEAD, *well[2:]), (*well[:-1], Look.DEAD)
    looks = [one, other, well, one]
    hands = [(), (), ((Hand.DUPLICATE, 2, 1),), ()]
    history = [
        Step(looks=look, is_conclusive=True, is_old_build=False, hands=hand)
        for look, hand in zip(looks, hands, strict=True)
    ]

    assert [again for seen, *_, after in run(history) if (again := planned(after, seen))] == []


@UNHURRIED
@given(HISTORIES)
def test_nothing_that_fails_is_lost(history: Sequence[Step]) -> None:
    """It is told in an open issue, unless people have decided otherwise or its fix is newer than the build."""
    assert [gone for seen, *_, after in run(history) if (gone := lost(after, seen))] == []


@UNHURRIED
@given(HISTORIES)
def test_nothing_closes_as_done_that_was_not_seen_well(history: Sequence[Step]) -> None:
    """A mask, a skip or an inconclusive campaign closes nothing."""
    wrong = [
        (operation.number, state.dependency)
        for seen, before, operations, _ in run(history)
        for operation in operations
        if isinstance(operation, CloseIssue) and operation.closed_as == "completed" and len(told(before)) > 0
        for issue, state in told(before)
        if issue.number == operation.number and "umbrella" not in issue.body
        if {one.state for one in seen.judgement.gates if one.gate.dependency == state.dependency} != {GateState.HOLDS}
    ]

    assert wrong == []


@UNHURRIED
@given(HISTORIES)
def test_a_run_files_no_more_than_it_may(history: Sequence[Step]) -> None:
    """Beside them there is one issue for all the others."""
    counts = [sum(isinstance(one, CreateIssue) for one in operations) for _, _, operations, _ in run(history)]

    assert max(counts) <= RULES.new_issues + 1


@UNHURRIED
@given(HISTORIES, st.integers(0, 12))
def test_a_crash_between_two_operations_is_healed(history: Sequence[Step], done: int) -> None:
    """What was not done is done by the next run of the same campaign, and nothing twice."""
    seen, before, operations, _ = list(run(history))[-1]
    half = applied(operations[:done], before)

    healed = applied(planned(half, seen), half)

    assert lost(healed, seen) == []
    assert planned(healed, seen) == ()
    assert len(set(open_marks(healed))) == len(open_marks(healed))


@UNHURRIED
@given(HISTORIES)
def test_two_runs_that_race_leave_one_issue(history: Sequence[Step]) -> None:
    """Both have read the same issues; whoever comes next sees both and joins them."""
    seen, before, operations, _ = list(run(history))[-1]
    both = applied(operations, applied(operations, before))

    joined = applied(planned(both, seen), both)

    assert len(set(open_marks(joined))) == len(open_marks(joined))
    assert lost(joined, seen) == []


@UNHURRIED
@given(HISTORIES)
def test_every_body_fits(history: Sequence[Step]) -> None:
    """GitHub takes whatever is written."""
    sizes = [len(one.body.encode()) for _, _, operations, _ in run(history) for one in operations]

    assert max(sizes, default=0) <= MAX_BODY_BYTES


@UNHURRIED
@given(HISTORIES)
def test_an_adopted_issue_keeps_its_text_and_takes_no_cause_twice(history: Sequence[Step]) -> None:
    """What belongs to people stays theirs, whatever they and campaigns do."""
    for seen, _, _, after in run(history, [PEOPLES], ADOPTING):
        (theirs,) = (one for one in after if one.number == PEOPLES.number)
        assert (theirs.body, theirs.title) == (PEOPLES.body, PEOPLES.title)
        assert len(open_marks(after)) == len(set(open_marks(after)))
        assert planned(after, seen, ADOPTING) == ()
