from collections.abc import Sequence
from dataclasses import replace

import pytest

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.incidents import UNKNOWN, Incident
from ci_tools.model import Verdict
from ci_tools.spec.values import TriageRules
from ci_tools.triage.decide import decide
from ci_tools.triage.operations import CreateIssue, Issue
from ci_tools.triage.surroundings import ACTIONS_BOT
from ci_tools.triage.twins import Twins, copies_closed, told_by_another
from tests.unit.triage.scenarios import AROUND, applied, incident, judgement

SHARED = replace(AROUND, rules=TriageRules(new_issues=0))
"""Whatever is new shares one issue."""


def filed(number: int, *incidents: Incident, shared: bool = False) -> Issue:
    """The issue *number* that tells *incidents*."""
    (created,) = decide((), judgement(1, Verdict.FAIL, ()), SHARED if shared else AROUND, incidents)
    assert isinstance(created, CreateIssue)
    return replace(applied([created])[0], number=number)


DEAD, FULL, MAYBE = incident(), incident(cause="full"), incident(cause="full", certainty=Certainty.SUSPECTED)
NOBODY_KNOWS, SHOP = incident(cause=UNKNOWN), incident("shop")


@pytest.mark.parametrize(
    ("issue", "unseen", "number"),
    [
        (filed(9, DEAD), [filed(5, DEAD)], 5),
        (filed(9, DEAD), [filed(7, DEAD), filed(5, DEAD)], 5),
        (filed(9, DEAD), [filed(5, MAYBE)], 5),
        (filed(9, NOBODY_KNOWS), [filed(5, DEAD)], 5),
        (filed(9, DEAD), [filed(5, NOBODY_KNOWS), filed(6, DEAD)], 6),
        (filed(9, DEAD), [filed(5, SHOP, DEAD, shared=True)], 5),
        (filed(9, DEAD, SHOP, shared=True), [filed(5, SHOP), filed(6, DEAD)], 6),
        (filed(9, DEAD, SHOP, shared=True), [filed(5, SHOP, DEAD, shared=True)], 5),
    ],
)
def test_what_is_told_already_closes_in_favour_of_it(issue: Issue, unseen: Sequence[Issue], number: int) -> None:
    """The very same comes before what may be the same; of several, the lowest number."""
    closing = Twins(ACTIONS_BOT).needless(issue, unseen)

    assert closing is not None
    assert (closing.number, closing.closed_as, closing.duplicate_of) == (9, "duplicate", number)
    assert f'"duplicate_of":{number}' in closing.body


@pytest.mark.parametrize(
    "unseen",
    [
        [],
        [filed(5, FULL)],
        [filed(5, SHOP)],
        [replace(filed(5, DEAD), is_open=False)],
        [replace(filed(5, DEAD), author="octocat")],
        [replace(filed(5, DEAD), body="written by a person")],
    ],
)
def test_what_is_told_nowhere_else_stays(unseen: Sequence[Issue]) -> None:
    """Another confirmed cause, another place, a closed issue, words of others."""
    assert Twins(ACTIONS_BOT).needless(filed(9, DEAD), unseen) is None


def test_a_shared_issue_stays_if_only_some_of_it_is_told() -> None:
    """Each place of another issue counts for one incident."""
    assert Twins(ACTIONS_BOT).needless(filed(9, DEAD, SHOP, shared=True), [filed(5, DEAD)]) is None


def test_what_is_recognised_once_is_nothing_else_as_well() -> None:
    """Two incidents at one dependency are not one, although either could be what is told there."""
    twins, unseen = Twins(ACTIONS_BOT), [filed(5, NOBODY_KNOWS)]

    assert twins.needless(filed(8, DEAD), unseen) is not None
    assert twins.needless(filed(9, FULL), unseen) is None


def test_each_incident_of_a_shared_issue_is_recognised() -> None:
    """That one of them was, is no reason against the other one."""
    twins, unseen = Twins(ACTIONS_BOT), [filed(5, NOBODY_KNOWS, SHOP, shared=True)]

    assert twins.needless(filed(8, DEAD), unseen) is not None
    assert twins.needless(filed(9, SHOP), unseen) is not None


def test_copies_close_in_favour_of_the_one_that_stays() -> None:
    """What is closed already, remembers nothing, or is that one itself, is left alone."""
    closed, forgetful = replace(filed(7, DEAD), is_open=False), replace(filed(8, DEAD), body="b")

    closing = list(copies_closed([filed(5, DEAD), filed(6, DEAD), closed, forgetful], 5))

    assert [(one.number, one.duplicate_of) for one in closing] == [(6, 5)]


def test_an_issue_without_memory_is_nobodys_twin() -> None:
    """There is nothing to compare."""
    assert Twins(ACTIONS_BOT).needless(replace(filed(9, DEAD), body="b"), [filed(5, DEAD)]) is None


def test_a_closed_twin_is_no_decision_of_people() -> None:
    """Where the issue that stays has recovered and fails again, it is told there."""
    first, second = filed(5, DEAD), filed(9, DEAD)
    closing = Twins(ACTIONS_BOT).needless(second, [first])
    assert closing is not None
    issues = applied([closing], [first, second])

    (update,) = decide(issues, judgement(2, Verdict.FAIL, ()), AROUND, [DEAD])

    assert getattr(update, "number", None) == 5


APP = "acme-ci[bot]"


@pytest.mark.parametrize(
    ("issue", "is_told"),
    [
        (replace(filed(5, DEAD), author=APP), True),
        (replace(filed(5, DEAD, SHOP, shared=True), author=APP), True),
        (replace(filed(5, SHOP), author=APP), False),
        (replace(filed(5, DEAD), author=APP, is_open=False), False),
        (filed(5, DEAD), False),
        (replace(filed(5, DEAD), author="octocat"), False),
    ],
)
def test_what_another_app_tells_is_noticed(*, issue: Issue, is_told: bool) -> None:
    """People can write what looks like ours; as an app they cannot."""
    assert (told_by_another(filed(9, DEAD).body, [issue], ACTIONS_BOT) is issue) is is_told
