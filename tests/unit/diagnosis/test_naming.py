import pytest

from ci_tools.diagnosis.naming import Naming

HOSTS = {
    "backend": "https://api.shop.example",
    "websocket": "wss://api.shop.example/ws",
    "auth": "https://auth.shop.example",
    "cache": "redis://10.0.0.9:7000",
}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GET https://api.shop.example/health failed", "backend"),
        ("wss://api.shop.example/ws closed", "websocket"),
        ("no route to 10.0.0.9:7000", "cache"),
        ("cannot connect to auth.shop.example", "auth"),
    ],
)
def test_an_environments_own_hosts_come_first(text: str, name: str) -> None:
    """An environment says itself what stands where."""
    assert Naming(HOSTS).name(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Error -3 connecting to 10.1.2.3:6379", "redis"),
        ("rediss://:pw@cache.example.org:9999/0", "redis"),
        ("postgresql+asyncpg://u:pw@10.1.2.3/db", "postgresql"),
        ('connection to server at "10.1.2.3", port 5432 failed', "postgresql"),
        ("Connect call failed ('127.0.0.1', 5432)", "postgresql"),
        ("https://10.1.2.3:8443/?query=1", "clickhouse"),
        ("https://auth.other.example/validate", "auth"),
        ("https://app.other.example/", "frontend"),
        ("https://api.openai.com/v1", "llm"),
        ("QueuePool limit of size 5", "postgresql"),
        ("redis.exceptions.ConnectionError", "redis"),
        ("asyncpg.exceptions.TooManyConnectionsError", "postgresql"),
        ("ClickHouse is slow", "clickhouse"),
        ("server rejected WebSocket connection", "websocket"),
        ("agent_started never came", "agents"),
        ("assert 3 == 4", ""),
        ("", ""),
    ],
)
def test_general_facts_come_second(text: str, name: str) -> None:
    """Schemes, ports, hosts' names and words tell what is spoken of."""
    assert Naming().name(text) == name


def test_an_address_that_tells_nothing_is_passed_over() -> None:
    """The next one may tell."""
    assert Naming().name("http://10.1.1.1/a to redis://10.1.1.2/0") == "redis"
    assert Naming().name("from 10.1.1.1:4444 to 10.1.1.2:5432") == "postgresql"


def test_an_address_outweighs_a_word() -> None:
    """What was connected to is what failed, whatever else is mentioned."""
    assert Naming().name("database startup: Error 111 connecting to 10.1.2.3:6379") == "redis"


def test_what_is_named_first_wins_among_words() -> None:
    """The subject of a sentence stands at its beginning."""
    assert Naming().worded("Redis is down, WebSocket closed") == "redis"


def test_an_address_is_told_as_it_stands() -> None:
    """Where no name is known, host and port tell two dependencies apart."""
    assert Naming().address("refused by LOCALHOST:8000 twice") == "localhost:8000"
    assert Naming().address("nothing here") == ""
