"""The settings documents of a healthy twin: what each service is told of its world."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ci_tools.twin.settings import Durations, Identity, Resolver, ServiceName, ServiceSettings

SERVICES: tuple[ServiceName, ...] = ("backend", "auth", "frontend")
HOSTS: dict[str, ServiceName] = {
    "api.twin.localhost": "backend",
    "auth.twin.localhost": "auth",
    "app.twin.localhost": "frontend",
}
"""The virtual hosts of the edge, and the service behind each."""


_LOOPBACK = "127.0.0.1"
_POSTGRESQL_NAME = "postgresql.twin.internal"
_LLM_NAME = "llm.twin.internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Loopback ports that stay the same for a twin's whole life."""

    edge: int
    services: dict[ServiceName, int]
    postgresql: int
    redis: int
    llm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """Fresh credentials of one twin; they never appear in its repr."""

    jwt: str = field(default_factory=lambda: secrets.token_urlsafe(48), repr=False)
    redis_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    postgresql_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    service: str = field(default_factory=lambda: secrets.token_urlsafe(36), repr=False)
    fernet: str = field(default_factory=lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(), repr=False)
    application: str = field(default_factory=lambda: secrets.token_urlsafe(36), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(36), repr=False)
    llm: str = field(default_factory=lambda: secrets.token_urlsafe(30), repr=False)
    oauth: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    e2e: str = field(default_factory=lambda: secrets.token_urlsafe(36), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Everything that the documents of a healthy twin follow from."""

    ports: Ports
    secrets: Secrets = field(default_factory=Secrets)
    identity: Identity
    time_scale: float
    postgresql_user: str
    postgresql_database: str


def documents(layout: Layout) -> dict[ServiceName, ServiceSettings]:
    """The settings document of every service."""
    return {service: _document(service, layout) for service in SERVICES}


def identity() -> Identity:
    """The build: a function of the twin's own code, whoever starts it and whenever."""
    digest = hashlib.sha256()
    room = Path(__file__).parent
    for path in sorted(room.rglob("*")):
        if path.suffix in (".py", ".sql", ".json"):
            digest.update(path.relative_to(room).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    sha = digest.hexdigest()[:40]
    return Identity(sha=sha, revision=f"twin-{sha[:12]}", version=_version())


def module_of(service: str) -> str:
    """The module whose ``create_app`` makes *service*."""
    return f"ci_tools.twin.services.{service}.app"


def public_urls(edge_port: int) -> dict[str, str]:
    """Base URLs as users see them."""
    api = f"api.twin.localhost:{edge_port}"
    return {
        "backend": f"https://{api}",
        "api": f"https://{api}/api",
        "websocket": f"wss://{api}/api/v1/websocket",
        "auth": f"https://auth.twin.localhost:{edge_port}",
        "frontend": f"https://app.twin.localhost:{edge_port}",
    }


def _document(service: ServiceName, layout: Layout) -> ServiceSettings:
    ports = layout.ports
    names: dict[str, str] = {f"{name}.twin.internal": _LOOPBACK for name in SERVICES}
    peers: dict[str, str] = {name: f"http://{name}.twin.internal:{port}" for name, port in ports.services.items()}
    return ServiceSettings(
        service=service,
        port=ports.services[service],
        env=_frontend_environment() if service == "frontend" else _environment(layout),
        resolver=Resolver(addresses={_POSTGRESQL_NAME: _LOOPBACK, _LLM_NAME: _LOOPBACK, **names}),
        durations=_durations(layout.time_scale),
        identity=layout.identity,
        peers={**peers, "llm": f"http://{_LLM_NAME}:{ports.llm}"},
        public=public_urls(ports.edge),
    )


def _durations(time_scale: float) -> Durations:
    """The contract's durations in real seconds."""
    unscaled = Durations()
    return Durations(
        heartbeat_s=unscaled.heartbeat_s * time_scale,
        agent_event_gap_s=unscaled.agent_event_gap_s * time_scale,
        tool_s=unscaled.tool_s * time_scale,
        run_s=unscaled.run_s * time_scale,
        llm_s=None if unscaled.llm_s is None else unscaled.llm_s * time_scale,
        dependency_connect_s=unscaled.dependency_connect_s * time_scale,
        access_token_s=unscaled.access_token_s * time_scale,
        refresh_token_s=unscaled.refresh_token_s * time_scale,
        health_cache_s=unscaled.health_cache_s * time_scale,
    )


def _frontend_environment() -> dict[str, str]:
    return {"ENVIRONMENT": "twin", "SERVICE_ID": "netra-frontend"}


def _environment(layout: Layout) -> dict[str, str]:
    """What Cloud Run would give the service; Redis by its address, as in the real staging."""
    own, ports = layout.secrets, layout.ports
    return {
        "ENVIRONMENT": "twin",
        "DEMO_MODE": "0",
        "JWT_SECRET_STAGING": own.jwt,
        "REDIS_HOST": _LOOPBACK,
        "REDIS_PORT": str(ports.redis),
        "REDIS_PASSWORD": own.redis_password,
        "SERVICE_SECRET": own.service,
        "SERVICE_ID": "netra-backend",
        "FERNET_KEY": own.fernet,
        "SECRET_KEY": own.application,
        "SESSION_SECRET_KEY": own.session,
        "GEMINI_API_KEY": own.llm,
        "GOOGLE_OAUTH_CLIENT_ID_STAGING": "407216498263-twin.apps.googleusercontent.com",
        "GOOGLE_OAUTH_CLIENT_SECRET_STAGING": own.oauth,
        "POSTGRES_HOST": _POSTGRESQL_NAME,
        "POSTGRES_PORT": str(ports.postgresql),
        "POSTGRES_DB": layout.postgresql_database,
        "POSTGRES_USER": layout.postgresql_user,
        "POSTGRES_PASSWORD": own.postgresql_password,
        "E2E_OAUTH_SIMULATION_KEY": own.e2e,
    }


def _version() -> str:
    try:
        return version("ci-tools")
    except PackageNotFoundError:
        return "0"
