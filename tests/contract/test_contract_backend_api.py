import re

import httpx
import pytest

from tests.contract.checks import check_answered, check_conforms, check_refused, is_fresh
from tests.contract.client import Deployed, User
from tests.contract.schemas import CONFIG_FACTS, DISCOVERY, MAPPING, MCP_CONFIG, MCP_SERVERS, NAME, body

PROTECTED = (
    "/api/agents/status",
    "/api/agent/run_0/status",
    "/api/agent/run_0/state",
    "/api/threads",
    "/api/v1/user/profile",
    "/api/tools",
    "/api/corpus",
    "/api/monitoring/pool-status",
    "/api/monitoring/alerts",
    "/api/monitoring/errors",
    "/api/metrics/circuit_breakers",
    "/api/metrics/raw",
)
PROTECTED_ACTIONS = (
    "/api/agents/execute",
    "/api/agents/start",
    "/api/agents/stop",
    "/api/agents/cancel",
    "/api/agents/stream",
    "/api/agent/v2/execute",
    "/api/threads",
    "/api/tools/execute",
    "/api/corpus/search",
)
CONFIGURED = (
    "JWT_SECRET_STAGING",
    "REDIS_HOST",
    "REDIS_PORT",
    "REDIS_PASSWORD",
    "SERVICE_SECRET",
    "SERVICE_ID",
    "FERNET_KEY",
    "SECRET_KEY",
    "SESSION_SECRET_KEY",
    "GEMINI_API_KEY",
    "GOOGLE_OAUTH_CLIENT_ID_STAGING",
    "GOOGLE_OAUTH_CLIENT_SECRET_STAGING",
    "POSTGRES_HOST",
    "POSTGRES_PORT",
    "POSTGRES_DB",
    "POSTGRES_USER",
    "POSTGRES_PASSWORD",
    "E2E_OAUTH_SIMULATION_KEY",
)


@pytest.mark.parametrize("path", PROTECTED)
async def test_protected_reads_need_a_bearer(api: httpx.AsyncClient, path: str) -> None:
    """Without a bearer every protected read is 401 in the error envelope."""
    answer = await api.get(path)

    check_refused(answer, 401)


@pytest.mark.parametrize("path", PROTECTED_ACTIONS)
async def test_protected_actions_need_a_bearer(api: httpx.AsyncClient, path: str) -> None:
    """Without a bearer every protected action is 401, whatever its body."""
    answer = await api.post(path, json={})

    check_refused(answer, 401)


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer x.y.z", "x"])
async def test_a_bad_bearer_is_refused(api: httpx.AsyncClient, header: str) -> None:
    """A bearer that is no token is 401."""
    answer = await api.get("/api/agents/status", headers={"authorization": header.strip()})

    check_refused(answer, 401)


@pytest.mark.parametrize("path", ["/api/nowhere", "/nowhere", "/api/v1/nowhere", "/api/threads/"])
async def test_unknown_paths_are_404(api: httpx.AsyncClient, user: User, path: str) -> None:
    """A path that nobody serves is 404 in the error envelope, signed in or not."""
    check_refused(await api.get(f"{path}x", headers=user.bearer), 404)


async def test_a_request_id_is_kept(api: httpx.AsyncClient) -> None:
    """The request id that a client sends is the one it is answered with."""
    answer = await api.get("/health", headers={"x-request-id": "contract-4711"})

    assert answer.headers["x-request-id"] == "contract-4711"


async def test_request_ids_are_distinct(api: httpx.AsyncClient) -> None:
    """Two requests without an id get two."""
    first = await api.get("/health")
    second = await api.get("/health")

    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_a_hostile_request_id_is_replaced(api: httpx.AsyncClient) -> None:
    """An id that could break a log line is not repeated."""
    answer = await api.get("/health", headers={"x-request-id": "<script>" * 40})

    assert "<script>" not in answer.headers["x-request-id"]


async def test_errors_name_their_request(api: httpx.AsyncClient) -> None:
    """The envelope of an error has the request id that the client sent."""
    answer = await api.get("/api/threads", headers={"x-request-id": "contract-4712"})

    assert check_refused(answer, 401)["request_id"] == "contract-4712"


async def test_wrong_methods_are_refused(api: httpx.AsyncClient, user: User) -> None:
    """A method that a path does not have is 405 in the error envelope."""
    answer = await api.delete("/api/tools/execute", headers=user.bearer)

    check_refused(answer, 405)


async def test_discovery_names_the_three_services(api: httpx.AsyncClient, deployed: Deployed) -> None:
    """Discovery gives each service with the address under which users reach it."""
    answer = await api.get("/api/discovery/services")

    found = check_answered(answer, DISCOVERY)
    assert is_fresh(found["timestamp"])
    assert deployed.host("api") in answer.text
    assert deployed.host("auth") in answer.text
    assert deployed.host("app") in answer.text


async def test_mcp_is_configured(api: httpx.AsyncClient) -> None:
    """The configuration for each kind of MCP client is there."""
    config = check_answered(await api.get("/api/mcp/config"), MCP_CONFIG)

    assert all(config[key] for key in ("claude", "cursor", "mcp", "http", "websocket"))


async def test_mcp_lists_servers(api: httpx.AsyncClient) -> None:
    """There is at least one MCP server, with a name and a status."""
    check_answered(await api.get("/api/mcp/servers"), MCP_SERVERS)


async def test_system_info_names_the_build(api: httpx.AsyncClient) -> None:
    """The build's sha and revision are told, and the environment is the twin's."""
    info = check_answered(await api.get("/api/system/info"), body(build_sha=NAME, revision=NAME, environment=NAME))

    assert info["environment"] == "twin"
    assert re.fullmatch(r"[0-9a-f]{12,64}", info["build_sha"])
    assert info["build_sha"][:12] in info["revision"]


async def test_system_info_is_of_the_build(api: httpx.AsyncClient) -> None:
    """The same build says the same, whenever it is asked."""
    first = check_answered(await api.get("/api/system/info"), MAPPING)
    second = check_answered(await api.get("/api/system/info"), MAPPING)

    assert (first["build_sha"], first["revision"]) == (second["build_sha"], second["revision"])


async def test_dependencies_have_latencies(api: httpx.AsyncClient) -> None:
    """The latency of PostgreSQL and of Redis is told."""
    answer = await api.get("/api/dependencies/status")

    assert answer.status_code == 200
    assert {"postgresql", "redis"} <= set(re.findall(r'"(postgresql|redis)"', answer.text))
    assert re.search(r'"[a-z_]*(latency|response_time)_ms":\s*[0-9.]+', answer.text)


async def test_config_facts_cover_every_required_variable(api: httpx.AsyncClient) -> None:
    """Each required variable is told by name with its four facts, all good in a healthy system."""
    report = check_answered(await api.get("/api/config/validate"), MAPPING)["variables"]
    facts = {each["name"]: each for each in report} if isinstance(report, list) else report

    assert set(CONFIGURED) <= set(facts)
    assert {name: _verdict(fact) for name, fact in facts.items() if name in CONFIGURED} == dict.fromkeys(
        CONFIGURED, (True, True, False, False)
    )


async def test_config_facts_never_show_values(api: httpx.AsyncClient, deployed: Deployed) -> None:
    """The one value that this test knows, and anything as long as a secret, is not in the answer."""
    answer = await api.get("/api/config/validate")

    assert deployed.bypass_key not in answer.text
    assert not [text for text in re.findall(r'"([^"]*)"', answer.text) if re.search(r"[0-9a-zA-Z_=+/-]{36,}", text)]


def _verdict(fact: object) -> tuple[object, ...]:
    facts = check_conforms(fact, CONFIG_FACTS)
    return tuple(facts[key] for key in ("present", "length_ok", "has_whitespace", "is_placeholder"))


async def test_pool_status_has_numbers(api: httpx.AsyncClient, user: User) -> None:
    """The pool of database connections is told in numbers."""
    answer = await api.get("/api/monitoring/pool-status", headers=user.bearer)

    assert answer.status_code == 200
    assert re.search(r":\s*\d+", answer.text)


@pytest.mark.parametrize("path", ["/api/monitoring/alerts", "/api/monitoring/errors", "/api/metrics/circuit_breakers"])
async def test_monitoring_answers_json(api: httpx.AsyncClient, user: User, path: str) -> None:
    """Alerts, errors and circuit breakers are told as JSON."""
    answer = await api.get(path, headers=user.bearer)

    check_answered(answer, {"type": ["object", "array"]})


async def test_healthy_breakers_are_closed(api: httpx.AsyncClient, user: User) -> None:
    """In a healthy system no circuit breaker is open."""
    answer = await api.get("/api/metrics/circuit_breakers", headers=user.bearer)

    assert "closed" in answer.text
    assert '"open"' not in answer.text


async def test_raw_metrics_count_requests(api: httpx.AsyncClient, user: User) -> None:
    """The raw metrics move with the requests that are made."""
    first = await api.get("/api/metrics/raw", headers=user.bearer)
    second = await api.get("/api/metrics/raw", headers=user.bearer)

    assert first.status_code == 200
    assert first.text != second.text
