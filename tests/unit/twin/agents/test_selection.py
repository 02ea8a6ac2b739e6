from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.twin.agents.failures import AgentInputError
from ci_tools.twin.agents.selection import Option, cheapest


def _option(name: str, cost: float, value: float, *requires: str) -> Option:
    return Option(name=name, cost=cost, value=value, requires=requires)


def test_the_cheapest_sufficient_set_is_chosen() -> None:
    """Two cheap options beat one that gives more for more."""
    found = cheapest([_option("a", 5, 10), _option("b", 2, 4), _option("c", 2, 6)], needed=9)

    assert found is not None
    assert (found.names, found.cost, found.value) == (("b", "c"), 4, 10)


def test_an_option_brings_what_it_requires() -> None:
    """A cheap option that requires a dear one is not cheap."""
    found = cheapest([_option("a", 1, 5, "b"), _option("b", 9, 0), _option("c", 4, 5)], needed=5)

    assert found is not None
    assert found.names == ("c",)


def test_a_budget_below_every_sufficient_set_leaves_no_plan() -> None:
    """Infeasible is an answer, not an error."""
    assert cheapest([_option("a", 5, 10)], needed=10, budget=4) is None


def test_nothing_is_chosen_when_nothing_is_needed() -> None:
    """The empty set is the cheapest."""
    found = cheapest([_option("a", 5, 10)], needed=0)

    assert found is not None
    assert found.names == ()


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=8), st.integers(0, 60))
def test_no_other_set_is_cheaper(pairs: list[tuple[int, int]], needed: int) -> None:
    """The search agrees with trying every set."""
    options = [_option(f"o{index}", cost, value) for index, (cost, value) in enumerate(pairs)]
    sets = chain.from_iterable(combinations(pairs, size) for size in range(len(pairs) + 1))
    costs = [sum(c for c, _ in chosen) for chosen in sets if sum(v for _, v in chosen) >= needed]

    found = cheapest(options, needed=needed)

    assert (found.cost if found else None) == min(costs, default=None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([_option(f"o{n}", 1, 1) for n in range(17)], "17 options; at most 16"),
        ([_option("a", 1, 1), _option("a", 2, 2)], "named twice among a, a"),
        ([_option("a", 1, 1, "z")], "option 'a' requires z, not among a"),
        ([_option("a", -1, 1)], "option 'a' has a negative cost"),
    ],
)
def test_contradicting_options_are_refused_in_words(options: list[Option], message: str) -> None:
    """The refusal names the option and what is wrong with it."""
    with pytest.raises(AgentInputError, match=message):
        cheapest(options, needed=1)
