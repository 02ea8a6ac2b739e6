"""What GitHub does to those who talk to it: each of the double's switches, as a storm turns it on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from itertools import product

from tests.doubles.clock import Clock
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import SECONDARY, Fault, Switches

Weather = Callable[[GitHubDouble, Clock], None]


def faulty(*faults: Fault) -> Weather:
    """The next requests with their verbs fail like that."""
    return lambda github, _: github.switches.faults.extend(faults)


def switched(**switches: int | bool) -> Weather:
    """Those switches are on."""

    def switch(github: GitHubDouble, _: Clock) -> None:
        for name, value in switches.items():
            setattr(github.switches, name, value)

    return switch


def without_the_latest(github: GitHubDouble, _: Clock) -> None:
    """What was filed last stands in no list."""
    github.switches.hidden_from_lists |= set(sorted(github.issues)[-1:])


def spent(wait_s: int) -> Weather:
    """Nothing is left of this hour, which ends in *wait_s* seconds."""

    def spend(github: GitHubDouble, clock: Clock) -> None:
        github.switches.remaining, github.switches.reset = 0, int(clock.now_s) + wait_s

    return spend


def _failures() -> Iterator[tuple[str, Weather]]:
    for verb, status, is_committed in product(("POST", "PATCH"), (500, 502, 503, 0), (True, False)):
        how = "carried out" if is_committed else "lost"
        yield f"{verb} {status or 'cut off'}, {how}", faulty(Fault(verb, status, is_committed=is_committed))
    for status in (500, 502, 503, 0):
        yield f"GET {status or 'cut off'}", faulty(Fault("GET", status))
    for verb in ("GET", "POST", "PATCH"):
        yield f"{verb} garbled", faulty(Fault(verb, None, is_garbled=True))
        yield f"{verb} keeps failing", faulty(*[Fault(verb, 502)] * 9)
        yield f"{verb} with a garbled limit", faulty(Fault(verb, None, headers={"x-ratelimit-reset": "soon"}))
    yield "POST carried out again and again", faulty(*[Fault("POST", 502, is_committed=True)] * 3)


def _limits() -> Iterator[tuple[str, Weather]]:
    for verb, status, after in product(("GET", "POST", "PATCH"), (403, 429), ({}, {"Retry-After": "7"})):
        words = "with" if after else "without"
        yield f"{verb} limited by {status} {words} Retry-After", faulty(Fault(verb, status, SECONDARY, after))
    yield "asked to wait too long", faulty(Fault("POST", 429, SECONDARY, {"Retry-After": "3600"}))
    yield "the hour ends soon", spent(30)
    yield "the hour ends late", spent(1_800)
    yield "a pace of two seconds", switched(between_writes_s=2)


OF_LISTS: Mapping[str, Weather] = {
    "an empty list": switched(empty_lists=1),
    "lists stay empty": switched(empty_lists=99),
    "lists lag": switched(list_lag=2),
    "lists and searches lag": switched(list_lag=4, search_lag=4),
    "lists are empty and searches lag": switched(empty_lists=2, list_lag=2, search_lag=4),
    "the latest is in no list": without_the_latest,
}
"""What lists do not show."""
WEATHER: Mapping[str, Weather] = {
    **dict(_failures()),
    **dict(_limits()),
    **OF_LISTS,
    "labels are dropped": switched(may_push=False),
    "nothing may be written": switched(may_write=False),
    "nothing gets through": switched(is_cut=True),
}
"""By name. A repository that has moved and the token of another user are mistakes of configuration, not weather."""


def clear(github: GitHubDouble) -> None:
    """Every switch is off; what lists do not show yet they still do not."""
    for one in fields(Switches):
        setattr(github.switches, one.name, getattr(Switches(), one.name))


def calm(github: GitHubDouble) -> None:
    """All is well again, and no list lags behind any more."""
    clear(github)
    github.catch_up()
