from dataclasses import replace
from io import StringIO

from rich.console import Console

from ci_tools.model import Plan, Shard
from ci_tools.report.planned import print_plan
from tests.unit.report.judgements import ORDERS, PHASE, PLAN


def shown(plan: Plan, *shards: Shard) -> str:
    """What a CI log shows of it."""
    console = Console(file=StringIO(), width=160, force_terminal=False, highlight=False)
    print_plan(plan, shards, console)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_plan_says_how_much_it_is_in_all() -> None:
    """Suites, tests, and the time that its environment takes for it."""
    assert shown(PLAN).endswith("1 suite, 3 tests, within 2 min 00 s\n")


def test_a_plan_with_an_unknown_number_of_tests_says_so() -> None:
    """A suite may leave it open."""
    unknown = replace(ORDERS, name="search", expected=None)

    assert shown(replace(PLAN, phases=(replace(PHASE, suites=(ORDERS, unknown)),))).endswith(
        "2 suites, at least 3 tests, within 2 min 00 s\n"
    )


def test_a_plan_of_several_jobs_says_what_each_may_ask() -> None:
    """The edge's limits are shared by those that run at once."""
    parts = [Shard(number=number, phases=(1,), part=number, parts=2, at_once=2) for number in (1, 2)]

    assert shown(PLAN, *parts).endswith("2 shards, 2 at once, these with 1/2 each of what the edge's limits allow\n")
    assert "shard" not in shown(PLAN, parts[0])
