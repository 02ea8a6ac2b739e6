"""The state that the twin should be in: a healthy twin's, changed by every fault that is switched on.

Pure: switching a fault off is deriving the state again without it, so nothing can stay behind. Faults that
change the same thing differently are refused, so that none is lost silently.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ci_tools.twin.conflicts import refuse_conflicts
from ci_tools.twin.edge.limits import Allowance, Allowances
from ci_tools.twin.effects import (
    BehaviourEffect,
    BystanderEffect,
    CertificateEffect,
    Delay,
    EdgeEffect,
    Effect,
    EnvironEffect,
    IdleEffect,
    ParameterValue,
    PassageEffect,
    ProcessEffect,
    ProxyEffect,
    ProxyMode,
    ProxyName,
    ResolverEffect,
    SettingEffect,
    Switch,
)
from ci_tools.twin.passage import Width
from ci_tools.twin.settings import Behaviour, ServiceName, ServiceSettings, Strike

PROXIES: tuple[ProxyName, ...] = ("redis", "postgresql", "llm")
_BAN_S = 600.0
_API_BAN_S = 300.0


@dataclass(frozen=True, slots=True)
class ProxyState:
    """A proxy's mode, its delay in real seconds."""

    mode: ProxyMode = ProxyMode.PASS
    delay: Delay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What every part of the twin should be."""

    documents: Mapping[ServiceName, ServiceSettings]
    proxies: Mapping[ProxyName, ProxyState]
    allowances: Allowances
    stopped: frozenset[ServiceName] = field(default_factory=frozenset)
    idle_s: Mapping[ServiceName, float] = field(default_factory=dict)
    """Services that have no instance until one is asked for, and after how many real seconds again none."""
    width: Width | None = None
    """Of the passage to private addresses, in real seconds."""
    greedy_bystander: bool = False
    uncovered: frozenset[str] = field(default_factory=frozenset)
    """Hosts that the edge's certificate does not name."""

    def restarts(self, service: ServiceName, before: "Desired") -> bool:
        """Whether *service* reads something at its start that was different *before*."""
        return _without_behaviours(self.documents[service]) != _without_behaviours(before.documents[service])


def healthy_allowances(time_scale: float) -> Allowances:
    """The limits that the environment ``twin`` declares: generous, its bans scaled."""
    return Allowances(
        api=Allowance(rate_per_min=60_000.0, burst=6_000, ban_s=_API_BAN_S * time_scale),
        other=Allowance(rate_per_min=30_000.0, burst=3_000, ban_s=_BAN_S * time_scale),
    )


def desired(documents: Mapping[ServiceName, ServiceSettings], switches: Sequence[Switch], time_scale: float) -> Desired:
    """The state that *switches* make of the twin whose healthy *documents* these are.

    Raises:
        UsageError: Two of *switches* want different things of one part.
    """
    refuse_conflicts(switches)
    effects = [effect for switch in switches for effect in switch.effects]
    return Desired(
        documents={name: _edited(document, switches, effects, time_scale) for name, document in documents.items()},
        proxies={name: _proxy(name, effects, time_scale) for name in PROXIES},
        allowances=_allowances(effects, time_scale),
        stopped=frozenset(effect.service for effect in effects if isinstance(effect, ProcessEffect)),
        idle_s={effect.service: effect.idle_s * time_scale for effect in effects if isinstance(effect, IdleEffect)},
        width=next((effect.width.scaled(time_scale) for effect in effects if isinstance(effect, PassageEffect)), None),
        greedy_bystander=any(isinstance(effect, BystanderEffect) for effect in effects),
        uncovered=frozenset(effect.host for effect in effects if isinstance(effect, CertificateEffect)),
    )


def _proxy(name: ProxyName, effects: Iterable[Effect], time_scale: float) -> ProxyState:
    state = ProxyState()
    for effect in effects:
        if isinstance(effect, ProxyEffect) and effect.proxy == name:
            state = ProxyState(effect.mode, effect.delay and effect.delay.scaled(time_scale))
    return state


def _allowances(effects: Iterable[Effect], time_scale: float) -> Allowances:
    allowances = healthy_allowances(time_scale)
    for effect in effects:
        if isinstance(effect, EdgeEffect):
            ban_s = (_BAN_S if effect.ban_s is None else effect.ban_s) * time_scale
            lowered = Allowance(rate_per_min=effect.rate_per_min, burst=effect.burst, ban_s=ban_s)
            allowances = Allowances(api=lowered, other=lowered)
    return allowances


def _edited(
    document: ServiceSettings, switches: Sequence[Switch], effects: Sequence[Effect], time_scale: float
) -> ServiceSettings:
    content = document.model_dump()
    for effect in effects:
        if isinstance(effect, EnvironEffect) and effect.service == document.service:
            _set_variable(content["env"], effect)
        elif isinstance(effect, SettingEffect) and effect.service == document.service:
            _set_field(content, effect, time_scale)
    content["resolver"]["strikes"] = tuple(_strikes(document.service, effects, time_scale))
    content["behaviours"] = tuple(_behaviours(document.service, switches, time_scale))
    return ServiceSettings.model_validate(content)


def _set_variable(env: dict[str, str], effect: EnvironEffect) -> None:
    if effect.value is None:
        env.pop(effect.key, None)
    else:
        env[effect.key] = effect.value.replace("{}", env.get(effect.key, ""))


def _set_field(content: dict[str, Any], effect: SettingEffect, time_scale: float) -> None:
    *parents, last = effect.path.split(".")
    for parent in parents:
        content = content[parent]
    value = effect.value
    if isinstance(value, str):
        value = value.replace("{}", str(content.get(last, "")))
    elif effect.scaled and value is not None:
        value *= time_scale
    content[last] = value


def _strikes(service: ServiceName, effects: Sequence[Effect], time_scale: float) -> list[Strike]:
    """What spares known names comes first: it is the more particular."""
    strikes = [
        Strike(delay_s=effect.delay_s * time_scale, errno=effect.errno, spare_known=effect.spare_known)
        for effect in effects
        if isinstance(effect, ResolverEffect) and effect.service == service
    ]
    return sorted(strikes, key=lambda strike: not strike.spare_known)


def _behaviours(service: ServiceName, switches: Sequence[Switch], time_scale: float) -> Iterator[Behaviour]:
    """Those of one session first, because a service takes the first that matches."""
    for switch in sorted(switches, key=lambda switch: switch.session is None):
        for effect in switch.effects:
            if isinstance(effect, BehaviourEffect) and effect.service == service:
                params = {name: _scaled(name, value, time_scale) for name, value in effect.params.items()}
                yield Behaviour(point=effect.point, session=switch.session, params=params)


def _scaled(name: str, value: ParameterValue, time_scale: float) -> ParameterValue:
    return value * time_scale if name.endswith("_s") and not isinstance(value, str) else value


def _without_behaviours(document: ServiceSettings) -> ServiceSettings:
    return document.model_copy(update={"behaviours": ()})
