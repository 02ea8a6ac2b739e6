"""Observations of no campaign, told apart by who looked: a fold over the events of a directory of heartbeats."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ci_tools.evidence.events import CampaignStarted, HeartbeatStarted, Observed, Record
from ci_tools.model import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """One look at an environment, through all of its probes."""

    environment: str
    time_scale: float
    judged: Mapping[str, tuple[str, ...]]
    """The probes that gates repeat, by the dependency that these gates judge."""
    at: datetime
    """When it ended."""
    observations: tuple[Observation, ...] = ()


def heartbeats_in(records: Iterable[Record]) -> tuple[Heartbeat, ...]:
    """The heartbeats in a journal, in the order in which they ended; none in the journal of a campaign."""
    found: dict[str, Heartbeat] = {}
    for record in records:
        match record.event:
            case CampaignStarted():
                return ()
            case HeartbeatStarted(environment=environment, time_scale=time_scale, judged=judged):
                found[record.writer] = Heartbeat(
                    environment=environment, time_scale=time_scale, judged=judged, at=record.at
                )
            case Observed(observation=observation) if record.writer in found:
                known = found[record.writer]
                seen = (*known.observations, observation)
                found[record.writer] = replace(known, observations=seen, at=max(known.at, observation.at or record.at))
            case _:
                continue
    return tuple(sorted(found.values(), key=lambda one: one.at))
