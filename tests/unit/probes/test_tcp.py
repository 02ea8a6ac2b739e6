from collections.abc import Awaitable, Callable

from ci_tools.model import DependencyState, Observation
from ci_tools.questions import TcpProbe

Look = Callable[..., Awaitable[Observation]]

PROBE = TcpProbe(name="edge_port", dependency="edge", host="there", timeout_s=2.0)


async def test_an_accepted_connection_is_up(look: Look, silent_url: str) -> None:
    """A connection that is accepted is up, with the time it took."""
    seen = await look(PROBE, silent_url)

    assert seen.state is DependencyState.UP
    assert seen.latency_s is not None
    assert 0 < seen.latency_s < 2


async def test_the_source_names_host_and_port(look: Look, silent_url: str) -> None:
    """The source is what was connected to."""
    seen = await look(PROBE, silent_url)

    assert seen.source == f"TCP {silent_url.removeprefix('http://')}"


async def test_a_refused_connection_is_down(look: Look, refusing_url: str) -> None:
    """A refusal is down with the errno's name and words."""
    seen = await look(PROBE, refusing_url)

    assert (seen.state, seen.code, seen.timed_out) == (DependencyState.DOWN, "ECONNREFUSED", False)
    assert "[Errno 111]" in seen.text


async def test_an_unresolvable_name_is_down(look: Look) -> None:
    """A name without an address is down with the resolver's symbol."""
    # A scope that no interface has is refused by the resolver itself, without asking anybody.
    seen = await look(PROBE, "http://there.localhost", resolve={"there.localhost": "fe80::1%nope"})

    assert (seen.state, seen.code) == (DependencyState.DOWN, "EAI_NONAME")


async def test_a_name_that_nobody_can_be_asked_for_is_down(look: Look) -> None:
    """An empty label is no less unknown than a name without an address."""
    seen = await look(PROBE, "http://no..name")

    assert (seen.state, seen.code) == (DependencyState.DOWN, "EAI_NONAME")


async def test_a_full_accept_queue_times_out(look: Look, deaf_url: str) -> None:
    """Packets that nobody answers are down with a censored latency."""
    seen = await look(PROBE, deaf_url, time_scale=0.1)

    assert (seen.state, seen.timed_out, seen.code) == (DependencyState.DOWN, True, None)
    assert seen.latency_s is not None
    assert 0.2 <= seen.latency_s < 2
