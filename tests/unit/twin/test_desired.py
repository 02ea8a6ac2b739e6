import pytest

from ci_tools.twin.desired import ProxyState, desired, healthy_allowances
from ci_tools.twin.documents import Layout, Ports, documents
from ci_tools.twin.effects import Effect, EnvironEffect, Fault, ProxyMode, ResolverEffect, SettingEffect, Switch
from ci_tools.twin.faults import parse_fault, parse_faults
from ci_tools.twin.settings import Behaviour, Identity, ServiceName, ServiceSettings

SCALE = 0.1
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


def test_the_last_fault_on_a_proxy_wins(healthy: Documents) -> None:
    """Of two modes for one proxy the one switched on last holds."""
    state = desired(healthy, parse_faults(["redis_down", "redis_blackhole"]), SCALE)

    assert state.proxies["redis"].mode is ProxyMode.BLACKHOLE


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

    assert (resolver.delay_s, resolver.errno, resolver.spare_known) == (0.5, -3, True)
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
