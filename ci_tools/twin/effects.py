"""What a fault does to the twin, as data: each effect names a part of the twin and its changed state.

Durations are unscaled seconds; the supervisor applies the twin's time scale. ``EnvironEffect``,
``SettingEffect`` and ``ResolverEffect`` edit a settings document, so the service restarts, as a new
revision would; all others act on the running twin.

What an effect changes is its *target*: two effects on one target that differ cannot both hold.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from ci_tools.twin.passage import Width
from ci_tools.twin.settings import ServiceName

ProxyName = Literal["redis", "postgresql", "llm"]
ParameterValue = float | int | str


class ProxyMode(StrEnum):
    """What a TCP proxy does with connections, new and existing."""

    PASS = "pass"  # noqa: S105  a mode, not a password
    """Bytes go through; what a silence held back is delivered."""
    DELAY = "delay"
    """Every chunk towards the server arrives late."""
    BLACKHOLE = "blackhole"
    """No handshake is ever answered, and existing connections fall silent without being closed."""
    REFUSE = "refuse"
    """The kernel refuses new connections; existing ones are closed."""
    RESET = "reset"
    """New connections are accepted and reset; existing ones are reset."""
    CUT = "cut"
    """New connections are accepted and closed; existing ones are closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """A lognormal delay with a seeded tail, never longer than *cap_s*.

    The first *spared_chunks* of a connection pass at once: where queries are slow, a login is not.
    """

    median_s: float
    sigma: float
    cap_s: float
    seed: int = 0
    spared_chunks: int = 0

    def scaled(self, time_scale: float) -> "Delay":
        """The same shape in real seconds."""
        return replace(self, median_s=self.median_s * time_scale, cap_s=self.cap_s * time_scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyEffect:
    """The TCP proxy before a dependency changes its mode."""

    proxy: ProxyName
    mode: ProxyMode
    delay: Delay | None = None

    @property
    def target(self) -> str:
        """What is changed."""
        return f"the proxy before {self.proxy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironEffect:
    r"""An environment variable of one service changes; None removes it.

    ``{}`` in *value* stands for the present value, so ``"{}\n"`` makes it dirty.
    """

    service: ServiceName
    key: str
    value: str | None

    @property
    def target(self) -> str:
        """What is changed."""
        return f"variable {self.key} of {self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingEffect:
    """A field of one service's settings document changes; ``{}`` in a text stands for the present value."""

    service: ServiceName
    path: str
    value: float | int | str | bool | None
    scaled: bool = False
    """The value is unscaled seconds; else it is taken as it stands."""

    @property
    def target(self) -> str:
        """What is changed."""
        return f"setting {self.path} of {self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BehaviourEffect:
    """A named point in the service's code is switched on: live, and the only effect with a session.

    Parameters whose name ends in ``_s`` are unscaled seconds.
    """

    service: ServiceName
    point: str
    params: Mapping[str, ParameterValue] = field(default_factory=dict)

    @property
    def target(self) -> str:
        """What is changed."""
        return f"behaviour {self.point} of {self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeEffect:
    """The edge allows less, on every path; a *ban_s* of None keeps the declared ban."""

    rate_per_min: float
    burst: int
    ban_s: float | None = None

    @property
    def target(self) -> str:
        """What is changed."""
        return "the limits of the edge"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessEffect:
    """The service's process is stopped: its port refuses."""

    service: ServiceName

    @property
    def target(self) -> str:
        """What is changed."""
        return f"the process of {self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolverEffect:
    """Name resolution inside one service is slow, and fails with *errno* (``socket.EAI_*``)."""

    service: ServiceName
    delay_s: float = 0.0
    errno: int | None = None
    spare_known: bool = False
    """Names that the twin itself answers keep resolving; only others, dirty ones too, suffer."""

    @property
    def target(self) -> str:
        """What is changed."""
        names = "strange" if self.spare_known else "all"
        return f"the resolution of {names} names in {self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageEffect:
    """The way to all private addresses is narrow."""

    width: Width

    @property
    def target(self) -> str:
        """What is changed."""
        return "the passage to private addresses"


@dataclass(frozen=True, slots=True, kw_only=True)
class BystanderEffect:
    """Another program takes all connections that PostgreSQL has."""

    @property
    def target(self) -> str:
        """What is changed."""
        return "the connections of PostgreSQL"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateEffect:
    """The edge's certificate does not name *host*."""

    host: str

    @property
    def target(self) -> str:
        """What is changed."""
        return f"the certificate for {self.host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleEffect:
    """The service has no instance at first, and none again after it was idle for *idle_s*; a request starts one."""

    service: ServiceName
    idle_s: float

    @property
    def target(self) -> str:
        """What is changed."""
        return f"the least number of instances of {self.service}"


Effect = (
    ProxyEffect
    | EnvironEffect
    | SettingEffect
    | BehaviourEffect
    | EdgeEffect
    | ProcessEffect
    | ResolverEffect
    | PassageEffect
    | BystanderEffect
    | CertificateEffect
    | IdleEffect
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """The one number of a fault that can be given with its name: ``NAME:VALUE``."""

    name: str
    """The parameter of the fault's behaviour."""
    unit: str
    least: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which the deployed system fails, with the cause that a diagnosis should name."""

    name: str
    cause: str
    dependency: str
    summary: str
    effects: tuple[Effect, ...]
    parameter: Parameter | None = None

    @property
    def scopable(self) -> bool:
        """Whether the fault can be limited to one test session."""
        return all(isinstance(effect, BehaviourEffect) for effect in self.effects)


@dataclass(frozen=True, slots=True)
class Switch:
    """A fault that is on: for everyone, or for one test session; with *value* instead of its usual number."""

    fault: Fault
    session: str | None = None
    value: float | None = None

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What the fault does with this number."""
        return tuple(self._valued(effect) for effect in self.fault.effects)

    def is_same_fault(self, other: "Switch") -> bool:
        """Whether *other* is this fault for the same session, whatever its number."""
        return (self.fault.name, self.session) == (other.fault.name, other.session)

    def _valued(self, effect: Effect) -> Effect:
        parameter = self.fault.parameter
        if self.value is None or parameter is None or not isinstance(effect, BehaviourEffect):
            return effect
        return replace(effect, params={**effect.params, parameter.name: self.value})

    def __str__(self) -> str:
        """The text that :func:`ci_tools.twin.faults.parse_fault` reads back."""
        number = "" if self.value is None else f":{self.value:g}"
        scope = "" if self.session is None else f"@session={self.session}"
        return f"{self.fault.name}{number}{scope}"


SESSION = re.compile(r"[\x21-\x7e]{1,128}")
"""What a session may be: visible ASCII, as the header that carries it."""
