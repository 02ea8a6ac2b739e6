from ci_tools.diagnosis.findings import Finding
from ci_tools.diagnosis.hypotheses import hypotheses
from ci_tools.diagnosis.victims import FailingTest, assigned
from ci_tools.diagnosis.windows import Window
from tests.unit.diagnosis.clinic import GRAPH, at, clue, failure, knowledge


def case(judges: str, *requires: str, began_s: float = 10, ended_s: float = 11) -> FailingTest:
    """A failing test."""
    return FailingTest(
        clue=failure(judges), judges=judges, requires=requires, began_at=at(began_s), ended_at=at(ended_s)
    )


def victims(test: FailingTest, *struck: str, when: Window | None = None) -> str:
    """The dependency of the finding that has *test* on its conscience; ``nobody`` if none has."""
    found = [Finding(dependency=name) for name in struck]
    taken, left = assigned([test], found, {name: [when or Window()] for name in struck}, GRAPH)
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
    assert victims(case("cache"), "cache", when=Window(after=at(12))) == "nobody"
    assert victims(case("cache"), "cache", when=Window(until=at(9))) == "nobody"
    assert victims(case("cache"), "cache", when=Window(after=at(10.5), until=at(20))) == "cache"


def test_whose_fault_it_is_counts_for_a_test_that_asks_for_just_that() -> None:
    """A cause may lie with another part than the one that it strikes; what only stands on that part is no victim."""
    spoken = hypotheses([clue("service", probe="shared_delay")], knowledge())
    found = [Finding(dependency="service", hypothesis=spoken[0])]
    taken, _ = assigned([case("store", "edge")], found, {}, GRAPH)
    _, left = assigned([case("cache")], [Finding(dependency="nowhere", hypothesis=spoken[0])], {}, GRAPH)

    assert len(taken[0]) == 1
    assert len(left) == 1
