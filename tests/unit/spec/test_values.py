import pytest

from ci_tools.errors import UsageError
from ci_tools.spec import Spec, parse


@pytest.fixture
def spec(small: str) -> Spec:
    """The small file, read."""
    return parse(small, "campaign.toml")


def test_needs_are_followed_to_their_ends(spec: Spec) -> None:
    """A dependency needs what its needs need."""
    deeper = parse('[dependencies]\na = ["b"]\nb = ["c", "d"]\nc = ["d"]\nd = []\n' + _REST, "campaign.toml")

    assert deeper.needs("a") == {"b", "c", "d"}
    assert spec.needs("edge") == frozenset()


def test_an_environment_is_resolved(spec: Spec) -> None:
    """An environment is given with the variables' values in place."""
    environment = spec.environment("here", {"SHOP_HOST": "shop.example"})

    assert environment.hosts["socket"] == "wss://shop.example/ws"


def test_an_unknown_environment_is_named_with_the_known_ones(spec: Spec) -> None:
    """An unknown environment is answered with the known ones and the nearest."""
    with pytest.raises(UsageError) as caught:
        spec.environment("ther", {})

    assert str(caught.value) == (
        "unknown environment 'ther'; known: here, there; did you mean 'there'?; see [environments] in campaign.toml"
    )


def test_suites_are_those_of_all_phases(spec: Spec) -> None:
    """The suites of the file are those of its phases, in their order."""
    assert [suite.name for suite in spec.suites] == ["smoke", "orders"]


_REST = """
[environments.here]
hosts = { api = "https://shop.example" }
[phases.first]
number = 1
budget_min = 1
[plans.all]
about = "everything"
phases = ["first"]
"""
