import pytest

from ci_tools.twin.services.backend.websocket_connections import Connections


@pytest.fixture
def connections() -> Connections:
    """Three connections and two messages a minute."""
    return Connections(connections=3, messages_per_min=2)


def test_a_user_has_at_most_the_allowed_connections(connections: Connections) -> None:
    """The fourth is refused; another user's first is not."""
    admitted = [connections.admit("user-1", now=0.0) for _ in range(4)]

    assert admitted[3] is None
    assert len(set(admitted)) == 4
    assert connections.admit("user-2", now=0.0) is not None


def test_a_released_connection_makes_room(connections: Connections) -> None:
    """Counting follows connects and disconnects; releasing twice frees one place only."""
    first, *_ = [connections.admit("user-1", now=0.0) for _ in range(3)]
    assert first is not None
    connections.release("user-1", first)
    connections.release("user-1", first)

    assert connections.count("user-1") == 2
    assert connections.admit("user-1", now=0.0) is not None
    assert connections.admit("user-1", now=0.0) is None


def test_nobody_is_remembered_after_the_last_connection(connections: Connections) -> None:
    """A user who left leaves nothing."""
    connection_id = connections.admit("user-1", now=0.0)
    assert connection_id is not None
    connections.release("user-1", connection_id)

    assert (connections.count("user-1"), len(connections._open)) == (0, 0)


def test_messages_beyond_the_rate_wait_for_the_window(connections: Connections) -> None:
    """The wait is told, refused messages do not count, and the window slides."""
    waits = [connections.may_speak("user-1", now=at) for at in (0.0, 10.0, 20.0, 60.0, 61.0)]

    assert waits == [0.0, 0.0, 40.0, 0.0, 9.0]


def test_the_rate_is_the_users_own_and_outlives_a_reconnect(connections: Connections) -> None:
    """Reconnecting does not buy messages; after a silent minute they are forgotten."""
    spoken = [connections.may_speak("user-1", now=0.0) for _ in range(2)]
    connections.admit("user-1", now=1.0)

    assert (spoken, connections.may_speak("user-1", now=1.0)) == ([0.0, 0.0], 59.0)
    assert connections.may_speak("user-2", now=1.0) == 0.0
    assert connections.admit("user-3", now=62.0) is not None
    assert connections._spoken == {}
