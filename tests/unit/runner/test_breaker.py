from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_tools.evidence.events import DependencyChanged, Interrupted, Observed, TestBlocked, TestStarted
from ci_tools.model import DependencyState, Outcome, Verdict
from tests.unit.runner.shop import Shop
from tests.unit.runner.told import outcomes, started

OUTAGE = """\
import pathlib, time
def until(name):
    for _ in range(1500):
        if pathlib.Path(name).exists():
            return
        time.sleep(0.02)
    raise TimeoutError(name)
def test_a():
    pathlib.Path("down").touch()
    raise RuntimeError("the shop does not answer")
def test_b():
    until("noticed")
    ENDING
def test_c(): pass
def test_d(): pass
"""
STAYS = OUTAGE.replace("ENDING", "pass")
RECOVERS = OUTAGE.replace("ENDING", 'pathlib.Path("down").unlink()')
TRIES = 4
"""The first attempt after the three in a row that confirm an outage."""


def falling(root: Path) -> Callable[[], dict[str, Any]]:
    """Health that is bad while the file *down* exists, and notes when it was asked often enough."""
    asked: list[bool] = []

    def answer() -> dict[str, Any]:
        down = (root / "down").exists()
        asked.append(down)
        if asked.count(True) == TRIES:
            (root / "noticed").touch()
        return {"status": "gone" if down else "ok"}

    return answer


DEEPER = """
[probes.deep]
kind = "http_json"
dependency = "shop"
host = "shop"
path = "/deep"
expect = { status = ["ok"] }

[gates.deeper]
phase = "first"
kind = "reliability"
dependency = "shop"
probe = "deep"
floor = 0.5
target = 1.0
"""


def suffering(shop: Shop, source: str) -> Shop:
    """A campaign whose system goes down while its second phase runs."""
    shop.site.answers["/health"] = falling(shop.root)
    shop.suite("orders", source)
    shop.run(phases=("first", "second"))
    return shop


def test_what_needs_a_dead_dependency_is_held_back(shop: Shop) -> None:
    """It costs no time, accuses nothing, and says which outage held it back."""
    suffering(shop, STAYS)

    assert outcomes(shop) == {
        "test_it": Outcome.PASSED,
        "test_that": Outcome.PASSED,
        "test_a": Outcome.FAILED,
        "test_b": Outcome.PASSED,
        "test_c": Outcome.BLOCKED,
        "test_d": Outcome.BLOCKED,
    }
    assert "test_c" not in started(shop)
    assert all(event.reason.startswith("blocked by shop: shop-1: ") for event in shop.events(TestBlocked))
    assert shop.judgement().verdict is Verdict.FAIL


def test_what_was_throttled_has_had_its_chance(shop: Shop) -> None:
    """It ran: a second time would only add to what throttles us."""
    shop.suite("orders", "from ci_tools.errors import ThrottledError\ndef test_a(): raise ThrottledError('429')\n")
    shop.run(phases=("first", "second"))

    assert outcomes(shop)["test_a"] is Outcome.BLOCKED
    assert started(shop).count("test_a") == 1


def test_a_look_that_fails_of_itself_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unseen, it would hold back for ever what it found down."""

    async def broken(*_: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("ci_tools.runner.breaker.attempt", broken)
    shop.suite("orders", "import time\ndef test_a(): assert 0\ndef test_b(): time.sleep(60)\n")

    with pytest.raises(RuntimeError, match="a defect"):
        shop.run(phases=("first", "second"))

    assert [event.reason for event in shop.events(Interrupted)] == ["a defect of ci-tools: RuntimeError: a defect"]


def test_an_outage_takes_three_attempts_in_a_row(shop: Shop) -> None:
    """Each is recorded, and the change names the words of the last one."""
    suffering(shop, STAYS)
    changes = shop.events(DependencyChanged)
    observed = [event.observation.state for event in shop.events(Observed)]

    assert [(change.dependency, change.state) for change in changes] == [("shop", DependencyState.DOWN)]
    assert 'status is "gone"' in changes[0].reason
    assert observed[:3] == [DependencyState.DOWN] * 3


def test_what_was_held_back_has_one_chance_after_a_recovery(shop: Shop) -> None:
    """It runs once within its phase, and that attempt votes."""
    suffering(shop, RECOVERS)

    assert outcomes(shop)["test_c"] is Outcome.PASSED
    assert outcomes(shop)["test_d"] is Outcome.PASSED
    assert started(shop).count("test_c") == 1
    assert [change.state for change in shop.events(DependencyChanged)] == [DependencyState.DOWN, DependencyState.UP]


def test_a_failing_test_alone_holds_nothing_back(shop: Shop) -> None:
    """The dependency is asked once, found well, and everything else runs."""
    shop.suite("orders", "def test_a(): assert 0\ndef test_b(): pass\n")
    shop.run(phases=("first", "second"))

    assert shop.events(TestBlocked) == []
    assert shop.events(DependencyChanged) == []
    assert len(shop.events(TestStarted)) == 4


def test_what_was_down_before_a_phase_has_its_chance_too(shop: Shop) -> None:
    """A gate has found it down; it comes back while other tests run."""
    asked: list[str] = []

    def answer() -> dict[str, Any]:
        asked.append("health")
        return {"status": "ok" if len(asked) > 1 else "gone"}

    shop.site.answers["/health"] = answer
    shop.run(phases=("first", "second"))

    assert outcomes(shop)["test_order"] is Outcome.PASSED
    assert shop.judgement().verdict is Verdict.FAIL


def test_what_is_only_degraded_holds_back_to_the_end(shop: Shop) -> None:
    """It was well in some of a gate's attempts before, so that it is well in a few more frees nobody."""
    asked: list[str] = []

    def answer() -> dict[str, Any]:
        asked.append("health")
        return {"status": "gone" if len(asked) == 2 else "ok"}

    shop.site.answers["/health"] = answer
    shop.run(phases=("first", "second"))

    assert [change.state for change in shop.events(DependencyChanged)] == [DependencyState.DEGRADED]
    assert outcomes(shop)["test_order"] is Outcome.BLOCKED
    assert "test_order" not in started(shop)


def test_what_fails_one_of_its_gates_is_not_freed_by_another(shop: Shop) -> None:
    """The probe of the gate that it fails is asked again, and the change names that gate."""
    shop.extend(DEEPER)
    shop.site.answers["/deep"] = lambda: {"status": "gone"}
    shop.run(phases=("first", "second"))

    assert [(one.state, one.gate) for one in shop.events(DependencyChanged)] == [(DependencyState.DOWN, "deeper")]
    assert outcomes(shop)["test_order"] is Outcome.BLOCKED
    assert {event.observation.probe for event in shop.events(Observed)} == {"deep"}


def test_a_gate_of_several_ways_in_holds_back_only_if_all_are_down(shop: Shop) -> None:
    """Where one is open the gate fails all the same, and so does the campaign."""
    states = iter(["ok"])
    shop.extend(f"{DEEPER}holds_back = false\n")
    shop.site.answers["/deep"] = lambda: {"status": next(states, "gone")}
    shop.run(phases=("first", "second"))

    assert outcomes(shop)["test_order"] is Outcome.PASSED
    assert shop.events(DependencyChanged) == []
    assert shop.judgement().verdict is Verdict.FAIL
