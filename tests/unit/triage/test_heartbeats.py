from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_tools.escalation.rules import Severity
from ci_tools.escalation.timers import Moment, watched
from ci_tools.model import DependencyState as Found
from ci_tools.model import Deployment, GateState, Observation, ReliabilityGate, Verdict
from ci_tools.spec.values import KnownIssue
from ci_tools.triage.decide import ACTIONS_BOT, decide
from ci_tools.triage.heartbeats import decide_heartbeats, watching
from ci_tools.triage.operations import Comment, Issue, Operation, UpdateIssue
from ci_tools.triage.state import Failed, Occasion, State, Watch, parts_in, section
from ci_tools.verdict.heartbeats import Heartbeat
from tests.unit.triage.scenarios import AROUND, START, applied, failing, gate, incident, judgement, kinds, passing
from tests.unit.triage.test_state import state

REDIS = ReliabilityGate(name="redis_reachable", dependency="redis", probe="redis", floor=0.9, target=1.0)
FIVE_MINUTES = incident("redis", first_seen=START, last_seen=START + timedelta(minutes=5))
STARTED = watched("redis_unreachable_4h", None, [Moment(START, is_bad=True)])
assert STARTED is not None
DOWN = state(
    "redis",
    evidence=Failed(gates=("redis_reachable",), probes=("redis",)),
    timers=(STARTED,),
    first_bad=Occasion(campaign="campaign-1", at=START, revision="r"),
    last_bad=Occasion(campaign="campaign-1", at=START, revision="r"),
)
HOURS = range(15, 256, 15)
"""Every quarter of an hour, until it has been more than four hours."""


def beat(minutes: float, *seen: Found, environment: str = "here", probe: str = "redis") -> Heartbeat:
    """A heartbeat so many minutes after the start, in which *probe* found redis in the states *seen*."""
    at = START + timedelta(minutes=minutes)
    return Heartbeat(
        environment=environment,
        time_scale=0.1,
        judged={"redis": (probe,)},
        at=at,
        observations=tuple(Observation(probe=probe, dependency="redis", state=one, at=at) for one in seen),
    )


def down(minutes: Iterable[float]) -> list[Heartbeat]:
    """Heartbeats that find redis down."""
    return [beat(one, Found.DOWN) for one in minutes]


def issue(kept: State, number: int = 1, shown: str = "page") -> Issue:
    """An issue of ours that remembers *kept*."""
    labels = ("e2e-campaign", "P1", "area: redis")
    body = f"above\n{section(shown, kept)}\nbelow"
    return Issue(number=number, title="t", body=body, author=ACTIONS_BOT, labels=labels, is_open=True)


def told(kept: State | Issue, beats: Sequence[Heartbeat]) -> tuple[Operation, ...]:
    """What *beats* change in one issue."""
    return decide_heartbeats([kept if isinstance(kept, Issue) else issue(kept)], beats, AROUND)


def after(kept: State, beats: Sequence[Heartbeat]) -> State:
    """*kept* after *beats*, one by one."""
    return reduce(watching, beats, kept)


def test_a_bad_heartbeat_is_remembered_in_one_write() -> None:
    """The timer goes on, and the page says since when; what people wrote stays."""
    (done,) = told(DOWN, down([15]))

    assert isinstance(done, UpdateIssue)
    assert done.labels is None
    assert done.body.startswith("above\n")
    assert done.body.endswith("\nbelow")
    assert (
        "- **Heartbeats:** found bad since 2026-03-02 10:30 UTC; Redis is unreachable, longer than 4 h: " in done.body
    )
    ((_, remembered),) = parts_in(done.body)
    assert (remembered.timers[0].n_bad, remembered.timers[0].last_bad) == (2, START + timedelta(minutes=15))


def test_the_same_heartbeat_twice_is_told_once() -> None:
    """What was applied, and tried again, changes nothing."""
    beats = down([15])
    once = applied(told(DOWN, beats), [issue(DOWN)])

    assert decide_heartbeats(once, beats, AROUND) == ()


def test_a_proven_duration_escalates() -> None:
    """A comment, then the page with another label: what a campaign would have done."""
    before = after(DOWN, down(HOURS[:-1]))
    said, done = told(before, down(HOURS[-1:]))

    assert isinstance(said, Comment)
    assert said.body.startswith("Escalated from P1 to **P0**: Redis is unreachable, longer than 4 h")
    assert "proven" in said.body
    assert "Seen by heartbeats." in said.body
    assert isinstance(done, UpdateIssue)
    assert done.labels == ("e2e-campaign", "area: redis", "P0")
    assert "- **Urgency:** **P0**, Redis is unreachable, longer than 4 h" in done.body
    ((_, remembered),) = parts_in(done.body)
    assert (remembered.severity, remembered.labelled) == (Severity.P0, Severity.P0)


GAPS, STATES = st.sampled_from([15, 44, 45, 46]), st.sampled_from([*[Found.DOWN] * 9, *Found])
LOOKS = st.lists(st.tuples(GAPS, STATES, st.integers(1, 12)), max_size=8).map(
    lambda stretches: [(gap, seen) for gap, seen, count in stretches for _ in range(count)]
)
"""Minutes since the look before, and what was seen."""


def proven(looks: Sequence[tuple[int, Found]]) -> bool:
    """Whether redis was down for more than four hours, nowhere well in between, and nobody looked away for long."""
    at, since, last, count, found = 0, 0.0, 0, 1, False
    for gap, state_seen in looks:
        at += gap
        if state_seen is Found.UP:
            count = 0
        elif state_seen is Found.DOWN:
            since, count = (since, count + 1) if count and at - last <= 45 else (at, 1)
            last = at
            found = found or (at - since > 240 and count >= 3)
    return found


@given(LOOKS)
def test_heartbeats_escalate_exactly_what_they_prove(looks: list[tuple[int, Found]]) -> None:
    """Whatever they see, in whatever order."""
    at, kept = 0, DOWN
    for gap, state_seen in looks:
        at += gap
        kept = watching(kept, beat(at, state_seen))

    assert (kept.severity is Severity.P0) is proven(looks)


@given(LOOKS)
def test_heartbeats_change_texts_and_labels_only(looks: list[tuple[int, Found]]) -> None:
    """Nothing is filed, closed or opened again, and what was told is not told again."""
    at, issues, done = 0, [issue(DOWN)], []
    for gap, state_seen in looks:
        at += gap
        operations = decide_heartbeats(issues, [beat(at, state_seen)], AROUND)
        issues = applied(operations, issues)
        done += [*operations, *decide_heartbeats(issues, [beat(at, state_seen)], AROUND)]

    assert kinds(done).count("Comment") <= 1
    assert set(kinds(done)) <= {"Comment", "UpdateIssue"}
    assert len(done) <= len(looks) + 1


def test_an_escalation_is_told_once() -> None:
    """The next heartbeat counts on in silence."""
    assert kinds(told(after(DOWN, down(HOURS)), down([270]))) == ["UpdateIssue"]


def test_an_escalation_whose_change_was_lost_is_said_in_the_same_comment() -> None:
    """The next heartbeat decides it again, and the nonce is the same."""
    before = after(DOWN, down(HOURS[:-1]))
    lost, again = told(before, down(HOURS[-1:]))[0], told(before, down([256]))[0]

    assert isinstance(lost, Comment)
    assert isinstance(again, Comment)
    assert lost.nonce == again.nonce


def test_a_label_that_people_have_set_stays() -> None:
    """Their severity wins, and the comment is said all the same."""
    theirs = replace(issue(after(DOWN, down(HOURS[:-1]))), labels=("e2e-campaign", "P2"))
    said, done = told(theirs, down(HOURS[-1:]))

    assert isinstance(said, Comment)
    assert isinstance(done, UpdateIssue)
    assert done.labels is None


def test_a_good_heartbeat_ends_the_timer_and_closes_nothing() -> None:
    """It is evidence that the dependency is well; only campaigns run what failed."""
    (done,) = told(DOWN, [beat(15, Found.UP)])

    assert isinstance(done, UpdateIssue)
    assert "found well since 2026-03-02 10:30 UTC, which closes nothing: only campaigns run what failed" in done.body
    ((_, remembered),) = parts_in(done.body)
    assert (remembered.timers, remembered.n_green, remembered.last_good) == ((), 0, None)


def test_further_good_heartbeats_write_nothing() -> None:
    """An issue may wait for days until the next deploy."""
    assert told(after(DOWN, [beat(15, Found.UP)]), [beat(30, Found.UP)]) == ()


def test_bad_heartbeats_without_a_timer_write_once() -> None:
    """No rule waits for them."""
    kept = replace(DOWN, dependency="search", timers=())

    assert kinds(told(kept, down([15]))) == ["UpdateIssue"]
    assert told(after(kept, down([15])), down([30])) == ()


@pytest.mark.parametrize("seen", [(), (Found.UNKNOWN,)], ids=["not asked", "unknown"])
def test_what_cannot_tell_counts_as_neither(seen: tuple[Found, ...]) -> None:
    """Neither the timer nor the page changes."""
    assert told(DOWN, [beat(15, *seen)]) == ()


def test_probes_that_contradict_each_other_tell_nothing() -> None:
    """One finds it down, and another one well."""
    shown = replace(DOWN, evidence=Failed(probes=("redis", "other")))
    one, other = beat(15, Found.UP), beat(15, Found.DOWN, probe="other")
    both = replace(one, observations=(*one.observations, *other.observations), judged={"redis": ("redis", "other")})

    assert told(shown, [both]) == ()


def test_what_is_degraded_is_bad_and_not_unreachable() -> None:
    """The page says that it is not well; the rule about reaching it learns nothing."""
    kept = after(DOWN, [beat(15, Found.DEGRADED)])

    assert kept.timers == DOWN.timers
    assert kept.watch is not None
    assert kept.watch.is_bad


def test_an_issue_that_no_probe_has_shown_says_nothing_of_probes() -> None:
    """That a dependency answers tells nothing of tests that failed meanwhile."""
    assert told(replace(DOWN, evidence=Failed(tests="0123abcd"), timers=()), [beat(15, Found.UP)]) == ()


def test_a_bad_heartbeat_between_good_campaigns_starts_their_count_again() -> None:
    """They were not in a row."""
    assert after(replace(DOWN, n_green=1), down([15])).n_green == 0
    assert after(replace(DOWN, n_green=1), [beat(15, Found.UP)]).n_green == 1


def test_a_heartbeat_from_before_what_is_known_tells_nothing() -> None:
    """Neither before the last campaign began nor before the last one that changed anything."""
    assert told(DOWN, down([0, -15])) == ()
    assert told(after(DOWN, [beat(30, Found.UP)]), down([15])) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"is_open": False, "closed_as": "completed"},
        {"author": "octocat"},
        {"body": section("page", replace(DOWN, status="recovered"))},
        {"body": section("page", replace(DOWN, environment="there"))},
    ],
    ids=["closed", "not ours", "recovered", "elsewhere"],
)
def test_only_open_failing_issues_of_the_environment_are_told(changed: dict[str, object]) -> None:
    """None is opened again, and none is filed."""
    assert told(replace(issue(DOWN), **changed), down([15])) == ()  # type: ignore[arg-type]


def test_heartbeats_of_two_environments_are_each_told_where_they_belong() -> None:
    """One directory may hold both."""
    there = replace(DOWN, environment="there")
    beats = [*down([15]), beat(15, Found.UP, environment="there")]
    operations = decide_heartbeats([issue(DOWN), issue(there, 2)], beats, AROUND)

    assert [("found bad" in one.body, "found well" in one.body) for one in operations] == [(True, False), (False, True)]


def failing_redis(number: int, at: datetime) -> tuple[Operation, ...]:
    """Campaign *number*, in which redis is down."""
    failed = judgement(number, Verdict.FAIL, [gate(REDIS, GateState.FAILS)], started_at=at)
    seen = replace(FIVE_MINUTES, first_seen=at, last_seen=at + timedelta(minutes=5))
    return decide([], failed, AROUND, [seen])


def test_an_adopted_issue_is_told_in_our_comment() -> None:
    """Body and labels stay theirs."""
    theirs = Issue(number=7, title="t", body="mine", author="octocat", labels=("P1",), is_open=True)
    around = replace(AROUND, known_issues=(KnownIssue(number=7, dependencies=("redis",)),))
    failed = judgement(1, Verdict.FAIL, [gate(REDIS, GateState.FAILS)], started_at=START)
    adopted = applied(decide([theirs], failed, around, [FIVE_MINUTES]), [theirs])

    (done,) = decide_heartbeats(adopted, down([20]), around)
    assert kinds([done]) == ["AdoptIssue"]
    assert "found bad since 2026-03-02 10:35 UTC" in done.body


def test_what_shares_a_page_stays_there() -> None:
    """One write for the page, with all that stands on it."""
    around = replace(AROUND, rules=replace(AROUND.rules, new_issues=1))
    both = [FIVE_MINUTES, incident("shop"), incident("search")]
    failed = judgement(1, Verdict.FAIL, [], started_at=START)
    filed = applied(decide([], failed, around, [both[1], FIVE_MINUTES, both[2]]))

    (done,) = decide_heartbeats(filed, down([20]), around)
    assert isinstance(done, UpdateIssue)
    assert done.number == 2
    assert [one.dependency for _, one in parts_in(done.body)] == ["redis", "search"]
    assert done.body.count("found bad since") == 1


def test_the_next_campaign_sees_for_itself() -> None:
    """It keeps the timer, and what heartbeats found before it is no longer told."""
    filed = applied(failing_redis(1, START))
    watched_since = applied(decide_heartbeats(filed, down([20, 35]), AROUND), filed)
    later = judgement(2, Verdict.FAIL, [gate(REDIS, GateState.FAILS)], started_at=START + timedelta(hours=1))
    again = replace(FIVE_MINUTES, first_seen=later.started_at, last_seen=later.started_at)

    (done,) = applied(decide(watched_since, later, AROUND, [again]), watched_since)
    ((_, remembered),) = parts_in(done.body)
    assert remembered.watch == Watch(at=START + timedelta(minutes=35))
    (timer,) = remembered.timers
    assert (timer.first_bad, timer.last_bad, timer.n_since) == (START, later.started_at, 5)
    assert "found bad since" not in done.body


def test_a_campaign_that_ran_while_heartbeats_came_is_not_too_old() -> None:
    """It began before them, and is told after them."""
    filed = applied(failing_redis(1, START))
    seen = applied(decide_heartbeats(filed, down([80]), AROUND), filed)
    later = judgement(2, Verdict.FAIL, [gate(REDIS, GateState.FAILS)], started_at=START + timedelta(hours=1))

    assert kinds(decide(seen, later, AROUND, [FIVE_MINUTES])) == ["UpdateIssue"]


def test_a_good_heartbeat_brings_no_campaign_forward() -> None:
    """Whatever it saw: the issue closes on campaigns only, and as it would have without."""
    filed = applied(decide([], failing(1, deployment=Deployment(revision="a")), AROUND, [incident()]))
    beats = [
        replace(
            beat(90, Found.UP),
            observations=(Observation(probe="store", dependency="store", state=Found.UP),),
        )
    ]
    looked = applied(decide_heartbeats(filed, beats, AROUND), filed)

    observed = [Observation(probe="store", dependency="store", state=Found.UP)]
    assert looked != filed
    assert kinds(decide(looked, passing(2), AROUND, (), observed)) == ["Comment", "CloseIssue"]


def test_our_comment_tells_of_two_environments() -> None:
    """What one of them sees leaves alone what is told of the other."""
    theirs = Issue(number=7, title="t", body="mine", author="octocat", labels=("P1",), is_open=True)
    around = replace(AROUND, known_issues=(KnownIssue(number=7, dependencies=("redis",)),))
    here = judgement(1, Verdict.FAIL, [gate(REDIS, GateState.FAILS)], started_at=START)
    there = replace(here, environment="there", campaign="campaign-there")
    one = applied(decide([theirs], here, around, [FIVE_MINUTES]), [theirs])
    both = applied(decide(one, there, around, [FIVE_MINUTES]), one)
    (looked,) = applied(decide_heartbeats(both, down([20]), around), both)

    assert [kept.environment for _, kept in parts_in(both[0].comment)] == ["here", "there"]
    assert [kept.environment for _, kept in parts_in(looked.comment)] == ["here", "there"]
    assert looked.comment.count("found bad since") == 1
