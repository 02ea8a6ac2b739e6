from ci_tools.diagnosis.graph import Graph
from ci_tools.model import Phase, ReliabilityGate
from tests.unit.diagnosis.clinic import GRAPH


def test_beneath_is_all_that_something_needs() -> None:
    """Directly or not, and never itself."""
    assert GRAPH.beneath("socket") == {"service", "cache", "edge"}


def test_above_is_all_that_needs_something() -> None:
    """What is only seen through it does not need it."""
    assert GRAPH.above("service") == {"socket", "agents"}


def test_what_something_is_seen_through_can_make_it_look_broken() -> None:
    """A store's probe passes the service, and the service's own needs are not the store's."""
    assert GRAPH.stands_on("store") == {"edge", "service"}
    assert GRAPH.stands_on("agents") == {"service", "cache", "store", "edge"}


def test_chain_is_the_shortest_way_down() -> None:
    """From the upper to the lower, both included."""
    assert GRAPH.chain("socket", "edge") == ("socket", "service", "edge")
    assert GRAPH.chain("edge", "socket") == ()


def test_a_circle_of_needs_ends() -> None:
    """A journal can hold any graph."""
    assert Graph(edges={"a": ("b",), "b": ("a",)}).beneath("a") == {"b"}


def test_gates_say_through_what_they_look() -> None:
    """Of several the first asks most directly."""
    gates = [
        ReliabilityGate(name=name, dependency="store", probe=name, floor=0.5, target=1, requires=(name,))
        for name in ("edge", "service")
    ]
    graph = Graph.of({"store": ()}, [Phase(number=1, name="first", budget_s=1, gates=tuple(gates))])

    assert graph.stands_on("store") == {"edge"}


def test_a_store_is_shown_by_the_service_that_asks_it() -> None:
    """What stands on that service shows itself."""
    assert GRAPH.served_by("store") == "service"
    assert GRAPH.served_by("agents") == "agents"
    assert Graph(edges={"a": ("b",)}, seen_through={"a": ("b",)}).served_by("a") == "a"
