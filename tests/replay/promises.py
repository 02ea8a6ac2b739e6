"""What is promised of our own issues, and what a replay shows of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.replay.ours import RANK, History, Told
from tests.replay.scenarios import GREEN, Campaign

Histories = Mapping[str, History]


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One sentence, and the figure that decides whether it holds."""

    says: str
    wanted: str
    """The figure in words, as it has to be."""
    observed: str
    holds: bool


def promises(histories: Histories) -> list[Promise]:
    """All of them, as far as their scenarios were replayed."""
    return [promise for name, asked in _ASKED.items() if name in histories for promise in asked(histories[name])]


def _at_most(says: str, observed: int, limit: int) -> Promise:
    return Promise(says=says, wanted=f"≤ {limit}", observed=str(observed), holds=observed <= limit)


def _equal(says: str, observed: object, wanted: object) -> Promise:
    return Promise(says=says, wanted=str(wanted), observed=str(observed), holds=observed == wanted)


def _outage(history: History) -> list[Promise]:
    figures = history.figures
    return [
        _equal("one outage: issues", figures.issues, 1),
        _at_most("one outage: API calls", figures.calls, 3),
    ]


def _repeated(history: History) -> list[Promise]:
    later = history.campaigns[1:]
    name = f"{len(history.campaigns)} campaigns"
    silent = [one for one in later if not one.comments]
    return [
        _equal(f"{name}: issues", history.figures.issues, 1),
        _at_most(f"{name}: comments in all", sum(one.comments for one in history.told), 4),
        _at_most(f"{name}: reads of one that has nothing to comment", _most(silent, lambda one: one.reads), 1),
        _at_most(f"{name}: writes of any later one, beside comments", _most(later, _changes), 1),
    ]


def _most(told: Sequence[Told], figure: Callable[[Told], int]) -> int:
    return max(map(figure, told))


def _changes(told: Told) -> int:
    return told.writes - told.comments


def _two(history: History) -> list[Promise]:
    return [
        _equal("two outages: issues", history.figures.issues, 2),
        _equal("two outages: issues that tell of both", history.figures.wrong_merges, 0),
    ]


def _recovery(history: History) -> list[Promise]:
    *before, last = history.campaigns
    skipping = [one.step.skips for one in before if isinstance(one.step, Campaign)].index(True)
    return [
        _equal("recovery: after a campaign that skips what failed", _stands(before[skipping]), "open"),
        _equal(f"recovery: after {GREEN - 1} of {GREEN} green campaigns", _stands(before[-1]), "open"),
        _equal(f"recovery: after {GREEN} green campaigns", _stands(last), "completed"),
    ]


def _regression(history: History) -> list[Promise]:
    *before, last = history.campaigns
    return [
        _equal("regression: before it", _stands(before[-1]), "completed"),
        _equal("regression: after it", _stands(last), "open"),
        _equal("regression: issues", history.figures.issues, 1),
    ]


def _older(history: History) -> list[Promise]:
    last = history.campaigns[-1]
    return [
        _equal("an older build: after it", _stands(last), "completed"),
        _equal("an older build: issues", history.figures.issues, 1),
        _equal("an older build: writes", last.writes, 0),
    ]


def _label(history: History) -> list[Promise]:
    (issue,) = history.told[-1].ours
    ranks = sorted(label for label in issue.labels if label in ("P0", "P1", "P2"))
    return [_equal("a person's P-label: after three more failures", ", ".join(ranks), str(RANK))]


def _refused(history: History) -> list[Promise]:
    return [
        _equal("a person's close: after three more failures", _stands(history.told[-1]), "not_planned"),
        _equal("a person's close: issues", history.figures.issues, 1),
    ]


def _duplicate(history: History) -> list[Promise]:
    last = history.told[-1]
    theirs = [one.comments for one in last.issues if not one.is_ours]
    return [
        _equal("'duplicate of': ours after three more failures", _stands(last), "duplicate"),
        _equal("'duplicate of': issues", history.figures.issues, 1),
        _equal("'duplicate of': comments of ours in theirs", sum(theirs), 1),
    ]


def _lagging(history: History) -> list[Promise]:
    return [_equal("a list that lags behind: issues", history.figures.issues, 1)]


def _stands(told: Told) -> str:
    """How our issues stand: open, or as what they are closed."""
    return ", ".join(one.closed_as or "open" for one in told.ours)


_ASKED: Mapping[str, Callable[[History], list[Promise]]] = {
    "outage": _outage,
    "repeated": _repeated,
    "two outages": _two,
    "recovery": _recovery,
    "regression": _regression,
    "older build": _older,
    "P-label": _label,
    "not planned": _refused,
    "duplicate": _duplicate,
    "lagging list": _lagging,
}
