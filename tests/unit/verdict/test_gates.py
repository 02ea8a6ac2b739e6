"""Each rule of the gates has an evidence that makes it fire and one that must not."""

from dataclasses import replace
from typing import Any

import pytest

from ci_tools.evidence.events import Collected
from ci_tools.model import CoverageGate, DependencyState, GateState, Observation, Outcome, ReliabilityGate
from ci_tools.verdict.gates import decide, is_good, judge_coverage

DOWN, UP, UNKNOWN = DependencyState.DOWN, DependencyState.UP, DependencyState.UNKNOWN


def seen(state: DependencyState = UP, **fields: Any) -> Observation:
    """One observation of Redis."""
    return Observation(probe="redis", dependency="redis", state=state, **fields)


def answers(**fields: Any) -> ReliabilityGate:
    """A reliability gate on Redis."""
    defaults: dict[str, Any] = {"floor": 0.8, "target": 0.95}
    return ReliabilityGate(name="redis answers", dependency="redis", probe="redis", **{**defaults, **fields})


def test_five_of_five_hold_85_percent(story: Any) -> None:
    """With five tests, all five passing hold a floor of 85 %."""
    story.suite(expected=5).coverage(0.85, "chat").ran("a", "b", "c", "d", "e")

    assert story.state() is GateState.HOLDS


def test_four_of_five_fail_85_percent(story: Any) -> None:
    """With five tests, 85 % needs all five."""
    story.suite(expected=5).coverage(0.85, "chat").ran("a", "b", "c", "d").ran("e", outcome=Outcome.FAILED)

    assert story.state() is GateState.FAILS


def test_the_floor_itself_holds(story: Any) -> None:
    """A rate that equals the floor reaches it."""
    story.suite().coverage(0.8, "chat").ran("a", "b", "c", "d").ran("e", outcome=Outcome.FAILED)

    assert story.state() is GateState.HOLDS


def test_an_error_counts_as_a_failure(story: Any) -> None:
    """A test whose set-up broke is no better than a failed one."""
    story.suite().coverage(1.0, "chat").ran("a").ran("b", outcome=Outcome.ERRORED)

    assert story.state() is GateState.FAILS


@pytest.mark.parametrize("outcome", [Outcome.SKIPPED, Outcome.BLOCKED, Outcome.NOT_RUN])
def test_an_undecided_test_keeps_a_gate_open(story: Any, outcome: Outcome) -> None:
    """Skipped, blocked and not run are no passes, even far above the floor."""
    story.suite().coverage(0.5, "chat").ran("a", "b", "c").ran("d", outcome=outcome)

    assert story.state() is GateState.CANNOT_TELL


def test_failure_is_certain_when_the_undecided_could_not_avert_it(story: Any) -> None:
    """Two failures of four miss 75 % whatever the blocked test would have said."""
    story.suite().coverage(0.75, "chat").ran("a", "b", outcome=Outcome.FAILED).ran("c").blocked("d")

    assert story.state() is GateState.FAILS


def test_failure_is_open_while_the_undecided_could_avert_it(story: Any) -> None:
    """One failure of four meets 75 % if the blocked test had passed."""
    story.suite().coverage(0.75, "chat").ran("a", outcome=Outcome.FAILED).ran("b", "c").blocked("d")

    assert story.state() is GateState.CANNOT_TELL


def test_fewer_collected_than_expected_keeps_a_gate_open(story: Any) -> None:
    """A selection that lost tests is no pass."""
    story.suite(expected=3).coverage(0.5, "chat").ran("a", "b")

    gate = story.judged_gate()

    assert (gate.state, gate.missing) == (GateState.CANNOT_TELL, "1 of 3 never collected")


def test_as_many_collected_as_expected_hold(story: Any) -> None:
    """The same tests with the right expectation hold."""
    story.suite(expected=2).coverage(0.5, "chat").ran("a", "b")

    assert story.state() is GateState.HOLDS


def test_more_collected_than_expected_are_all_judged(story: Any) -> None:
    """A test beyond the expected number votes like the others."""
    story.suite(expected=1).coverage(1.0, "chat").ran("a").ran("b", outcome=Outcome.FAILED)

    gate = story.judged_gate()

    assert (gate.state, gate.good, gate.n) == (GateState.FAILS, 1, 2)


def test_nothing_collected_keeps_a_gate_open(story: Any) -> None:
    """No test, no pass, also where no number was declared."""
    story.suite().coverage(0.5, "chat")

    gate = story.judged_gate()

    assert (gate.state, gate.observed, gate.missing) == (
        GateState.CANNOT_TELL,
        None,
        "no test of chat was collected",
    )


def test_an_empty_suite_is_not_hidden_by_a_full_one(story: Any) -> None:
    """A gate over two suites does not hold on the tests of one of them."""
    story.suite().suite("search").coverage(0.5, "chat", "search").ran("a", "b")

    gate = story.judged_gate()

    assert (gate.state, gate.missing) == (GateState.CANNOT_TELL, "no test of search was collected")


def test_a_gate_over_two_suites_judges_both(story: Any) -> None:
    """The rate is that over all tests of all its suites."""
    story.suite().suite("search").coverage(0.7, "chat", "search").ran("a")
    story.ran("b", "c", suite="search").ran("d", suite="search", outcome=Outcome.FAILED)

    gate = story.judged_gate()

    assert (gate.state, gate.observed) == (GateState.HOLDS, 0.75)


def test_a_suite_that_the_phase_lacks_keeps_its_gate_open(story: Any) -> None:
    """A gate on a suite that never was cannot be told, and says which."""
    story.suite().coverage(0.5, "chat", "ghost").ran("a")

    gate = story.judged_gate()

    assert (gate.state, gate.missing) == (GateState.CANNOT_TELL, "the phase has no suite 'ghost'")


def test_a_gate_on_no_suite_cannot_be_told() -> None:
    """A gate that asks nothing does not hold."""
    gate = CoverageGate(name="nothing", dependency="backend", suites=(), floor=0.5)

    result = judge_coverage(gate, 1, {}, [])

    assert (result.state, result.missing) == (GateState.CANNOT_TELL, "the gate names no suite")


def test_a_file_that_cannot_be_collected_keeps_a_gate_open(story: Any) -> None:
    """An import error hides tests, so that those which passed are not all."""
    story.suite().coverage(0.5, "chat").ran("a", "b")
    story.saw(Collected(node_id="tests/test_x.py", suite="chat", phase=1, problem="ImportError: no module 'x'"))

    gate = story.judged_gate()

    assert gate.state is GateState.CANNOT_TELL
    assert gate.missing == "tests/test_x.py could not be collected: ImportError: no module 'x'"


def test_failures_beside_an_uncollected_file_are_not_certain(story: Any) -> None:
    """Tests that nobody has counted could still lift the rate above the floor."""
    story.suite().coverage(0.8, "chat").ran("a").ran("b", outcome=Outcome.FAILED)
    story.saw(Collected(node_id="tests/test_x.py", suite="chat", phase=1, problem="ImportError"))

    assert story.state() is GateState.CANNOT_TELL


def test_a_failure_beside_an_uncollected_file_is_certain_at_one_hundred_percent(story: Any) -> None:
    """No further test can avert a failure where none is tolerated."""
    story.suite().coverage(1.0, "chat").ran("a").ran("b", outcome=Outcome.FAILED)
    story.saw(Collected(node_id="tests/test_x.py", suite="chat", phase=1, problem="ImportError"))

    assert story.state() is GateState.FAILS


def test_failures_are_certain_beside_an_uncollected_file_of_declared_size(story: Any) -> None:
    """A declared number bounds what the missing file could have added."""
    story.suite(expected=3).coverage(0.8, "chat").ran("a").ran("b", outcome=Outcome.FAILED)
    story.saw(Collected(node_id="tests/test_x.py", suite="chat", phase=1, problem="ImportError"))

    assert story.state() is GateState.FAILS


def test_what_is_missing_is_named(story: Any) -> None:
    """An open gate counts what kept it open, by kind, and names the dependency that blocked."""
    story.suite(expected=9).coverage(0.5, "chat").ran("a", "b", "c").ran("d", outcome=Outcome.SKIPPED)
    story.blocked("e", "f", dependency="redis").collected("g")

    assert story.judged_gate().missing == "2 of 9 never collected; 1 skipped; 2 blocked by redis; 1 not run"


def test_a_failing_gate_quotes_its_first_failure(story: Any) -> None:
    """The detail names the first failing test with the first line of its reason, and counts the others."""
    story.suite().coverage(1.0, "chat").ran("a", outcome=Outcome.FAILED, message="\n  no pong \nafter 3 s")
    story.ran("b", outcome=Outcome.FAILED, message="silence")

    assert story.judged_gate().detail == "a: no pong (+1 more)"


def test_a_failure_without_words_says_so(story: Any) -> None:
    """A failing test that left no message is quoted as such."""
    story.suite().coverage(1.0, "chat").ran("a", outcome=Outcome.FAILED)

    assert story.judged_gate().detail == "a: no message"


def test_a_long_reason_is_shortened(story: Any) -> None:
    """A gate's detail stays one readable line."""
    story.suite().coverage(1.0, "chat").ran("a", outcome=Outcome.FAILED, message="x" * 500)

    assert story.judged_gate().detail == f"a: {'x' * 159}…"


def test_a_suite_without_gate_is_held_to_one_hundred_percent(story: Any) -> None:
    """A suite that no gate covers fails with its first failure, in its own name: it never judges what it requires."""
    story.suite(requires=("agents", "redis")).ran("a").ran("b", outcome=Outcome.FAILED)

    gate = story.judged_gate()

    assert (gate.gate.name, gate.gate.dependency, gate.gate.floor) == ("chat passes", "chat", 1.0)
    assert gate.state is GateState.FAILS


def test_a_covered_suite_gets_no_second_gate(story: Any) -> None:
    """A suite under a gate of its own is judged once."""
    story.suite().coverage(0.5, "chat").ran("a")

    assert len(story.judged().gates) == 1


def test_eighteen_good_attempts_hold(story: Any) -> None:
    """The gate holds as soon as the sequential test accepts."""
    gate = story.reliability().sampled(18).judged_gate()

    assert (gate.state, gate.n, gate.good, gate.observed) == (GateState.HOLDS, 18, 18, 1.0)


def test_three_bad_attempts_fail_in_the_words_of_the_probe(story: Any) -> None:
    """The gate fails as soon as the sequential test rejects, and quotes code and text."""
    gate = story.reliability().sampled(3, DOWN, code="ECONNREFUSED", text="Connection refused\n").judged_gate()

    assert (gate.state, gate.detail) == (GateState.FAILS, "3 of 3 attempts: ECONNREFUSED Connection refused")


@pytest.mark.parametrize(
    ("text", "said"),
    [("503 instead of 200: gone", "503 instead of 200: gone"), ("5031 of 9999 fail", "503 5031 of 9999 fail")],
)
def test_a_code_that_begins_the_words_is_not_said_twice(text: str, said: str, story: Any) -> None:
    """A number that only begins alike is another one."""
    gate = story.reliability().sampled(3, DOWN, code="503", text=text).judged_gate()

    assert gate.detail == f"3 of 3 attempts: {said}"


def test_a_wordless_failure_is_described_by_its_state(story: Any) -> None:
    """A bad attempt without code and text is told by what it saw."""
    gate = story.reliability().sampled(3, DependencyState.DEGRADED).judged_gate()

    assert (gate.state, gate.detail) == (GateState.FAILS, "3 of 3 attempts: degraded")


def test_a_cap_without_decision_cannot_be_told(story: Any) -> None:
    """Sixty attempts that decide nothing leave the gate open, with the counts named."""
    seven_to_one = [*story.sampled(7).middle, *story.sampled(1, DOWN).middle[-1:]]
    story.middle = seven_to_one * 7
    gate = story.reliability().sampled(4).judged_gate()

    assert gate.state is GateState.CANNOT_TELL
    assert gate.missing == "undecided after 60 of at most 60 attempts (53 good)"


def test_attempts_beyond_the_cap_decide_nothing(story: Any) -> None:
    """An old run judged under a lower cap cannot be told, though its later attempts would have decided."""
    gate = story.reliability(cap=10).sampled(18).judged_gate()

    assert (gate.state, gate.n) == (GateState.CANNOT_TELL, 10)


def test_throttled_attempts_count_neither_way(story: Any) -> None:
    """A 429 tells of our traffic: eighteen good attempts still hold between them."""
    gate = story.reliability().sampled(9).sampled(5, UNKNOWN, code="429").sampled(9).judged_gate()

    assert (gate.state, gate.n, gate.good) == (GateState.HOLDS, 18, 18)


def test_nothing_but_throttled_attempts_tells_nothing(story: Any) -> None:
    """Where every attempt was throttled the gate is open and says why."""
    gate = story.reliability().sampled(5, UNKNOWN, code="429", text="slow down").judged_gate()

    assert (gate.state, gate.observed, gate.interval, gate.latency) == (GateState.CANNOT_TELL, None, None, None)
    assert gate.missing == ("no attempt of probe 'redis' is evidence; 5 attempts are no evidence: 429 slow down")


def test_an_attempt_that_saw_nothing_says_so(story: Any) -> None:
    """An unknown state without words is named as such."""
    gate = story.reliability().sampled(1, UNKNOWN).judged_gate()

    assert gate.missing.endswith("1 attempts are no evidence: nothing was seen")


def test_an_unsampled_gate_cannot_be_told(story: Any) -> None:
    """A gate whose probe never ran is open."""
    gate = story.reliability().judged_gate()

    assert (gate.state, gate.missing) == (GateState.CANNOT_TELL, "probe 'redis' was never asked")


def test_samples_of_another_gate_do_not_count(story: Any) -> None:
    """Evidence belongs to the gate that asked for it."""
    story.reliability().sampled(18)
    story.gates[0] = replace(story.gates[0], name="another")

    assert story.state() is GateState.CANNOT_TELL


def test_slow_attempts_fail_and_name_the_scaled_threshold(story: Any) -> None:
    """On an environment ten times as fast, 0.4 s is slower than a threshold of 3 s."""
    story.reliability(under_s=3.0).planned(time_scale=0.1)
    gate = story.sampled(3, latency_s=0.4).judged_gate()

    assert (gate.state, gate.detail) == (GateState.FAILS, "3 of 3 attempts: slower than 0.3 s")


def test_timed_out_attempts_fail_and_say_so(story: Any) -> None:
    """A time-out is at least as slow as the threshold, whatever was measured until then."""
    gate = story.reliability(under_s=3.0).sampled(3, latency_s=1.0, timed_out=True).judged_gate()

    assert (gate.state, gate.detail) == (GateState.FAILS, "3 of 3 attempts: timed out")
    assert gate.latency is not None
    assert gate.latency.censored == 3


def test_unmeasured_latencies_tell_nothing(story: Any) -> None:
    """A dependency that is up without a latency neither meets nor misses a threshold."""
    gate = story.reliability(under_s=3.0).sampled(18).judged_gate()

    assert gate.state is GateState.CANNOT_TELL
    assert gate.missing.endswith("18 attempts are no evidence: its latency was not measured")


def test_latencies_are_described_over_the_judged_attempts_only(story: Any) -> None:
    """Attempts after the decision do not enter the description."""
    gate = story.reliability().sampled(18, latency_s=0.1).sampled(5, latency_s=9.0).judged_gate()

    assert gate.latency is not None
    assert (gate.latency.n, gate.latency.max_s) == (18, 0.1)


@pytest.mark.parametrize(
    ("gate", "observation", "time_scale", "good"),
    [
        (answers(), seen(UP), 1.0, True),
        (answers(), seen(UP, latency_s=99.0), 1.0, True),
        (answers(), seen(DOWN), 1.0, False),
        (answers(), seen(DependencyState.DEGRADED), 1.0, False),
        (answers(), seen(UNKNOWN), 1.0, None),
        (answers(under_s=3.0), seen(UP, latency_s=2.9), 1.0, True),
        (answers(under_s=3.0), seen(UP, latency_s=3.0), 1.0, False),
        (answers(under_s=3.0), seen(UP, latency_s=0.29), 0.1, True),
        (answers(under_s=3.0), seen(UP, latency_s=0.31), 0.1, False),
        (answers(under_s=3.0), seen(UP), 1.0, None),
        (answers(under_s=3.0), seen(UP, latency_s=0.1, timed_out=True), 1.0, False),
        (answers(under_s=3.0), seen(DOWN, latency_s=0.1), 1.0, False),
        (answers(under_s=3.0), seen(UNKNOWN, latency_s=0.1), 1.0, None),
    ],
)
def test_an_attempt_is_good_bad_or_no_evidence(
    gate: ReliabilityGate, observation: Observation, time_scale: float, *, good: bool | None
) -> None:
    """Up is good unless a scaled threshold is reached; what was not seen or measured is no evidence."""
    assert is_good(gate, observation, time_scale) is good


def test_deciding_while_sampling_agrees_with_the_judge(story: Any) -> None:
    """What the sampler stops at is what the judge later says."""
    story.reliability().sampled(20)

    decision = decide(answers(), [seen(UP)] * 20, 1.0)

    assert decision.state is story.state()


def test_a_failing_test_is_named_with_its_parameters(story: Any) -> None:
    """Also where these look like a part of the name."""
    told = story.suite().coverage(1.0, "chat").ran("test_sum[a::b]", outcome=Outcome.FAILED, message="no")

    assert told.judged_gate().detail == "test_sum[a::b]: no"
