import pytest

from ci_tools.errors import UsageError
from ci_tools.knowledge_file import knowledge
from ci_tools.twin.catalogue import CATALOGUE
from ci_tools.twin.effects import BehaviourEffect, Fault
from ci_tools.twin.faults import catalogue_json, parse_fault, parse_faults

CAUSES = frozenset(cause.id for cause in knowledge().cause if cause.signs)


def test_the_agreed_faults_are_there() -> None:
    """The catalogue holds every fault that a campaign is tried against."""
    assert set(CATALOGUE) >= {
        "redis_down",
        "redis_blackhole",
        "database_down",
        "database_slow",
        "agent_silent",
        "agent_timeout",
        "agent_failed",
        "mocked_answers",
        "websocket_auth_off",
        "websocket_handshake",
        "jwt_expired",
        "edge_throttled",
        "service_unavailable",
    }


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=str)
def test_a_fault_names_a_known_cause(fault: Fault) -> None:
    """Every cause is an id of the diagnosis knowledge, and every fault does something."""
    assert fault.cause in CAUSES
    assert fault.effects
    assert fault.summary


def test_a_name_is_a_switch_for_everyone() -> None:
    """A bare name switches the fault on for every session."""
    switch = parse_fault("redis_down")

    assert switch.fault is CATALOGUE["redis_down"]
    assert switch.session is None


def test_a_scope_limits_a_behaviour_fault() -> None:
    """A fault of behaviours alone can be limited to one session."""
    assert parse_fault("agent_silent@session=abc").session == "abc"


@pytest.mark.parametrize("text", ["redis_down", "agent_silent@session=abc"])
def test_a_switch_is_written_as_it_is_read(text: str) -> None:
    """A switch's text is what it was parsed from."""
    assert str(parse_fault(text)) == text


def test_an_unknown_fault_is_refused_with_a_suggestion() -> None:
    """A misspelt name is answered with the nearest one and all that are known."""
    with pytest.raises(UsageError) as caught:
        parse_fault("redis_dwon")

    assert "unknown fault 'redis_dwon'; did you mean 'redis_down'?; known: " in str(caught.value)
    assert all(name in str(caught.value) for name in CATALOGUE)


def test_a_fault_like_no_other_is_refused_without_a_suggestion() -> None:
    """Nothing is suggested where nothing is near."""
    with pytest.raises(UsageError) as caught:
        parse_fault("zzz")

    assert "did you mean" not in str(caught.value)


def test_a_fault_of_the_whole_system_cannot_be_scoped() -> None:
    """A proxy has no session, so its fault refuses a scope and names those that take one."""
    with pytest.raises(UsageError) as caught:
        parse_fault("redis_down@session=abc")

    assert "'redis_down' strikes everyone" in str(caught.value)
    assert "agent_silent" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["agent_silent@", "agent_silent@user=x", "agent_silent@session=", "agent_silent@session=a b"]
)
def test_a_malformed_scope_is_refused(text: str) -> None:
    """A scope is session=SESSION of visible characters."""
    with pytest.raises(UsageError, match="malformed scope"):
        parse_fault(text)


def test_a_fault_named_twice_is_switched_once() -> None:
    """Order is kept and repetition dropped."""
    assert [str(switch) for switch in parse_faults(["redis_down", "jwt_expired", "redis_down"])] == [
        "redis_down",
        "jwt_expired",
    ]


def test_a_number_goes_with_a_name() -> None:
    """A fault that has a number takes it after a colon, with a scope or without."""
    switch = parse_fault("event_loop_blocked:2.5@session=abc")

    assert (switch.value, switch.session, str(switch)) == (2.5, "abc", "event_loop_blocked:2.5@session=abc")


@pytest.mark.parametrize("text", ["event_loop_blocked:", "event_loop_blocked:x", "event_loop_blocked:31"])
def test_a_malformed_number_is_refused(text: str) -> None:
    """A number is one, and within what the fault allows, which is told."""
    with pytest.raises(UsageError, match="VALUE is seconds from 0 to 30"):
        parse_fault(text)


def test_a_fault_without_a_number_takes_none() -> None:
    """Who gives a number to another fault is told which ones take one."""
    with pytest.raises(UsageError, match=r"'redis_down' takes no number.*event_loop_blocked"):
        parse_fault("redis_down:3")


def test_two_faults_that_cannot_be_on_together_are_refused() -> None:
    """What they both want is named, and what to do."""
    with pytest.raises(UsageError) as caught:
        parse_faults(["redis_down", "network_route"])

    assert str(caught.value) == (
        "faults 'redis_down' and 'network_route' cannot be on together: both change the proxy before redis, "
        "and differently. Leave one of them out, or switch it off first"
    )


def test_the_catalogue_is_plain_data() -> None:
    """Every row has exactly the four fields that reports need."""
    rows = catalogue_json()

    assert [row["name"] for row in rows] == list(CATALOGUE)
    assert {key for row in rows for key in row} == {"name", "cause", "dependency", "summary"}


def test_only_faults_of_behaviours_are_scopable() -> None:
    """A fault is scopable exactly if each of its effects is a behaviour."""
    scopable = {fault.name for fault in CATALOGUE.values() if fault.scopable}

    assert scopable == {
        fault.name for fault in CATALOGUE.values() if {type(effect) for effect in fault.effects} == {BehaviourEffect}
    }
    assert "agent_silent" in scopable
