from collections.abc import Iterator, Mapping
from itertools import combinations

import pytest
from pydantic import TypeAdapter

from ci_tools.errors import UsageError
from ci_tools.twin.catalogue import CATALOGUE
from ci_tools.twin.conflicts import contested_by
from ci_tools.twin.desired import Desired, ProxyState, desired, healthy_allowances
from ci_tools.twin.documents import Layout, Ports, documents
from ci_tools.twin.effects import Effect, EnvironEffect, Fault, ProxyMode, ResolverEffect, SettingEffect, Switch
from ci_tools.twin.faults import parse_fault, parse_faults
from ci_tools.twin.settings import Behaviour, Identity, ServiceName, ServiceSettings, Strike

SCALE = 0.1
PAIRS = [*combinations(CATALOGUE, 2)]
REFUSED = {
    ("redis_down", "redis_blackhole"),
    ("redis_down", "network_route"),
    ("database_down", "database_slow"),
    ("database_down", "network_route"),
    ("database_slow", "network_route"),
    ("agent_timeout", "agent_failed"),
}
"""Pairs of faults that want two different things of one part."""
STATE = TypeAdapter(Desired)
Documents = dict[ServiceName, ServiceSettings]


@pytest.fixture
def healthy() -> Documents:
    """The documents of a healthy twin."""
    return documents(
        Layout(
            ports=Ports(edge=1, services={"backend": 2, "auth": 3, "frontend": 4}, postgresql=5, redis=6, llm=7),
            identity=Identity(sha="s", revision="r", version="1"),
            time_scale=SCALE,
            postgresql_user="netra",
            postgresql_database="netra",
        )
    )


def switched(*effects: Effect) -> Switch:
    """A switch of a fault with *effects*."""
    return Switch(Fault(name="x", cause="unknown", dependency="backend", summary="s", effects=effects))


def test_without_faults_the_twin_is_healthy(healthy: Documents) -> None:
    """No switch leaves the documents as they are, all proxies open and the declared limits."""
    state = desired(healthy, (), SCALE)

    assert state.documents == healthy
    assert set(state.proxies.values()) == {ProxyState()}
    assert state.allowances == healthy_allowances(SCALE)
    assert state.stopped == frozenset()


def test_switching_off_restores(healthy: Documents) -> None:
    """The state without a fault is the state before it."""
    on = desired(healthy, parse_faults(["jwt_expired", "redis_down"]), SCALE)

    assert on != desired(healthy, (), SCALE)
    assert desired(healthy, parse_faults(["redis_down"]), SCALE).documents == healthy


def test_faults_combine(healthy: Documents) -> None:
    """Two faults on different parts both hold."""
    state = desired(healthy, parse_faults(["redis_down", "jwt_expired"]), SCALE)

    assert state.proxies["redis"].mode is ProxyMode.REFUSE
    assert state.documents["auth"].durations.access_token_s == -60.0


def test_two_faults_on_one_proxy_are_refused(healthy: Documents) -> None:
    """Two modes for one proxy cannot both hold, and neither is dropped silently."""
    with pytest.raises(UsageError, match="both change the proxy before redis"):
        desired(healthy, [parse_fault("redis_down"), parse_fault("redis_blackhole")], SCALE)


def test_a_number_reaches_the_behaviour_scaled(healthy: Documents) -> None:
    """Seconds given with a fault's name become real ones."""
    behaviours = desired(healthy, parse_faults(["event_loop_blocked:2.5"]), SCALE).documents["backend"].behaviours

    assert behaviours == (Behaviour(point="health.blocking_redis", params={"block_s": 0.25}),)


def test_a_setting_in_seconds_is_scaled(healthy: Documents) -> None:
    """A setting that says so is unscaled seconds; others are taken as they stand."""
    pool = desired(healthy, parse_faults(["pool_exhausted"]), SCALE).documents["backend"].pool

    assert (pool.size, pool.max_overflow, pool.timeout_s) == (2, 1, 0.5)


def test_a_setting_can_build_on_the_present_one(healthy: Documents) -> None:
    """Braces in a text stand for what is there."""
    state = desired(healthy, parse_faults(["bad_deploy"]), SCALE)

    assert state.documents["backend"].identity.revision == "r-next"


def test_a_session_of_its_own_comes_first(healthy: Documents) -> None:
    """What is switched for one session is found before what is switched for everyone."""
    state = desired(healthy, parse_faults(["agent_silent", "agent_silent@session=a"]), SCALE)

    assert [behaviour.session for behaviour in state.documents["backend"].behaviours] == ["a", None]


def test_faults_of_the_resolver_combine(healthy: Documents) -> None:
    """A dirty value and an outage of the name server both hold, the more particular one first."""
    strikes = desired(healthy, parse_faults(["name_resolution", "secret_dirty"]), SCALE).documents["backend"].resolver

    assert [(strike.spare_known, strike.delay_s) for strike in strikes.strikes] == [(True, 0.5), (False, 0.0)]


def changes(state: Desired, healthy: Documents) -> set[tuple[str, str]]:
    """Everything in *state* that is otherwise than in a healthy twin, as pairs of place and value."""
    return leaves(state) - leaves(desired(healthy, (), SCALE))


def leaves(state: Desired) -> set[tuple[str, str]]:
    """Every single value of *state* with its place; lists are sets, because order is no part of a fault."""
    return set(flattened("", STATE.dump_python(state, mode="json")))


def flattened(place: str, value: object) -> Iterator[tuple[str, str]]:
    """The leaves of *value*."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from flattened(f"{place}.{key}", item)
    elif isinstance(value, list):
        yield from ((place, repr(item)) for item in value)
    else:
        yield place, repr(value)


def test_the_pairs_that_are_refused_are_few() -> None:
    """Only faults that want two different things of one proxy are refused; every other pair can be on."""
    assert {pair for pair in PAIRS if contested_by(*map(parse_fault, pair))} == REFUSED


@pytest.mark.parametrize("pair", sorted(REFUSED), ids=" + ".join)
def test_a_refused_pair_is_named(healthy: Documents, pair: tuple[str, str]) -> None:
    """Neither of the two is lost: the state is not made at all, and the text names both."""
    with pytest.raises(UsageError, match=f"faults '{pair[0]}' and '{pair[1]}' cannot be on together"):
        desired(healthy, [parse_fault(name) for name in pair], SCALE)


@pytest.mark.parametrize("pair", sorted(set(PAIRS) - REFUSED), ids=" + ".join)
def test_two_faults_both_hold(healthy: Documents, pair: tuple[str, str]) -> None:
    """Of every other two faults each changes all that it changes alone."""
    one, other = map(parse_fault, pair)
    alone = changes(desired(healthy, [one], SCALE), healthy) | changes(desired(healthy, [other], SCALE), healthy)
    together = changes(desired(healthy, [one, other], SCALE), healthy)

    assert alone
    assert alone <= together


def test_a_delay_is_scaled(healthy: Documents) -> None:
    """The catalogue's seconds become real ones."""
    delay = desired(healthy, parse_faults(["database_slow"]), SCALE).proxies["postgresql"].delay

    assert delay is not None
    assert delay.median_s == pytest.approx(0.5)
    assert delay.cap_s == pytest.approx(2.0)


def test_an_environment_variable_is_set(healthy: Documents) -> None:
    """A plain value replaces the present one, in one service only."""
    state = desired(healthy, parse_faults(["websocket_auth_off"]), SCALE)

    assert state.documents["backend"].env["DEMO_MODE"] == "1"
    assert state.documents["auth"] == healthy["auth"]


def test_an_environment_variable_becomes_dirty(healthy: Documents) -> None:
    """Braces stand for the present value."""
    effect = EnvironEffect(service="backend", key="REDIS_HOST", value="{}\n")

    assert desired(healthy, [switched(effect)], SCALE).documents["backend"].env["REDIS_HOST"] == "127.0.0.1\n"


def test_an_environment_variable_is_removed(healthy: Documents) -> None:
    """None removes it."""
    effect = EnvironEffect(service="backend", key="REDIS_HOST", value=None)

    assert "REDIS_HOST" not in desired(healthy, [switched(effect)], SCALE).documents["backend"].env


def test_an_unknown_setting_is_refused(healthy: Documents) -> None:
    """A path that the document does not have cannot be set unnoticed."""
    effect = SettingEffect(service="backend", path="durations.no_such_s", value=1)

    with pytest.raises(ValueError, match="no_such_s"):
        desired(healthy, [switched(effect)], SCALE)


def test_a_resolver_fault_is_scaled_and_restarts(healthy: Documents) -> None:
    """The resolver's delay is real seconds, and only its service restarts."""
    effect = ResolverEffect(service="backend", delay_s=5.0, errno=-3, spare_known=True)
    before, state = desired(healthy, (), SCALE), desired(healthy, [switched(effect)], SCALE)
    resolver = state.documents["backend"].resolver

    assert resolver.strikes == (Strike(delay_s=0.5, errno=-3, spare_known=True),)
    assert resolver.addresses == healthy["backend"].resolver.addresses
    assert state.restarts("backend", before)
    assert not state.restarts("auth", before)


def test_a_behaviour_is_live(healthy: Documents) -> None:
    """A behaviour changes the document without a restart, and carries its session."""
    before, state = desired(healthy, (), SCALE), desired(healthy, [parse_fault("agent_silent@session=a")], SCALE)

    assert state.documents["backend"].behaviours == (Behaviour(point="websocket.route", session="a"),)
    assert not state.restarts("backend", before)


def test_the_edge_is_lowered(healthy: Documents) -> None:
    """A throttled edge allows little on every path, with the contract's ban, scaled."""
    allowances = desired(healthy, parse_faults(["edge_throttled"]), SCALE).allowances

    assert allowances.api == allowances.other
    assert allowances.api.burst == 5
    assert allowances.api.ban_s == pytest.approx(60.0)


def test_a_process_is_stopped(healthy: Documents) -> None:
    """A stopped service is named."""
    assert desired(healthy, parse_faults(["service_unavailable"]), SCALE).stopped == {"backend"}
