import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_tools.errors import UsageError
from ci_tools.model import DependencyState, Deployment, DeploymentSource, Environment, Observation, ReliabilityGate
from ci_tools.questions import HttpJsonProbe
from ci_tools.runner.quiet import QuietWindow, ended
from ci_tools.target.pacing import PACING_DIR
from tests.unit.runner.shop import Site

GATE = ReliabilityGate(name="reachable", dependency="shop", probe="shop", floor=0.5, target=1.0)
PROBE = HttpJsonProbe(name="shop", dependency="shop", host="shop", path="/health", expect={"status": ("ok",)})


@pytest.fixture
def quiet(site: Site, tmp_path: Path) -> Iterator[QuietWindow]:
    """A window onto the system under test."""
    environment = Environment(name="here", hosts={"shop": f"http://127.0.0.1:{site.port}"}, probes=(PROBE,))
    with QuietWindow(environment, {PACING_DIR: str(tmp_path)}) as window:
        yield window


def test_a_probe_is_repeated_until_its_gate_is_decided(quiet: QuietWindow, site: Site) -> None:
    """Each attempt is recorded as it comes, and no more are made than are needed."""
    recorded: list[Observation] = []

    observations = quiet.sample(GATE, time.monotonic() + 30, recorded.append)

    assert observations == recorded
    assert [observation.state for observation in observations] == [DependencyState.UP] * 5
    assert site.asked == ["/health"] * 5


def test_a_bad_attempt_decides_a_gate_that_tolerates_none(quiet: QuietWindow, site: Site) -> None:
    """The others are spared."""
    site.status = 503

    observations = quiet.sample(GATE, time.monotonic() + 30, lambda _: None)

    assert [observation.code for observation in observations] == ["503"]


def test_no_attempt_begins_after_the_deadline(quiet: QuietWindow, site: Site) -> None:
    """A phase whose budget has ended asks nothing."""
    observations = quiet.sample(GATE, time.monotonic() - 1, lambda _: None)

    assert observations == []
    assert site.asked == []


def test_a_probe_that_the_environment_lacks_is_named(quiet: QuietWindow) -> None:
    """With those that it has."""
    gate = ReliabilityGate(name="other", dependency="shop", probe="other", floor=0.5, target=1.0)

    with pytest.raises(UsageError, match=r"gate 'other' repeats probe 'other', .* it has: shop"):
        quiet.sample(gate, time.monotonic() + 30, lambda _: None)


def test_the_deployment_is_asked(quiet: QuietWindow) -> None:
    """By the same clients, at the same pace."""
    source = DeploymentSource(host="shop", path="/info", revision="revision")

    assert quiet.identify(source).deployment == Deployment(revision="shop-1")


def test_a_deployment_that_did_not_answer_costs_little_again(tmp_path: Path) -> None:
    """Whoever has not said once who it is, within the patience for health, is given two seconds each further time."""
    source = DeploymentSource(host="shop", path="/info", revision="revision")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hosts = {"shop": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        environment = Environment(name="here", hosts=hosts, time_scale=0.02)
        with QuietWindow(environment, {PACING_DIR: str(tmp_path)}) as window:
            problems = [window.identify(source).problem for _ in range(3)]

    assert ["within 0.2 s" in problems[0], *("within 0.04 s" in problem for problem in problems[1:])] == [True] * 3


def test_a_stop_within_one_of_several_tasks_is_raised_once() -> None:
    """Nothing of them is left that would raise it again, so what follows on the same loop is undisturbed."""

    async def stopped() -> None:
        raise KeyboardInterrupt

    async def all_of_them() -> None:
        await asyncio.gather(stopped(), asyncio.Event().wait())

    with asyncio.Runner() as runner:
        with pytest.raises(KeyboardInterrupt):
            ended(runner, all_of_them())

        assert runner.run(asyncio.sleep(0, "undisturbed")) == "undisturbed"
