"""The one settings document of a twin service: all that a deployed service knows of its world.

The supervisor writes one JSON file per service. ``env`` is what a Cloud Run service would see as
environment variables; configuration faults edit it and restart the service, as a new revision
would. ``behaviours`` are read live (:mod:`ci_tools.twin.behaviours`).
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ServiceName = Literal["backend", "auth", "frontend"]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pool(_Document):
    """Sizes of the client-side PostgreSQL pool of one service."""

    size: int = 10
    max_overflow: int = 10
    timeout_s: float = 5.0


class Strike(_Document):
    """What befalls a name that is looked up, unless it is an address literal."""

    delay_s: float = 0.0
    errno: int | None = None
    """``socket.EAI_*`` raised after *delay_s*; without it the answer is only late."""
    spare_known: bool = False
    """Names in the resolver's addresses resolve at once; only others, dirty ones too, suffer."""


class Resolver(_Document):
    """What the service's name resolution answers. Unknown names go to the operating system."""

    addresses: dict[str, str] = Field(default_factory=dict)
    strikes: tuple[Strike, ...] = ()
    """The first that concerns a name befalls it."""


class Behaviour(_Document):
    """A named point in the code that is switched on, for every request or one test session."""

    point: str
    session: str | None = None
    """Only for requests with this ``X-Test-Session`` header."""
    params: dict[str, float | int | str] = Field(default_factory=dict)


class Limits(_Document):
    """What the service itself allows one user."""

    websocket_connections: int = 3
    websocket_messages_per_min: int = 30
    websocket_message_bytes: int = 8192


class Durations(_Document):
    """Times of the service, in real (already scaled) seconds."""

    heartbeat_s: float = 39.0
    agent_event_gap_s: float = 30.0
    tool_s: float = 60.0
    run_s: float = 300.0
    llm_s: float | None = 25.0
    """Bound of one call to the language model; None is the defect of an unbounded call."""
    dependency_connect_s: float = 5.0
    access_token_s: float = 900.0
    refresh_token_s: float = 1_209_600.0
    health_cache_s: float = 30.0


class Identity(_Document):
    """Which build this is: a function of the code, not of the start."""

    sha: str
    revision: str
    version: str
    environment: str = "twin"


class PlatformEvent(_Document):
    """What the platform logged of an earlier instance of the service."""

    at: str
    """ISO 8601 UTC."""
    text: str


class ServiceSettings(_Document):
    """Everything one service process reads."""

    service: ServiceName
    port: int
    env: dict[str, str]
    pool: Pool = Pool()
    memory_limit_mib: int | None = None
    """What an instance may use before the platform kills it; None: as much as it likes."""
    resolver: Resolver = Resolver()
    limits: Limits = Limits()
    durations: Durations = Durations()
    identity: Identity
    peers: dict[str, str] = Field(default_factory=dict)
    """Base URLs of the other services and of the language model (``llm``), as seen from inside."""
    public: dict[str, str] = Field(default_factory=dict)
    """Base URLs as users see them: backend, api, websocket, auth, frontend."""
    behaviours: tuple[Behaviour, ...] = ()
    platform_events: tuple[PlatformEvent, ...] = ()

    @classmethod
    def read(cls, path: Path) -> "ServiceSettings":
        """The document at *path*; a half-written one never exists (written beside, then renamed)."""
        return cls.model_validate_json(path.read_bytes())
