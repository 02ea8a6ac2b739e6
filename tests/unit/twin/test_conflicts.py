import pytest

from ci_tools.errors import UsageError
from ci_tools.twin.conflicts import contested_by, refuse_conflicts
from ci_tools.twin.faults import parse_fault


def test_the_same_wish_is_no_conflict() -> None:
    """Two faults may want the same of one part."""
    switch = parse_fault("redis_down")

    assert contested_by(switch, switch) == []


def test_what_is_contested_is_named() -> None:
    """Every part that two faults want differently is told."""
    assert contested_by(parse_fault("network_route"), parse_fault("database_slow")) == [
        "the proxy before postgresql",
    ]


def test_a_behaviour_of_another_session_is_elsewhere() -> None:
    """Two sessions may be struck with two numbers."""
    one, other = parse_fault("event_loop_blocked:1@session=a"), parse_fault("event_loop_blocked:2@session=b")

    assert contested_by(one, other) == []


def test_two_numbers_for_one_session_are_refused() -> None:
    """One behaviour has one number."""
    with pytest.raises(UsageError, match=r"both change behaviour health\.blocking_redis of backend"):
        refuse_conflicts([parse_fault("event_loop_blocked:1"), parse_fault("event_loop_blocked:2")])
