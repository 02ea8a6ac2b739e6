import socket
import time
from typing import Any

import pytest

from ci_tools.twin.resolver import resolving
from ci_tools.twin.settings import Resolver, Strike

NAMES = {"redis.twin.internal": "127.0.0.1"}


def ask(resolver: Resolver, host: str | bytes | None) -> list[tuple[Any, ...]]:
    """What a service is told of *host*."""
    return resolving(resolver, socket.getaddrinfo)(host, 80, type=socket.SOCK_STREAM)


@pytest.mark.parametrize(
    "host", ["redis.twin.internal", "REDIS.twin.internal", "redis.twin.internal.", b"redis.twin.internal"]
)
def test_a_name_of_the_twin_is_answered(host: str | bytes) -> None:
    """Configured names resolve, in any case, with a final dot, and as bytes."""
    assert ask(Resolver(addresses=NAMES), host)[0][4] == ("127.0.0.1", 80)


def test_an_address_needs_no_resolver() -> None:
    """A literal is answered at once although resolution is broken."""
    assert ask(Resolver(strikes=(Strike(delay_s=5.0, errno=socket.EAI_AGAIN),)), "127.0.0.1")[0][4] == ("127.0.0.1", 80)


def test_a_dirty_address_gets_the_genuine_error() -> None:
    """A newline behind an address makes the operating system look for a name, in vain."""
    with pytest.raises(socket.gaierror) as caught:
        ask(Resolver(addresses=NAMES), "127.0.0.1\n")

    assert caught.value.errno == socket.EAI_NONAME


def test_no_host_is_the_operating_systems() -> None:
    """None means any address, and is none of the resolver's business."""
    assert ask(Resolver(strikes=(Strike(errno=socket.EAI_AGAIN),)), None)


def test_an_errno_strikes_every_name() -> None:
    """With an errno no name resolves, the twin's own neither."""
    with pytest.raises(socket.gaierror) as caught:
        ask(Resolver(addresses=NAMES, strikes=(Strike(errno=socket.EAI_AGAIN),)), "redis.twin.internal")

    assert caught.value.args == (socket.EAI_AGAIN, "Temporary failure in name resolution")


def test_known_names_can_be_spared() -> None:
    """A fault that spares known names strikes only a dirty address."""
    resolver = Resolver(addresses=NAMES, strikes=(Strike(errno=socket.EAI_AGAIN, spare_known=True),))

    assert ask(resolver, "redis.twin.internal")[0][4] == ("127.0.0.1", 80)
    with pytest.raises(socket.gaierror, match="Temporary failure"):
        ask(resolver, "127.0.0.1\n")


def test_a_delay_is_waited_for() -> None:
    """A slow resolver answers late, and rightly."""
    before = time.monotonic()
    answer = ask(Resolver(addresses=NAMES, strikes=(Strike(delay_s=0.05),)), "redis.twin.internal")

    assert answer[0][4] == ("127.0.0.1", 80)
    assert time.monotonic() - before >= 0.05


def test_each_name_is_struck_by_the_first_that_concerns_it() -> None:
    """A known name suffers what spares none; a dirty one what was named first."""
    strikes = (Strike(errno=socket.EAI_FAIL, spare_known=True), Strike(errno=socket.EAI_AGAIN))
    resolver = Resolver(addresses=NAMES, strikes=strikes)

    with pytest.raises(socket.gaierror, match="Temporary failure"):
        ask(resolver, "redis.twin.internal")
    with pytest.raises(socket.gaierror, match="Non-recoverable"):
        ask(resolver, "127.0.0.1\n")
