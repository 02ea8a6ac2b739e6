from collections.abc import Callable

import pytest

from ci_tools.errors import CredentialsMissingError, UsageError
from ci_tools.runner.provisioning import described, provisioned, serve
from ci_tools.spec import Spec, parse

FILE = """\
name = "shop"

[dependencies]
shop = []

[environments.here]
hosts = { shop = "https://${SHOP_HOST}" }

[environments.locked]
hosts = { shop = "https://shop.example" }
auth = { strategy = "ready_token", token_env = "SHOP_BEARER" }

[environments.door]
hosts = { shop = "https://shop.example", auth = "https://auth.shop.example" }
auth = { strategy = "bypass_key", key_env = "SHOP_DOOR" }
TWIN
[phases.first]
number = 1
budget_min = 1

[suites.smoke]
phase = "first"
paths = ["tests"]
value = "nobody can buy"

[plans.full]
about = "all"
phases = ["first"]
"""
TWIN = """
[environments.twin]
provision = "twin"
hosts = { shop = "https://shop.twin.localhost:${TWIN_EDGE_PORT}" }
"""


@pytest.fixture
def spec() -> Spec:
    """Environments of each kind."""
    return parse(FILE.replace("TWIN", TWIN), "campaign.toml")


def test_a_deployed_environment_takes_its_variables(spec: Spec) -> None:
    """Hosts are known before anything is started."""
    environment = described(spec, "here", {"SHOP_HOST": "shop.example"}, ())

    assert environment.hosts == {"shop": "https://shop.example"}


def test_a_variable_that_is_not_set_is_named(spec: Spec) -> None:
    """The person learns what to export."""
    with pytest.raises(UsageError, match="SHOP_HOST"):
        described(spec, "here", {}, ())


@pytest.mark.parametrize(("name", "variable"), [("locked", "SHOP_BEARER"), ("door", "SHOP_DOOR")])
@pytest.mark.parametrize("environ", [dict, lambda: {"SHOP_BEARER": "", "SHOP_DOOR": ""}], ids=["unset", "empty"])
def test_a_missing_secret_is_named(spec: Spec, name: str, variable: str, environ: Callable[[], dict[str, str]]) -> None:
    """Before anything is started; an empty one is none."""
    with pytest.raises(CredentialsMissingError, match=f"its variable {variable} is not set; export {variable}"):
        described(spec, name, environ(), ())


def test_a_secret_that_is_there_suffices(spec: Spec) -> None:
    """It is not looked at further."""
    assert described(spec, "locked", {"SHOP_BEARER": "t0ken"}, ()).name == "locked"


def test_faults_are_for_the_twin_only(spec: Spec) -> None:
    """Nobody breaks a deployed system by an option."""
    with pytest.raises(UsageError, match="environment 'here' is a real one"):
        described(spec, "here", {"SHOP_HOST": "shop.example"}, ("redis_down",))


def test_an_unknown_fault_is_refused_before_the_twin_starts(spec: Spec) -> None:
    """Its name is told."""
    with pytest.raises(UsageError, match="redis_dwn"):
        described(spec, "twin", {}, ("redis_dwn",))


def test_faults_that_want_different_things_are_refused_before_the_twin_starts(spec: Spec) -> None:
    """Both are told."""
    with pytest.raises(UsageError, match="faults 'redis_down' and 'redis_blackhole' cannot be on together"):
        described(spec, "twin", {}, ("redis_down", "redis_blackhole"))


def test_a_twin_is_known_but_for_its_ports(spec: Spec) -> None:
    """They are asked for when it stands."""
    environment = described(spec, "twin", {}, ("redis_down",))

    assert environment.hosts == {"shop": "https://shop.twin.localhost:${TWIN_EDGE_PORT}"}


def test_a_deployed_environment_is_used_as_it_is(spec: Spec) -> None:
    """Nothing is started, and no variable is added."""
    with provisioned(spec, "here", {"SHOP_HOST": "shop.example"}) as (environment, variables):
        assert (environment.name, variables) == ("here", {})


def test_a_file_without_twin_serves_none() -> None:
    """And says what to add."""
    spec = parse(FILE.replace("TWIN", ""), "campaign.toml")

    with pytest.raises(UsageError, match='no environment has provision = "twin"'):
        serve(spec, faults=(), say=print)
