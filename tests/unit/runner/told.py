"""Suites of a shop whose running tells something, and what its journal then tells."""

from ci_tools.evidence.events import PhaseFinished, TestStarted
from ci_tools.model import Outcome
from tests.unit.runner.shop import Shop

SECOND_GATE = """\
[gates.again]
phase = "second"
kind = "reliability"
dependency = "shop"
probe = "shop"
floor = 0.5
target = 1.0
"""
MEETING = """\
import pathlib, time
def meet(own, other):
    pathlib.Path(own).touch()
    for _ in range(1500):
        if pathlib.Path(other).exists():
            return
        time.sleep(0.02)
    raise TimeoutError(other)
"""
"""Two tests that meet run in two workers."""
FOUR = "def test_a(): pass\ndef test_b(): pass\ndef test_c(): pass\ndef test_d(): pass\n"
FAMILY = """\
import os, pathlib, psutil, time
forking = psutil.Process().parent()
controller = min(forking.children(), key=lambda one: (one.create_time(), one.pid))
"""
"""The process that has forked the worker, and the controller, which it has forked first."""
NAMING = f"""\
{FAMILY}
def test_it(): pathlib.Path("worker").write_text(str(os.getpid()))
def test_that(): pathlib.Path("controller").write_text(str(controller.pid))
"""


def outcomes(shop: Shop) -> dict[str, Outcome]:
    """What became of each test, by its name."""
    return {test.node_id.partition("::")[2]: test.outcome for test in shop.judgement().tests}


def cut_short(shop: Shop) -> list[str]:
    """What kept each phase from doing all."""
    return [event.cut_short for event in shop.events(PhaseFinished)]


def started(shop: Shop) -> list[str]:
    """The names of the tests in the order in which they began."""
    return [event.node_id.partition("::")[2] for event in shop.events(TestStarted)]
