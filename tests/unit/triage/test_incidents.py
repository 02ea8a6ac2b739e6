from dataclasses import replace
from datetime import timedelta

import pytest

from ci_tools.diagnosis.hypotheses import Certainty
from ci_tools.diagnosis.incidents import UNKNOWN, Incident
from ci_tools.model import DependencyState, Deployment, GateState, NodeId, Observation, Outcome, Verdict
from ci_tools.spec.values import KnownIssue, TriageRules
from ci_tools.triage.decide import Surroundings, decide
from ci_tools.triage.operations import (
    AdoptIssue,
    CloseIssue,
    Comment,
    CreateIssue,
    Issue,
    Operation,
    ReopenIssue,
    UpdateIssue,
)
from ci_tools.triage.state import State, parts_in
from ci_tools.triage.surroundings import Commit
from ci_tools.verdict.judgement import Judgement
from tests.unit.triage.scenarios import (
    AROUND,
    REACHABLE,
    STRANGER,
    TESTS,
    applied,
    ended,
    failing,
    gate,
    incident,
    inconclusive,
    judgement,
    kinds,
    passing,
)

UP = Observation(probe="store", dependency="store", state=DependencyState.UP, kind="tcp")
DEAD = incident(failed=(TESTS[1].node_id,))
UNCLEAR = incident(cause=UNKNOWN, failed=(TESTS[1].node_id,))
SUSPECTED = replace(DEAD, certainty=Certainty.SUSPECTED)
FULL = incident(cause="full")
PEOPLES = replace(STRANGER, number=77, labels=("bug",))
KNOWN = replace(AROUND, known_issues=(KnownIssue(number=77, dependencies=("store",)),))
TWICE = replace(AROUND, rules=TriageRules(green_campaigns=2))


def told(
    issues: list[Issue], seen: Judgement, *incidents: Incident, around: Surroundings = AROUND, up: bool = False
) -> tuple[tuple[Operation, ...], list[Issue]]:
    """What is done, and the issues after."""
    operations = decide(issues, seen, around, incidents, [UP] if up else [])
    return operations, applied(operations, issues, at=(seen.started_at or seen.finished_at) + timedelta(minutes=30))  # type: ignore[operator]


def filed(*incidents: Incident, seen: Judgement | None = None, around: Surroundings = AROUND) -> list[Issue]:
    """The issues after a first failing campaign."""
    return told([], seen or failing(1), *incidents, around=around)[1]


def state(issue: Issue) -> State:
    """What the issue remembers."""
    ((_, remembered),) = parts_in(issue.body)
    return remembered


def test_an_incident_is_one_issue_that_names_its_cause() -> None:
    """Whatever gates and tests it takes along."""
    (issue,) = filed(DEAD)

    assert issue.title == "here: store: nothing listens at refused"
    assert issue.labels == ("e2e-campaign", "P1", "area: store", "type: incident")
    assert state(issue).evidence.gates == ("store_reachable", "store_tests")


@pytest.mark.parametrize("first", [UNCLEAR, SUSPECTED], ids=["unknown", "suspected"])
def test_what_gets_a_cause_stays_the_same_issue(first: Incident) -> None:
    """Its fingerprints merge, and its title, as long as it is ours, names the cause."""
    (update,), (issue,) = told(filed(first), failing(2), DEAD)

    assert isinstance(update, UpdateIssue)
    assert update.title == "here: store: nothing listens at refused"
    assert (state(issue).cause, state(issue).certainty, state(issue).n_bad) == ("refused", Certainty.CONFIRMED, 2)


def test_a_title_of_a_person_stands() -> None:
    """Whoever has renamed it knows better."""
    (issue,) = filed(UNCLEAR)

    (update,), _ = told([replace(issue, title="The store again")], failing(2), DEAD)

    assert isinstance(update, UpdateIssue)
    assert update.title is None


def test_proof_is_not_given_up_for_less() -> None:
    """An incident that was confirmed and is seen again without its proof keeps its page."""
    before = filed(DEAD)

    (update,), (issue,) = told(before, failing(2), UNCLEAR)

    assert state(issue).cause == "refused"
    assert "**Cause, confirmed:** store: nothing listens at refused" in update.body
    assert "seen in 2 campaigns" in update.body


def test_two_confirmed_causes_are_two_issues() -> None:
    """Also at one dependency: over-grouping is the worse error."""
    operations, issues = told(filed(DEAD), failing(2), FULL)

    assert kinds(operations) == ["CreateIssue"]
    assert [state(one).cause for one in issues] == ["refused", "full"]


def test_a_gate_that_no_incident_explains_gets_its_issue() -> None:
    """Nothing that fails is lost."""
    seen = judgement(1, Verdict.FAIL, [gate(REACHABLE, GateState.FAILS)])

    (_, issues) = told([], seen, incident("payment"))

    assert [one.labels[2:] for one in issues] == [("area: store", "type: gate"), ("area: payment", "type: incident")]


def test_more_than_may_be_filed_share_an_issue_and_leave_it() -> None:
    """The most urgent get issues of their own; the others with the next campaign that sees them."""
    around = replace(AROUND, rules=TriageRules(new_issues=2))
    crowd = [incident(name) for name in ("a", "b", "c", "d")]
    operations, issues = told([], judgement(1, Verdict.FAIL, []), *crowd, around=around)

    assert kinds(operations) == ["CreateIssue"] * 3
    assert [one.labels[-1] for one in issues] == ["type: incident", "type: incident", "type: umbrella"]

    later, after = told(issues, judgement(2, Verdict.FAIL, []), *crowd, around=around)

    assert kinds(later)[-1] == "CloseIssue"
    assert sorted(state(one).dependency for one in after if one.is_open) == ["a", "b", "c", "d"]


def test_the_most_urgent_of_a_crowd_get_issues_of_their_own() -> None:
    """What is down comes before what merely fails a gate."""
    around = replace(AROUND, rules=TriageRules(new_issues=1))

    created = [
        one for one in told([], failing(1), incident("a"), DEAD, around=around)[0] if isinstance(one, CreateIssue)
    ]

    assert created[0].labels[:3] == ("e2e-campaign", "P1", "area: store")


def test_a_confirmed_incident_of_an_inconclusive_campaign_is_evidence() -> None:
    """It is filed and counted; what is only suspected is not."""
    assert kinds(told([], inconclusive(1), DEAD)[0]) == ["CreateIssue"]
    assert kinds(told([], inconclusive(1), SUSPECTED)[0]) == []
    assert kinds(told(filed(DEAD), inconclusive(2), DEAD)[0]) == ["UpdateIssue"]
    assert kinds(told(filed(DEAD), inconclusive(2), SUSPECTED)[0]) == []


def test_an_issue_closes_after_as_many_good_campaigns_as_the_rules_say() -> None:
    """Probes and the same tests, twice in a row."""
    first, between = told(filed(DEAD), passing(2), around=TWICE, up=True)
    second, (after,) = told(between, passing(3), around=TWICE, up=True)

    assert kinds(first) == ["UpdateIssue"]
    assert "1 of 2 good campaigns in a row" in between[0].body
    assert kinds(second) == ["Comment", "CloseIssue"]
    assert (after.is_open, after.closed_as) == (False, "completed")


def test_a_bad_campaign_between_begins_the_count_anew() -> None:
    """In a row is in a row."""
    _, one = told(filed(DEAD), passing(2), around=TWICE, up=True)
    _, bad = told(one, failing(3), DEAD, around=TWICE)

    operations, _ = told(bad, passing(4), around=TWICE, up=True)

    assert kinds(operations) == ["UpdateIssue"]


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.BLOCKED, Outcome.NOT_RUN, Outcome.FAILED])
def test_a_test_that_did_not_pass_closes_nothing(outcome: Outcome) -> None:
    """A skip is no pass."""
    seen = passing(2)
    tests = tuple(replace(one, outcome=outcome) for one in seen.tests)

    assert told(filed(DEAD), replace(seen, tests=tests), up=True)[0] == ()


@pytest.mark.parametrize("state_seen", [DependencyState.DOWN, DependencyState.DEGRADED, DependencyState.UNKNOWN])
def test_a_probe_that_did_not_find_it_well_closes_nothing(state_seen: DependencyState) -> None:
    """Tests alone do not suffice."""
    look = replace(UP, state=state_seen)

    assert decide(filed(DEAD), passing(2), AROUND, (), [look]) == ()
    assert decide(filed(DEAD), passing(2), AROUND, (), []) == ()


def test_what_a_service_remembers_is_no_look() -> None:
    """Its log speaks of the past."""
    assert decide(filed(DEAD), passing(2), AROUND, (), [replace(UP, kind="errors")]) == ()


def test_an_issue_recovers_while_something_else_fails() -> None:
    """What else fails is another issue's."""
    seen = replace(passing(2), verdict=Verdict.FAIL)

    operations, _ = told(filed(DEAD), seen, incident("payment"), up=True)

    assert kinds(operations) == ["CreateIssue", "Comment", "CloseIssue"]


def test_what_another_outage_masks_is_neither_closed_nor_counted() -> None:
    """Nobody knows of it."""
    masked = [replace(one, state=GateState.CANNOT_TELL, missing="masked") for one in failing(2).gates]
    seen = judgement(2, Verdict.FAIL, masked)

    assert kinds(told(filed(DEAD), seen, incident("payment"))[0]) == ["CreateIssue"]


def test_a_blast_radius_that_doubles_is_said_once() -> None:
    """And not again until it has doubled again."""
    tests = tuple(ended("store", f"more_{number}", Outcome.FAILED) for number in range(8))
    wider = replace(DEAD, failed=(*DEAD.failed, *(test.node_id for test in tests)))
    first, after = told(filed(DEAD), failing(2, tests=(*TESTS, *tests)), wider)
    second, _ = told(after, failing(3, tests=(*TESTS, *tests)), wider)

    assert kinds(first) == ["Comment", "UpdateIssue"]
    assert isinstance(first[0], Comment)
    assert first[0].body.startswith("Spread: it took along 3 tests and gates, and now 11")
    assert kinds(second) == ["UpdateIssue"]


@pytest.mark.parametrize(
    ("commits", "expected"),
    [
        (("cccccccc", "bbbbbbbb", "aaaaaaaa"), []),
        (("aaaaaaaa", "bbbbbbbb"), ["Comment", "ReopenIssue"]),
        ((), ["Comment", "ReopenIssue"]),
    ],
    ids=["older than the fix", "newer than the fix", "nobody knows"],
)
def test_a_build_older_than_the_fix_reopens_nothing(commits: tuple[str, ...], expected: list[str]) -> None:
    """By the ancestry that is given."""
    fixed = passing(2, deployment=Deployment(revision="fixed", sha="bbbbbbbb"))
    around = replace(AROUND, commits=tuple(Commit(sha, "") for sha in commits))
    _, closed = told(filed(DEAD), fixed, up=True)
    again = failing(3, deployment=Deployment(revision="another", sha="aaaaaaaa"))

    assert kinds(told(closed, again, DEAD, around=around)[0]) == expected


def test_the_revision_that_was_bad_before_the_fix_reopens_nothing() -> None:
    """A rollback to what is known to be broken is no regression of the fix."""
    _, closed = told(filed(DEAD), passing(2), up=True)
    again = failing(3, deployment=failing(1).deployment)

    assert told(closed, again, DEAD)[0] == ()


@pytest.mark.parametrize("kind", ["errors", "deployment"])
def test_what_no_heartbeat_asks_again_is_not_remembered_as_what_has_to_be_seen_well(kind: str) -> None:
    """A log shows what was; which deployment answers is asked by campaigns alone."""
    proofs = (*DEAD.evidence, replace(DEAD.evidence[0], ref=f"{kind}#1"))
    once = Observation(probe=kind, dependency="store", kind=kind, state=DependencyState.DEGRADED)

    (create,) = decide([], failing(1), AROUND, [replace(DEAD, evidence=proofs)], [once])
    assert isinstance(create, CreateIssue)
    assert parts_in(create.body)[0][1].evidence.probes == ("store",)


def test_suspects_are_the_commits_since_it_was_well() -> None:
    """What speaks of the dependency stands first."""
    commits = (
        Commit("dddddddd", "feat: colours"),
        Commit("cccccccc", "fix: the store's timeout"),
        Commit("bbbbbbbb", "x"),
    )
    around = replace(AROUND, commits=commits)
    _, closed = told(filed(DEAD), passing(2, deployment=Deployment(revision="good", sha="bbbbbbbb")), up=True)

    operations, _ = told(closed, failing(3, deployment=Deployment(revision="bad", sha="dddddddd")), DEAD, around=around)

    assert isinstance(operations[1], ReopenIssue)
    assert "<summary>2 suspects among the commits</summary>" in operations[1].body
    assert operations[1].body.index("cccccccc fix") < operations[1].body.index("dddddddd feat")


def test_a_known_issue_is_adopted() -> None:
    """Its body stays, our one comment is kept up to date, and what it lacks of labels is added."""
    (adopt,), after = told([PEOPLES], failing(1), DEAD, around=KNOWN)
    (again,), _ = told(after, failing(2), DEAD, around=KNOWN)

    assert isinstance(adopt, AdoptIssue)
    assert (adopt.number, adopt.add_labels) == (77, ("e2e-campaign", "P1"))
    assert after[0].body == PEOPLES.body
    assert isinstance(again, AdoptIssue)
    assert again.add_labels == ()
    assert "seen in 2 campaigns" in again.body


def test_a_known_issue_that_nobody_has_read_is_adopted_all_the_same() -> None:
    """It is taken to be open, for the file says that it is about that."""
    assert kinds(decide([], failing(1), KNOWN, [DEAD])) == ["AdoptIssue"]


def test_two_causes_in_one_known_issue_are_told_apart() -> None:
    """One comment, a section for each."""
    (adopt,), (issue,) = told([PEOPLES], failing(1), DEAD, FULL, around=KNOWN)

    assert isinstance(adopt, AdoptIssue)
    assert [one.cause for _, one in parts_in(issue.comment)] == ["refused", "full"]


def test_what_recovers_in_a_known_issue_is_said_and_left_open() -> None:
    """Closing is up to its people; what comes back there is said as well."""
    _, adopted = told([PEOPLES], failing(1), DEAD, around=KNOWN)
    well, after = told(adopted, passing(2), around=KNOWN, up=True)
    back, _ = told(after, failing(3), DEAD, around=KNOWN)

    assert kinds(well) == ["Comment", "AdoptIssue"]
    assert after[0].is_open
    assert kinds(back) == ["Comment", "AdoptIssue"]
    assert isinstance(back[0], Comment)
    assert back[0].body.startswith("Regressed: ")


def test_what_comes_back_in_an_issue_of_people_that_is_closed_is_filed() -> None:
    """To open theirs again is not ours, and where it is closed nobody would read of it."""
    _, (theirs,) = told([PEOPLES], failing(1), DEAD, around=KNOWN)
    done = replace(theirs, is_open=False, closed_as="completed", closed_at=failing(1).finished_at)

    (create,), _ = told([done], failing(2), DEAD)

    assert isinstance(create, CreateIssue)
    assert create.reason.endswith("#77, where it was told, is closed")


def test_what_we_filed_before_it_was_known_is_merged_into_it() -> None:
    """One cause, one issue: the one of people."""
    issues = [*filed(DEAD), PEOPLES]

    operations, after = told(issues, failing(2), DEAD, around=KNOWN)

    assert kinds(operations) == ["AdoptIssue", "CloseIssue"]
    assert isinstance(operations[1], CloseIssue)
    assert operations[1].duplicate_of == 77
    assert [one.n_bad for _, one in parts_in(after[1].comment)] == [2]


@pytest.mark.parametrize(
    ("closed_as", "expected"), [("completed", ["CreateIssue"]), ("not_planned", []), ("duplicate", [])]
)
def test_a_known_issue_that_people_closed(closed_as: str, expected: list[str]) -> None:
    """Done and failing again is filed anew; will not be done stands."""
    issue = replace(PEOPLES, is_open=False, closed_as=closed_as)

    assert kinds(told([issue], failing(1), DEAD, around=KNOWN)[0]) == expected


@pytest.mark.parametrize("closed_as", ["not_planned", "duplicate"])
def test_a_known_issue_of_ours_that_people_closed(closed_as: str) -> None:
    """That `[[known_issues]]` names it does not undo what people decided about it."""
    (ours,) = filed(DEAD)
    closed = replace(ours, number=77, is_open=False, closed_as=closed_as)

    assert told([closed], failing(2), DEAD, around=KNOWN)[0] == ()


def test_what_people_refused_is_told_where_they_name_an_issue_for_it_later() -> None:
    """Ours was filed when none was known, so the line is younger than the close; the close itself stays."""
    (ours,) = filed(DEAD)
    refused = replace(ours, is_open=False, closed_as="not_planned")

    operations, after = told([refused, PEOPLES], failing(2), DEAD, around=KNOWN)

    assert kinds(operations) == ["AdoptIssue"]
    assert [(one.number, one.closed_as) for one in after] == [(1, "not_planned"), (77, "")]


def test_a_duplicate_by_people_moves_its_fingerprints() -> None:
    """What was filed twice under two causes is one from then on."""
    issues = filed(DEAD, incident("payment"), seen=failing(1))
    second = replace(issues[1], is_open=False, closed_as="duplicate", body=f"Duplicate of #1\n{issues[1].body}")

    operations, after = told([issues[0], second], failing(2), DEAD)

    assert kinds(operations) == ["UpdateIssue"]
    assert set(state(issues[1]).marks) < set(state(after[0]).marks)


def test_a_duplicate_of_an_issue_of_people_is_told_there() -> None:
    """Whoever marks it says where it belongs."""
    (issue,) = filed(DEAD)
    closed = replace(issue, is_open=False, closed_as="duplicate", duplicate_of=77)

    (adopt,), _ = told([closed, PEOPLES], failing(2), DEAD)

    assert isinstance(adopt, AdoptIssue)
    assert adopt.number == 77


def test_duplicates_of_each_other_lead_nowhere() -> None:
    """A circle is a decision all the same: nothing is filed."""
    (issue,) = filed(DEAD)
    one = replace(issue, is_open=False, closed_as="duplicate", duplicate_of=2)
    other = replace(one, number=2, duplicate_of=1)

    assert told([one, other], failing(2), DEAD)[0] == ()


def test_an_issue_that_people_opened_again_is_not_closed_again() -> None:
    """They have seen something; it closes after it has failed and recovered once more."""
    _, (closed,) = told(filed(DEAD), passing(2), up=True)
    opened = replace(closed, is_open=True, closed_as="", closed_at=None)

    assert told([opened], passing(3), up=True)[0] == ()
    assert kinds(told([opened], failing(3), DEAD)[0]) == ["Comment", "UpdateIssue"]


def test_a_node_id_is_told_in_one_issue_only() -> None:
    """Two incidents of one cause at one dependency are one."""
    other = replace(DEAD, id="store-2", failed=(NodeId("tests/test_shop.py::test_sells"),))

    (created,), _ = told([], failing(1), DEAD, other)

    assert isinstance(created, CreateIssue)
    assert created.reason == "store fails (refused) and no issue is filed for it"
