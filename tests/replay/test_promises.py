from dataclasses import replace

import pytest

from tests.replay.ours import RANK, History, Standing, Told
from tests.replay.promises import promises
from tests.replay.scenarios import Campaign, Hand, scenarios

OPEN = Standing(
    number=1, is_ours=True, is_open=True, closed_as="", labels=(RANK,), causes=frozenset({"one"}), comments=0, mails=1
)
DONE = replace(OPEN, is_open=False, closed_as="completed")
REFUSED = replace(DONE, closed_as="not_planned")
DUPLICATE = replace(DONE, closed_as="duplicate")
THEIRS = replace(OPEN, number=2, is_ours=False, comments=1)
SECOND = replace(OPEN, number=3, causes=frozenset({"other"}))
SCENARIOS = {one.name: one for one in scenarios(3)}
KEPT: dict[str, tuple[tuple[Standing, ...], ...]] = {
    "outage": ((OPEN,),),
    "repeated": ((OPEN,),) * 3,
    "two outages": ((OPEN, SECOND),),
    "recovery": ((OPEN,), (OPEN,), (OPEN,), (DONE,)),
    "regression": ((OPEN,), (OPEN,), (DONE,), (OPEN,)),
    "older build": ((OPEN,), (OPEN,), (DONE,), (DONE,)),
    "P-label": ((OPEN,),) * 5,
    "not planned": ((OPEN,), *((REFUSED,),) * 4),
    "duplicate": ((OPEN,), *((DUPLICATE, THEIRS),) * 4),
    "lagging list": ((OPEN,), (OPEN,)),
}
"""How the issues stand after each step where every promise holds."""


def history(name: str, stood: tuple[tuple[Standing, ...], ...], **last: int) -> History:
    """The scenario called *name*, in which issues *stood* so; its *last* campaign cost something else than usual."""
    steps = zip(SCENARIOS[name].steps, stood, strict=True)
    told = [Told(step=step, reads=1, writes=0, comments=0, issues=issues) for step, issues in steps]
    told[-1] = replace(told[-1], **last)  # type: ignore[arg-type]
    return History(scenario=SCENARIOS[name], told=tuple(told))


def broken(seen: History) -> list[str]:
    """The promises that do not hold in *seen*."""
    return [one.says for one in promises({seen.scenario.name: seen}) if not one.holds]


@pytest.mark.parametrize("name", KEPT)
def test_what_goes_as_promised_breaks_nothing(name: str) -> None:
    """And at least one promise is about it."""
    seen = history(name, KEPT[name])

    assert broken(seen) == []
    assert promises({name: seen}) != []


@pytest.mark.parametrize(
    ("name", "stood", "last", "said"),
    [
        ("outage", ((OPEN, SECOND),), {}, ["one outage: issues"]),
        ("outage", ((OPEN,),), {"reads": 3, "writes": 1}, ["one outage: API calls"]),
        ("repeated", ((OPEN,), (OPEN,), (OPEN, SECOND)), {}, ["3 campaigns: issues"]),
        (
            "repeated",
            ((OPEN,),) * 3,
            {"reads": 2, "writes": 2},
            [
                "3 campaigns: reads of one that has nothing to comment",
                "3 campaigns: writes of any later one, beside comments",
            ],
        ),
        ("repeated", ((OPEN,),) * 3, {"reads": 9, "writes": 5, "comments": 5}, ["3 campaigns: comments in all"]),
        ("two outages", ((OPEN,),), {}, ["two outages: issues"]),
        (
            "two outages",
            ((replace(OPEN, causes=frozenset({"one", "other"})), SECOND),),
            {},
            ["two outages: issues that tell of both"],
        ),
        (
            "recovery",
            ((OPEN,), (DONE,), (DONE,), (DONE,)),
            {},
            ["recovery: after a campaign that skips what failed", "recovery: after 1 of 2 green campaigns"],
        ),
        ("recovery", ((OPEN,),) * 4, {}, ["recovery: after 2 green campaigns"]),
        ("regression", ((OPEN,), (OPEN,), (DONE,), (DONE,)), {}, ["regression: after it"]),
        (
            "regression",
            ((OPEN,), (OPEN,), (DONE,), (DONE, SECOND)),
            {},
            ["regression: after it", "regression: issues"],
        ),
        ("older build", ((OPEN,), (OPEN,), (DONE,), (OPEN,)), {"writes": 2}, ["after it", "writes"]),
        ("P-label", ((replace(OPEN, labels=("P0",)),),) * 5, {}, ["a person's P-label: after three more failures"]),
        ("not planned", ((OPEN,),) * 5, {}, ["a person's close: after three more failures"]),
        ("duplicate", ((OPEN,), *((DUPLICATE,),) * 4), {}, ["'duplicate of': comments of ours in theirs"]),
        ("lagging list", ((OPEN,), (OPEN, SECOND)), {}, ["a list that lags behind: issues"]),
    ],
)
def test_what_goes_otherwise_breaks_its_promise(
    name: str, stood: tuple[tuple[Standing, ...], ...], last: dict[str, int], said: list[str]
) -> None:
    """And no other one."""
    found = broken(history(name, stood, **last))

    assert len(found) == len(said)
    assert all(one.endswith(words) for one, words in zip(found, said, strict=True))


def test_a_history_is_scored_by_all_that_its_issues_have_ever_told() -> None:
    """What a later text leaves out counts, and so do mails about issues of people."""
    seen = history("lagging list", ((OPEN, THEIRS), (replace(OPEN, causes=frozenset({"other"}), mails=4), THEIRS)))

    assert (seen.figures.issues, seen.figures.wrong_merges, seen.figures.mails) == (1, 1, 5)
    assert (seen.figures.reads, seen.figures.writes) == (2, 0)


def test_steps_of_people_are_no_campaigns() -> None:
    """They cost nothing."""
    seen = history("P-label", KEPT["P-label"])

    assert [type(one.step) for one in seen.told].count(Hand) == 1
    assert {type(one.step) for one in seen.campaigns} == {Campaign}
