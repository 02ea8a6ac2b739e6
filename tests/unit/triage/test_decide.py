from dataclasses import replace
from datetime import timedelta

import pytest

from ci_tools.diagnosis.owners import parse
from ci_tools.errors import UsageError
from ci_tools.escalation.rules import Severity
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import CoverageGate, GateState, Verdict
from ci_tools.triage.decide import REOPEN_WITHIN, Surroundings, decide
from ci_tools.triage.fitting import MAX_BODY_BYTES
from ci_tools.triage.operations import CloseIssue, Comment, CreateIssue, Issue, ReopenIssue, UpdateIssue
from ci_tools.triage.state import BEGIN, END, state_in
from ci_tools.verdict.judgement import Judgement
from tests.unit.triage.scenarios import (
    AROUND,
    REACHABLE,
    SHOP_TESTS,
    START,
    STRANGER,
    applied,
    failing,
    gate,
    inconclusive,
    judgement,
    kinds,
    passing,
    suite,
)

PAYMENT = CoverageGate(name="payment_tests", dependency="payment", suites=("payment",), floor=1.0)


def filed(seen: Judgement | None = None, around: Surroundings = AROUND) -> list[Issue]:
    """The issues after a first failing campaign."""
    return applied(decide((), seen or failing(1), around))


def closed(as_: str = "completed", *, hours: float = 1.5) -> list[Issue]:
    """The issue of a first failing campaign, closed by a person *hours* after the start."""
    (issue,) = filed()
    return [replace(issue, is_open=False, closed_as=as_, closed_at=START + timedelta(hours=hours))]


def remembered(issue: Issue) -> dict[str, object]:
    """What the issue remembers, by field."""
    state = state_in(issue.body)
    assert state is not None
    return {name: getattr(state, name) for name in state.__slots__}


def test_one_failing_dependency_is_one_issue() -> None:
    """All failing gates of a dependency are filed together, and what is merely masked is not."""
    (operation,) = decide((), failing(), AROUND)

    assert isinstance(operation, CreateIssue)
    assert operation.title == "here: store fails, cause unknown (store_reachable, store_tests)"
    assert operation.labels == ("e2e-campaign", "P1", "area: store", "type: gate")


def test_two_failing_dependencies_are_two_issues() -> None:
    """Two outages are never mixed."""
    gates = (gate(REACHABLE, GateState.FAILS), gate(PAYMENT, GateState.FAILS))

    operations = decide((), judgement(1, Verdict.FAIL, gates), AROUND)

    assert [operation.title for operation in operations if isinstance(operation, CreateIssue)] == [
        "here: store fails, cause unknown (store_reachable)",
        "here: payment fails, cause unknown (payment_tests)",
    ]


@pytest.mark.parametrize("seen", [inconclusive(), passing()], ids=["inconclusive", "passing"])
def test_without_a_failing_verdict_nothing_is_opened(seen: Judgement) -> None:
    """An inconclusive or passing campaign files nothing."""
    assert decide((STRANGER,), seen, AROUND) == ()


def test_an_inconclusive_campaign_changes_no_issue() -> None:
    """No evidence neither closes an issue nor counts against anybody."""
    assert decide(filed(), inconclusive(), AROUND) == ()


@pytest.mark.parametrize("seen", [failing(1), failing(2), passing(2)], ids=["first", "again", "recovered"])
def test_the_same_campaign_twice_changes_nothing(seen: Judgement) -> None:
    """What is accounted for in an issue is not told again."""
    before = filed()
    after = applied(decide(before, seen, AROUND), before)

    assert decide(after, seen, AROUND) == ()


def test_a_campaign_of_a_reopened_issue_twice_changes_nothing() -> None:
    """A regression is told once."""
    before = closed()
    after = applied(decide(before, failing(2), AROUND), before)

    assert decide(after, failing(2), AROUND) == ()


def test_an_older_campaign_changes_nothing() -> None:
    """What an issue knows is not overwritten by what was before."""
    before = filed(failing(3))

    assert decide(before, failing(2), AROUND) == ()
    assert decide(before, passing(2), AROUND) == ()


def test_a_failure_that_goes_on_is_counted_in_silence() -> None:
    """The steady state is one update of the body: no comment, no label, no title."""
    before = filed()

    (operation,) = decide(before, failing(2), AROUND)

    assert isinstance(operation, UpdateIssue)
    assert operation.labels is None
    assert "2026-03-02 11:15 UTC on shop\\-00001 (campaign campaign\\-1); seen in 2 campaigns" in operation.body


def test_an_issue_remembers_first_and_last_and_every_gate() -> None:
    """Counters, sightings and gates add up over the campaigns."""
    before = filed(judgement(1, Verdict.FAIL, [gate(REACHABLE, GateState.FAILS)]))
    (issue,) = applied(decide(before, failing(2), AROUND), before)

    state = remembered(issue)

    assert (state["n_bad"], state["status"]) == (2, "failing")
    assert state["evidence"].gates == ("store_reachable", "store_tests")  # type: ignore[attr-defined]
    assert state["campaigns"] == ("campaign-1", "campaign-2")
    assert state["first_bad"] != state["last_bad"]


def test_only_the_last_few_campaigns_are_remembered() -> None:
    """The state does not grow with its age."""
    issues: list[Issue] = []
    for number in range(1, 9):
        issues = applied(decide(issues, failing(number), AROUND), issues)

    assert remembered(issues[0])["campaigns"] == tuple(f"campaign-{number}" for number in range(4, 9))
    assert remembered(issues[0])["n_bad"] == 8


def test_what_people_write_around_our_section_stays() -> None:
    """Only the text between our marks is replaced."""
    (issue,) = filed()
    before, _, rest = issue.body.partition(BEGIN)
    ours, _, after = rest.partition(END)
    edited = replace(issue, body=f"mine: {before}{BEGIN}{ours}{END}{after}\n- [x] looked at it")

    (operation,) = decide([edited], failing(2), AROUND)

    assert operation.body.startswith(f"mine: {before}{BEGIN}")
    assert operation.body.endswith(f"{END}{after}\n- [x] looked at it")


def test_a_lost_section_is_appended() -> None:
    """Where a person has deleted our marks, but not the state, our section is added below."""
    (issue,) = filed()
    edited = replace(issue, body=issue.body.replace(BEGIN, "").replace(END, ""))

    (operation,) = decide([edited], failing(2), AROUND)

    assert operation.body.startswith(edited.body)
    assert remembered(replace(issue, body=operation.body))["n_bad"] == 2


@pytest.mark.parametrize("author", ["octocat", "", "github-actions"])
def test_a_state_is_believed_only_from_the_bot(author: str) -> None:
    """Whoever else writes our marks into an issue does not steer us."""
    (issue,) = filed()

    (operation,) = decide([replace(issue, author=author)], failing(2), AROUND)

    assert isinstance(operation, CreateIssue)


def test_environments_are_kept_apart() -> None:
    """The same dependency of another environment is another issue, and closes none."""
    there = replace(failing(2), environment="there")

    (operation,) = decide(filed(), there, AROUND)

    assert isinstance(operation, CreateIssue)
    assert decide(filed(), replace(passing(), environment="there"), AROUND) == ()


def test_a_passing_campaign_that_executed_the_same_gates_closes() -> None:
    """Recovery is said once, and the issue is closed with what it showed."""
    before = filed()

    comment, close = decide(before, passing(), AROUND)
    (issue,) = applied((comment, close), before)

    assert isinstance(comment, Comment)
    assert comment.body.startswith("Recovered: the gates that failed (store\\_reachable, store\\_tests) hold")
    assert isinstance(close, CloseIssue)
    assert (remembered(issue)["status"], issue.closed_as) == ("recovered", "completed")
    assert "**Cause unknown:** gates of store fail" in issue.body


@pytest.mark.parametrize(
    "gates",
    [
        [gate(REACHABLE, GateState.HOLDS)],
        [gate(REACHABLE, GateState.HOLDS), gate(SHOP_TESTS, GateState.HOLDS)],
        [],
    ],
    ids=["one of two", "another one", "none"],
)
def test_a_pass_without_the_same_gates_does_not_close(gates: list[object]) -> None:
    """What was not executed is no evidence of a recovery."""
    assert decide(filed(), judgement(2, Verdict.PASS, gates), AROUND) == ()  # type: ignore[arg-type]


def test_a_gate_that_holds_without_a_sample_does_not_close() -> None:
    """Holding is not enough: something must have been executed."""
    before = filed(judgement(1, Verdict.FAIL, [gate(REACHABLE, GateState.FAILS)]))

    assert decide(before, judgement(2, Verdict.PASS, [gate(REACHABLE, GateState.HOLDS, n=0)]), AROUND) == ()


def test_another_failure_does_not_close() -> None:
    """While the campaign as a whole fails, nothing is declared recovered."""
    before = filed()
    gates = (gate(PAYMENT, GateState.FAILS), gate(REACHABLE, GateState.HOLDS))

    assert kinds(decide(before, judgement(2, Verdict.FAIL, gates), AROUND)) == ["CreateIssue"]


def test_a_closed_issue_is_not_closed_again() -> None:
    """A passing campaign says nothing to an issue that a person has closed."""
    assert decide(closed(), passing(), AROUND) == ()


def test_a_regression_reopens_the_issue() -> None:
    """A failure that comes back opens the same issue, and says so once."""
    before = filed()
    between = applied(decide(before, passing(2), AROUND), before, at=START + timedelta(hours=2.5))

    comment, reopen = decide(between, failing(3), AROUND)
    (issue,) = applied((comment, reopen), between)

    assert isinstance(comment, Comment)
    assert comment.body.startswith("Regressed: it fails again, 2026-03-02 13:15 UTC on shop\\-00003")
    assert isinstance(reopen, ReopenIssue)
    assert "**Last good:** 2026-03-02 12:15 UTC on shop\\-00002" in reopen.body
    assert (issue.is_open, remembered(issue)["n_bad"]) == (True, 1)


def test_an_issue_that_a_person_closed_as_completed_is_reopened() -> None:
    """A fix that does not hold is a regression."""
    assert kinds(decide(closed(), failing(2), AROUND)) == ["Comment", "ReopenIssue"]


@pytest.mark.parametrize("as_", ["not_planned", "duplicate"])
def test_a_persons_decision_to_close_stands(as_: str) -> None:
    """What people will not fix is not filed again and again."""
    assert decide(closed(as_), failing(2), AROUND) == ()


def test_a_campaign_that_began_before_the_close_does_not_reopen() -> None:
    """What was seen before the fix says nothing of the fix."""
    assert decide(closed(hours=2.5), failing(2), AROUND) == ()


def test_a_close_without_a_date_counts_as_before() -> None:
    """An issue of which nobody knows when it was closed is reopened."""
    (issue,) = closed()

    assert kinds(decide([replace(issue, closed_at=None)], failing(2), AROUND)) == ["Comment", "ReopenIssue"]


def test_a_campaign_without_a_date_reopens() -> None:
    """A judgement whose start is unknown is not taken for an old one."""
    assert kinds(decide(closed(), failing(2, started_at=None), AROUND)) == ["Comment", "ReopenIssue"]


def test_a_long_closed_issue_stays_closed() -> None:
    """After a month a failure of the same dependency is another one."""
    late = replace(failing(2), started_at=START + REOPEN_WITHIN + timedelta(days=1))

    (operation,) = decide(closed(), late, AROUND)

    assert isinstance(operation, CreateIssue)
    assert operation.reason == "store fails (unknown) and #1 was closed more than 30 days before"


def test_a_rise_in_severity_is_said_and_labelled() -> None:
    """Escalation is a comment and a label; other labels stay."""
    (mild,) = filed(failing(1, good=3))
    before = replace(mild, labels=(*mild.labels, "triaged"))

    comment, update = decide([before], failing(2), AROUND)

    assert isinstance(comment, Comment)
    assert comment.body.startswith("Escalated from P2 to **P1**: the dependency is down")
    assert isinstance(update, UpdateIssue)
    assert update.labels == ("e2e-campaign", "area: store", "type: gate", "triaged", Severity.P1)


def test_a_fall_in_severity_is_not_acted_on() -> None:
    """While it lasts, a failure stays as urgent as it has been, and says what it is now."""
    before = filed()

    (update,) = decide(before, failing(2, good=3), AROUND)
    (issue,) = applied([update], before)

    assert remembered(issue)["severity"] is Severity.P1
    assert "**P1**, as it has been; in this campaign P2, " in issue.body


def test_a_persons_severity_label_stands() -> None:
    """Where a person has set another label, an escalation is said and labels are left alone."""
    (mild,) = filed(failing(1, good=3))
    before = replace(mild, labels=("e2e-campaign", "P0"))

    comment, update = decide([before], failing(2), AROUND)

    assert isinstance(comment, Comment)
    assert isinstance(update, UpdateIssue)
    assert update.labels is None
    assert remembered(replace(before, body=update.body))["labelled"] is Severity.P2


def test_a_regression_is_as_urgent_as_it_is_now() -> None:
    """The label of an earlier outage is replaced when the issue is opened again."""
    _, reopen = decide(closed(), failing(2, good=3), AROUND)

    assert isinstance(reopen, ReopenIssue)
    assert reopen.labels == ("e2e-campaign", "area: store", "type: gate", Severity.P2)


def test_the_lowest_of_two_open_issues_wins() -> None:
    """An issue that was filed twice is closed as a duplicate, once."""
    (first,) = filed()
    before = [replace(first, number=9), replace(first, number=4)]

    update, close = decide(before, failing(2), AROUND)
    after = applied((update, close), before)

    assert isinstance(close, CloseIssue)
    assert (close.number, close.closed_as) == (9, "duplicate")
    assert isinstance(update, UpdateIssue)
    assert update.number == 4
    assert kinds(decide(after, failing(3), AROUND)) == ["UpdateIssue"]


def test_of_closed_issues_the_latest_is_reopened() -> None:
    """What was closed last knows most."""
    (issue,) = closed()

    comment, _ = decide([issue, replace(issue, number=9)], failing(2), AROUND)

    assert isinstance(comment, Comment)
    assert comment.number == 9


def test_an_open_issue_goes_before_a_closed_one() -> None:
    """An open issue is the one that people follow."""
    (was_closed,) = closed()
    (is_open,) = filed()

    (update,) = decide([was_closed, replace(is_open, number=9)], failing(2), AROUND)

    assert isinstance(update, UpdateIssue)
    assert update.number == 9


def test_the_owner_is_mentioned_once() -> None:
    """Whom CODEOWNERS names is told when the issue is filed, outside what is replaced later."""
    around = replace(AROUND, owners=parse("/dependencies/store @acme/storage @octocat"))
    (issue,) = filed(around=around)

    (update,) = decide([issue], failing(2), around)

    assert issue.body.startswith(
        "For @acme/storage @octocat: CODEOWNERS /dependencies/store decides for /dependencies/store."
    )
    assert update.body.count("@acme/storage") == 1
    assert issue.body.index("@acme/storage") < issue.body.index(BEGIN)


@pytest.mark.parametrize("codeowners", ["", "/dependencies/store", "/ci_tools/ @acme/tools"])
def test_nobody_is_mentioned_without_an_owner(codeowners: str) -> None:
    """A dependency of nobody is filed all the same."""
    (issue,) = filed(around=replace(AROUND, owners=parse(codeowners)))

    assert "@" not in issue.body
    assert "**Owner:** nobody" in issue.body


def test_what_leaves_is_redacted() -> None:
    """A known secret stands neither in title, body, state nor comment."""
    secret = "hunter2-hunter2"
    around = replace(AROUND, redact=Redactor([secret]).text)
    seen = failing(1, environment=f"here {secret}", campaign=f"c {secret}")
    gates = (replace(seen.gates[0], detail=f"password {secret}"), *seen.gates[1:])
    first = replace(seen, gates=gates)
    issues = filed(first, around)

    told = [
        *decide((), first, around),
        *decide(issues, replace(passing(), environment=f"here {secret}"), around),
    ]

    assert kinds(told) == ["CreateIssue", "Comment", "CloseIssue"]
    assert [one for one in told if secret in repr(one)] == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://x/> @octocat", "https://x/\n", "run 7"])
def test_a_run_url_that_is_no_link_is_refused(url: str) -> None:
    """What cannot stand in a page as a link is a mistake of the command line."""
    with pytest.raises(UsageError, match="give --run-url"):
        Surroundings(redact=str, run_url=url)


def test_a_body_that_recovery_would_overfill_shows_the_recovery_only() -> None:
    """The last word fits, whatever stood there before."""
    (issue,) = filed()
    visible = "x" * (MAX_BODY_BYTES - 1_500)
    full = replace(issue, body=issue.body.replace("- **Impact:**", visible))

    _, close = decide([full], passing(), AROUND)

    assert len(close.body.encode()) <= MAX_BODY_BYTES
    assert "Recovered: " in close.body


def test_a_dependency_with_a_long_name_has_a_label_that_github_takes() -> None:
    """Labels have at most 50 characters, and no comma, which would part them in a query."""
    long = replace(REACHABLE, dependency="store, " * 20)

    (operation,) = decide((), judgement(1, Verdict.FAIL, [gate(long, GateState.FAILS)]), AROUND)

    assert isinstance(operation, CreateIssue)
    assert len(operation.labels[2]) == 50
    assert "," not in operation.labels[2]


def test_a_body_is_no_longer_than_github_takes() -> None:
    """However many things fail, sections are left out until the rest fits, as bytes."""
    suites = tuple(replace(suite("store", failed=1), name=f"suite {number}", value="…" * 5000) for number in range(40))
    gates = tuple(
        gate(replace(REACHABLE, name=f"gate {number} {'é' * 3000}"), GateState.FAILS, detail="é" * 9000)
        for number in range(200)
    )

    (operation,) = decide((), judgement(1, Verdict.FAIL, gates, suites=suites), AROUND)

    assert len(operation.body.encode()) <= MAX_BODY_BYTES
    assert state_in(operation.body) is not None
