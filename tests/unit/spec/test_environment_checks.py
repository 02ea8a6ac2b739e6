from collections.abc import Callable

import pytest

from ci_tools.errors import SpecError
from ci_tools.spec import parse

URL = (
    "a URL with scheme http, https, ws or wss, with 1 to 63 characters between the dots of its name, "
    "and without a trailing slash, query or user"
)

CONTRADICTIONS = {
    "an unknown need": (
        '"edge", "database"]',
        '"edge", "databse"]',
        (
            "6: dependencies.api[1]: unknown dependency; got 'databse'; legal: api, database, edge; "
            "did you mean 'database'?"
        ),
    ),
    "a cycle": (
        "database = []",
        'database = ["api"]',
        "5: dependencies.database: a cycle; got database needs api needs database; legal: a graph without cycles",
    ),
    "a part that needs itself": (
        "edge = []",
        'edge = ["edge"]',
        "4: dependencies.edge: a cycle; got edge needs edge; legal: a graph without cycles",
    ),
    "a host without a scheme": (
        'api = "https://shop.example"',
        'api = "shop.example"',
        f"15: environments.there.hosts.api: no host; got 'shop.example'; legal: {URL}",
    ),
    "a host with a trailing slash": (
        'api = "https://shop.example"',
        'api = "https://shop.example/"',
        f"15: environments.there.hosts.api: no host; got 'https://shop.example/'; legal: {URL}",
    ),
    "a host with two dots in a row": (
        'api = "https://shop.example"',
        'api = "https://shop..example"',
        f"15: environments.there.hosts.api: no host; got 'https://shop..example'; legal: {URL}",
    ),
    "a deployment on an unknown host": (
        'deployment = { host = "api"',
        'deployment = { host = "apis"',
        (
            "12: environments.here.deployment.host: unknown host; got 'apis'; legal: api, auth, socket; "
            "did you mean 'api'?"
        ),
    ),
    "a deployment of a dependency that is not declared": (
        'deployment = { host = "api"',
        'deployment = { dependency = "shop", host = "api"',
        "12: environments.here.deployment.dependency: unknown dependency; got 'shop'; legal: api, database, edge",
    ),
    "credentials without the host that gives them": (
        ', auth = "https://auth.shop.example" }',
        " }",
        (
            "11: environments.here.auth: strategy 'bypass_key' asks the host 'auth'; got api, socket; "
            "legal: a host of the name auth"
        ),
    ),
    "two limits on one prefix": (
        "rate_per_min = 60 }]",
        'rate_per_min = 60 }, { path_prefix = "/", rate_per_min = 9 }]',
        "10: environments.here.limits[1].path_prefix: declared twice; got '/'; legal: one limit per prefix",
    ),
    "an environment's unknown probe": (
        '["api", "socket", "login"]',
        '["api", "socket", "logins"]',
        (
            "17: environments.there.probes[2]: unknown probe; got 'logins'; legal: api, login, socket; "
            "did you mean 'login'?"
        ),
    ),
    "a survey by a probe that the environment lacks": (
        'probes = ["api", "socket", "login"]',
        'probes = ["api"]\nsurvey = ["api", "socket"]',
        "18: environments.there.survey[1]: unknown probe of environment 'there'; got 'socket'; legal: api",
    ),
    "a probe on a host that one environment lacks": (
        'host = "api"\npath',
        'host = "auth"\npath',
        "22: probes.api.host: unknown host of environment 'there'; got 'auth'; legal: api, socket",
    ),
    "a WebSocket probe on a host of HTTP": (
        'socket = "wss://shop.example/ws"',
        'socket = "https://shop.example/ws"',
        (
            "29: probes.socket.host: no WebSocket host in environment 'there'; got 'https://shop.example/ws'; "
            "legal: scheme ws or wss"
        ),
    ),
    "a TLS probe on an unknown host": (
        'kind = "token"\n',
        'kind = "tls"\nhosts = ["api", "auth"]\n',
        "34: probes.login.hosts[1]: unknown host of environment 'there'; got 'auth'; legal: api, socket",
    ),
}


@pytest.mark.parametrize(("old", "new", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys())
def test_a_contradiction_is_named(refusal: Callable[..., str], old: str, new: str, said: str) -> None:
    """A contradiction is the file's only problem, with its line, its value and what is legal."""
    assert refusal(old, new) == f"campaign.toml:{said}"


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_a_tls_probe_needs_hosts_with_tls(small: str, scheme: str) -> None:
    """A handshake with a host that is declared without TLS could never succeed."""
    text = small.replace('kind = "token"\n', 'kind = "tls"\nhosts = ["socket", "api"]\n')
    text = text.replace('{ api = "https://shop.example"', f'{{ api = "{scheme}://shop.example"')

    with pytest.raises(SpecError) as caught:
        parse(text, "campaign.toml")

    assert str(caught.value) == (
        "campaign.toml:34: probes.login.hosts[1]: no host with TLS in environment 'there'; "
        f"got '{scheme}://shop.example'; legal: scheme https or wss"
    )


def test_credentials_are_needed_only_where_there_are_some(refusal: Callable[..., str]) -> None:
    """A probe with credentials is refused for an environment without."""
    said = refusal('{ strategy = "ready_token", token_env = "SHOP_BEARER" }', '{ strategy = "none" }')

    legal = "an [environments.*.auth] with a strategy other than none, or authenticated = false"
    assert said.splitlines() == [
        (
            "campaign.toml:26: probes.socket: needs credentials, which environment 'there' does not have; "
            f"got strategy 'none'; legal: {legal}"
        ),
        (
            "campaign.toml:32: probes.login: needs credentials, which environment 'there' does not have; "
            f"got strategy 'none'; legal: {legal}"
        ),
    ]


def test_a_long_chain_that_meets_twice_is_no_cycle(small: str) -> None:
    """Two ways to the same dependency are no cycle."""
    diamond = small.replace("database = []", 'database = ["disk"]\ncache = ["disk"]\ndisk = []')

    assert parse(diamond, "campaign.toml").dependencies["database"] == ("disk",)
