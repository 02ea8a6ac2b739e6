import pytest

from ci_tools.model import (
    BypassKey,
    CoverageGate,
    DeploymentSource,
    EdgeLimit,
    Kpi,
    NoAuth,
    ReadyToken,
    RegisterLogin,
    ReliabilityGate,
    Suite,
)
from ci_tools.questions import CommandProbe, HttpJsonProbe, Probe, TcpProbe, TlsProbe, TokenProbe, WebSocketProbe
from ci_tools.spec import ChoicePlan, FixedPlan, Spec, parse


@pytest.fixture
def spec(small: str) -> Spec:
    """The small file, read."""
    return parse(small, "campaign.toml")


def test_phases_come_in_the_order_of_their_numbers(spec: Spec) -> None:
    """The order of phases is that of their numbers, and minutes have become seconds."""
    assert [(phase.number, phase.name, phase.budget_s) for phase in spec.phases] == [
        (1, "first", 300.0),
        (2, "second", 600.0),
    ]


def test_a_phase_holds_its_suites_and_gates(spec: Spec) -> None:
    """Suites and gates stand in the phase that they name."""
    first, second = spec.phases

    assert first.suites[0] == Suite(
        name="smoke", paths=("tests/test_smoke.py",), expected=3, requires=("api",), value="nobody can buy"
    )
    assert first.gates == (
        ReliabilityGate(name="api", dependency="api", probe="api", floor=0.9, target=1.0),
        CoverageGate(name="smoke", dependency="api", suites=("smoke",), floor=0.8),
    )
    assert (second.suites, second.gates) == ((), ())


def test_an_environment_keeps_its_references(spec: Spec) -> None:
    """An environment of the file is raw, with all that it says."""
    here = spec.environments["here"]

    assert here.hosts["api"] == "https://${SHOP_HOST}"
    assert here.limits == (EdgeLimit(path_prefix="/", rate_per_min=60.0),)
    assert here.auth == BypassKey()
    assert here.deployment == DeploymentSource(host="api", path="/info", revision="revision")


def test_an_environment_has_all_probes_or_those_that_it_names(spec: Spec, small: str) -> None:
    """Without a choice an environment has every probe."""
    fewer = parse(small.replace('probes = ["api", "socket", "login"]', 'probes = ["api"]'), "campaign.toml")

    assert [probe.name for probe in spec.environments["here"].probes] == ["api", "socket", "login"]
    assert [probe.name for probe in fewer.environments["there"].probes] == ["api"]


def test_an_environment_surveys_what_it_names_or_what_no_gate_repeats(spec: Spec, small: str) -> None:
    """What a gate could sample is sampled where it matters."""
    said = small.replace('probes = ["api", "socket", "login"]', 'survey = ["login"]')

    assert spec.environments["there"].survey == ()
    assert parse(said, "campaign.toml").environments["there"].survey == ("login",)


@pytest.mark.parametrize(
    ("table", "probe"),
    [
        ('kind = "tcp"\nhost = "api"', TcpProbe(name="login", dependency="api", host="api")),
        ('kind = "tls"\nhosts = ["api"]', TlsProbe(name="login", dependency="api", hosts=("api",))),
        ('kind = "token"', TokenProbe(name="login", dependency="api")),
        ('kind = "command"\nargv = ["true"]', CommandProbe(name="login", dependency="api", argv=("true",))),
        (
            'kind = "websocket"\nhost = "socket"\nauthenticated = false',
            WebSocketProbe(name="login", dependency="api", host="socket", authenticated=False),
        ),
        (
            'kind = "http_json"\nhost = "api"\npath = "/"\nexpect = { "a.b" = [1, true] }',
            HttpJsonProbe(name="login", dependency="api", host="api", path="/", expect={"a.b": (1, True)}),
        ),
    ],
)
def test_a_probe_is_of_its_kind(small: str, table: str, probe: Probe) -> None:
    """Each kind of probe has the values of its table, and the model's where the table is silent."""
    spec = parse(small.replace('kind = "token"', table), "campaign.toml")

    assert probe in spec.environments["here"].probes


@pytest.mark.parametrize(
    ("table", "auth"),
    [
        ('{ strategy = "register_login" }', RegisterLogin()),
        ('{ strategy = "ready_token", token_env = "SHOP" }', ReadyToken(token_env="SHOP")),
        ('{ strategy = "bypass_key", key_env = "SHOP" }', BypassKey(key_env="SHOP")),
    ],
)
def test_credentials_are_of_their_strategy(small: str, table: str, auth: object) -> None:
    """Each strategy has the values of its table, and the model's where the table is silent."""
    spec = parse(small.replace('{ strategy = "bypass_key" }', table), "campaign.toml")

    assert spec.environments["here"].auth == auth


def test_without_a_strategy_nothing_is_sent(small: str) -> None:
    """An environment without credentials has the strategy of none."""
    text = small.replace('auth = { strategy = "bypass_key" }\n', 'probes = ["api"]\n')

    assert parse(text, "campaign.toml").environments["here"].auth == NoAuth()


def test_a_plan_has_phases_or_chooses(spec: Spec) -> None:
    """A choice holds the two plans between which it decides."""
    short = FixedPlan(
        name="short",
        about="the first only",
        phases=("first",),
        only={"first": ("smoke",)},
        budget_s=120.0,
        stop_early=True,
    )
    everything = FixedPlan(name="all", about="everything", phases=("first", "second"), only={})

    assert spec.plans == {
        "all": everything,
        "short": short,
        "auto": ChoicePlan(name="auto", about="first, then more", first="first", healthy=everything, unhealthy=short),
    }


def test_figures_are_kept(spec: Spec) -> None:
    """A figure has its wish and what is counted for it."""
    assert spec.kpis == (
        Kpi(name="api", about="the interface answers", under_s=1.0, gate="api"),
        Kpi(name="overall", about="all tests pass", target=0.9, suites=("*",)),
    )


def test_what_counts_is_kept(small: str) -> None:
    """An inconclusive campaign blocks unless the file says otherwise."""
    warned = parse(small + '\n[policy]\ninconclusive = "warn"\n', "campaign.toml")

    assert parse(small, "campaign.toml").policy.inconclusive == "block"
    assert warned.policy.inconclusive == "warn"
