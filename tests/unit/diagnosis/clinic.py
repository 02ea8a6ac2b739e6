"""A small knowledge base and clues for it, told in few words."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ci_tools.diagnosis.clues import Clue, Origin
from ci_tools.diagnosis.graph import Graph
from ci_tools.diagnosis.knowledge import Knowledge, parse
from ci_tools.model import DependencyState

NOON = datetime(2025, 9, 16, 12, tzinfo=UTC)
GRAPH = Graph(
    edges={
        "edge": (),
        "store": (),
        "cache": (),
        "service": ("edge",),
        "socket": ("service", "cache"),
        "agents": ("service", "cache", "store"),
    },
    seen_through={"store": ("edge", "service"), "cache": ("edge", "service")},
)
KNOWLEDGE = """\
version = 1

[[cause]]
id = "refused"
summary = "it is not running"
signs = [
  { says = "nothing listens", weight = 8, origin = ["observation"], text = "refused" },
  { says = "a test was refused", weight = 8, origin = ["failure"], text = "refused" },
]
because = "its process has ended"
remedy = [{ about = "start it again", command = "start it" }]
verification = "it answers"
rivals = [
  { cause = "unreachable", separates = "a packet came back", ruled_out_by = [{ says = "it does", text = "refused" }] },
  { cause = "slow", separates = "it would answer some day" },
]

[[cause]]
id = "unreachable"
summary = "no packet arrives"
signs = [{ says = "nothing comes back", weight = 5, text = "timeout|refused" }]

[[cause]]
id = "slow"
summary = "it takes its time"
dependencies = ["store"]
signs = [{ says = "answers are late", weight = 4, latency_s = [3.0, 1000.0] }]

[[cause]]
id = "stuck"
summary = "the loop is stuck"
dependencies = ["service"]
owner = "edge"
signs = [{ says = "all wait for one", weight = 8, probe = ["shared_delay"] }]
brings = [{ cause = "late", says = "it waits for the loop", within = true }]

[[cause]]
id = "restarts"
summary = "its instance ends again and again"
dependencies = ["service"]
signs = [{ says = "it ended", weight = 8, origin = ["observation"], text = "instance ended" }]
met = [{ says = "it was gone", text = "answered 503" }]

[[cause]]
id = "shaky"
summary = "now and then it does not open"
dependencies = ["socket"]
signs = [{ says = "now and then", weight = 7, probe = ["intermittent"], dependency = ["socket"] }]

[[cause]]
id = "late"
summary = "it is very late"
dependencies = ["store"]
signs = [{ says = "it is very late", weight = 8, text = "very late" }]
rivals = [{ cause = "stuck", separates = "it is late alone", ruled_out_by = [{ says = "it is", text = "very late" }] }]

[[cause]]
id = "dirty"
summary = "the name is dirty"
dependencies = ["cache"]
signs = [{ says = "no such name", weight = 9, text = "no such name" }]
brings = [
  { cause = "stuck", says = "looking the name up holds the loop" },
  { cause = "gone", says = "it is never reached", within = true },
]
rivals = [{ cause = "gone", separates = "nobody was asked", ruled_out_by = [{ says = "so", text = "no such name" }] }]

[[cause]]
id = "gone"
summary = "it is gone"
dependencies = ["cache"]
signs = [{ says = "it went away", weight = 8, text = "gone away" }]

[[cause]]
id = "cut"
summary = "the way is cut"
signs = [{ says = "nothing passes", weight = 8, text = "cut off" }]
brings = [{ cause = "silent", says = "no event passes", above = true }]

[[cause]]
id = "silent"
summary = "nobody says anything"
dependencies = ["agents"]
signs = [{ says = "no event came", weight = 8, code = ["no_event"] }]

[[cause]]
id = "defect"
summary = "its code is wrong"
signs = [
  { says = "its code raised it", weight = 5, origin = ["failure"], text = "unexpected Key", own = true },
  { says = "it forgets", weight = 5, origin = ["failure"], text = "other title", accepted = true, own = true },
  { says = "it was seen", text = "unexpected Key" },
]

[[cause]]
id = "broken_deploy"
summary = "the new build is broken"
signs = [{ says = "it broke with the deploy", weight = 6, probe = ["since_deploy"] }]

[[cause]]
id = "follows"
summary = "it follows from another"
role = "consequence"

[[cause]]
id = "fine"
summary = "it is none"
role = "harmless"

[[cause]]
id = "nobody_knows"
summary = "nobody knows"
role = "unknown"
"""


def knowledge() -> Knowledge:
    """What the clinic knows."""
    return parse(KNOWLEDGE)


def at(seconds: float) -> datetime:
    """So many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def clue(dependency: str, text: str = "", **wishes: Any) -> Clue:
    """An observation of something that is down."""
    usual: dict[str, Any] = {
        "ref": f"{dependency}#1",
        "origin": Origin.OBSERVATION,
        "state": DependencyState.DOWN,
    }
    return Clue(**{**usual, "dependency": dependency, "text": text, **wishes})


def well(dependency: str, **wishes: Any) -> Clue:
    """An observation of something that is up."""
    return clue(dependency, state=DependencyState.UP, **wishes)


def failure(dependency: str, text: str = "", **wishes: Any) -> Clue:
    """A failing test that was there to judge *dependency*."""
    return clue(dependency, text, origin=Origin.FAILURE, state=None, ref="test_it", test="test_it", **wishes)
