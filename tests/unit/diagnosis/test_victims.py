from ci_tools.diagnosis.findings import Finding
from ci_tools.diagnosis.hypotheses import hypotheses
from ci_tools.diagnosis.victims import Candidate, Window, assigned, window
from tests.unit.diagnosis.clinic import GRAPH, at, clue, failure, knowledge, well

ALWAYS = Window(None, None)


def case(judges: str, *requires: str, began_s: float = 10, ended_s: float = 11) -> Candidate:
    """A failing test."""
    return Candidate(clue=failure(judges), judges=judges, requires=requires, began_at=at(began_s), ended_at=at(ended_s))


def victims(candidate: Candidate, *struck: str, when: Window = ALWAYS) -> str:
    """The dependency of the finding that has *candidate* on its conscience; ``nobody`` if none has."""
    found = [Finding(dependency=name) for name in struck]
    taken, left = assigned([candidate], found, dict.fromkeys(struck, when), GRAPH)
    return "nobody" if left else next(found[number].dependency for number, tests in taken.items() if tests)


def test_a_test_belongs_to_what_it_judges() -> None:
    """Before anything that this stands on."""
    assert victims(case("agents", "cache"), "cache", "agents") == "agents"


def test_a_test_belongs_to_what_it_requires() -> None:
    """In the order in which it says so."""
    assert victims(case("agents", "service", "cache"), "cache", "service") == "service"


def test_a_test_belongs_to_what_that_stands_on() -> None:
    """Also where it does not say so."""
    assert victims(case("socket", "service"), "edge") == "edge"


def test_a_test_that_needs_nothing_dead_stands_by_itself() -> None:
    """However many outages there are."""
    assert victims(case("store", "service"), "cache", "agents") == "nobody"


def test_a_test_before_or_after_the_outage_stands_by_itself() -> None:
    """It failed of something else."""
    assert victims(case("cache"), "cache", when=Window(at(12), None)) == "nobody"
    assert victims(case("cache"), "cache", when=Window(None, at(9))) == "nobody"
    assert victims(case("cache"), "cache", when=Window(at(10.5), at(20))) == "cache"


def test_an_outage_lasts_from_the_last_good_look_to_the_next() -> None:
    """It may have begun at any time between two looks."""
    seen = [well("cache", at=at(1)), clue("cache", at=at(5)), clue("cache", at=at(6)), well("cache", at=at(9))]

    assert window("cache", seen) == Window(at(1), at(9))


def test_an_outage_that_nobody_saw_begin_or_end_has_no_bounds() -> None:
    """Other dependencies do not count."""
    assert window("cache", [clue("cache", at=at(5)), well("store", at=at(1))]) == ALWAYS


def test_where_nothing_was_seen_down_nothing_bounds_it() -> None:
    """A dependency can be wrong without being down."""
    assert window("cache", [well("cache", at=at(1))]) == ALWAYS


def test_whose_fault_it_is_counts_for_a_test_that_asks_for_just_that() -> None:
    """A cause may lie with another part than the one that it strikes; what only stands on that part is no victim."""
    spoken = hypotheses([clue("service", probe="shared_delay")], knowledge())
    found = [Finding(dependency="service", hypothesis=spoken[0])]
    taken, _ = assigned([case("store", "edge")], found, {}, GRAPH)
    _, left = assigned([case("cache")], [Finding(dependency="nowhere", hypothesis=spoken[0])], {}, GRAPH)

    assert len(taken[0]) == 1
    assert len(left) == 1
