import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator

import psutil
import pytest

from ci_tools.errors import ExitCode
from ci_tools.evidence.events import CampaignFinished, Interrupted, TestFinished
from ci_tools.evidence.journal import read
from tests.unit.commands.command_line import CAMPAIGN, COMMAND, PATIENCE_S, Say, called, environ
from tests.unit.processes import running
from tests.unit.runner.shop import HANGING, Shop

Eventually = Callable[..., None]
Begun = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def begun(shop: Shop) -> Iterator[Begun]:
    """Begins a campaign, over the first phase unless told otherwise, which is gone afterwards."""
    processes: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*COMMAND, *CAMPAIGN, *(words or ("--phase=1",))],
            cwd=shop.root,
            env=environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        processes.append(process)
        return process

    yield begin
    for process in processes:
        with process:
            process.kill()


@pytest.fixture
def hanging(shop: Shop, begun: Begun, eventually: Eventually) -> "subprocess.Popen[str]":
    """A campaign in the middle of a test that hangs."""
    shop.suite("smoke", HANGING)
    process = begun()
    eventually((shop.root / "hanging").exists, within_s=PATIENCE_S, what="the test hangs")
    return process


def children_of(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """Every process that the campaign has started and that runs."""
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_campaign_ends_with_3(
    shop: Shop, hanging: "subprocess.Popen[str]", eventually: Eventually, number: signal.Signals
) -> None:
    """Its journal says what was seen until then, it is judged, and no process is left."""
    children = children_of(hanging)

    hanging.send_signal(number)
    told, _ = hanging.communicate(timeout=PATIENCE_S)

    assert hanging.returncode == ExitCode.INCONCLUSIVE
    assert f"interrupted: {number.name} was received" in told
    assert told.splitlines()[-2].startswith("INCONCLUSIVE  here, plan full")
    assert shop.events(Interrupted) == [Interrupted(reason=f"{number.name} was received")]
    assert [event.node_id for event in shop.events(TestFinished)] == ["tests/test_smoke.py::test_it"]
    assert len(shop.events(CampaignFinished)) == 1
    assert read(shop.out).problems == ()
    assert (shop.out / "test_results.json").is_file()
    assert len(children) >= 2
    eventually(lambda: not running(children), within_s=2, what="its children are gone")


def test_a_killed_campaign_can_be_judged_and_leaves_no_process(
    shop: Shop, hanging: "subprocess.Popen[str]", eventually: Eventually
) -> None:
    """What it saw stands; that it never finished makes it inconclusive."""
    children = children_of(hanging)

    hanging.kill()
    hanging.wait()
    eventually(lambda: not running(children), within_s=2, what="its children are gone")
    judged = called(shop.root, "judge", "out")

    assert judged.returncode == ExitCode.INCONCLUSIVE
    assert "the campaign never finished: its process was killed or is still running" in judged.stdout
    assert "1 not run" in judged.stdout


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_campaign_that_ends_between_two_phases_leaves_no_process(
    shop: Shop, begun: Begun, eventually: Eventually, number: signal.Signals
) -> None:
    """However it ends while its pytest waits for the next phase."""
    shop.extend(
        '[gates.again]\nphase = "second"\nkind = "reliability"\n'
        'dependency = "shop"\nprobe = "shop"\nfloor = 0.5\ntarget = 1.0\n'
    )
    shop.suite("smoke", "import pathlib\ndef test_it(): pass\ndef test_that(): pathlib.Path('tested').touch()\n")
    between = threading.Event()

    def answer() -> object:
        if (shop.root / "tested").exists():
            between.set()
            shop.site.released.clear()
            shop.site.released.wait(PATIENCE_S)
        return {"status": "ok"}

    shop.site.answers["/health"] = answer
    process = begun("--plan=full")
    assert between.wait(PATIENCE_S)
    children = children_of(process)

    process.send_signal(number)
    process.communicate(timeout=PATIENCE_S)

    assert len(children) >= 2
    eventually(lambda: not running(children), within_s=5, what="its children are gone")
    judged = called(shop.root, "judge", "out")
    assert judged.returncode == ExitCode.INCONCLUSIVE
    assert [event.node_id.partition("::")[2] for event in shop.events(TestFinished)] == ["test_it", "test_that"]


def test_a_campaign_can_be_stopped_while_it_probes(shop: Shop, begun: Begun, eventually: Eventually) -> None:
    """A deployed system that does not answer holds nobody up."""
    shop.site.released.clear()
    process = begun()
    eventually(lambda: shop.site.asked, within_s=PATIENCE_S, what="it probes")

    process.send_signal(signal.SIGTERM)
    told, _ = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == ExitCode.INCONCLUSIVE
    assert "interrupted: SIGTERM was received" in told
    assert "Traceback" not in told


def test_a_campaign_stopped_while_it_judges_loses_nothing(
    shop: Shop, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is whole by then, and the next step is said."""
    monkeypatch.setattr("ci_tools.commands.campaigns.conclude", lambda *_: os.kill(os.getpid(), signal.SIGTERM))

    stopped = say(*CAMPAIGN, "--phase=1")
    monkeypatch.undo()
    judged = called(shop.root, "judge", "out")

    assert stopped.exit_code == ExitCode.INCONCLUSIVE
    assert "interrupted while judging: SIGTERM was received; the journal is whole" in stopped.stderr
    assert "ci-tools judge out" in stopped.stderr
    assert judged.returncode == ExitCode.PASS
