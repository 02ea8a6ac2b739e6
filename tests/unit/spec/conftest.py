"""A small sound file, and what is said of it after one edit."""

from collections.abc import Callable

import pytest

from ci_tools.errors import SpecError
from ci_tools.spec import parse

SMALL = """\
name = "shop"

[dependencies]
edge = []
database = []
api = ["edge", "database"]

[environments.here]
hosts = { api = "https://${SHOP_HOST}", socket = "wss://${SHOP_HOST}/ws", auth = "https://auth.shop.example" }
limits = [{ path_prefix = "/", rate_per_min = 60 }]
auth = { strategy = "bypass_key" }
deployment = { host = "api", path = "/info", revision = "revision" }

[environments.there]
hosts = { api = "https://shop.example", socket = "wss://shop.example/ws" }
auth = { strategy = "ready_token", token_env = "SHOP_BEARER" }
probes = ["api", "socket", "login"]

[probes.api]
kind = "http_json"
dependency = "api"
host = "api"
path = "/health"
expect = { status = ["ok", "fine"] }

[probes.socket]
kind = "websocket"
dependency = "api"
host = "socket"
welcome = ""

[probes.login]
kind = "token"
dependency = "api"

[phases.second]
number = 2
budget_min = 10

[phases.first]
number = 1
budget_min = 5

[suites.smoke]
phase = "first"
paths = ["tests/test_smoke.py"]
expected = 3
requires = ["api"]
value = "nobody can buy"

[suites.orders]
phase = "first"
paths = ["tests/test_orders.py"]
value = "orders are lost"

[gates.api]
phase = "first"
kind = "reliability"
dependency = "api"
probe = "api"
floor = 0.9
target = 1.0

[gates.smoke]
phase = "first"
kind = "coverage"
dependency = "api"
suites = ["smoke"]
floor = 0.8

[plans.all]
about = "everything"
phases = ["first", "second"]

[plans.short]
about = "the first only"
phases = ["first"]
only = { first = ["smoke"] }
budget_min = 2
stop_early = true

[plans.auto]
about = "first, then more"
first = "first"
healthy = "all"
unhealthy = "short"

[kpis.api]
about = "the interface answers"
under_s = 1.0
gate = "api"

[kpis.overall]
about = "all tests pass"
target = 0.9
suites = ["*"]
"""


@pytest.fixture
def small() -> str:
    """A sound file with a little of everything."""
    return SMALL


@pytest.fixture
def refusal() -> Callable[..., str]:
    """What is said of the small file after replacing *old* by *new*, once."""

    def refuse(old: str, new: str) -> str:
        assert SMALL.count(old) == 1, f"{old!r} stands {SMALL.count(old)} times in the small file"
        with pytest.raises(SpecError) as caught:
            parse(SMALL.replace(old, new), "campaign.toml")
        return str(caught.value)

    return refuse
