from collections.abc import Sequence
from dataclasses import replace

import pytest

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.diagnosis.facts import with_facts
from ci_tools.diagnosis.findings import Finding, separate
from ci_tools.diagnosis.graph import Graph
from ci_tools.diagnosis.hypotheses import Certainty, hypotheses
from ci_tools.model import DependencyState
from tests.unit.diagnosis.clinic import GRAPH, at, clue, knowledge, well


def found(clues: Sequence[Clue], troubled: Sequence[str] = ()) -> list[Finding]:
    """What is found of *clues*, the strongest first."""
    told = with_facts(clues)
    return separate(hypotheses(told, knowledge()), troubled, told, GRAPH)


def places(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """Cause and place of each."""
    return [(one.cause, one.dependency) for one in findings]


def test_a_rival_is_ruled_out_by_name() -> None:
    """With what does it."""
    (finding,) = found([clue("cache", "connection refused")])

    assert (finding.cause, finding.certainty) == ("refused", Certainty.CONFIRMED)
    assert [(rival.cause, rival.by) for rival in finding.rivals] == [("unreachable", ("cache#1",)), ("slow", ())]


def test_what_stands_on_something_dead_is_its_consequence() -> None:
    """Where no discriminating sign of its own says otherwise."""
    (finding,) = found([clue("cache", "refused"), clue("socket", "timeout"), clue("agents", "timeout")])

    assert finding.dependency == "cache"
    assert [(one.dependency, one.cause, one.says) for one in finding.consequences] == [
        ("socket", "unreachable", "it stands on cache"),
        ("agents", "unreachable", "it stands on cache"),
    ]


def test_a_discriminating_sign_of_its_own_is_an_incident_of_its_own() -> None:
    """Two causes are two, though one stands on the other."""
    assert places(found([clue("cache", "refused"), clue("agents", code="no_event")])) == [
        ("refused", "cache"),
        ("silent", "agents"),
    ]


def test_two_outages_beside_each_other_are_two() -> None:
    """Neither stands on the other."""
    assert places(found([clue("cache", "refused"), clue("store", "refused")])) == [
        ("refused", "cache"),
        ("refused", "store"),
    ]


def test_what_two_outages_bring_down_follows_from_both() -> None:
    """Either of them would do it."""
    cache, store = found([clue("cache", "refused"), clue("store", "refused"), clue("agents", "timeout")])

    assert [one.dependency for one in cache.consequences] == ["agents"]
    assert [one.dependency for one in store.consequences] == ["agents"]


def test_what_is_seen_through_something_dead_is_no_outage_of_its_own() -> None:
    """The probe never came that far."""
    (finding,) = found([clue("service", "refused"), clue("store", "timeout")])

    assert finding.dependency == "service"
    assert [one.says for one in finding.consequences] == ["it is seen through service"]


def test_what_a_cause_brings_about_is_absorbed_whatever_shows_it() -> None:
    """A dirty name holds the loop, and a held loop has signs that discriminate."""
    slow = [well(name, ref="checks#1", latency_s=5.0) for name in ("store", "service") for _ in range(3)]
    (finding,) = found([clue("cache", "no such name"), *slow])

    assert finding.cause == "dirty"
    assert {(one.dependency, one.cause) for one in finding.consequences} == {("service", "stuck"), ("store", "slow")}


def test_trouble_without_a_sign_is_unknown() -> None:
    """And is said all the same."""
    (finding,) = found([clue("cache", "something odd")], ["cache"])

    assert (finding.cause, finding.certainty) == ("unknown", Certainty.UNKNOWN)


def test_where_nothing_is_wrong_nothing_is_found() -> None:
    """No finding without a sign or trouble."""
    assert found([well("cache"), well("store")]) == []


def test_at_one_place_the_likeliest_suspicion_leads() -> None:
    """The others are told as less likely."""
    (finding,) = found([clue("store", "timeout", latency_s=5.0)])

    assert finding.cause == "unreachable"
    assert [rival.cause for rival in finding.rivals] == ["slow"]


def test_of_two_that_would_explain_each_other_the_stronger_does() -> None:
    """A circle of needs must not make both vanish."""
    circle = Graph(edges={"a": ("b",), "b": ("a",)})
    clues = [clue("a", "timeout"), clue("b", "something odd")]
    (finding,) = separate(hypotheses(clues, knowledge()), ["a", "b"], clues, circle)

    assert finding.dependency == "a"
    assert [one.dependency for one in finding.consequences] == ["b"]


def test_the_same_cause_further_down_is_one() -> None:
    """What is wrong beneath shows above in the same words."""
    (finding,) = found([clue("service", "refused"), clue("socket", "refused")])

    assert finding.dependency == "service"
    assert [(one.dependency, one.cause) for one in finding.consequences] == [("socket", "refused")]


API, AUTH = "GET https://api.example/status", "GET https://auth.example/status"
STUCK = clue("service", origin=Origin.FACT, probe="shared_delay", state=None, source=API)


def test_what_a_cause_brings_about_within_one_service_ends_there() -> None:
    """A held loop is no reason for another service to find the store late."""
    (stuck,) = found([STUCK, clue("store", "very late", source=API)])
    both = found([STUCK, clue("store", "very late", source=API), clue("store", "very late", source=AUTH)])

    assert [(one.cause, one.says) for one in stuck.consequences] == [("late", "it waits for the loop")]
    assert places(both) == [("late", "store"), ("stuck", "service")]


def test_what_stands_beside_it_was_not_ruled_out() -> None:
    """Of two findings none says that the other is not there."""
    late, _ = found([STUCK, clue("store", "very late", source=AUTH)])
    (alone,) = found([clue("store", "very late", source=AUTH)])

    assert late.rivals == ()
    assert [rival.cause for rival in alone.rivals] == ["stuck"]


def test_whoever_could_not_be_asked_has_told_nothing_of_itself() -> None:
    """Its words are another one's, who is found; where nobody else is, they are all that there is."""
    hearsay = clue("edge", "timeout", state=DependencyState.UNKNOWN)
    (finding,) = found([clue("service", "timeout"), hearsay])

    assert finding.dependency == "service"
    assert [(one.dependency, one.says) for one in finding.consequences] == [
        ("edge", "only who could not be asked told of it")
    ]
    assert places(found([hearsay])) == [("unreachable", "edge")]


def test_an_answer_that_never_came_is_blamed_on_what_it_waits_for() -> None:
    """One answer tells of both: the other one's trouble is why it did not come."""
    unheard = clue("cache", "nothing came", timed_out=True, source=API)
    (finding,) = found([clue("store", "refused", source=API), unheard], ["store", "cache"])

    assert finding.dependency == "store"
    assert [one.says for one in finding.consequences] == ["the answer that tells of it waits for store"]


def test_what_is_only_suspected_keeps_no_answer() -> None:
    """Of two that are told by one answer neither is known to be late."""
    unheard = clue("cache", "nothing came", timed_out=True, source=API)

    assert len(found([clue("store", "timeout", source=API), unheard], ["store", "cache"])) == 2


@pytest.mark.parametrize(
    "unheard",
    [
        clue("cache", "nothing came", timed_out=True, source=AUTH),
        clue("cache", "odd words", source=API),
    ],
)
def test_what_was_asked_elsewhere_or_answered_is_an_outage_of_its_own(unheard: Clue) -> None:
    """Another answer did not come, or one came and was bad."""
    both = found([clue("store", "refused", source=API), unheard], ["store", "cache"])

    assert [one.dependency for one in both] == ["store", "cache"]


def attempts(*seconds_and_words: tuple[float, str]) -> list[Clue]:
    """Attempts to open the socket, of which those without words were well."""
    return [
        clue("socket", words, at=at(second), state=DependencyState.DOWN if words else DependencyState.UP)
        for second, words in seconds_and_words
    ]


ENDED = [clue("service", "instance ended", at=at(1)), well("service", at=at(2)), well("service", at=at(8))]


@pytest.mark.parametrize(
    "seen",
    [
        # In the very words of what it stands on, whenever it was.
        attempts((1, "instance ended"), (3, ""), (5, "instance ended"), (6, ""), (7, "")),
        # In its own, while that was gone, and never while it was not.
        attempts((0.5, "closed"), (1, ""), (1.5, "closed"), (6, ""), (7, "")),
    ],
)
def test_a_pattern_that_what_it_stands_on_explains_is_no_outage_of_its_own(seen: list[Clue]) -> None:
    """That some attempts fail says nothing where there was nobody to answer them."""
    (finding,) = found([*ENDED, *seen])

    assert (finding.cause, [one.cause for one in finding.consequences]) == ("restarts", ["shaky"])


@pytest.mark.parametrize(
    ("below", "seen"),
    [
        (ENDED, attempts((1, "closed"), (3, ""), (5, "closed"), (6, ""), (7, ""))),
        # It is gone all the time, so what comes and goes meanwhile does so by itself.
        (
            [clue("service", "instance ended", at=at(0)), clue("service", "instance ended", at=at(9))],
            attempts((1, "closed"), (3, ""), (5, "closed"), (6, ""), (7, "")),
        ),
    ],
)
def test_a_pattern_beside_an_outage_is_one_of_its_own(below: list[Clue], seen: list[Clue]) -> None:
    """It fails at other times than what it stands on, too, or is well while that is not."""
    assert places(found([*below, *seen])) == [("restarts", "service"), ("shaky", "socket")]


@pytest.mark.parametrize("below", ["agents", "store"])
def test_a_pattern_does_not_follow_from_what_it_does_not_stand_on(below: str) -> None:
    """Whatever else is down at that very time."""
    shaky = attempts((1, "closed"), (3, ""), (5, "closed"), (6, ""), (7, ""))

    assert ("shaky", "socket") in places(found([clue(below, "refused", at=at(1)), *shaky]))


def test_a_services_own_affair_rules_nothing_out_that_another_one_tells() -> None:
    """A dirty name keeps one service from the cache; that it is gone another one has found out."""
    dirty, gone = clue("cache", "no such name", source=API), clue("cache", "gone away", source=AUTH)
    (alone,) = found([dirty, clue("cache", "gone away", source=API)])

    assert alone.cause == "dirty"
    assert sorted(places(found([dirty, gone]))) == [("dirty", "cache"), ("gone", "cache")]


def test_what_was_asked_directly_is_a_witness_of_its_own() -> None:
    """No service stands between."""
    direct = clue("store", "very late", source="the address in STORE_DSN")

    assert len(found([STUCK, direct])) == 2


def test_what_a_cause_brings_about_above_it_is_absorbed_there_only() -> None:
    """Agents stand on the cache, and not on sockets."""
    silent = clue("agents", code="no_event")
    (cut,) = found([clue("cache", "cut off"), silent])

    assert [one.says for one in cut.consequences] == ["no event passes"]
    assert sorted(places(found([clue("socket", "cut off"), silent]))) == [("cut", "socket"), ("silent", "agents")]


def test_an_outage_without_an_end_explains_no_ups_and_downs() -> None:
    """It may have lasted for good."""
    once = [clue("service", "instance ended", at=at(1))]
    shaky = attempts((1, "closed"), (3, ""), (5, "closed"), (6, ""), (7, ""))

    assert places(found([*once, *shaky])) == [("restarts", "service"), ("shaky", "socket")]


def test_what_a_service_remembers_rules_nothing_out_that_is_seen() -> None:
    """It may be over; both are told."""
    past = clue("cache", "no such name", origin=Origin.LOG, source=API)
    seen = clue("cache", "gone away", source=API)

    assert "gone" in {one.cause for one in found([past, seen])}
    assert [one.cause for one in found([replace(past, origin=Origin.OBSERVATION), seen])] == ["dirty"]
