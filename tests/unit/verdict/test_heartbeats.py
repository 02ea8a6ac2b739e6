from datetime import UTC, datetime, timedelta
from typing import Any

from ci_tools.evidence.events import Event, HeartbeatStarted, Observed, Record
from ci_tools.model import DependencyState, Observation
from ci_tools.verdict.heartbeats import Heartbeat, heartbeats_in

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
UP = Observation(probe="redis", dependency="redis", state=DependencyState.UP, at=NOON + timedelta(minutes=3))


def record(writer: str, minutes: int, event: Event) -> Record:
    """*event*, written so many minutes after noon."""
    return Record(writer=writer, seq=1, at=NOON + timedelta(minutes=minutes), mono_s=0.0, event=event)


def started(environment: str = "here") -> HeartbeatStarted:
    """A look begins there."""
    return HeartbeatStarted(environment=environment, time_scale=0.1, judged={"redis": ("redis",)})


def test_two_heartbeats_in_one_directory_are_told_apart() -> None:
    """By who wrote them, the earlier one first, each with the time of its last observation."""
    late, early = record("b", 2, started()), record("a", 1, started("there"))

    found = heartbeats_in([late, early, record("b", 2, Observed(observation=UP))])

    assert found == (
        Heartbeat(environment="there", time_scale=0.1, judged={"redis": ("redis",)}, at=NOON + timedelta(minutes=1)),
        Heartbeat(
            environment="here",
            time_scale=0.1,
            judged={"redis": ("redis",)},
            at=NOON + timedelta(minutes=3),
            observations=(UP,),
        ),
    )


def test_observations_that_do_not_say_where_they_were_made_are_none() -> None:
    """Journals from before heartbeats said so."""
    assert heartbeats_in([record("a", 1, Observed(observation=UP))]) == ()


def test_a_campaign_holds_no_heartbeat(story: Any) -> None:
    """What it observes is its own."""
    assert heartbeats_in([record("a", 1, started()), record("c", 2, story.stated())]) == ()
