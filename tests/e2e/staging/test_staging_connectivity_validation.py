"""Every host answers as itself, in the forms that browsers and clients of the product rely on."""

import pytest

from ci_tools.model import Environment
from ci_tools.target.answers import accepted, envelope, instant, mocked, rows
from ci_tools.target.evidence import Evidence
from ci_tools.target.http import HttpClient
from ci_tools.target.service import Service

PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,x-test-type,x-test-environment,x-test-session",
}
BACKEND = pytest.mark.requires("backend")
AUTH = pytest.mark.requires("auth")
FRONTEND = pytest.mark.requires("frontend")
METHODS = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"}


@pytest.fixture
def patience_s(environment: Environment) -> float:
    """Whether a host is there is told at once, or it is not."""
    return environment.timeouts.health_s


@pytest.mark.parametrize(
    ("host", "path", "own"),
    [
        pytest.param("backend", "/health", "version", marks=BACKEND, id="backend"),
        pytest.param("api", "/discovery/services", "services", marks=BACKEND, id="api"),
        pytest.param("auth", "/health", "database_status", marks=AUTH, id="auth"),
        pytest.param("frontend", "/api/health", "uptime", marks=FRONTEND, id="frontend"),
    ],
)
async def test_host_answers(client: HttpClient, evidence: Evidence, host: str, path: str, own: str) -> None:
    """Each configured host answers with a JSON object that tells what only this host would, and is no stand-in."""
    patience_s = client.environment.timeouts.health_s
    answer = await client.request(host, "GET", path, evidence=evidence, timeout_s=patience_s)

    assert accepted(answer)[own]
    assert not mocked(answer.text)


@FRONTEND
async def test_frontend_serves_its_page(frontend: Service) -> None:
    """The page that customers open is an HTML document with a title, served by the frontend and by no other server."""
    answer = await frontend.get("/")
    server = accepted(await frontend.get("/api/health"))

    assert answer.status == 200
    assert answer.media_type == "text/html"
    assert "<title>" in answer.text.lower()
    assert server["service"] == "frontend"


@pytest.mark.requires("backend", "auth", "frontend")
async def test_discovery_names_the_services(backend: Service) -> None:
    """Discovery lists backend, frontend and auth, and calls itself available."""
    body = accepted(await backend.get("/api/discovery/services"))

    assert set(body["services"]) >= {"backend", "frontend", "auth"}
    assert body["available"] is True
    instant(body["timestamp"])


@BACKEND
async def test_mcp_configuration_covers_every_client(backend: Service) -> None:
    """The MCP configuration holds one entry for each kind of client."""
    body = accepted(await backend.get("/api/mcp/config"))

    assert set(body) >= {"claude", "cursor", "mcp", "http", "websocket"}
    assert all(body[kind] for kind in ("claude", "cursor", "mcp", "http", "websocket"))


@BACKEND
async def test_mcp_servers_are_listed(backend: Service) -> None:
    """Each MCP server is listed by name with its status."""
    answer = await backend.get("/api/mcp/servers")

    servers = rows(answer)
    assert answer.status == 200
    assert servers
    assert all(server["name"] and server["status"] for server in servers)


@BACKEND
async def test_deployment_identifies_itself(backend: Service) -> None:
    """The backend says which build and revision it is, twice the same."""
    first = accepted(await backend.get("/api/system/info"))
    second = accepted(await backend.get("/api/system/info"))

    assert first["revision"]
    assert first["build_sha"]
    assert first["environment"]
    assert (first["revision"], first["build_sha"]) == (second["revision"], second["build_sha"])


@BACKEND
async def test_every_answer_has_its_own_request_id(backend: Service) -> None:
    """Two answers carry two different request ids, so that evidence can be found in the logs."""
    first = await backend.get("/health")
    second = await backend.get("/health")

    assert accepted(first)["service"] == accepted(second)["service"]
    assert first.request_id
    assert second.request_id
    assert first.request_id != second.request_id


@BACKEND
async def test_unknown_path_is_not_found(backend: Service) -> None:
    """An unknown path is 404 in the error envelope, about the request that was made."""
    answer = await backend.get("/api/no-such-path")

    assert answer.status == 404
    assert envelope(answer)["error_code"]


@AUTH
async def test_invalid_body_is_refused_with_the_field(auth: Service) -> None:
    """A body that lacks a required field is 422 in the error envelope, and names the field."""
    answer = await auth.post("/auth/login", json={"password": "no address"})

    assert answer.status == 422
    assert "email" in str(envelope(answer))


@AUTH
async def test_body_that_is_no_json_is_refused(auth: Service) -> None:
    """A body that is no JSON is the client's mistake, 422, never a crash."""
    answer = await auth.post("/auth/login", content="{not json", headers={"content-type": "application/json"})

    assert answer.status == 422
    envelope(answer)


@BACKEND
async def test_preflight_admits_our_frontend(backend: Service) -> None:
    """A browser on the frontend's origin may send credentials, every method and the test headers."""
    origin = backend.environment.hosts["frontend"]

    answer = await backend.options("/api/threads", headers={"origin": origin, **PREFLIGHT})

    assert answer.status in {200, 204}
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert {name.strip() for name in answer.headers["access-control-allow-methods"].split(",")} >= METHODS
    assert answer.headers["access-control-max-age"] == "3600"
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert all(name in allowed for name in PREFLIGHT["access-control-request-headers"].split(","))


@BACKEND
async def test_preflight_refuses_foreign_origins(backend: Service) -> None:
    """An origin that only begins like ours is not told that it may call the API, as ours is."""
    ours = backend.environment.hosts["frontend"]
    foreign = f"{ours}.example.com"

    admitted = await backend.options("/api/threads", headers={"origin": ours, **PREFLIGHT})
    refused = await backend.options("/api/threads", headers={"origin": foreign, **PREFLIGHT})

    assert admitted.headers["access-control-allow-origin"] == ours
    assert refused.headers.get("access-control-allow-origin") not in {foreign, "*"}


@BACKEND
async def test_answers_are_readable_for_our_frontend(backend: Service) -> None:
    """A plain answer, too, tells the browser that the frontend may read it with credentials."""
    origin = backend.environment.hosts["frontend"]

    answer = await backend.get("/health", headers={"origin": origin})

    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-credentials"] == "true"
