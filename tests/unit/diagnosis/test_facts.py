import pytest

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.diagnosis.facts import with_facts
from ci_tools.model import DependencyState
from tests.unit.diagnosis.clinic import at, clue, failure, well


def facts(*clues: Clue) -> set[tuple[str, str]]:
    """Name and place of each fact that *clues* give."""
    return {(one.probe, one.dependency) for one in with_facts(clues) if one.origin is Origin.FACT}


def taking(name: str, *latencies_s: float) -> list[Clue]:
    """Good answers of *name* that took so long."""
    return [well(name, ref="checks#1", latency_s=latency_s) for latency_s in latencies_s]


def turns(name: str, pattern: str) -> list[Clue]:
    """Attempts of one probe: ``+`` is good, ``-`` is not."""
    states = {"+": DependencyState.UP, "-": DependencyState.DOWN}
    return [clue(name, state=states[sign]) for sign in pattern]


def test_a_latency_that_clusters_is_a_timer() -> None:
    """Five seconds with little spread are a resolver's patience."""
    assert ("timer", "postgresql") in facts(*taking("postgresql", 5.03, 5.19, 5.08))


def test_a_tail_is_no_timer() -> None:
    """Contention spreads."""
    assert facts(*taking("postgresql", 3.1, 5.0, 9.7)) == {("tail", "postgresql")}


def test_a_single_spike_makes_no_tail() -> None:
    """A timer on a busy machine is late now and then."""
    assert facts(*taking("postgresql", 5.0, 5.1, 10.5, 5.05, 5.1)) == {("timer", "postgresql")}


def test_fast_answers_are_neither() -> None:
    """However much they spread."""
    assert facts(*taking("postgresql", 0.01, 0.05, 0.02)) == set()


def test_a_constant_delay_at_no_usual_timer_is_none() -> None:
    """Seven seconds are nobody's patience."""
    assert facts(*taking("postgresql", 7.0, 7.1, 7.0)) == set()


def test_two_are_too_few_for_a_cluster() -> None:
    """It takes three."""
    assert facts(*taking("postgresql", 5.0, 5.1)) == set()


def test_checks_that_gain_the_same_seconds_share_a_delay() -> None:
    """At each of them; one that stays fast has no part in it."""
    seen = [*taking("postgresql", 5.03, 5.1, 5.1), *taking("redis", 5.0, 5.0, 5.1), *taking("clickhouse", 0.02)]

    assert facts(*seen) >= {("shared_delay", "postgresql"), ("shared_delay", "redis")}
    assert ("shared_delay", "clickhouse") not in facts(*seen)


def test_different_delays_are_not_shared() -> None:
    """Two slow things are two."""
    assert not any(
        name == "shared_delay" for name, _ in facts(*taking("a", 5.0, 5.0, 5.0), *taking("b", 9.0, 9.0, 9.0))
    )


def told(service: str, name: str, *latencies_s: float, probe: str = "checks") -> list[Clue]:
    """Good answers of *name*, as *service* says."""
    source = f"GET https://{service}.example/status"
    return [
        well(name, ref=f"{service}_{probe}#{number}", latency_s=one, source=source)
        for number, one in enumerate(latencies_s)
    ]


REDIS, STORE, QUICK = told("api", "redis", 5.0, 5.1, 5.1), told("api", "store", 5.1, 8.4, 5.6), (0.01, 0.01)
FAILING_STORE = [
    clue("store", ref="api_checks#9", source="GET https://api.example/", latency_s=8.0 + n) for n in range(3)
]


AUTH = "GET https://auth.example/status"
UNASKED = clue("redis", ref="api_checks#9", source="a probe of kind checks", state=DependencyState.UNKNOWN)


@pytest.mark.parametrize(
    ("clues", "places"),
    [
        ([*REDIS, *STORE, *told("auth", "redis", *QUICK)], {"redis"}),
        # As late to another service, or quick there only once: the delay may be its own.
        ([*REDIS, *STORE, *told("auth", "redis", 5.0, 5.1)], set()),
        ([*REDIS, *STORE, *told("auth", "redis", 0.01)], set()),
        # Refused there, at once.
        ([*REDIS, *STORE, *[clue("redis", ref="auth_checks#1", latency_s=0.0, source=AUTH) for _ in range(2)]], set()),
        # One look at it was in vain, which tells of no other service.
        ([*REDIS, *STORE, UNASKED, *told("auth", "redis", *QUICK)], {"redis"}),
        # Quick to the same service, asked in another way.
        ([*REDIS, *STORE, *told("api", "redis", *QUICK, probe="health")], set()),
        # What is beside it took less once, or is down.
        ([*REDIS, *told("api", "store", 1.0, 8.4, 5.6), *told("auth", "redis", *QUICK)], set()),
        ([*REDIS, *FAILING_STORE, *told("auth", "redis", *QUICK)], set()),
    ],
)
def test_what_takes_no_less_than_a_delay_that_is_not_its_own_shares_it(clues: list[Clue], places: set[str]) -> None:
    """Redis answers another service at once: the seconds belong to the service that waits, and so do the store's."""
    assert {place for name, place in facts(*clues) if name == "shared_delay"} == places


@pytest.mark.parametrize(
    ("pattern", "fact"),
    [("+-+-+", "intermittent"), ("---", "every_attempt"), ("--++++", "only_at_first")],
)
def test_the_pattern_of_attempts_tells(pattern: str, fact: str) -> None:
    """Mixed, all, or only the first."""
    assert facts(*turns("websocket", pattern)) == {(fact, "websocket")}


@pytest.mark.parametrize("pattern", ["+++++", "++---", "--", "---+", "+-+"])
def test_other_patterns_tell_nothing(pattern: str) -> None:
    """All good, an outage that began, too few, a late start, too few turns to be sure."""
    assert facts(*turns("websocket", pattern)) == set()


def test_every_private_address_at_once_is_the_way_to_them() -> None:
    """While public ones answer."""
    silent = [clue(name, "Timeout connecting to server") for name in ("redis", "postgresql")]

    assert facts(*silent, well("backend")) >= {
        ("every_private_address", "redis"),
        ("every_private_address", "postgresql"),
    }


def test_an_error_of_the_service_that_was_asked_tells_nothing_of_what_is_behind_it() -> None:
    """It had no instance just then; what it told before and after counts."""
    silent = [clue(name, "Timeout connecting to server") for name in ("redis", "postgresql")]
    between = clue("redis", "500 instead of 200: no available instance", code="500")

    assert ("every_private_address", "redis") in facts(*silent, between, well("backend"))
    assert ("every_private_address", "redis") not in facts(*silent, clue("redis", "refused"), well("backend"))


def test_what_never_answers_is_not_reached() -> None:
    """However often it is asked; one answer, also a bad one, and it is reached."""
    silent = [clue("redis", "Timeout connecting to server")] * 2

    assert ("never_answers", "redis") in facts(*silent)
    assert ("never_answers", "redis") not in facts(*silent, clue("redis", "Connection refused"))
    assert ("never_answers", "redis") not in facts(*silent[:1])


def test_a_service_that_never_answers_again_was_not_only_late_at_once() -> None:
    """Load has ended, and it is gone."""
    pressed = clue("vpc_connector", "9 of 32 fail", code="rises_with_load", source=AUTH, at=at(1))
    gone, back = clue("agents", "no answer", source=AUTH, at=at(2)), well("agents", source=AUTH, at=at(3))

    assert ("only_at_once", "vpc_connector") not in facts(pressed, gone)
    assert ("only_at_once", "vpc_connector") in facts(pressed, gone, back)


def test_reads_that_fail_at_once_fail_of_what_is_silent_in_quiet_too() -> None:
    """Only where everything private answers in quiet it is a matter of how many read."""
    pressed = clue("vpc_connector", "9 of 32 fail at once", code="rises_with_load")
    silent = [clue("redis", "Timeout connecting to server")] * 2

    assert ("only_at_once", "vpc_connector") in facts(pressed, well("redis"))
    assert ("only_at_once", "vpc_connector") not in facts(pressed, *silent)


def logged(text: str) -> Clue:
    """What a service remembers of itself."""
    return clue("backend", text, origin=Origin.LOG, state=DependencyState.DEGRADED)


def test_what_is_late_only_under_load_is_reached_too_late() -> None:
    """Several private addresses that answer in quiet, and were late while tests ran."""
    quiet = [*taking("redis", *[0.01] * 9), *taking("postgresql", *[0.01] * 9, 6.0)]
    late = logged("redis is unavailable: Timeout reading from 10.1.2.3")

    assert facts(*quiet, late) >= {("only_under_load", "redis"), ("only_under_load", "postgresql")}


@pytest.mark.parametrize(
    "quiet",
    [
        [*taking("redis", *[0.01] * 9), *taking("postgresql", *[0.01] * 9)],
        [clue("redis", "Timeout connecting")] * 5 + taking("postgresql", *[0.01] * 9, 6.0),
    ],
    ids=["one alone", "not well in quiet either"],
)
def test_one_address_alone_or_one_that_is_never_well_is_another_matter(quiet: list[Clue]) -> None:
    """The way that several share is not to blame."""
    late = logged("redis is unavailable: Timeout reading from 10.1.2.3")

    assert not any(name == "only_under_load" for name, _ in facts(*quiet, late))


def test_one_private_address_that_answers_exonerates_the_network() -> None:
    """The other one is down by itself."""
    assert facts(clue("redis", "Timeout connecting to server"), well("postgresql"), well("backend")) == set()


def test_a_refusal_is_an_answer() -> None:
    """Somebody was reached, so packets are not dropped."""
    refused = [clue(name, "Connection refused") for name in ("redis", "postgresql")]

    assert facts(*refused, well("backend")) == set()


def test_all_green_takes_failing_tests_and_no_bad_observation() -> None:
    """At what the failing tests judge."""
    assert facts(well("redis"), failure("agents")) == {("all_green", "agents")}
    assert facts(well("redis"), clue("edge"), failure("agents")) == set()
    assert facts(well("redis")) == set()
